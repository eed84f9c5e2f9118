from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import gateway.audit.journal as journal_module
from gateway.audit.event import Event
from gateway.audit.journal import open_journal
from gateway.audit.segment import segments
from gateway.audit.verify import verify
from gateway.errors import Misconfigured, StateUncertain, Unavailable
from tests.gateway.audit.host import START_NS


def event(at_ns: int = START_NS, unit: int = 1) -> Event:
    return Event("captured", at_ns, unit, "lab", 0, {"name": "a.pdf"})


def lines(folder: Path) -> int:
    return sum(one.path.read_bytes().count(b"\n") - 1 for one in segments(folder))


def chain_holds(root: Path) -> bool:
    # No checkpoint is there yet (6039 or 6043, 6034): nothing else may be found.
    found = {finding.number for finding in verify(root, lambda *_: True).findings}
    return found <= {6034, 6039, 6043}


def test_what_was_committed_is_there_after_reopening(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "edge", "edge")
    for unit in range(5):
        journal.record(event(unit=unit))
    journal.commit()
    journal.close()
    again = open_journal(tmp_path / "edge", "edge")
    assert again.seq == 5
    again.record(event())
    again.commit()
    again.close()
    assert lines(tmp_path / "edge") == 6
    assert chain_holds(tmp_path)


def test_what_was_only_recorded_is_gone_after_a_crash(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "edge", "edge")
    journal.record(event())
    journal.close()
    assert open_journal(tmp_path / "edge", "edge").seq == 0


def test_who_records_does_not_wait_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal(tmp_path / "edge", "edge")
    at_disk, go_on, syncs = threading.Event(), threading.Event(), list[int]()
    real = os.fdatasync

    def slow(fd: int) -> None:
        syncs.append(fd)
        at_disk.set()
        assert go_on.wait(20)
        real(fd)

    monkeypatch.setattr(os, "fdatasync", slow)
    journal.record(event(unit=1))
    first = threading.Thread(target=journal.commit)
    first.start()
    assert at_disk.wait(20)
    for unit in (2, 3):
        # Would stand here for ever.
        journal.record(event(unit=unit))
    others = [threading.Thread(target=journal.commit) for _ in range(2)]
    for other in others:
        other.start()
    go_on.set()
    for thread in (first, *others):
        thread.join(20)
    assert (journal.seq, journal.buffered_events) == (3, 0)
    # One for what came meanwhile, whoever of the two was first.
    assert len(syncs) == 2
    journal.close()
    assert lines(tmp_path / "edge") == 3
    assert chain_holds(tmp_path)


def test_a_new_day_begins_a_segment_also_where_something_is_always_recorded_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal(tmp_path / "edge", "edge")
    coming, real = [START_NS, START_NS + 86_400_000_000_000], os.fdatasync

    def busy(fd: int) -> None:
        real(fd)
        if coming:
            journal.record(event(coming.pop(0)))

    monkeypatch.setattr(os, "fdatasync", busy)
    journal.record(event())
    for _ in range(3):
        journal.commit()
    journal.close()
    assert len(segments(tmp_path / "edge")) == 2
    assert lines(tmp_path / "edge") == 3
    assert chain_holds(tmp_path)


def test_a_second_writer_is_turned_away(tmp_path: Path) -> None:
    open_journal(tmp_path, "edge")
    with pytest.raises(Misconfigured) as refused:
        open_journal(tmp_path, "edge")
    assert refused.value.number == 6001


def test_a_journal_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "edge").write_text("")
    with pytest.raises(Misconfigured) as refused:
        open_journal(tmp_path / "edge", "edge")
    assert refused.value.number == 6002


def test_the_group_may_read_and_others_may_not(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "edge", "edge")
    journal.record(event())
    journal.commit()
    folder = stat.S_IMODE((tmp_path / "edge").stat().st_mode)
    files = {stat.S_IMODE(one.path.stat().st_mode) for one in segments(tmp_path / "edge")}
    assert (folder, files) == (0o2750, {0o640})


def test_a_large_segment_is_followed_by_another_and_the_chain_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "SEGMENT_BYTES", 2000)
    journal = open_journal(tmp_path / "edge", "edge")
    for _ in range(30):
        journal.record(event())
        journal.commit()
    journal.close()
    assert len(segments(tmp_path / "edge")) >= 3
    assert open_journal(tmp_path / "edge", "edge").seq == 30
    assert chain_holds(tmp_path)


def test_a_new_day_begins_a_new_segment_and_a_clock_going_back_does_not(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "edge", "edge")
    day = 86_400_000_000_000
    for at_ns in (START_NS, START_NS + day, START_NS, START_NS + day):
        journal.record(event(at_ns))
        journal.commit()
    assert len(segments(tmp_path / "edge")) == 2


def test_a_batch_larger_than_one_write_is_written_whole(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "edge", "edge")
    for _ in range(5000):
        journal.record(event())
    journal.commit()
    assert (journal.seq, lines(tmp_path / "edge")) == (5000, 5000)
    assert chain_holds(tmp_path)


def test_the_buffer_is_bounded_while_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MAX_BUFFERED_BYTES", 1000)
    journal = open_journal(tmp_path / "edge", "edge")
    with pytest.raises(Unavailable) as full:
        for _ in range(100):
            journal.record(event())
    assert full.value.number == 6003
    taken = journal.buffered_events
    journal.commit()
    assert (journal.seq, taken) == (taken, lines(tmp_path / "edge"))


def test_a_failed_sync_is_never_taken_for_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal(tmp_path / "edge", "edge")

    def fails(fd: int) -> None:
        raise OSError(5, "input/output error")

    monkeypatch.setattr(os, "fdatasync", fails)
    journal.record(event())
    with pytest.raises(StateUncertain) as first:
        journal.commit()
    monkeypatch.undo()
    with pytest.raises(StateUncertain):
        journal.commit()
    assert first.value.number == 6004
    journal.close()
    # The next run finds the line in memory, clean: it is on disk once it is written anew.
    written: list[bytes] = []
    real = os.pwrite

    def counted(fd: int, data: bytes, offset: int) -> int:
        written.append(data)
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", counted)
    assert open_journal(tmp_path / "edge", "edge").seq == 1
    (segment,) = segments(tmp_path / "edge")
    assert written == [segment.path.read_bytes()]


FULL_DISK = """
import sys
from pathlib import Path
from gateway.audit.event import Event
from gateway.audit.journal import open_journal
from gateway.audit.status import StatusBoard
from gateway.errors import Unavailable
root = Path(sys.argv[1])
journal = open_journal(root / "edge", "edge")
board = StatusBoard(root / "run", "edge", journal)
journal.show_on(board)
ballast = root / "ballast"
ballast.write_bytes(bytes(150_000))
recorded = 0
try:
    while True:
        for _ in range(64):
            journal.record(Event("captured", 1, 1, "lab", 0, {"name": "a.pdf"}))
            recorded += 1
        journal.commit()
except Unavailable as full:
    assert full.number == 6003, full
    assert full.fields["reason"] == "ENOSPC", full
assert [alarm.number for alarm in board.alarms] == [6003]
for _ in range(3):
    try:
        journal.commit()
        raise SystemExit("committed on a full disk")
    except Unavailable:
        pass
ballast.unlink()
journal.commit()
assert board.alarms == (), board.alarms
journal.commit()
# The alarm's beginning and end are events as well.
assert journal.seq == recorded + 2, (journal.seq, recorded)
"""


def test_a_full_disk_stops_and_room_lets_it_go_on(tmp_path: Path) -> None:
    mount = "mount -t tmpfs -o size=400k none {0} && exec {1} -c '{2}' {0}"
    if not shutil.which("unshare"):
        pytest.skip("no unshare")
    script = mount.format(tmp_path, sys.executable, FULL_DISK.replace("'", '"'))
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    probe = [*namespace, f"mount -t tmpfs none {tmp_path}"]
    if subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("no mount namespaces here")
    command = [*namespace, script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
