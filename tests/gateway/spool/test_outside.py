"""What other processes see and share: look, units set aside, epochs, two users with one group."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.spool import claim_epoch, look, open_reader, open_writer, units_aside
from gateway.spool.model import Entry

MUCH = 1 << 30
WRITER_USER, READER_USER, GROUP = 61001, 61002, 61000


def test_a_look_from_outside_agrees_with_the_reader(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer = open_writer(folder, reserve_bytes=0, inline_limit_bytes=100)
    reader = open_reader(folder, keep_age_s=3600)
    assert look(folder).depth == 0
    writer.put([Entry(n, b"h", bytes(200 if n % 2 else 20)) for n in range(10)])
    reader.take(6, MUCH)
    reader.ack([0, 1])
    reader.release(2, 3600)
    reader.reject(3, 3102, "refused")
    known, seen = reader.health(), look(folder)
    assert (seen.depth, seen.deferred) == (known.depth, known.deferred) == (7, 1)
    assert seen.bytes_on_disk == known.bytes_on_disk > 0
    assert seen.oldest_age_s >= known.oldest_age_s > 0
    writer.close()
    reader.close()


def test_a_look_at_what_is_no_queue(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        look(tmp_path / "absent")
    assert refused.value.number == 6504
    assert list(units_aside(tmp_path / "absent")) == []


def test_units_set_aside_are_listed_with_their_bodies(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer = open_writer(folder, reserve_bytes=0, inline_limit_bytes=100)
    reader = open_reader(folder)
    writer.put([Entry(n, b"header %d" % n, bytes([n]) * (200 if n % 2 else 20)) for n in range(4)])
    reader.take(9, MUCH)
    reader.reject(2, 3102, "refused")
    reader.reject(1, 3301, "held")
    (folder / "refused" / "0000000000000099-junk.json").write_bytes(b"[]")
    found = {one.number: one for one in units_aside(folder)}
    assert {number: (one.stage, one.reason) for number, one in found.items()} == {
        2: ("refused", 3102),
        1: ("held", 3301),
    }
    for number, one in found.items():
        assert number is not None
        assert one.header == b"header %d" % number
        assert one.size_bytes == one.body.size_bytes == (200 if number % 2 else 20)
        with one.body.open() as stream:
            assert stream.read() == bytes([number]) * one.size_bytes
        assert one.at_ns > 0
    writer.close()
    reader.close()


def test_epochs_rise_by_scope_and_survive(tmp_path: Path) -> None:
    folder = tmp_path / "epochs"
    assert [claim_epoch(folder, "import") for _ in range(3)] == [1, 2, 3]
    assert claim_epoch(folder, "export") == 1
    with pytest.raises(RuntimeError):
        claim_epoch(folder, "../import")


def test_two_processes_never_claim_the_same_epoch(tmp_path: Path) -> None:
    folder = tmp_path / "epochs"
    claimed = tmp_path / "claimed"
    claimed.mkdir()

    def claim() -> None:
        for _ in range(50):
            (claimed / str(claim_epoch(folder, "import"))).touch(exist_ok=False)

    assert [finish(child) for child in [fork(claim), fork(claim), fork(claim)]] == [0, 0, 0]
    assert sorted(int(one.name) for one in claimed.iterdir()) == list(range(1, 151))


@pytest.mark.parametrize("untrusted", [b"", b"7", b"x\n", b"0\n", b"-1\n", b"9" * 40 + b"\n"])
def test_a_damaged_epoch_is_not_guessed(tmp_path: Path, untrusted: bytes) -> None:
    claim_epoch(tmp_path, "import")
    (tmp_path / "import").write_bytes(untrusted)
    with pytest.raises(Misconfigured) as refused:
        claim_epoch(tmp_path, "import")
    assert refused.value.number == 6505


def fork(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except Exception:  # noqa: BLE001 - the child's report; the parent sees the status
            traceback.print_exc()
        finally:
            os._exit(status)
    return child


def finish(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def as_user(user: int, work: Callable[[], None]) -> int:
    """Run as this user, whose own group is private and who is in the shared group too."""

    def changed() -> None:
        os.setgroups([GROUP])
        os.setgid(user)
        os.setuid(user)
        os.umask(0o077)
        work()

    return finish(fork(changed))


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("needs root, to be two users")
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o711)
        folder = Path(parent) / "queue"
        folder.mkdir()
        os.chown(folder, 0, GROUP)
        folder.chmod(0o2770)
        yield folder


def write_some(folder: Path, first: int) -> None:
    writer = open_writer(folder, inline_limit_bytes=100, segment_bytes=3000, reserve_bytes=0)
    for number in range(first, first + 40, 4):
        staged = writer.staging() / "one"
        staged.write_bytes(b"s" * 500)
        entries = [Entry(n, b"h", bytes(500 if n % 2 else 50)) for n in range(number, number + 3)]
        writer.put([*entries, Entry(number + 3, b"h", staged)])
    writer.close()


def read_some(folder: Path, count: int) -> None:
    reader = open_reader(folder)
    taken = reader.take(count, MUCH)
    assert len(taken) == count
    for one in taken:
        with one.body.open() as stream:
            assert len(stream.read()) == one.body.size_bytes
    reader.reject(taken[0].number, 3102, "refused")
    reader.reject(taken[1].number, 3102, "held")
    reader.ack([one.number for one in taken])
    reader.close()
    reader = open_reader(folder)
    reader.take(1, 1)
    assert reader.health().depth == 0 or count < 40
    reader.close()


@pytest.mark.parametrize("reader_first", [False, True])
def test_writer_and_reader_may_be_two_users_of_one_group(
    shared_folder: Path, reader_first: bool
) -> None:
    if reader_first:
        assert as_user(READER_USER, lambda: open_reader(shared_folder).close()) == 0
    assert as_user(WRITER_USER, lambda: write_some(shared_folder, 0)) == 0
    assert as_user(READER_USER, lambda: read_some(shared_folder, 40)) == 0
    assert as_user(WRITER_USER, lambda: write_some(shared_folder, 40)) == 0
    assert as_user(READER_USER, lambda: read_some(shared_folder, 20)) == 0
    assert as_user(READER_USER, lambda: read_some(shared_folder, 20)) == 0
    bodies = {path.stat().st_gid for path in (shared_folder / "refused").iterdir()}
    assert bodies == {GROUP}


def test_both_ends_may_make_the_folder_at_the_same_moment(tmp_path: Path) -> None:
    for attempt in range(20):
        folder = tmp_path / f"queue{attempt}"
        children = [
            fork(work)
            for work in (
                lambda f=folder: open_writer(f).close(),
                lambda f=folder: open_reader(f).close(),
            )
        ]
        assert [finish(child) for child in children] == [0, 0]
        assert {path.stat().st_mode & 0o7777 for path in folder.iterdir() if path.is_dir()} == {
            0o2770
        }


def test_a_third_user_is_told_that_this_is_not_his(shared_folder: Path) -> None:
    def changed() -> None:
        os.setgroups([])
        os.setgid(61009)
        os.setuid(61009)
        for opener in (open_writer, open_reader, look):
            with pytest.raises(Misconfigured) as refused:
                opener(shared_folder)
            assert refused.value.number == 6504

    assert finish(fork(changed)) == 0


def test_the_other_user_cannot_hold_the_lock_of_an_end(shared_folder: Path) -> None:
    assert as_user(WRITER_USER, lambda: open_writer(shared_folder).close()) == 0

    def try_it() -> None:
        with pytest.raises(PermissionError):
            os.open(shared_folder / ".writer", os.O_RDONLY)
        with pytest.raises(Misconfigured) as refused:
            open_writer(shared_folder)
        assert refused.value.number == 6504

    assert as_user(READER_USER, try_it) == 0
