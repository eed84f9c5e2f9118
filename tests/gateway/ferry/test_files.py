"""Small files of a ferry: state, log of what was sent, partial units. Lost writes are as if never made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.errors import StateUncertain, Unavailable
from gateway.ferry import partials
from gateway.ferry.block import Chunk
from gateway.ferry.oneway.account import Account, AccountState, MissingUnit
from gateway.ferry.partials import PartialFiles
from gateway.ferry.sentlog import SentLog
from gateway.ferry.statefile import ReceiverState, missing_list, read_state, write_state


def chunk(offset: int, data: bytes, total: int = 1000, trailer: int = 10) -> Chunk:
    return Chunk(7, 1, offset, total, trailer, memoryview(data))


def test_the_state_is_read_as_written_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert read_state(path, ReceiverState) is None
    account = AccountState(units=[MissingUnit(9, 100, [(3, 5)], 10**9)])
    write_state(path, ReceiverState(4, 77, account))
    assert read_state(path, ReceiverState) == ReceiverState(4, 77, account)
    assert [unit.ranges for unit in missing_list(path, 5.0).units] == [((3, 5),)]
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(StateUncertain) as raised:
        read_state(path, ReceiverState)
    assert raised.value.number == 5502


@pytest.mark.parametrize("failing", ["fsync", "rename"])
def test_a_state_that_could_not_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = tmp_path / "state.json"
    write_state(path, ReceiverState(4, 77))

    def fails(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync", fails) if failing == "fsync" else (Path, "rename", fails)))
    with pytest.raises(Unavailable):
        write_state(path, ReceiverState(5, 0))
    assert read_state(path, ReceiverState) == ReceiverState(4, 77)


def test_the_log_knows_which_unit_a_sequence_was_over_sessions(tmp_path: Path) -> None:
    log = SentLog(tmp_path, 3)
    for number in range(100, 110):
        log.add(number, number * 2)
    log.sync()
    log.close()
    (tmp_path / "sent-3.log").open("ab").write(b"half a record")
    later = SentLog(tmp_path, 8)
    assert later.past == [(3, 10)]
    assert later.look_up(3, 8, 40) == [(8, 108, 216), (9, 109, 218)]
    assert later.look_up(4, 0, 5) == []
    later.close()


def test_a_sync_that_failed_gives_no_sequence_a_second_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    log = SentLog(tmp_path, 3)
    log.add(100, 1)
    with monkeypatch.context() as patch:
        patch.setattr("gateway.ferry.sentlog.os.fdatasync", no_room)
        with pytest.raises(Unavailable):
            log.sync()
    log.add(101, 2)
    log.sync()
    assert log.look_up(3, 0, 9) == [(0, 100, 1), (1, 101, 2)]
    log.close()


def test_partial_units_survive_a_restart_with_exactly_the_bytes_that_are_here(
    tmp_path: Path,
) -> None:
    files, account = PartialFiles(tmp_path), Account(lambda number: False)
    for piece in (chunk(0, b"a" * 300), chunk(600, b"b" * 100)):
        files.write(piece)
        account.chunk(piece, 2, 1.0)
    files.note(account.partials[7])
    files.close()
    again = PartialFiles(tmp_path)
    (partial,) = again.load()
    assert partial.missing() == [(300, 600), (700, 1000)]
    again.write(chunk(300, b"c" * 300))
    again.write(chunk(700, b"d" * 290 + b"0123456789"))
    header, body = again.finish(partial, inline_bytes=100)
    assert header == b"0123456789"
    assert isinstance(body, Path)
    assert body.read_bytes() == b"a" * 300 + b"c" * 300 + b"b" * 100 + b"d" * 290


def test_partial_units_without_a_note_or_of_another_boot_are_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, account = PartialFiles(tmp_path), Account(lambda number: False)
    files.write(chunk(0, b"a" * 300))
    files.close()
    assert PartialFiles(tmp_path).load() == []
    files.write(chunk(0, b"a" * 300))
    account.chunk(chunk(0, b"a" * 300), 2, 1.0)
    files.note(account.partials[7])
    boot = tmp_path.parent / "another-boot"
    boot.write_text("another")
    monkeypatch.setattr(partials, "_BOOT_ID", boot)
    assert PartialFiles(tmp_path).load() == []
    assert list(tmp_path.iterdir()) == []


def test_partial_units_are_found_again_with_the_one_touched_longest_ago_first(
    tmp_path: Path,
) -> None:
    files, account = PartialFiles(tmp_path), Account(lambda number: False)
    for number in (3, 1, 2):
        piece = Chunk(number, 1, 0, 1000, 10, memoryview(b"a" * 300))
        files.write(piece)
        account.chunk(piece, 2, 1.0)
        files.note(account.partials[number])
    files.close()
    for age, number in enumerate((2, 3, 1)):
        os.utime(files.path(number), (1000 + age, 1000 + age))
    assert [partial.number for partial in PartialFiles(tmp_path).load()] == [2, 3, 1]


def test_the_reserve_of_the_disk_is_not_for_partial_units(tmp_path: Path) -> None:
    assert PartialFiles(tmp_path).short_of_room(1 << 20) is None
    short = PartialFiles(tmp_path, reserve_bytes=1 << 60).short_of_room(1)
    assert short is not None
    assert short.number == 5503
    assert str(1 << 60) in str(short.fields["why"])
