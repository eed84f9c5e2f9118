"""Crowds: many files, units and entries of one sender do not stop the others or fill the host."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.connectors.file.folder_scan import FolderScan
from gateway.connectors.file.settling import Settling
from gateway.ferry.oneway.account import Account, AccountState
from gateway.ferry.oneway.records import Heartbeat, Indexed
from gateway.spool import aside_keeping, reader, set_aside
from gateway.spool.aside_keeping import AsideKeep, AsideKeeper
from gateway.spool.bodies import FileBody
from gateway.spool.disk import RealDisk
from gateway.spool.intervals import IntervalSet
from gateway.spool.layout import Layout, make
from gateway.spool.model import Entry
from gateway.spool.set_aside import SetAside
from gateway.spool.writer import open_writer


class QuickDisk(RealDisk):
    """Without syncs: how much is removed is asked here, not what survives."""

    def sync(self, fd: int) -> None:
        pass

    def sync_folder(self, folder: Path) -> None:
        pass


def test_waiting_units_of_one_channel_do_not_keep_the_others_from_being_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F8: beyond MAX_PUT_OFF nothing new is handed out. A sender reaches 20,000 in half a minute."""
    waiting = 20_500
    writer = open_writer(tmp_path / "q")
    for first in range(0, waiting, 500):
        writer.put([Entry(first + i, b"slow", b"x") for i in range(500)])
    writer.put([Entry(1 << 30, b"other channel", b"x")])
    taker = reader.open_reader(tmp_path / "q")
    seen = False
    while not seen and (units := taker.take(256, 1 << 20)):
        for unit in units:
            seen = seen or unit.header == b"other channel"
            taker.release(unit.number, 60.0)
    taker.close()
    writer.close()
    assert seen


def aside(layout: Layout, disk: RealDisk, ordinal: int) -> None:
    body = FileBody(layout.bodies / "x", 0)
    set_aside.store(
        disk, layout, ordinal, SetAside(ordinal, "refused", 2201, 1, 0, b"h" * 64, 1, body), b""
    )


def test_a_flood_of_small_refusals_is_bounded(tmp_path: Path) -> None:
    """F11: a look removes as many as are over, 256 at a step."""
    layout, disk = Layout.of(tmp_path / "q"), QuickDisk()
    make(layout)
    limit_bytes = 100_000
    keeper = AsideKeeper(layout, disk, AsideKeep(age_s=0, bytes=limit_bytes))
    acked = IntervalSet()
    acked.add(0, 1 << 40)
    ordinal, now_s = 0, 1000.0
    for _ in range(4):  # four seconds of a sender who is refused 600 times a second
        for _ in range(600):
            aside(layout, disk, ordinal)
            keeper.stored(0)
            ordinal += 1
        for _ in range(10):
            now_s += 0.1
            if keeper.is_due(now_s):
                keeper.run(acked, now_s)
    lying = sum(1 for _ in os.scandir(tmp_path / "q" / "refused"))
    assert lying <= 2 * 1200
    assert aside_keeping.DEFAULT_BYTES > 0


def test_an_index_of_blocks_that_never_come_is_bounded() -> None:
    """F13: whoever has the lane key (a taken-over outer ferry) fills the inner ferry's memory."""
    account = Account(lambda number: False)
    for block in range(60):
        account.index(
            5,
            [Indexed(n, n, 10, 1 << 60, 1 << 60) for n in range(block * 5000, block * 5000 + 5000)],
        )
    account.settle(5, 0, 1.0, 1)
    assert len(account._pending) <= 200_000


def test_heartbeats_with_invented_sessions_are_bounded() -> None:
    """F13: each invented earlier session becomes an entry of the list of what is missing."""
    account = Account(lambda number: False)
    account.heartbeat(1 << 60, Heartbeat(0, 0, 0, 0), 1)
    for round_ in range(2_000):
        past = tuple((1000 + round_ * 8 + i, 10) for i in range(8))
        account.heartbeat(1 << 60, Heartbeat(0, 0, 0, 0, past), 1)
    assert len(account.sequences) <= 4_096


def test_a_sequence_at_the_end_of_its_field_can_be_written_down() -> None:
    """F13: 2^64 - 1 is a sequence; the range behind it ends at 2^64, which no JSON of ours holds."""
    import msgspec

    account = Account(lambda number: False)
    last = (1 << 64) - 1
    account.index(last, [Indexed(1, last, 10, 0, 0)])
    account.settle(last, 1, 1.0, 1)
    written = msgspec.json.encode(account.dump())
    assert msgspec.json.decode(written, type=AccountState) == account.dump()


def test_files_that_cannot_be_taken_do_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F14: a scan gives the oldest; a crowd of old files that are held back fills it for ever."""
    from gateway.connectors.file import folder_scan

    monkeypatch.setattr(folder_scan, "MAX_SIGHTINGS", 64)
    for number in range(200):
        path = tmp_path / f"unreadable-{number:03}"
        path.touch()
        os.utime(path, (1, 1))
    (tmp_path / "good.pdf").write_bytes(b"%PDF-")
    scan = FolderScan(str(tmp_path), "c", None, None, lambda: 0.0)
    settling = Settling(0.0)
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        now_s, seen = 0.0, list[str]()
        for _ in range(8):
            now_s += 0.3
            ready = settling.settled(scan.look(fd, settling.held), now_s)
            seen += [sighting.name for sighting in ready]
            for sighting in ready:  # each turned out to be unreadable: given back
                settling.hold_back(sighting.name, now_s)
    finally:
        os.close(fd)
    assert "good.pdf" in seen


def test_files_that_nobody_may_read_do_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F14: seen by their mode alone, so that not one of them need be claimed first."""
    from gateway.connectors.file import folder_scan

    monkeypatch.setattr(folder_scan, "MAX_SIGHTINGS", 4)
    monkeypatch.setattr(os, "geteuid", lambda: 65_534)
    for number in range(40):
        path = tmp_path / f"closed-{number:03}"
        path.touch(0o600)
        os.utime(path, (1, 1))
    (tmp_path / "good.pdf").write_bytes(b"%PDF-")
    (tmp_path / "good.pdf").chmod(0o644)
    scan = FolderScan(str(tmp_path), "c", None, None, lambda: 0.0)
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        assert scan.look(fd)[0].name == "good.pdf"
    finally:
        os.close(fd)
