from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import gateway.audit.follow as follow_module
import gateway.audit.journal as journal_module
from gateway.audit.checkpoint import Checkpointer
from gateway.audit.note import decode_note
from gateway.audit.notefile import last_note
from gateway.audit.status import StatusBoard
from gateway.errors import Misconfigured, Unavailable
from tests.gateway.audit.host import PROCESSES, SECOND_NS, Host, segment, sign


@pytest.fixture
def host(tmp_path: Path) -> Host:
    other = tmp_path / "elsewhere"
    other.mkdir()
    return Host(tmp_path / "journal", other)


def watched(host: Host, key_id: str = "inner-1") -> tuple[Checkpointer, StatusBoard]:
    """A checkpointer of a guard that has just been started, with its board."""
    host.pointer.close()
    board = StatusBoard(
        host.root.parent / "run", "guard", host.journals["guard"], lambda: host.now_ns
    )
    targets = [host.root / "checkpoints", *([host.other] if host.other else [])]
    folders = {process: host.root / process for process in PROCESSES}
    host.pointer = Checkpointer(
        folders, targets, sign, key_id, host="inner", recorder=host.journals["guard"], status=board
    )
    return host.pointer, board


def alarms(board: StatusBoard) -> list[int]:
    return [alarm.number for alarm in board.alarms]


def test_a_note_names_each_journal_and_can_be_read(host: Host) -> None:
    host.round(3)
    text = next((host.root / "checkpoints").glob("*.txt")).read_text()
    lines = text.splitlines()
    assert lines[:3] == ["ferrygate checkpoint 1", "host inner", "number 1"]
    assert [line.split()[:3] for line in lines if line.startswith("head ")] == [
        ["head", process, "3"] for process in PROCESSES
    ]
    words = next(line for line in lines if line.startswith("words "))
    assert len(words.split()) == 7


def test_each_note_holds_the_hash_of_the_one_before(host: Host) -> None:
    host.round()
    first = host.pointer.last
    host.round()
    second = host.pointer.last
    assert first and second and second.checkpoint.previous == first.hash


def test_a_busy_gate_has_a_checkpoint_each_second_and_an_idle_one_each_minute(host: Host) -> None:
    host.round()
    now_ns = host.now_ns
    host.events(1)
    assert host.pointer.step(now_ns + SECOND_NS // 2) is None
    assert host.pointer.step(now_ns + 2 * SECOND_NS)
    assert host.pointer.step(now_ns + 4 * SECOND_NS) is None
    assert host.pointer.step(now_ns + 50 * SECOND_NS) is None
    assert host.pointer.step(now_ns + 63 * SECOND_NS)


def test_a_restarted_guard_goes_on_with_its_checkpoints(host: Host) -> None:
    host.round()
    pointer, board = watched(host)
    host.round()
    assert pointer.last and pointer.last.checkpoint.number == 2
    assert alarms(board) == []
    assert host.verify().holds


def test_the_copy_elsewhere_is_the_same(host: Host) -> None:
    for _ in range(3):
        host.round()
    own = next((host.root / "checkpoints").glob("*.txt"))
    assert host.other
    assert (host.other / own.name).read_bytes() == own.read_bytes()


def test_an_absent_copy_is_an_alarm_and_catches_up(host: Host) -> None:
    assert host.other
    _, board = watched(host)
    host.round()
    host.other.rename(host.other.with_name("unplugged"))
    host.round()
    assert alarms(board) == [6008]
    assert not host.other.exists(), "an absent medium is not made"
    host.other.with_name("unplugged").rename(host.other)
    host.now_ns += 2 * SECOND_NS
    host.round()
    assert alarms(board) == []
    own = next((host.root / "checkpoints").glob("*.txt"))
    assert (host.other / own.name).read_bytes() == own.read_bytes()


def test_a_copy_that_knows_more_is_left_alone_with_an_alarm(host: Host, tmp_path: Path) -> None:
    assert host.other
    host.round()
    shutil.copytree(host.root / "checkpoints", tmp_path / "older")
    host.round()
    shutil.rmtree(host.root / "checkpoints")
    shutil.copytree(tmp_path / "older", host.root / "checkpoints")
    newer = next(host.other.glob("*.txt")).read_bytes()
    _, board = watched(host)
    host.round()
    assert 6010 in alarms(board)
    assert next(host.other.glob("*.txt")).read_bytes() == newer


def test_an_edit_under_way_is_an_alarm_and_is_signed(host: Host) -> None:
    host.round()
    _, board = watched(host)
    path = segment(host.root)
    host.events(3)
    path.write_bytes(path.read_bytes().replace(b"result-1", b"result-7"))
    host.checkpoint()
    assert 6006 in alarms(board)
    assert host.pointer.last and host.pointer.last.checkpoint.breaks
    host.journals["guard"].commit()
    host.checkpoint()
    assert 6037 in {finding.number for finding in host.verify().findings}


def test_a_tail_cut_while_the_guard_was_down_is_an_alarm(host: Host) -> None:
    host.round(5)
    path = segment(host.root)
    path.write_bytes(b"\n".join(path.read_bytes().split(b"\n")[:4]) + b"\n")
    _, board = watched(host)
    host.checkpoint()
    assert alarms(board) == [6007]


def test_a_tail_cut_under_the_running_guard_is_an_alarm(host: Host) -> None:
    host.round(5)
    _, board = watched(host)
    host.checkpoint()
    path = segment(host.root)
    path.write_bytes(b"\n".join(path.read_bytes().split(b"\n")[:4]) + b"\n")
    host.checkpoint()
    assert alarms(board) == [6007]


def test_an_older_file_put_in_place_is_an_alarm(host: Host, tmp_path: Path) -> None:
    host.round(5)
    _, board = watched(host)
    path = segment(host.root)
    older = tmp_path / "older"
    older.write_bytes(path.read_bytes())
    host.round(5)
    older.replace(path)
    host.checkpoint()
    assert alarms(board) == [6007]


def test_the_same_file_put_in_place_is_none(host: Host, tmp_path: Path) -> None:
    host.round(5)
    _, board = watched(host)
    host.checkpoint()
    path = segment(host.root)
    same = tmp_path / "same"
    same.write_bytes(path.read_bytes())
    same.replace(path)
    host.checkpoint()
    assert alarms(board) == []


def test_segments_are_followed_and_half_a_line_waits(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "SEGMENT_BYTES", 1500)
    _, board = watched(host)
    for _ in range(10):
        host.round(4)
    half = segment(host.root, index=-1)
    with half.open("ab") as file:
        file.write(b'{"seq":41,')
    host.checkpoint()
    assert host.pointer.last
    assert {head.process: head.seq for head in host.pointer.last.checkpoint.heads}["edge"] == 40
    assert alarms(board) == []


def test_a_long_backlog_is_read_in_turns_before_the_next_checkpoint(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.round(100)
    monkeypatch.setattr(follow_module, "MAX_TURN_BYTES", 1000)
    host.events(5000)
    monkeypatch.setattr("gateway.audit.segment.BLOCK_BYTES", 64 * 1024)
    _, board = watched(host)
    turns = 0
    while not host.pointer.last or host.pointer.last.checkpoint.heads[0].seq < 5100:
        host.checkpoint()
        turns += 1
        assert turns < 100
    assert turns > 2
    assert alarms(board) == []
    assert host.verify().holds


def test_bytes_without_any_newline_do_not_stop_the_follower(host: Host) -> None:
    host.round()
    _, board = watched(host)
    with segment(host.root).open("ab") as file:
        file.write(bytes(50_000) + b"\n")
    host.checkpoint()
    assert alarms(board) == [6006]


def test_a_torn_note_is_cut_back_at_start(host: Host) -> None:
    host.round()
    host.round()
    path = next((host.root / "checkpoints").glob("*.txt"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    pointer, _ = watched(host)
    assert pointer.last and pointer.last.checkpoint.number == 1
    host.round()
    assert host.other
    shutil.rmtree(host.other)
    host.other.mkdir()
    host.round()
    assert host.verify().holds


def test_notes_that_cannot_be_written_are_unavailable_and_come_later(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.round()
    _, board = watched(host)
    host.events(2)

    def full(*_: object) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr("gateway.audit.checkpoint.append_note", full)
    with pytest.raises(Unavailable) as unavailable:
        host.checkpoint()
    assert (unavailable.value.number, alarms(board)) == (6009, [6009])
    monkeypatch.undo()
    host.checkpoint()
    assert alarms(board) == []
    assert host.verify().journals["edge"].not_covered == 0


def test_an_unusable_folder_is_misconfigured(host: Host, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured) as wrong:
        Checkpointer({}, [tmp_path / "file"], sign, "k", host="inner")
    assert wrong.value.number == 6009


def test_the_first_checkpoint_of_a_day_is_an_event(host: Host) -> None:
    watched(host)
    host.round()
    host.round()
    host.journals["guard"].commit()
    content = segment(host.root, "guard").read_text()
    assert content.count("journal.checkpoint") == 1
    note = last_note(host.root / "checkpoints")
    assert note and decode_note(note.data) == note


def test_journals_of_a_process_that_never_ran_are_left_out(tmp_path: Path) -> None:
    pointer = Checkpointer(
        {"edge": tmp_path / "edge"}, [tmp_path / "checkpoints"], sign, "inner-1", host="inner"
    )
    assert pointer.step(SECOND_NS) is None
