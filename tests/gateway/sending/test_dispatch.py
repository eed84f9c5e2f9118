"""The sending ferry: what it carries, when it forgets, and what it sends again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.errors import Unavailable
from gateway.ferry.block import SealedBlock
from gateway.ferry.link.memory import MemorySender, Weather
from gateway.ferry.reconcile import (
    ReconcileList,
    Wanted,
    format_list,
    request_resend,
)
from tests.gateway.ferry.harness import Ferries


@pytest.fixture
def ferries(tmp_path: Path) -> Ferries:
    return Ferries(tmp_path)


def test_a_unit_crosses_with_its_queue_header(ferries: Ferries) -> None:
    for number, size in enumerate([0, 1, 999, 5000, 100_000], start=1):
        ferries.put(number, bytes([number]) * size, b"header %d" % number)
    ferries.run(1.0)
    for number, size in enumerate([0, 1, 999, 5000, 100_000], start=1):
        assert ferries.arrived(number) == bytes([number]) * size
        assert ferries.received.entries[number].header == b"header %d" % number
    assert [e.what for e in ferries.sent_events.events] == ["sent"] * 5


def test_nothing_is_carried_without_a_clearance(ferries: Ferries) -> None:
    ferries.put(1, b"unsigned and small")
    ferries.put(2, b"unsigned and large" * 1000)
    ferries.put(3, b"good")
    ferries.run(4.0)
    assert set(ferries.received.entries) == {3}
    assert sorted(ferries.cleared.rejected) == [(1, 5701, "corrupt"), (2, 5701, "corrupt")]
    assert 5701 in ferries.outer.alarms


def test_the_queue_may_forget_a_unit_only_when_its_name_went_three_times(ferries: Ferries) -> None:
    ferries.put(1, b"x" * 100)
    ferries.run(1.0)
    assert ferries.arrived(1) == b"x" * 100
    assert ferries.cleared.acknowledged == []
    ferries.run(2.5)
    assert ferries.cleared.acknowledged == [1]


def test_a_sender_that_died_sends_again_and_the_receiver_takes_it_once(ferries: Ferries) -> None:
    ferries.put(1, os.urandom(50_000))
    ferries.run(1.0)
    ferries.cleared.restart()
    ferries.start_sender()
    ferries.run(4.0)
    assert ferries.cleared.acknowledged == [1]
    assert len(ferries.events("received")) == 1
    assert ferries.acceptor.account.units == {}


def test_small_units_do_not_wait_for_a_large_one(ferries: Ferries) -> None:
    ferries.put(1, os.urandom(8_000_000))
    ferries.run(0.005)
    ferries.put(2, b"small")
    ferries.run(0.02)
    assert ferries.arrived(2) == b"small"
    assert ferries.arrived(1) is None
    ferries.run(1.0)
    assert ferries.arrived(1) is not None


def test_a_list_brings_just_the_missing_bytes_again(ferries: Ferries) -> None:
    body = os.urandom(400_000)
    ferries.put(1, body)
    ferries.run(3.5)
    carried = ferries.dispatcher.sender.bytes
    request_resend(
        ferries.folder / "control",
        ReconcileList(0, 1, (Wanted(1, ((5, 100), (399_000, 400_000))),)),
    )
    ferries.run(4.0)
    assert ferries.dispatcher.sender.bytes - carried == 95 + 1000
    assert list((ferries.folder / "control").iterdir()) == []
    assert "resent" in ferries.sent_events.names()


def test_a_request_survives_a_sender_that_died(ferries: Ferries) -> None:
    ferries.put(1, b"x" * 3000)
    ferries.run(3.5)
    request_resend(ferries.folder / "control", ReconcileList(0, 1, (Wanted(1),)))
    ferries.run(0.7)
    assert [p.suffix for p in (ferries.folder / "control").iterdir()] == [".taken"]
    ferries.start_sender()
    ferries.run(0.7)
    assert ferries.sent_events.names().count("resent") == 2


def test_a_wrong_list_is_set_aside_with_an_alarm(ferries: Ferries) -> None:
    text = format_list(ReconcileList(0, 1, (Wanted(1),))).replace("unit", "units")
    (ferries.folder / "control" / "typed.gaps").write_text(text)
    ferries.run(1.0)
    assert 5402 in ferries.outer.alarms
    assert [p.name for p in (ferries.folder / "control").iterdir()] == ["typed.refused"]


def test_a_unit_that_is_not_kept_any_more_is_told(ferries: Ferries) -> None:
    request_resend(ferries.folder / "control", ReconcileList(0, 1, (Wanted(99),)))
    ferries.run(1.0)
    assert [e.number for e in ferries.sent_events.events if e.what == "resend.unknown"] == [5705]


def test_a_link_that_takes_no_frames_is_waited_out(
    ferries: Ferries, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = MemorySender.send

    def down(self: MemorySender, block: SealedBlock, first: int, count: int) -> None:
        raise Unavailable(5201, why="Network is down")

    monkeypatch.setattr(MemorySender, "send", down)
    ferries.put(1, b"x" * 500)
    ferries.run(2.0)
    assert 5201 in ferries.outer.alarms
    monkeypatch.setattr(MemorySender, "send", plain)
    ferries.run(2.0)
    assert ferries.arrived(1) == b"x" * 500
    assert ferries.outer.alarms == {}


def test_a_body_shorter_than_its_queue_says_is_set_aside(ferries: Ferries) -> None:
    ferries.put(1, os.urandom(3_000_000))
    ferries.gap.weather = Weather()
    ferries.dispatcher.step(0.0)
    body = ferries.cleared.entries[1].body
    assert isinstance(body, Path)
    os.truncate(body, 100_000)
    ferries.run(1.0)
    assert ferries.cleared.rejected == [(1, 5702, "corrupt")]


def test_a_folder_that_takes_nothing_stops_no_other_unit(
    ferries: Ferries, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = ferries.cleared.reject

    def shut(number: int, reason: int, stage: str) -> None:
        raise Unavailable(6513, folder="corrupt", reason="Permission denied")

    monkeypatch.setattr(ferries.cleared, "reject", shut)
    ferries.put(1, b"unsigned")
    ferries.put(2, b"good")
    ferries.run(1.0)
    assert ferries.arrived(2) == b"good"
    assert 6513 in ferries.outer.alarms
    monkeypatch.setattr(ferries.cleared, "reject", plain)
    ferries.run(1.0)
    assert ferries.cleared.rejected == [(1, 5701, "corrupt")]
    assert ferries.sent_events.names().count("corrupt") == 1
    assert 6513 not in ferries.outer.alarms
