"""A crash at every byte of the last batch: what was committed before stays, the rest goes, the chain
holds, and the recovery is itself an event."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gateway.audit.journal as journal_module
from gateway.audit.event import Event
from gateway.audit.journal import open_journal
from gateway.audit.record import Record, decode_line
from gateway.audit.segment import segments
from gateway.audit.verify import verify

BATCH = 3


def write(folder: Path, batches: int) -> int:
    """Batches of three events; gives the size of the journal's last segment."""
    journal = open_journal(folder, "edge")
    for batch in range(batches):
        for index in range(BATCH):
            journal.record(Event("captured", 1, batch * BATCH + index, "lab"))
        journal.commit()
    journal.close()
    return segments(folder)[-1].path.stat().st_size


def records(folder: Path) -> list[Record]:
    found = []
    for one in segments(folder):
        found += [decode_line(line)[0] for line in one.path.read_bytes().splitlines()[1:]]
    return found


def recovered(folder: Path, committed: int) -> list[Record]:
    """Open after a crash and look: nothing committed is gone, numbers have no hole."""
    open_journal(folder, "edge").close()
    found = records(folder)
    assert [record.seq for record in found] == list(range(1, len(found) + 1))
    assert [record.unit for record in found[:committed]] == list(range(committed))
    bad = {finding.number for finding in verify(folder.parent, lambda *_: True).findings}
    assert bad <= {6034, 6039, 6043}
    return found


def test_cut_at_every_byte_of_the_last_batch(tmp_path: Path) -> None:
    whole = tmp_path / "whole" / "edge"
    before = write(whole, 2)
    after = write(whole, 1)
    for size in range(before, after + 1):
        crashed = tmp_path / str(size) / "edge"
        shutil.copytree(whole, crashed)
        path = segments(crashed)[-1].path
        content = path.read_bytes()
        path.write_bytes(content[:size])
        found = recovered(crashed, 2 * BATCH)
        torn = size - (content.rfind(b"\n", 0, size) + 1)
        assert (found[-1].what == "journal.recovered") is (torn > 0)
        if torn:
            assert found[-1].fields["cut_bytes"] == torn
            kept = crashed / str(found[-1].fields["kept_in"])
            assert kept.read_bytes() == content[size - torn : size]


def test_bytes_that_were_promised_but_never_written_are_cut_away(tmp_path: Path) -> None:
    # After a power cut a file system may show zeros, or a later page without an earlier one.
    folder = tmp_path / "edge"
    before = write(folder, 2)
    write(folder, 1)
    path = segments(folder)[-1].path
    content = bytearray(path.read_bytes())
    content[before : before + 100] = bytes(100)
    path.write_bytes(content)
    found = recovered(folder, 2 * BATCH)
    assert found[-1].what == "journal.recovered"
    assert found[-1].fields["cut_bytes"] == len(content) - before


def test_cut_at_every_byte_of_a_segment_that_was_just_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole" / "edge"
    write(whole, 2)
    monkeypatch.setattr(journal_module, "SEGMENT_BYTES", 1)
    after = write(whole, 1)
    monkeypatch.undo()
    assert len(segments(whole)) == 2
    for size in range(after + 1):
        crashed = tmp_path / str(size) / "edge"
        shutil.copytree(whole, crashed)
        path = segments(crashed)[-1].path
        path.write_bytes(path.read_bytes()[:size])
        recovered(crashed, 2 * BATCH)


def test_damage_further_back_than_a_crash_is_left_as_evidence(tmp_path: Path) -> None:
    folder = tmp_path / "edge"
    write(folder, 1500)
    path = segments(folder)[-1].path
    content = bytearray(path.read_bytes())
    content[5000:5004] = b"XXXX"
    path.write_bytes(content)
    journal = open_journal(folder, "edge")
    journal.record(Event("captured", 1, 4500, "lab"))
    journal.commit()
    assert path.read_bytes() == bytes(content)
    assert len(segments(folder)) == 2
    report = verify(tmp_path, lambda *_: True)
    assert [finding.number for finding in report.findings if finding.journal == "edge"][:1] in (
        [6020],
        [6023],
    )
    assert report.journals["edge"].last_seq == 4502


def test_a_crash_while_recovering_recovers_again(tmp_path: Path) -> None:
    folder = tmp_path / "edge"
    size = write(folder, 2)
    path = segments(folder)[-1].path
    path.write_bytes(path.read_bytes()[: size - 10])
    open_journal(folder, "edge").close()
    # The event of the recovery (in a segment of its own day) was lost half-way, the cut was kept.
    event = segments(folder)[-1].path
    event.write_bytes(event.read_bytes()[:200])
    assert recovered(folder, 2 * BATCH - 1)[-1].what == "journal.recovered"


WRITER = """
import sys
from pathlib import Path
from gateway.audit.event import Event
from gateway.audit.journal import open_journal
journal = open_journal(Path(sys.argv[1]), "edge")
while True:
    for _ in range(20):
        journal.record(Event("captured", 1, journal.seq, "lab"))
    journal.commit()
    print(journal.seq, flush=True)
"""


def test_a_writer_that_is_killed_loses_nothing_that_it_had_committed(tmp_path: Path) -> None:
    folder = tmp_path / "edge"
    committed = 0
    for kill in range(6):
        command = [sys.executable, "-c", WRITER, str(folder)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout
        for _ in range(20 + 7 * kill):
            committed = int(writer.stdout.readline())
        writer.kill()
        committed = max([committed, *map(int, writer.stdout.read().split("\n")[:-1])])
        writer.wait()
        whole = sum(one.path.read_bytes().count(b"\n") - 1 for one in segments(folder))
        assert whole >= committed
    report = verify(tmp_path, lambda *_: True)
    # 6030 tells that the machine's clock was set back meanwhile, which is no fault of the writer.
    assert {finding.number for finding in report.findings} <= {6030, 6033, 6034, 6039, 6043}
    assert report.journals["edge"].records >= committed
