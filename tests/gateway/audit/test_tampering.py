"""What an intruder may do to a host's record, and that verification says so."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest

import gateway.audit.journal as journal_module
from gateway.audit.event import Event
from gateway.audit.journal import open_journal
from gateway.audit.record import Header, genesis, header_line, line_of
from gateway.audit.report import Finding, Report
from gateway.audit.segment import segments
from gateway.audit.verify import verify
from gateway.errors import Refused
from tests.gateway.audit.host import PROCESSES, START_NS, Host, check, numbers, segment


@pytest.fixture
def host(tmp_path: Path) -> Host:
    other = tmp_path / "elsewhere"
    other.mkdir()
    host = Host(tmp_path / "journal", other)
    for _ in range(5):
        host.round(4)
    return host


def edit(path: Path, number: int, before: bytes, after: bytes) -> None:
    lines = path.read_bytes().split(b"\n")
    assert before in lines[number]
    lines[number] = lines[number].replace(before, after)
    path.write_bytes(b"\n".join(lines))


def harm(report: Report) -> list[Finding]:
    """The findings without the notes (an intruder's times seldom fit)."""
    return [finding for finding in report.findings if not finding.is_note]


def chained(seq: int, count: int, head: bytes) -> bytes:
    """Records of an intruder who knows the chain."""
    lines = []
    for index in range(count):
        line, head = line_of(
            Event("captured", START_NS + index, 900 + index, "forged"), seq + index, head
        )
        lines.append(line)
    return b"".join(lines)


def test_an_untouched_record_holds_and_is_covered_whole(host: Host) -> None:
    report = host.verify()
    assert report.holds
    assert report.findings == []
    assert {p: (j.records, j.not_covered) for p, j in report.journals.items()} == dict.fromkeys(
        PROCESSES, (20, 0)
    )
    assert (report.checkpoints, report.keys) == (5, ["inner-1"])


def test_what_no_checkpoint_covers_yet_is_counted(host: Host) -> None:
    host.events(7)
    report = host.verify()
    assert report.holds
    assert report.journals["edge"].not_covered == 7


def test_a_copied_folder_and_the_public_keys_are_enough(host: Host, tmp_path: Path) -> None:
    host.close()
    laptop = tmp_path / "laptop"
    shutil.copytree(host.root, laptop)
    shutil.rmtree(host.root)
    assert verify(laptop, check).holds


def test_an_edited_record_is_named(host: Host) -> None:
    edit(segment(host.root), 7, b"result-2", b"result-9")
    report = host.verify()
    assert [(one.number, one.journal, one.seq) for one in report.findings] == [(6020, "edge", 7)]
    assert not report.holds


def test_an_edited_record_with_its_own_hash_made_right_is_found_at_the_next(host: Host) -> None:
    path = segment(host.root)
    lines = path.read_bytes().split(b"\n")
    previous = json.loads(lines[6])["hash"].encode()
    lines[7] = chained(7, 1, previous)[:-1]
    path.write_bytes(b"\n".join(lines))
    # Checkpoints signed 4, 8, 12 ...: record 8 shows it first.
    assert [(one.number, one.seq) for one in harm(host.verify())] == [(6020, 8)]


def test_a_record_written_another_way_is_an_edit(host: Host) -> None:
    edit(segment(host.root), 3, b'{"seq":3', b'{ "seq":3')
    assert numbers(host.verify()) == [6020]


def test_a_removed_record_is_named(host: Host) -> None:
    path = segment(host.root)
    lines = path.read_bytes().split(b"\n")
    del lines[7:10]
    path.write_bytes(b"\n".join(lines))
    found = host.verify().findings
    assert [(one.number, one.seq, one.last_seq) for one in found] == [(6021, 7, 9)]


def test_two_records_exchanged_are_found(host: Host) -> None:
    path = segment(host.root)
    lines = path.read_bytes().split(b"\n")
    lines[7], lines[8] = lines[8], lines[7]
    path.write_bytes(b"\n".join(lines))
    assert numbers(host.verify()) == [6021, 6022]


def test_a_record_put_in_is_found(host: Host) -> None:
    path = segment(host.root)
    lines = path.read_bytes().split(b"\n")
    lines.insert(8, lines[3])
    path.write_bytes(b"\n".join(lines))
    assert [one.number for one in harm(host.verify())] == [6022]


def test_a_cut_tail_is_found_by_the_checkpoint(host: Host) -> None:
    path = segment(host.root)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join(lines[:16]) + b"\n")
    found = host.verify().findings
    assert [(one.number, one.journal, one.seq, one.last_seq) for one in found] == [
        (6025, "edge", 16, 20)
    ]


def test_a_removed_journal_is_found(host: Host) -> None:
    host.close()
    shutil.rmtree(host.root / "ferry")
    found = host.verify().findings
    assert [(one.number, one.journal, one.last_seq) for one in found] == [(6036, "ferry", 20)]


def test_a_whole_rewrite_with_a_right_chain_is_found_by_the_checkpoint(host: Host) -> None:
    path = segment(host.root)
    header = path.read_bytes().split(b"\n")[0]
    start = genesis("edge", json.loads(header)["id"])
    path.write_bytes(header + b"\n" + chained(1, 20, start))
    found = host.verify().findings
    assert [(one.number, one.seq, one.last_seq) for one in found] == [(6026, 1, 4)]


def test_a_rewrite_of_the_end_says_from_where_it_can_be(host: Host) -> None:
    path = segment(host.root)
    lines = path.read_bytes().split(b"\n")
    previous = json.loads(lines[13])["hash"].encode()
    path.write_bytes(b"\n".join(lines[:14]) + b"\n" + chained(14, 7, previous))
    report = host.verify()
    assert [(one.number, one.seq, one.last_seq) for one in harm(report)] == [(6026, 13, 16)]
    assert report.journals["edge"].covered_seq == 12


def test_an_older_copy_put_back_is_found_by_a_checkpoint_kept_elsewhere(
    host: Host, tmp_path: Path
) -> None:
    shutil.copytree(host.root, tmp_path / "older")
    host.round()
    host.round()
    host.close()
    shutil.rmtree(host.root)
    shutil.copytree(tmp_path / "older", host.root)
    assert verify(host.root, check).holds, "by itself an older copy is whole"
    report = host.verify()
    assert sorted(numbers(report)) == [6025, 6025, 6025, 6042]


def test_an_older_copy_that_went_on_is_found_by_a_checkpoint_kept_elsewhere(
    host: Host, tmp_path: Path
) -> None:
    shutil.copytree(host.root, tmp_path / "older")
    host.round()
    host.close()
    shutil.rmtree(host.root)
    shutil.copytree(tmp_path / "older", host.root)
    kept = host.other
    host.other = None
    host.open()
    host.round(1)
    assert kept
    assert 6041 in numbers(verify(host.root, check, [kept]))


def test_removed_checkpoints_are_found_by_those_kept_elsewhere(host: Host) -> None:
    shutil.rmtree(host.root / "checkpoints")
    assert numbers(host.verify()) == [6042]
    assert 6039 in numbers(verify(host.root, check))


def notes_of(host: Host) -> tuple[Path, list[bytes]]:
    path = next((host.root / "checkpoints").glob("*.txt"))
    pieces = path.read_bytes().split(b"ferrygate checkpoint 1\n")[1:]
    return path, [b"ferrygate checkpoint 1\n" + piece for piece in pieces]


def test_a_removed_checkpoint_is_named(host: Host) -> None:
    path, notes = notes_of(host)
    del notes[2]
    path.write_bytes(b"".join(notes))
    found = verify(host.root, check).findings
    assert [(one.number, one.seq, one.last_seq) for one in found] == [(6040, 3, 3)]


def test_an_edited_checkpoint_is_named(host: Host) -> None:
    path, notes = notes_of(host)
    notes[2] = notes[2].replace(b"host inner", b"host outer")
    path.write_bytes(b"".join(notes))
    assert 6029 in numbers(verify(host.root, check))


def test_a_signature_of_an_unknown_key_is_not_believed(host: Host) -> None:
    report = verify(host.root, lambda *_: False)
    assert numbers(report).count(6028) == 5
    assert report.journals["edge"].covered_seq == 0
    assert not report.holds


def test_a_change_of_key_is_said_and_is_no_harm(host: Host) -> None:
    host.pointer.close()
    host.key_id = "inner-2"
    host.pointer = host.checkpointer()
    host.round()
    report = host.verify()
    assert (numbers(report), report.holds) == ([6031], True)
    assert report.keys == ["inner-1", "inner-2"]


def test_a_clock_that_goes_back_is_said_and_is_no_harm(host: Host) -> None:
    host.now_ns -= 100_000_000_000
    host.events(1)
    report = host.verify()
    assert (numbers(report), report.holds) == ([6030], True)
    assert report.findings[0].seq == 21


def test_half_a_line_at_the_end_is_said_and_is_no_harm(host: Host) -> None:
    with segment(host.root).open("ab") as file:
        file.write(b'{"seq":21,"at')
    assert (numbers(host.verify()), host.verify().holds) == ([6033], True)


@pytest.fixture
def long_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr(journal_module, "SEGMENT_BYTES", 1500)
    host = Host(tmp_path / "journal")
    for _ in range(10):
        host.round(4)
    assert len(segments(host.root / "edge")) > 4
    return host


def test_many_segments_hold(long_host: Host) -> None:
    assert long_host.verify().findings == []


def test_exchanged_segments_are_found(long_host: Host) -> None:
    first, second = segment(long_host.root, index=1), segment(long_host.root, index=2)
    a, b = first.read_bytes(), second.read_bytes()
    first.write_bytes(b)
    second.write_bytes(a)
    assert 6024 in numbers(long_host.verify())


def test_a_segment_of_another_journal_is_found(long_host: Host) -> None:
    edge, guard = segment(long_host.root, index=2), segment(long_host.root, "guard", 2)
    edge.write_bytes(guard.read_bytes())
    assert 6024 in numbers(long_host.verify())


def test_a_removed_segment_is_found(long_host: Host) -> None:
    gone = segments(long_host.root / "edge")[2]
    after = segments(long_host.root / "edge")[3]
    gone.path.unlink()
    found = long_host.verify().findings
    assert [(one.number, one.seq, one.last_seq) for one in found] == [
        (6021, gone.first_seq, after.first_seq - 1)
    ]


def test_removed_first_segments_are_said(long_host: Host) -> None:
    segment(long_host.root).unlink()
    report = long_host.verify()
    assert (numbers(report), report.holds) == ([6032], False)
    assert report.journals["edge"].not_covered == 0


def test_a_segment_head_that_was_edited_is_found(long_host: Host) -> None:
    path = segment(long_host.root, index=2)
    first_seq = segments(long_host.root / "edge")[2].first_seq
    lines = path.read_bytes().split(b"\n")
    lines[0] = header_line(Header("edge", 1, "0" * 32, first_seq, "0" * 64))[:-1]
    path.write_bytes(b"\n".join(lines))
    assert 6024 in numbers(long_host.verify())


def test_a_journal_begun_anew_is_found(host: Host) -> None:
    host.close()
    shutil.rmtree(host.root / "edge")
    fresh = open_journal(host.root / "edge", "edge")
    for index in range(30):
        fresh.record(Event("captured", START_NS, index))
    fresh.commit()
    assert numbers(host.verify()) == [6026]


def test_findings_are_bounded(host: Host) -> None:
    segment(host.root).write_bytes(b"nonsense\n" * 5000)
    report = host.verify()
    assert len(report.findings) <= 100
    assert sum(report.left_out.values()) > 4000
    assert not report.holds


def test_progress_reaches_the_end(host: Host) -> None:
    seen: list[tuple[int, int]] = []
    verify(host.root, check, progress=lambda done, of: seen.append((done, of)))
    assert seen[-1][0] == seen[-1][1] > 0


def test_a_folder_without_a_journal_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(Refused) as refused:
            verify(folder, check)
        assert refused.value.number == 6038


def test_a_running_gate_can_be_verified(host: Host) -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            host.round(50)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        reports = [host.verify() for _ in range(15)]
        # On a busy machine the gate may not have got far by then.
        for _ in range(500):
            if reports[-1].checkpoints > reports[0].checkpoints:
                break
            reports.append(host.verify())
    finally:
        stop.set()
        worker.join()
    assert [numbers(report) for report in reports if not report.holds] == []
    assert reports[-1].checkpoints > reports[0].checkpoints


@pytest.mark.parametrize(("age_s", "number", "holds"), [(20, 6043, True), (400, 6039, False)])
def test_a_gate_without_any_checkpoint_is_whole_only_while_it_is_young(
    tmp_path: Path, age_s: int, number: int, holds: bool
) -> None:
    host = Host(tmp_path / "journal")
    host.events(3)
    host.close()
    report = verify(host.root, check, now_ns=host.now_ns + age_s * 10**9)
    assert number in numbers(report)
    assert report.holds is holds


def test_a_copy_without_any_checkpoint_is_never_whole(tmp_path: Path) -> None:
    host = Host(tmp_path / "journal")
    host.events(3)
    host.close()
    report = verify(host.root, check, now_ns=host.now_ns + 20 * 10**9, own=False)
    assert 6039 in numbers(report)
    assert not report.holds


def test_an_edit_in_a_young_gate_without_checkpoint_is_found(tmp_path: Path) -> None:
    host = Host(tmp_path / "journal")
    host.events(3)
    host.close()
    path = segment(host.root)
    path.write_bytes(path.read_bytes().replace(b"result-1", b"result-7"))
    assert not verify(host.root, check, now_ns=host.now_ns + 10**9).holds
