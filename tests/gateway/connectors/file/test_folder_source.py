"""A watched folder gives what is whole, once; what deceives it is left where it is, and told once."""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.connectors import kernel
from gateway.connectors.file.folder_source import FolderSource, WatchedFolder
from gateway.errors import Unavailable
from gateway.unit.edge import Capture, Progress
from gateway.unit.number import speak
from tests.gateway.connectors.units import numbers_from

LARGE = b"0123456789abcdef" * 8192
ROOT = os.geteuid() == 0


class Desk:
    """A source, its folder, and a clock of the test."""

    def __init__(self, place: Path) -> None:
        self.folder, self.staging = place / "in", place / "staging"
        self.folder.mkdir()
        self.staging.mkdir()
        self.now_s = 1000.0
        self.next_number = numbers_from()
        self.source = self.open()

    def open(self, **words: object) -> FolderSource:
        watched = WatchedFolder("lab", self.folder, poll_s=0.0, **words)  # type: ignore[arg-type]
        self.source = FolderSource(watched, clock_s=lambda: self.now_s)
        return self.source

    def claim(self, limit: int = 1000) -> list[int]:
        self.now_s += 0.001
        return self.source.claim(self.next_number, limit)

    def read(self, number: int) -> Capture | Progress:
        for _ in range(1000):
            answer = self.source.read(number, self.staging)
            if answer is not Progress.MORE:
                return answer
        raise AssertionError("the copy does not end")

    def take(self) -> dict[str, bytes]:
        """Everything that can be captured now, finished."""
        found = {}
        numbers = self.claim()
        for number in numbers:
            answer = self.read(number)
            if isinstance(answer, Capture):
                found[answer.unit.file.name] = content(answer)
                self.source.finish([number])
        return found

    def told(self) -> list[tuple[int, object]]:
        return [(skip.number, skip.fields["name"]) for skip in self.source.skips()]

    def names(self) -> list[str]:
        return sorted(p.name for p in self.folder.iterdir() if not p.name.startswith(".ferrygate"))

    def taken(self) -> list[str]:
        return sorted(os.listdir(self.folder / ".ferrygate-taken" / "lab"))


def content(capture: Capture) -> bytes:
    return capture.body if isinstance(capture.body, bytes) else capture.body.read_bytes()


@pytest.fixture
def desk(place: Path) -> Desk:
    return Desk(place)


def test_a_file_is_read_as_it_is_and_then_removed(desk: Desk) -> None:
    (desk.folder / "report.pdf").write_bytes(b"whole")
    os.utime(desk.folder / "report.pdf", ns=(5, 1_700_000_000_000_000_123))
    (number,) = desk.claim()
    capture = desk.read(number)
    assert isinstance(capture, Capture)
    body = capture.unit.file
    assert (body.name, body.size_bytes, body.modified_ns) == (
        "report.pdf",
        5,
        1_700_000_000_000_000_123,
    )
    assert capture.body == b"whole"
    desk.source.finish([number])
    assert desk.names() == []
    assert desk.taken() == []


def test_ls_shows_what_is_claimed_under_which_number(desk: Desk) -> None:
    (desk.folder / "report.pdf").write_bytes(b"x")
    (number,) = desk.claim()
    assert desk.taken() == [f"{speak(number)}~report.pdf"]


def test_others_cannot_enter_the_folder_of_claims(desk: Desk) -> None:
    desk.claim()
    for folder in (desk.folder / ".ferrygate-taken", desk.folder / ".ferrygate-taken" / "lab"):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0


def test_hidden_partial_and_unwanted_names_and_folders_are_passed_over_in_silence(
    desk: Desk,
) -> None:
    desk.open(names={"a.pdf", ".b.pdf", "c.pdf.part"})
    for name in ("a.pdf", ".b.pdf", "c.pdf.part", "d.txt"):
        (desk.folder / name).write_bytes(b"x")
    (desk.folder / "sub").mkdir()
    assert desk.take() == {"a.pdf": b"x"}
    assert desk.told() == []


def test_the_oldest_file_comes_first(desk: Desk) -> None:
    for age, name in enumerate(["new", "middle", "old"]):
        (desk.folder / name).write_bytes(b"x")
        os.utime(desk.folder / name, (1000 - age, 1000 - age))
    assert list(desk.take()) == ["old", "middle", "new"]


def test_links_pipes_sockets_and_devices_are_never_opened_and_told_once(
    desk: Desk, place: Path
) -> None:
    secret = place / "secret"
    secret.write_bytes(b"secret")
    (desk.folder / "link").symlink_to(secret)
    (desk.folder / "dangling").symlink_to(place / "nothing")
    os.mkfifo(desk.folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(desk.folder / "socket"))
    expected = {"link", "dangling", "pipe", "socket"}
    if ROOT:
        os.mknod(desk.folder / "device", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        expected.add("device")
    assert desk.take() == {}
    assert {name for _, name in desk.told()} == expected
    assert desk.take() == {}
    assert desk.told() == []
    assert set(desk.names()) == expected


@pytest.mark.parametrize("bait", ["link", "pipe", "folder"])
def test_a_file_swapped_after_the_scan_is_not_followed_and_goes_back(
    desk: Desk, place: Path, bait: str
) -> None:
    (desk.folder / "report.pdf").write_bytes(b"whole")
    take = desk.source._scan.look

    def swapped(folder: int, _held: object) -> list[object]:
        found = take(folder)
        path = desk.folder / "report.pdf"
        path.unlink()
        if bait == "link":
            path.symlink_to("/etc/passwd")
        elif bait == "pipe":
            os.mkfifo(path)
        else:
            path.mkdir()
        return found  # type: ignore[return-value]

    desk.source._scan.look = swapped  # type: ignore[assignment, method-assign]
    (number,) = desk.claim()
    assert desk.read(number) is Progress.GIVEN_BACK
    assert desk.names() == ["report.pdf"]
    assert [number for number, _ in desk.told()] == [2505]


def test_a_file_with_a_second_name_is_left_until_it_has_one(desk: Desk, place: Path) -> None:
    (desk.folder / "a").write_bytes(b"x")
    os.link(desk.folder / "a", place / "other")
    assert desk.take() == {}
    assert desk.told() == [(2508, "a")]
    (place / "other").unlink()
    assert desk.take() == {"a": b"x"}


@pytest.mark.skipif(not ROOT, reason="needs files of another owner")
def test_only_writers_may_bring_files(desk: Desk) -> None:
    desk.open(writers=frozenset({"nobody", "12345"}))
    for name, uid in (("root's", 0), ("nobody's", 65534), ("number's", 12345)):
        (desk.folder / name).write_bytes(b"x")
        os.chown(desk.folder / name, uid, -1)
    assert set(desk.take()) == {"nobody's", "number's"}
    (skip,) = desk.source.skips()
    assert (skip.number, skip.fields["name"], skip.fields["owner"]) == (2506, "root's", "root")
    assert desk.names() == ["root's"]


@pytest.mark.parametrize(
    "raw",
    [
        b"new\nline",
        b"\xff\xfe.bin",
        b"fdp\xe2\x80\xaeexe.pdf",
        b"-rf",
        b"a b\t",
        "报告.pdf".encode(),
        b"n" * 255,
        b"\xc0\xaf",
    ],
)
def test_a_name_of_any_bytes_crosses_as_it_is(desk: Desk, raw: bytes) -> None:
    name = os.fsdecode(raw)
    (desk.folder / name).write_bytes(b"x")
    (number,) = desk.claim()
    desk.source.close()
    desk.open()
    assert desk.claim() == [number]
    capture = desk.read(number)
    assert isinstance(capture, Capture)
    assert os.fsencode(capture.unit.file.name) == raw
    desk.source.finish([number])
    assert desk.taken() == []


def test_a_file_settles_before_it_is_claimed(desk: Desk) -> None:
    desk.open(settle_s=5)
    (desk.folder / "a").write_bytes(b"1")
    assert desk.claim() == []
    desk.now_s += 4
    with (desk.folder / "a").open("ab") as file:
        file.write(b"2")
    assert desk.claim() == []
    desk.now_s += 4
    assert desk.claim() == []
    desk.now_s += 2
    assert desk.take() == {"a": b"12"}


def test_a_file_that_somebody_still_writes_waits_until_it_is_closed(desk: Desk) -> None:
    with (desk.folder / "a").open("wb") as file:
        file.write(b"begin")
        file.flush()
        (number,) = desk.claim()
        assert desk.read(number) is Progress.GIVEN_BACK
        assert desk.names() == ["a"]
        file.write(b" end")
    desk.now_s += 10
    assert desk.take() == {"a": b"begin end"}


@pytest.mark.parametrize("size", [10, len(LARGE)])
def test_a_file_that_changes_while_it_is_read_goes_back_and_comes_whole(
    desk: Desk, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(move_to="sent")
    monkeypatch.setattr(kernel, "is_open_for_writing", lambda file: False)
    path = desk.folder / "a"
    path.write_bytes(LARGE[:size])
    with path.open("ab") as writer:
        (number,) = desk.claim()
        real, calls = os.fstat, []

        def fstat(fd: int) -> os.stat_result:
            calls.append(fd)
            if len(calls) == 2:
                writer.write(b"more")
                writer.flush()
            return real(fd)

        monkeypatch.setattr(os, "fstat", fstat)
        assert desk.read(number) is Progress.GIVEN_BACK
        monkeypatch.setattr(os, "fstat", real)
    assert desk.names() == ["a"]
    assert os.listdir(desk.staging) == []
    desk.now_s += 10
    assert desk.take() == {"a": LARGE[:size] + b"more"}


def test_what_is_written_after_the_reading_is_a_unit_of_its_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "is_open_for_writing", lambda file: False)
    with (desk.folder / "log").open("ab") as writer:
        writer.write(b"1")
        writer.flush()
        (number,) = desk.claim()
        assert isinstance(desk.read(number), Capture)
        writer.write(b"2")
        writer.flush()
        desk.source.finish([number])
    desk.now_s += 10
    assert desk.take() == {"log": b"12"}


def test_a_file_given_back_does_not_replace_a_newer_one_of_its_name(desk: Desk) -> None:
    with (desk.folder / "a.txt").open("wb") as file:
        file.write(b"old")
        file.flush()
        (number,) = desk.claim()
        (desk.folder / "a.txt").write_bytes(b"new")
        assert desk.read(number) is Progress.GIVEN_BACK
    desk.now_s += 10
    assert desk.take() == {"a.txt": b"new", "a (2).txt": b"old"}


def test_a_large_file_of_our_own_is_handed_over_without_copying(desk: Desk) -> None:
    path = desk.folder / "a"
    path.write_bytes(LARGE)
    inode = path.stat().st_ino
    (number,) = desk.claim()
    capture = desk.read(number)
    assert isinstance(capture, Capture)
    assert isinstance(capture.body, Path)
    assert capture.body.stat().st_ino == inode
    assert capture.body.parent == desk.staging


@pytest.mark.parametrize("why", ["kept", "another owner"])
def test_a_large_file_that_others_could_still_change_is_copied(desk: Desk, why: str) -> None:
    path = desk.folder / "a"
    path.write_bytes(LARGE)
    if why == "kept":
        desk.open(move_to="sent")
    elif ROOT:
        os.chown(path, 65534, -1)
    else:
        pytest.skip("needs files of another owner")
    inode = path.stat().st_ino
    (number,) = desk.claim()
    capture = desk.read(number)
    assert isinstance(capture, Capture)
    assert isinstance(capture.body, Path)
    assert capture.body.stat().st_ino != inode
    assert capture.body.read_bytes() == LARGE


def test_a_large_copy_goes_slice_by_slice_and_others_go_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.connectors.file.body_copy.SLICE_BYTES", 4096)
    desk.open(move_to="sent")
    (desk.folder / "large").write_bytes(LARGE)
    os.utime(desk.folder / "large", (1, 1))
    (desk.folder / "small").write_bytes(b"x")
    large, small = desk.claim()
    assert desk.source.read(large, desk.staging) is Progress.MORE
    assert isinstance(desk.source.read(small, desk.staging), Capture)
    capture = desk.read(large)
    assert isinstance(capture, Capture)
    assert content(capture) == LARGE


def test_a_body_that_the_queue_did_not_take_is_not_copied_again(desk: Desk) -> None:
    desk.open(move_to="sent")
    (desk.folder / "a").write_bytes(LARGE)
    (number,) = desk.claim()
    first, second = desk.read(number), desk.read(number)
    assert first is second


def test_captured_files_are_kept_beside_each_other_where_policy_says_so(desk: Desk) -> None:
    desk.open(move_to="sent/")
    for text in (b"1", b"2", b"3"):
        (desk.folder / "a.txt").write_bytes(text)
        assert desk.take() == {"a.txt": text}
    kept = {p.name: p.read_bytes() for p in (desk.folder / "sent").iterdir()}
    assert kept == {"a.txt": b"1", "a (2).txt": b"2", "a (3).txt": b"3"}
    assert desk.take() == {}


def test_a_folder_to_keep_them_in_that_is_a_link_is_not_followed(desk: Desk, place: Path) -> None:
    desk.open(move_to="sent")
    (place / "elsewhere").mkdir()
    (desk.folder / "sent").symlink_to(place / "elsewhere")
    (desk.folder / "a").write_bytes(b"x")
    (number,) = desk.claim()
    desk.read(number)
    with pytest.raises(Unavailable) as caught:
        desk.source.finish([number])
    assert caught.value.number == 2509
    assert os.listdir(place / "elsewhere") == []
    assert desk.claim() == [number]


def missing(desk: Desk) -> None:
    desk.folder.rename(desk.folder.with_name("gone"))


def a_file(desk: Desk) -> None:
    missing(desk)
    desk.folder.write_bytes(b"")


def not_ours(desk: Desk) -> None:
    (desk.folder / ".ferrygate-taken").mkdir(mode=0o777)
    (desk.folder / ".ferrygate-taken").chmod(0o777)


def a_link(desk: Desk) -> None:
    (desk.folder / ".ferrygate-taken").symlink_to(desk.staging)


@pytest.mark.parametrize(
    ("harm", "number"), [(missing, 2501), (a_file, 2501), (not_ours, 2513), (a_link, 2513)]
)
def test_a_folder_that_cannot_be_used_is_unavailable_with_its_reason(
    desk: Desk, harm: Callable[[Desk], None], number: int
) -> None:
    harm(desk)
    with pytest.raises(Unavailable) as caught:
        desk.claim()
    assert caught.value.number == number


def test_a_folder_that_comes_back_goes_on_where_it_was(desk: Desk) -> None:
    (desk.folder / "a").write_bytes(b"x")
    (number,) = desk.claim()
    gone = desk.folder.with_name("gone")
    desk.folder.rename(gone)
    with pytest.raises(Unavailable):
        desk.claim()
    gone.rename(desk.folder)
    assert desk.claim() == [number]
    assert desk.take() == {"a": b"x"}


def test_a_folder_replaced_by_another_is_noticed(desk: Desk) -> None:
    desk.claim()
    desk.folder.rename(desk.folder.with_name("gone"))
    desk.folder.mkdir()
    (desk.folder / "new").write_bytes(b"x")
    assert desk.take() == {"new": b"x"}


def test_two_channels_share_a_folder_and_not_their_claims(desk: Desk) -> None:
    (desk.folder / "a.pdf").write_bytes(b"pdf")
    (desk.folder / "a.csv").write_bytes(b"csv")
    desk.open(names={"a.pdf"})
    other = FolderSource(WatchedFolder("rows", desk.folder, names={"a.csv"}, poll_s=0.0))
    (mine,) = desk.claim()
    (theirs,) = other.claim(desk.next_number, 10)
    assert mine != theirs
    desk.open(names={"a.pdf"})
    assert desk.claim() == [mine]
    assert desk.take() == {"a.pdf": b"pdf"}


def test_a_crowd_is_scanned_seldom_and_worked_off_from_one_look(desk: Desk) -> None:
    for n in range(3000):
        (desk.folder / f"{n:05}").touch()
    looks = []
    look = desk.source._scan.look

    def slow(folder: int, _held: object) -> object:
        looks.append(1)
        desk.now_s += 0.5
        return look(folder)

    desk.source._scan.look = slow  # type: ignore[assignment, method-assign]
    done = 0
    while done < 3000:
        numbers = desk.claim(256)
        for number in numbers:
            assert isinstance(desk.read(number), Capture)
        desk.source.finish(numbers)
        done += len(numbers)
    assert len(looks) == 1
    assert desk.source.wait_s() > 3.0


@pytest.mark.timeout(60)
def test_a_folder_of_a_hundred_thousand_files_works_in_bounded_steps(desk: Desk) -> None:
    folder = os.open(desk.folder, os.O_RDONLY)
    for n in range(100_000):
        os.close(os.open(f"{n:06}", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=folder))
    os.close(folder)
    start_s = time.perf_counter()
    numbers = desk.claim(256)
    first_s = time.perf_counter() - start_s
    assert len(numbers) == 256
    for number in numbers:
        desk.read(number)
    start_s = time.perf_counter()
    desk.source.finish(numbers)
    assert len(desk.claim(256)) == 256
    again_s = time.perf_counter() - start_s
    # The folder is not read anew for each batch.
    assert again_s < first_s / 3
    assert len(desk.source._ready) <= 65_536
