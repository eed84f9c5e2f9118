from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.audit.event import Event
from gateway.audit.metrics import prometheus_text
from gateway.audit.status import STALE_NS, Condition, StatusBoard, read_status
from gateway.errors import Unavailable


class Recorded:
    """A recorder that may be full."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.full = False

    def record(self, event: Event) -> None:
        if self.full:
            raise Unavailable(6003, folder="", reason="ENOSPC", free_bytes=0, waiting=0)
        self.events.append(event)

    def commit(self) -> None: ...


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
def board(tmp_path: Path, recorded: Recorded) -> StatusBoard:
    return StatusBoard(tmp_path, "edge", recorded)


def test_what_is_shown_can_be_read(board: StatusBoard, tmp_path: Path) -> None:
    board.gauge("queue_captured_units", 3)
    board.gauge("policy", "7f3a")
    board.count("units_captured_total")
    board.count("units_captured_total", 4)
    board.flush(0.0)
    (status,) = read_status(tmp_path)
    assert (status.process, status.condition, status.pid) == (
        "edge",
        Condition.RUNNING,
        os.getpid(),
    )
    assert status.gauges == {"queue_captured_units": 3, "policy": "7f3a"}
    assert status.counters == {"units_captured_total": 5}


def test_the_file_is_written_once_a_second_and_at_once_for_an_alarm(
    board: StatusBoard, tmp_path: Path
) -> None:
    board.flush(10.0)
    board.gauge("a", 1)
    board.flush(10.9)
    assert read_status(tmp_path)[0].gauges == {}
    board.flush(11.0)
    assert read_status(tmp_path)[0].gauges == {"a": 1}
    board.raise_alarm(3301, waits_s=30)
    board.flush(11.1)
    assert [alarm.number for alarm in read_status(tmp_path)[0].alarms] == [3301]


def test_an_alarm_is_recorded_when_it_begins_and_ends_and_not_between(
    board: StatusBoard, recorded: Recorded
) -> None:
    for waits_s in (1, 2, 3):
        board.raise_alarm(3301, waits_s=waits_s)
    assert board.alarms[0].fields == {"waits_s": 3}
    board.clear_alarm(3301)
    board.clear_alarm(3301)
    assert [(one.what, one.number) for one in recorded.events] == [
        ("alarm.raised", 3301),
        ("alarm.cleared", 3301),
    ]
    assert board.alarms == ()


def test_an_alarm_stands_while_the_journal_is_full_and_is_recorded_later(
    board: StatusBoard, recorded: Recorded
) -> None:
    recorded.full = True
    board.raise_alarm(6003)
    assert [alarm.number for alarm in board.alarms] == [6003]
    recorded.full = False
    board.flush(0.0)
    assert [one.what for one in recorded.events] == ["alarm.raised"]


def test_a_process_that_ended_in_order_is_stopped(board: StatusBoard, tmp_path: Path) -> None:
    board.close()
    assert read_status(tmp_path)[0].condition is Condition.STOPPED


def test_a_process_that_was_killed_is_gone(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from gateway.audit.status import StatusBoard;"
        "StatusBoard(Path(sys.argv[1]), 'ferry').flush(0.0)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True)
    assert read_status(tmp_path)[0].condition is Condition.GONE


def test_another_process_with_the_same_number_is_not_taken_for_it(
    board: StatusBoard, tmp_path: Path
) -> None:
    board.flush(0.0)
    path = tmp_path / "edge.json"
    value = json.loads(path.read_text())
    value["pid_started"] -= 1
    path.write_text(json.dumps(value))
    assert read_status(tmp_path)[0].condition is Condition.GONE


def test_a_process_that_says_nothing_is_stale(board: StatusBoard, tmp_path: Path) -> None:
    board.flush(0.0)
    flushed_at_ns = read_status(tmp_path)[0].flushed_at_ns
    (status,) = read_status(tmp_path, flushed_at_ns + STALE_NS + 1)
    assert status.condition is Condition.STALE


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 100_000, b'{"schema":1}'])
def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "guard.json").write_bytes(content)
    (status,) = read_status(tmp_path)
    assert (status.process, status.condition) == ("guard", Condition.UNREADABLE)
    assert prometheus_text({"inner": [status]}).splitlines()[-1] == (
        'ferrygate_process_up{side="inner",process="guard"} 0'
    )


@pytest.mark.parametrize("name", ["started_at_ns", "flushed_at_ns", "pid"])
def test_a_number_that_no_arithmetic_takes_makes_a_file_unreadable(
    board: StatusBoard, tmp_path: Path, name: str
) -> None:
    """A process that was taken over writes its own status; the others are still shown."""
    board.flush(0.0)
    path = tmp_path / "edge.json"
    value = json.loads(path.read_text())
    path.write_text(json.dumps({**value, name: 10**400}))
    assert read_status(tmp_path)[0].condition is Condition.UNREADABLE
    path.write_text(json.dumps({**value, "gauges": {"x": 10**400}}))
    assert read_status(tmp_path)[0].condition is Condition.UNREADABLE


def test_odd_values_do_not_spoil_the_file(board: StatusBoard, tmp_path: Path) -> None:
    board.gauge("rate", float("inf"))
    board.raise_alarm(2501, name="\udcff.pdf")
    board.flush(0.0)
    assert read_status(tmp_path)[0].condition is Condition.RUNNING


def test_an_absent_folder_has_no_process(tmp_path: Path) -> None:
    assert read_status(tmp_path / "run") == []


def test_metrics_have_families_labels_and_types(board: StatusBoard, tmp_path: Path) -> None:
    board.gauge("queue_captured_units", 3)
    board.gauge("queue_captured_oldest_s", 0.5)
    board.gauge("policy", '7f"3a')
    board.gauge("no metric name", 1)
    board.count("units_captured_total", 5)
    board.count("blocks_lost_total", 2)
    board.count("lane_blocks_total", 9)
    board.count("lane_repaired_total", 4)
    board.count("lane_replayed_total", 1)
    board.gauge("lane_heartbeat_age_s", 0.4)
    board.gauge("lane_bytes_per_s", 1000)
    board.gauge("scanner_clamav", "1.4.3")
    board.gauge("scanner_clamav_age_seconds", 60)
    board.gauge("audit_checkpoint_timestamp_seconds", 1.0)
    board.raise_alarm(3301)
    board.flush(0.0)
    StatusBoard(tmp_path, "guard").flush(0.0)
    text = prometheus_text({"outer": read_status(tmp_path)})
    for line in (
        'ferrygate_queue_units{side="outer",process="edge",queue="captured"} 3',
        'ferrygate_queue_oldest_seconds{side="outer",process="edge",queue="captured"} 0.5',
        'ferrygate_policy_info{side="outer",process="edge",digest="7f\\"3a"} 1',
        'ferrygate_lane_blocks_total{side="outer",process="edge",lane="import",result="lost"} 2',
        'ferrygate_lane_blocks_total{side="outer",process="edge",lane="import",result="verified"} 9',
        'ferrygate_lane_repaired_symbols_total{side="outer",process="edge",lane="import"} 4',
        'ferrygate_lane_frames_dropped_total{side="outer",process="edge",lane="import",result="replayed"} 1',
        'ferrygate_lane_heartbeat_age_seconds{side="outer",process="edge",lane="import"} 0.4',
        'ferrygate_lane_bytes_per_second{side="outer",process="edge",lane="import"} 1000',
        'ferrygate_scanner_info{side="outer",process="edge",scanner="clamav",value="1.4.3"} 1',
        'ferrygate_scanner_signatures_age_seconds{side="outer",process="edge",scanner="clamav"} 60',
        'ferrygate_alarm{side="outer",process="edge",number="FG-3301"} 1',
        'ferrygate_process_up{side="outer",process="guard"} 1',
        "# TYPE ferrygate_queue_units gauge",
    ):
        assert line in text.splitlines()
    assert "no metric" not in text
    assert "ferrygate_audit_checkpoint_age_seconds" in text
    assert text.count("# TYPE ferrygate_process_up") == 1
