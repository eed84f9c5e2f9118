"""Units are counted by what is recorded of them: by channel and result, bounded, for Prometheus."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.audit.event import Event
from gateway.audit.journal import open_journal
from gateway.audit.metrics import prometheus_text
from gateway.audit.status import MAX_FILE_BYTES, Condition, StatusBoard, read_status
from gateway.audit.tally import (
    BOUNDS_S,
    MAX_CHANNELS,
    PASSED,
    RESULTS,
    HitCount,
    Tally,
    UnitCount,
)

NOW_NS = 1_795_000_000_000_000_000
SAMPLE = re.compile(r"([a-z_]+)\{((?:[a-z_]+=\"(?:[^\"\\\n]|\\.)*\",?)*)\} (\S+)")


def event(what: str, unit: int | None = 1, channel: str = "lab", **fields: int) -> Event:
    return Event(what, NOW_NS, unit, channel, fields=fields)


def after(s: float, what: str = "delivered", channel: str = "lab") -> Event:
    return event(what, channel=channel, captured_at_ns=NOW_NS - round(s * 1e9))


def known(*channels: str) -> Tally:
    tally = Tally()
    tally.know(channels or ("lab",))
    return tally


def shown(side: str, process: str, tally: Tally, tmp_path: Path) -> list[str]:
    """The lines of Prometheus of a process that counted so, by way of its status file."""
    board = StatusBoard(tmp_path, process)
    board.tally = tally
    board.flush(0.0)
    text = prometheus_text({side: read_status(tmp_path)})
    for line in text.splitlines():
        assert line.startswith("# ") or SAMPLE.fullmatch(line), line
    return text.splitlines()


def test_units_are_counted_by_channel_and_result() -> None:
    tally = known("lab", "images")
    for what, channel in (("cleared", "lab"), ("refused", "lab"), ("cleared", "images")):
        tally.add(event(what, channel=channel))
    tally.add(event("cleared"))
    assert tally.units() == [
        UnitCount("cleared", "images", 1),
        UnitCount("cleared", "lab", 2),
        UnitCount("refused", "lab", 1),
    ]


def test_what_is_no_unit_or_is_told_again_is_not_counted() -> None:
    tally = known()
    for one in (event("alarm.raised"), event("cleared", None), event("cleared", again=1)):
        tally.add(one)
    assert tally.units() == []


def test_a_channel_that_the_policy_does_not_know_is_no_series() -> None:
    """A taken-over edge says of each unit another channel; memory and Prometheus must not pay for it."""
    tally = known("lab")
    for number in range(1000):
        tally.add(event("refused", channel=f"invented-{number}"))
    assert tally.units() == [UnitCount("refused", "", 1000)]


def test_a_channel_that_left_the_policy_keeps_its_count_and_there_is_a_last_channel() -> None:
    tally = known("lab")
    tally.add(event("cleared"))
    tally.know([f"c{number:05}" for number in range(2 * MAX_CHANNELS)])
    tally.add(event("cleared"))
    for number in range(2 * MAX_CHANNELS):
        tally.add(event("cleared", channel=f"c{number:05}"))
    units = tally.units()
    assert UnitCount("cleared", "lab", 2) in units
    assert len(units) == MAX_CHANNELS + 1
    assert sum(one.units for one in units) == 2 + 2 * MAX_CHANNELS


COUNTED = "identifiers: 12 mobile numbers, 3 identity numbers; words: 2 staff"


def counted(what: str, said: str = COUNTED, channel: str = "lab", **fields: str | int) -> Event:
    return Event(what, NOW_NS, 1, channel, fields={"counted": said, **fields})


def test_what_lines_count_is_counted_by_channel_and_word_once_a_unit() -> None:
    tally = known("lab", "images")
    tally.add(counted("cleared"))
    tally.add(counted("cleared", "words: 5 staff"))
    tally.add(counted("cleared", "patterns: 1 x", "images"))
    # What is held counts when it is released; what is refused goes nowhere; what is told again counts once.
    for one in (counted("held"), counted("refused"), counted("cleared", again=1)):
        tally.add(one)
    tally.add(counted("sides.disagreed"))
    tally.add(counted("cleared", "identifiers: many things; 7; : ; words: -1 staff"))
    assert tally.hits() == [
        HitCount("images", "patterns", 1),
        HitCount("lab", "identifiers", 15),
        HitCount("lab", "words", 7),
    ]


def test_prometheus_sees_what_lines_count(tmp_path: Path) -> None:
    tally = known()
    tally.add(counted("admitted"))
    tally.add(counted("admitted", channel="invented"))
    lines = shown("inner", "guard", tally, tmp_path)
    labels = 'side="inner",process="guard",lane="import",channel="lab"'
    assert f'ferrygate_counted_hits_total{{{labels},word="identifiers"}} 15' in lines
    assert f'ferrygate_counted_hits_total{{{labels},word="words"}} 2' in lines
    assert "# TYPE ferrygate_counted_hits_total counter" in lines
    assert not any("invented" in line for line in lines)


def test_times_are_from_capture_to_the_stage() -> None:
    tally = known()
    for s in (0.05, 0.051, 3.0, 1e9):
        tally.add(after(s))
    # The clock of the other host is ahead, or what was said is no number.
    tally.add(after(-5.0))
    tally.add(Event("delivered", NOW_NS, 1, "lab", fields={"captured_at_ns": "soon"}))
    # A refused unit did not get there, however long it took.
    tally.add(after(1.0, "refused"))
    (times,) = tally.times()
    assert (times.what, times.channel) == ("delivered", "lab")
    assert times.counts == [2, 1, *[0] * 4, 1, *[0] * (len(BOUNDS_S) - 7), 1]
    assert times.sum_s == pytest.approx(1e9 + 3.101)


@pytest.mark.parametrize(
    ("side", "process", "stage"),
    [("outer", "guard", "cleared"), ("inner", "guard", "admitted"), ("inner", "edge", "delivered")],
)
def test_prometheus_sees_what_passed_a_stage_and_what_did_not(
    side: str, process: str, stage: str, tmp_path: Path
) -> None:
    tally = known()
    for what in (stage, stage, "refused", "held", "deferred"):
        tally.add(event(what))
    lines = shown(side, process, tally, tmp_path)
    labels = f'side="{side}",process="{process}",lane="import",channel="lab",stage="{stage}"'
    assert f'ferrygate_units_total{{{labels},result="passed"}} 2' in lines
    for result in ("refused", "held", "deferred"):
        assert f'ferrygate_units_total{{{labels},result="{result}"}} 1' in lines
    assert "# TYPE ferrygate_units_total counter" in lines


def test_prometheus_sees_a_histogram_that_adds_up(tmp_path: Path) -> None:
    tally = known()
    for s in (0.01, 0.02, 1.5, 1e6):
        tally.add(after(s))
    lines = shown("inner", "edge", tally, tmp_path)
    assert lines.count("# TYPE ferrygate_unit_seconds histogram") == 1
    buckets = [
        (re.findall(r'le="([^"]+)"', line)[0], int(line.split()[-1]))
        for line in lines
        if line.startswith("ferrygate_unit_seconds_bucket")
    ]
    counts = [count for _, count in buckets]
    assert counts == sorted(counts)
    assert len(buckets) == len(BOUNDS_S) + 1
    assert dict(buckets)["0.05"] == 2
    assert dict(buckets)["1"] == 2
    assert dict(buckets)["2"] == 3
    assert buckets[-1] == ("+Inf", 4)
    labels = 'side="inner",process="edge",lane="import",channel="lab",stage="delivered"'
    assert f"ferrygate_unit_seconds_count{{{labels}}} 4" in lines
    assert f"ferrygate_unit_seconds_sum{{{labels}}} 1000001.53" in lines


def test_what_is_counted_by_channel_is_not_counted_a_second_time(tmp_path: Path) -> None:
    board = StatusBoard(tmp_path, "guard")
    board.count("units_cleared_total", 7)
    board.count("units_lost_total", 2)
    board.flush(0.0)
    text = prometheus_text({"outer": read_status(tmp_path)})
    assert "cleared" not in text
    assert 'ferrygate_units_lost_total{side="outer",process="guard"} 2' in text


def test_a_process_that_ended_shows_nothing_of_its_work(tmp_path: Path) -> None:
    board = StatusBoard(tmp_path, "edge")
    board.tally.know(["lab"])
    board.tally.add(after(1.0))
    board.gauge("queue_captured_units", 3)
    board.close()
    text = prometheus_text({"outer": read_status(tmp_path)})
    assert 'ferrygate_process_up{side="outer",process="edge"} 0' in text
    assert len(text.splitlines()) == 3


def test_the_fullest_tally_still_fits_a_status_file(tmp_path: Path) -> None:
    channels = [f"{number:04}-".ljust(64, "x") for number in range(MAX_CHANNELS)]
    tally = known(*channels)
    for channel in channels:
        for what in ("admitted", *(RESULTS - PASSED)):
            tally.add(after(3.0, what, channel))
        for word in ("identifiers", "words", "patterns", "grade_found"):
            tally.add(counted("admitted", f"{word}: {10**14} of x", channel))
    board = StatusBoard(tmp_path, "guard")
    board.tally = tally
    board.flush(0.0)
    assert (tmp_path / "guard.json").stat().st_size < MAX_FILE_BYTES * 2 // 3
    (status,) = read_status(tmp_path)
    assert len(status.units) == 5 * MAX_CHANNELS
    assert len(status.hits) == 4 * MAX_CHANNELS


def test_the_journal_counts_what_it_takes_and_nothing_else(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal", "edge")
    board = StatusBoard(tmp_path / "run", "edge", journal)
    journal.show_on(board)
    journal.count_in(board.tally)
    board.tally.know(["lab"])
    journal.record(event("captured"))
    journal.commit()
    board.raise_alarm(2501, folder="x")
    board.flush(0.0)
    (status,) = read_status(tmp_path / "run")
    assert status.condition is Condition.RUNNING
    assert status.units == (UnitCount("captured", "lab", 1),)
    journal.close()
