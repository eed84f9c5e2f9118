"""A destination shows whole files under the names that were judged, each once, and tells the truth."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.connectors import kernel
from gateway.connectors.file import durable, folder_sink, parts
from gateway.connectors.file.folder_sink import DestinationFolder, FolderSink, OnClash
from gateway.connectors.kernel import link_then_unlink
from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.unit.edge import Delivery, Progress, Receipt
from gateway.unit.number import speak
from gateway.unit.stages import Admitted
from tests.gateway.connectors.units import SENT_NS, admitted

LARGE = b"0123456789abcdef" * 8192


class Desk:
    def __init__(self, place: Path) -> None:
        self.place, self.folder = place, place / "out"
        self.folder.mkdir()
        self.sink = self.open()

    def open(self, on_clash: OnClash = OnClash.KEEP_BOTH, file_mode: int = 0o640) -> FolderSink:
        self.sink = FolderSink(
            DestinationFolder("lab", self.folder, self.place / "ledger", on_clash, file_mode)
        )
        return self.sink

    def deliver(self, *units: Admitted) -> list[Delivery]:
        return self.sink.deliver(units)

    def shown(self) -> dict[str, bytes]:
        return {p.name: p.read_bytes() for p in self.folder.iterdir() if not p.name.startswith(".")}

    def parts(self) -> list[str]:
        return sorted(os.listdir(self.folder / ".ferrygate-parts" / "lab"))


@pytest.fixture
def desk(place: Path) -> Desk:
    return Desk(place)


def number_of(answer: Delivery) -> int:
    assert isinstance(answer, Refused | Unavailable)
    return answer.number


def test_a_file_has_the_name_content_mode_and_time_that_it_was_sent_with(desk: Desk) -> None:
    desk.open(file_mode=0o604)
    desk.deliver(admitted(1, "报告.pdf", b"whole"))
    assert desk.shown() == {"报告.pdf": b"whole"}
    status = (desk.folder / "报告.pdf").stat()
    assert stat.S_IMODE(status.st_mode) == 0o604
    assert status.st_mtime_ns == SENT_NS
    assert desk.parts() == []


def test_an_empty_file_is_a_file(desk: Desk) -> None:
    desk.deliver(admitted(1, "empty", b""))
    assert desk.shown() == {"empty": b""}


@pytest.mark.parametrize(
    "name", ["../up", "a/b", ".ferrygate-parts", "a\nb", "fdp\u202eexe", "\udcff", ""]
)
def test_a_name_that_the_guard_should_not_have_let_through_is_refused_here(
    desk: Desk, name: str
) -> None:
    (answer,) = desk.deliver(admitted(1, name))
    assert number_of(answer) == 2530
    assert desk.shown() == {}
    assert os.listdir(desk.place) != []
    assert not (desk.place / "up").exists()


def test_keeping_both_shows_each_under_a_name_of_its_own(desk: Desk) -> None:
    answers = desk.deliver(*[admitted(n, "a.txt", b"%d" % n) for n in (1, 2, 3)])
    assert [a.name for a in answers if isinstance(a, Receipt)] == [
        "a.txt",
        "a (2).txt",
        "a (3).txt",
    ]
    assert desk.shown() == {"a.txt": b"1", "a (2).txt": b"2", "a (3).txt": b"3"}


def test_the_hundredth_file_of_a_name_bears_its_unit_number(desk: Desk) -> None:
    desk.deliver(*[admitted(n, "a.txt", b"%d" % n) for n in range(100)])
    assert len(desk.shown()) == 100
    assert desk.shown()[f"a ({speak(99)}).txt"] == b"99"


def test_refusing_leaves_the_earlier_file_and_the_part_goes_with_the_answer(desk: Desk) -> None:
    desk.open(OnClash.REFUSE)
    (desk.folder / "a").write_bytes(b"first")
    for _ in range(2):  # a crash before the queue has answered asks again
        (answer,) = desk.deliver(admitted(1, "a", b"second"))
        assert number_of(answer) == 2531
        desk.open(OnClash.REFUSE)
    assert desk.shown() == {"a": b"first"}
    desk.deliver()
    desk.sink.forget([1])
    assert desk.parts() == []


def test_replacing_replaces_a_file_and_no_folder(desk: Desk) -> None:
    desk.open(OnClash.REPLACE)
    (desk.folder / "a").write_bytes(b"first")
    (desk.folder / "b").mkdir()
    first, second = desk.deliver(admitted(1, "a", b"second"), admitted(2, "b", b"x"))
    assert isinstance(first, Receipt)
    assert number_of(second) == 2533
    assert (desk.folder / "a").read_bytes() == b"second"
    assert (desk.folder / "b").is_dir()


@pytest.mark.parametrize("clash", list(OnClash))
def test_a_link_under_the_name_is_never_written_through(desk: Desk, clash: OnClash) -> None:
    desk.open(clash)
    secret = desk.place / "secret"
    secret.write_bytes(b"secret")
    (desk.folder / "a").symlink_to(secret)
    desk.deliver(admitted(1, "a", b"x"))
    assert secret.read_bytes() == b"secret"


def test_a_body_that_is_not_what_was_admitted_is_set_aside(desk: Desk) -> None:
    good = admitted(1, "a", b"good")
    changed = Admitted(good.manifest, admitted(1, "a", b"evil").body)
    shorter = Admitted(good.manifest, admitted(1, "a", b"goo").body)
    for unit in (changed, shorter):
        (answer,) = desk.deliver(unit)
        assert number_of(answer) == 2532
    assert desk.shown() == {}
    assert desk.parts() == []


def test_a_large_body_of_our_own_is_taken_over_without_copying(desk: Desk) -> None:
    body = desk.place / "body"
    (receipt,) = desk.deliver(admitted(1, "a", LARGE, file=body))
    assert isinstance(receipt, Receipt)
    assert receipt.sha256 is None
    assert (desk.folder / "a").stat().st_ino == body.stat().st_ino
    assert desk.shown() == {"a": LARGE}


def finish(desk: Desk, unit: Admitted) -> tuple[Delivery, int]:
    for calls in range(1000):
        (answer,) = desk.deliver(unit)
        if answer is not Progress.MORE:
            return answer, calls
    raise AssertionError("the copy does not end")


def test_a_large_body_that_was_shown_before_is_copied_and_its_digest_checked(desk: Desk) -> None:
    body = desk.place / "body"
    unit = admitted(1, "a", LARGE, file=body)
    desk.deliver(unit)
    desk.sink.forget([1])
    again, _ = finish(desk, unit)
    assert isinstance(again, Receipt)
    assert again.sha256 == unit.manifest.body_sha256
    assert (desk.folder / "a (2)").stat().st_ino != body.stat().st_ino
    with (desk.folder / "a").open("r+b") as file:
        file.write(b"changed in place")
    desk.sink.forget([1])
    changed, _ = finish(desk, unit)
    assert number_of(changed) == 2532
    assert desk.parts() == []


def test_a_large_copy_goes_slice_by_slice_and_is_unseen_until_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.connectors.file.body_copy.SLICE_BYTES", 4096)
    monkeypatch.setattr(parts, "_link", lambda *_: False)
    unit = admitted(1, "large", LARGE, file=desk.place / "body")
    first, small = desk.deliver(unit, admitted(2, "small"))
    assert first is Progress.MORE
    assert isinstance(small, Receipt)
    assert set(desk.shown()) == {"small"}
    receipt, calls = finish(desk, unit)
    assert isinstance(receipt, Receipt)
    assert calls > 10
    assert desk.shown()["large"] == LARGE


def test_a_copy_cut_by_a_restart_begins_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.connectors.file.body_copy.SLICE_BYTES", 4096)
    monkeypatch.setattr(parts, "_link", lambda *_: False)
    unit = admitted(1, "large", LARGE, file=desk.place / "body")
    desk.deliver(unit)
    desk.open()
    receipt, _ = finish(desk, unit)
    assert isinstance(receipt, Receipt)
    assert not receipt.again
    assert desk.shown() == {"large": LARGE}


def test_the_receipt_after_a_restart_names_the_file_as_it_was_shown(desk: Desk) -> None:
    desk.deliver(admitted(1, "a", b"1"))
    desk.sink.forget([1])
    desk.deliver(admitted(2, "a", b"2"))
    desk.open()
    (receipt,) = desk.deliver(admitted(2, "a", b"2"))
    assert receipt == Receipt(2, "a (2)", 1, None, again=True)


def test_a_unit_delivered_before_a_restart_is_not_shown_again_though_somebody_took_it(
    desk: Desk,
) -> None:
    desk.deliver(admitted(1, "a"))
    (desk.folder / "a").unlink()
    desk.open()
    (receipt,) = desk.deliver(admitted(1, "a"))
    assert receipt == Receipt(1, "", 5, None, again=True)
    assert desk.shown() == {}


def test_an_orderly_end_leaves_no_entry_of_what_is_answered_for(desk: Desk) -> None:
    desk.deliver(admitted(1, "a"))
    desk.sink.forget([1])
    desk.sink.close()
    desk.open()
    (receipt,) = desk.deliver(admitted(1, "a"))
    assert isinstance(receipt, Receipt)
    assert not receipt.again


def test_file_systems_without_exclusive_rename_keep_both_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_sink, "rename_new", link_then_unlink)
    desk.deliver(admitted(1, "a", b"1"), admitted(2, "a", b"2"))
    assert desk.shown() == {"a": b"1", "a (2)": b"2"}


def test_a_missing_destination_makes_every_unit_wait(desk: Desk) -> None:
    gone = desk.folder.with_name("gone")
    desk.folder.rename(gone)
    answers = desk.deliver(admitted(1, "a"), admitted(2, "b"))
    assert [number_of(a) for a in answers] == [2520, 2520]
    gone.rename(desk.folder)
    assert all(isinstance(a, Receipt) for a in desk.deliver(admitted(1, "a"), admitted(2, "b")))


def test_a_file_that_cannot_be_synced_is_not_shown_and_the_others_are(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync
    failed: list[int] = []

    def fsync(fd: int) -> None:
        if stat.S_ISREG(os.fstat(fd).st_mode) and not failed:
            failed.append(fd)
            raise OSError(errno.EIO, "bad sector")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    first, second = desk.deliver(admitted(1, "a"), admitted(2, "b"))
    assert number_of(first) == 2523
    assert isinstance(second, Receipt)
    assert set(desk.shown()) == {"b"}
    (again,) = desk.deliver(admitted(1, "a"))
    assert isinstance(again, Receipt)
    assert not again.again


def test_names_that_may_not_be_on_disk_stop_the_process(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.deliver(admitted(1, "a"))
    real = os.fsync

    def fsync(fd: int) -> None:
        if fd == desk.sink._place.fd:
            raise OSError(errno.EIO, "bad sector")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StateUncertain) as caught:
        desk.deliver(admitted(2, "b"))
    assert caught.value.number == 2526


def test_many_files_are_synced_at_once_where_that_is_durable(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "can_sync_all", lambda folder: True)
    synced: list[int] = []
    monkeypatch.setattr(kernel, "sync_all", synced.append)
    desk.deliver(*[admitted(n, f"{n}") for n in range(64)])
    assert len(synced) == 1
    assert len(desk.shown()) == 64


def test_syncing_all_is_left_when_it_waits_for_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    now_s = [100.0]
    synced = []

    def slow(folder: int) -> None:
        synced.append(folder)
        now_s[0] += 5

    monkeypatch.setattr(kernel, "can_sync_all", lambda folder: True)
    monkeypatch.setattr(kernel, "sync_all", slow)
    batches = durable.BatchSync(lambda: now_s[0])
    for _ in range(3):
        files = [os.open(tmp_path / f"{n}", os.O_CREAT | os.O_WRONLY) for n in range(20)]
        assert batches.sync_and_close(files[0], files) == [None] * 20
    assert len(synced) == 1
    now_s[0] += 60
    files = [os.open(tmp_path / f"{n}", os.O_WRONLY) for n in range(20)]
    batches.sync_and_close(files[0], files)
    assert len(synced) == 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, made and removed by the test."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("mounting is not permitted here")
    yield folder
    subprocess.run(["umount", "-l", folder], capture_output=True, check=False)


@pytest.mark.parametrize("as_file", [False, True])
def test_a_full_destination_makes_units_wait_and_shows_nothing_half(
    small_disk: Path, tmp_path: Path, as_file: bool
) -> None:
    sink = FolderSink(DestinationFolder("lab", small_disk, tmp_path / "ledger"))
    units = []
    for n in range(20):
        file = tmp_path / f"body{n}" if as_file else None
        units.append(admitted(n, f"f{n}", os.urandom(100_000), file=file))
    answers = sink.deliver(units)
    waiting = [u for u, a in zip(units, answers, strict=True) if isinstance(a, Unavailable)]
    assert {number_of(a) for a in answers if isinstance(a, Unavailable)} == {2523}
    assert 0 < len(waiting) < 20
    for path in small_disk.glob("f*"):
        assert path.stat().st_size == 100_000
    for unit in units:
        if unit in waiting:
            continue
        (small_disk / unit.manifest.file.name).unlink()
    sink.forget([u.manifest.number for u in units if u not in waiting])
    for start in range(0, len(waiting), 5):
        group = waiting[start : start + 5]
        assert all(isinstance(a, Receipt) for a in sink.deliver(group))
        for unit in group:
            (small_disk / unit.manifest.file.name).unlink()
    sink.close()


def test_a_mount_point_with_nothing_mounted_is_not_filled(small_disk: Path, tmp_path: Path) -> None:
    destination = DestinationFolder("lab", small_disk, tmp_path / "ledger")
    sink = FolderSink(destination)
    sink.deliver([admitted(1, "a")])
    subprocess.run(["umount", "-l", small_disk], check=True)
    for one in (sink, FolderSink(destination)):
        (answer,) = one.deliver([admitted(2, "b")])
        assert number_of(answer) == 2522
    assert os.listdir(small_disk) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs mounting")
def test_a_body_on_another_file_system_is_copied(small_disk: Path, tmp_path: Path) -> None:
    sink = FolderSink(DestinationFolder("lab", small_disk, tmp_path / "ledger"))
    (receipt,) = sink.deliver([admitted(1, "a", LARGE, file=tmp_path / "body")])
    assert isinstance(receipt, Receipt)
    assert (small_disk / "a").read_bytes() == LARGE
    sink.close()
