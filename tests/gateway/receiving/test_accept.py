"""The receiving ferry: nothing is lost without its name, whatever is stopped, full, killed or replayed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.ferry.link.memory import Weather
from gateway.ferry.reconcile import request_resend
from gateway.ferry.statefile import missing_list
from gateway.receiving import accept
from tests.gateway.ferry.harness import Ferries


@pytest.fixture
def ferries(tmp_path: Path) -> Ferries:
    return Ferries(tmp_path)


def reconcile(ferries: Ferries) -> None:
    request_resend(ferries.folder / "control", missing_list(ferries.state, 0.0))
    ferries.run(6.0)
    assert missing_list(ferries.state, 0.0).empty


def test_one_percent_of_loss_is_repaired(tmp_path: Path) -> None:
    from gateway.ferry.shape import shape_for

    ferries = Ferries(tmp_path, Weather(loss=0.01), shape_for(1500, 28))
    bodies = {number: os.urandom(40_000) for number in range(1, 200)}
    for number, body in bodies.items():
        ferries.put(number, body)
    ferries.run(5.0)
    assert all(ferries.arrived(number) == body for number, body in bodies.items())
    assert ferries.events("unit.lost") == []


def test_lost_units_are_named_within_five_seconds_with_heartbeats_only_and_brought_by_a_list(
    ferries: Ferries,
) -> None:
    ferries.put(1, b"before")
    ferries.run(1.0)
    ferries.gap.weather = Weather(loss=1.0)
    ferries.put(2, b"small")
    ferries.put(3, os.urandom(30_000))
    ferries.run(0.2)
    ferries.gap.weather = Weather()
    ferries.run(4.8)
    assert {event.unit for event in ferries.events("unit.lost")} == {2, 3}
    assert len(ferries.events("lane.gap")) == 1
    reconcile(ferries)
    assert ferries.arrived(2) == b"small"
    assert 5602 not in ferries.inner.alarms


def test_only_the_missing_bytes_of_a_large_unit_go_again(ferries: Ferries) -> None:
    body = os.urandom(3_000_000)
    ferries.put(1, body)
    ferries.run(0.006)
    ferries.gap.weather = Weather(loss=1.0)
    ferries.run(0.002)
    ferries.gap.weather = Weather()
    ferries.run(5.0)
    assert ferries.arrived(1) is None
    (unit,) = missing_list(ferries.state, 0.0).units
    missing = sum(end - first for first, end in unit.ranges)
    assert 0 < missing < 2_000_000
    carried = ferries.dispatcher.sender.bytes
    reconcile(ferries)
    assert ferries.dispatcher.sender.bytes - carried == missing
    assert ferries.arrived(1) == body


def test_a_receiver_killed_with_a_unit_half_here_keeps_what_came_and_names_the_rest(
    ferries: Ferries,
) -> None:
    body = os.urandom(3_000_000)
    ferries.put(1, body)
    ferries.run(0.006)
    ferries.gap.weather = Weather(loss=1.0)
    ferries.run(0.001)
    ferries.gap.weather = Weather()
    ferries.run(3.0)
    ferries.start_receiver()
    assert [p.missing() for p in ferries.acceptor.account.partials.values()] != []
    ferries.run(3.0)
    reconcile(ferries)
    assert ferries.arrived(1) == body


@pytest.mark.parametrize("away_s", [0.5, 6.0])
def test_units_that_came_but_were_not_durable_when_the_receiver_died_are_named(
    ferries: Ferries, away_s: float
) -> None:
    ferries.put(1, b"first")
    ferries.run(3.5)
    ferries.put(2, b"second")
    # The frames are taken from the link, and the process dies before the desk has written anything.
    for _ in range(4):
        ferries.dispatcher.step(ferries.now_s)
        ferries.now_s += 0.01
    while ferries.acceptor.listen(ferries.now_s):
        pass
    ferries.gap.weather = Weather(loss=1.0)
    ferries.run(away_s, receiver=False)
    ferries.gap.weather = Weather()
    ferries.start_receiver()
    ferries.run(5.0)
    assert ferries.arrived(2) is None
    assert not missing_list(ferries.state, 0.0).empty
    reconcile(ferries)
    assert ferries.arrived(2) == b"second"


def test_recorded_frames_replayed_after_a_restart_are_refused_and_audited(ferries: Ferries) -> None:
    ferries.gap.recorded = []
    ferries.put(1, b"x" * 900)
    ferries.run(1.0)
    recorded, ferries.gap.recorded = ferries.gap.recorded, None
    ferries.start_receiver()
    ferries.gap.waiting.extend(recorded)
    ferries.run(6.0, sender=False)
    told = [int(event.fields["frames"]) for event in ferries.events("replay.refused")]
    # The state on disk is half a second old: one heartbeat of that time passes, and changes nothing.
    assert len(recorded) - 15 <= sum(told) <= len(recorded)
    assert 5604 in ferries.inner.alarms
    assert len(ferries.events("received")) == 1


def test_a_replay_of_an_older_session_is_refused_too(ferries: Ferries) -> None:
    ferries.gap.recorded = []
    ferries.put(1, b"x" * 900)
    ferries.run(3.5)
    recorded, ferries.gap.recorded = ferries.gap.recorded, None
    ferries.start_sender()
    ferries.run(1.0)
    ferries.start_receiver()
    ferries.gap.waiting.extend(recorded)
    ferries.run(0.5)
    assert ferries.events("replay.refused")[0].fields["session"] == 1


def test_a_full_disk_is_waited_out_and_nothing_is_lost(ferries: Ferries) -> None:
    ferries.received.full = True
    ferries.put(1, b"x" * 900)
    ferries.run(3.0)
    assert 6502 in ferries.inner.alarms
    ferries.received.full = False
    ferries.run(1.0)
    assert ferries.arrived(1) == b"x" * 900
    assert ferries.events("unit.lost") == []
    assert 6502 not in ferries.inner.alarms


def test_a_silent_lane_is_an_alarm_until_it_speaks_again(ferries: Ferries) -> None:
    ferries.run(1.0)
    assert 5605 not in ferries.inner.alarms
    ferries.run(4.0, sender=False)
    assert 5605 in ferries.inner.alarms
    ferries.run(1.0)
    assert 5605 not in ferries.inner.alarms


def test_what_was_sent_while_the_receiver_was_away_is_named_by_lane_and_resolved(
    ferries: Ferries,
) -> None:
    ferries.put(1, b"first")
    ferries.run(3.5)
    for number in range(2, 12):
        ferries.put(number, b"unit %d" % number)
    ferries.run(4.0, receiver=False)
    ferries.gap.waiting.clear()
    ferries.start_sender()
    ferries.start_receiver()
    ferries.run(3.0)
    found = missing_list(ferries.state, 0.0)
    assert [(s.session, s.first, s.last) for s in found.sequences] == [(1, 1, 10)]
    reconcile(ferries)
    assert all(ferries.arrived(number) == b"unit %d" % number for number in range(2, 12))


def test_blocks_from_before_the_first_contact_are_told_apart_from_losses(ferries: Ferries) -> None:
    ferries.run(2.0, receiver=False)
    ferries.gap.waiting.clear()
    ferries.run(5.0)
    assert ferries.events("lane.gap") == []
    (joined,) = ferries.events("lane.joined")
    assert (joined.number, joined.fields["first"]) == (0, 0)
    assert ferries.inner.counters["lane_before_contact_total"] == joined.fields["blocks"]
    assert "blocks_lost_total" not in ferries.inner.counters
    assert ferries.events("unit.lost") == []
    assert 5602 not in ferries.inner.alarms


def test_units_in_blocks_from_before_the_first_contact_are_named_as_lost(ferries: Ferries) -> None:
    ferries.put(1, b"nobody listened")
    ferries.run(1.0, receiver=False)
    ferries.gap.waiting.clear()
    ferries.run(6.0)
    assert ferries.events("lane.gap") == []
    assert [event.number for event in ferries.events("unit.lost")] in ([5602], [5603])
    reconcile(ferries)
    assert ferries.arrived(1) == b"nobody listened"


def test_a_gap_of_a_receiver_that_had_heard_its_sender_before_is_a_loss(ferries: Ferries) -> None:
    ferries.run(1.0)
    ferries.run(1.0, receiver=False)
    ferries.gap.waiting.clear()
    ferries.start_receiver()
    ferries.run(3.0)
    assert len(ferries.events("lane.gap")) == 1
    assert ferries.events("lane.joined") == []


def test_the_age_of_the_heartbeat_and_the_rate_are_shown(ferries: Ferries) -> None:
    ferries.put(1, os.urandom(300_000))
    ferries.run(0.9)
    assert ferries.inner.gauges["lane_received_bytes"] == ferries.outer.gauges["lane_bytes"]
    ferries.run(0.4)
    for board in (ferries.inner, ferries.outer):
        assert 0 < int(board.gauges["lane_bytes_per_s"]) <= 310_000
    ferries.run(3.0, sender=False)
    assert float(ferries.inner.gauges["lane_heartbeat_age_s"]) > 2.5
    assert ferries.inner.gauges["lane_bytes_per_s"] == 0


def test_control_blocks_that_outrun_the_desk_wait_in_the_link_and_not_in_memory(
    ferries: Ferries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accept, "_WAITING_BYTES", 2_000)
    for _ in range(400):  # heartbeats of a hundred seconds, and the desk is busy
        ferries.dispatcher.step(ferries.now_s)
        ferries.acceptor.listen(ferries.now_s)
        ferries.now_s += 0.25
    assert len(ferries.acceptor._waiting) < 40
    ferries.put(1, b"afterwards")
    ferries.run(3.0)
    assert ferries.arrived(1) == b"afterwards"
    assert ferries.acceptor._came_bytes == ferries.acceptor._gone_bytes
