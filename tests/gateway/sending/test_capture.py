"""The capturing loop loses nothing, doubles nothing, and one bad thing does not stop the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.errors import StateUncertain, Unavailable
from gateway.sending.capture import Capturer
from gateway.spool import open_reader, open_writer
from gateway.spool.model import Entry, Put
from gateway.unit.decode import decode_captured
from gateway.unit.edge import Skip
from tests.gateway.connectors.units import MemorySource, numbers_from
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue


class Desk:
    def __init__(self) -> None:
        self.queue, self.journal, self.board = MemoryQueue(), ListRecorder(), BoardOfOne()
        self.lab, self.ward = MemorySource("lab"), MemorySource("ward")
        self.now_s = 0.0
        self.start()

    def start(self) -> None:
        sources = {"lab": self.lab, "ward": self.ward}
        self.capturer = Capturer(sources, self.queue, numbers_from(), self.journal, self.board)

    def run(self, seconds: float = 5.0) -> None:
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.now_s += max(self.capturer.step(self.now_s), 0.01)

    def bodies(self) -> list[bytes]:
        bodies = (entry.body for entry in self.queue.entries.values())
        return sorted(body for body in bodies if isinstance(body, bytes))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_units_of_all_channels_come_into_the_queue_with_an_event_each(desk: Desk) -> None:
    desk.lab.contents, desk.ward.contents = [b"1", b"2"], [b"3"]
    desk.run()
    assert desk.bodies() == [b"1", b"2", b"3"]
    captured = [e for e in desk.journal.events if e.what == "captured"]
    assert sorted(e.channel for e in captured) == ["lab", "lab", "ward"]
    assert {e.unit for e in captured} == set(desk.queue.entries)
    assert desk.journal.committed == len(desk.journal.events)
    assert desk.board.counters["units_captured_total"] == 3
    for number, entry in desk.queue.entries.items():
        assert decode_captured(entry.header).number == number


def test_it_asks_to_be_called_at_once_while_there_is_more_and_later_when_there_is_not(
    desk: Desk,
) -> None:
    desk.lab.contents = [b"%d" % n for n in range(600)]
    assert desk.capturer.step(0.0) == 0.0
    desk.run()
    assert len(desk.queue.entries) == 600
    assert desk.capturer.step(desk.now_s) > 0


def test_a_source_may_forget_only_when_queue_and_journal_are_durable(desk: Desk) -> None:
    desk.lab.contents = [b"1"]
    desk.journal.broken = True
    desk.run()
    assert desk.lab.finished == []
    assert 6003 in desk.board.alarms
    desk.journal.broken = False
    desk.run(60)
    assert desk.lab.finished == [1]
    assert 6003 not in desk.board.alarms
    # However often it was tried, one unit has one event.
    assert desk.journal.names() == ["captured"]


def test_a_full_queue_makes_units_wait_with_an_alarm_and_drops_none(desk: Desk) -> None:
    desk.queue.full = True
    desk.lab.contents = [b"%d" % n for n in range(600)]
    desk.run(60)
    assert desk.lab.finished == []
    assert len(desk.lab.claimed) <= 256
    assert 6502 in desk.board.alarms
    desk.queue.full = False
    desk.run(60)
    assert len(desk.queue.entries) == 600
    assert desk.board.alarms == {}


def test_a_source_that_is_down_alarms_and_the_other_channel_goes_on(desk: Desk) -> None:
    desk.lab.down = Unavailable(2501, folder="/in", reason="gone")
    desk.ward.contents = [b"1"]
    desk.run()
    assert desk.bodies() == [b"1"]
    assert desk.board.alarms[2501]["channel"] == "lab"
    desk.lab.down = None
    desk.lab.contents = [b"2"]
    desk.run(60)
    assert desk.bodies() == [b"1", b"2"]
    assert desk.board.alarms == {}


def test_one_bad_unit_does_not_hold_up_the_others(desk: Desk) -> None:
    desk.lab.bad = {b"bad"}
    desk.lab.contents = [b"bad", *[b"%d" % n for n in range(1000)]]
    desk.run(20)
    assert len(desk.queue.entries) == 1000
    assert 2504 in desk.board.alarms
    desk.lab.bad = set()
    desk.run(60)
    assert len(desk.queue.entries) == 1001
    assert desk.board.alarms == {}


def test_a_claim_that_the_queue_had_before_the_restart_is_only_finished(desk: Desk) -> None:
    desk.lab.contents = [b"1"]
    desk.journal.broken = True
    desk.capturer.step(0.0)
    desk.journal = ListRecorder()
    desk.start()
    desk.run()
    assert desk.lab.finished == [1]
    assert desk.bodies() == [b"1"]
    (event,) = desk.journal.events
    assert (event.what, event.unit, event.fields["again"]) == ("captured", 1, 1)


def test_a_counter_from_a_backup_costs_no_unit(desk: Desk) -> None:
    desk.queue.ledger = set(range(1, 5000))
    desk.lab.contents = [b"1", b"2"]
    desk.run()
    assert sorted(desk.queue.entries) == [5000, 5001]


def test_what_is_left_alone_is_told_in_the_journal(desk: Desk) -> None:
    desk.lab.untold = [Skip(2506, {"name": "a", "owner": "mallory"})]
    desk.run()
    (event,) = desk.journal.events
    assert (event.what, event.channel, event.number) == ("source.skipped", "lab", 2506)
    assert event.fields["owner"] == "mallory"
    assert desk.journal.committed == 1


def test_what_is_left_alone_is_told_even_if_the_journal_was_full_at_first(desk: Desk) -> None:
    desk.journal.broken = True
    desk.lab.untold = [Skip(2506, {"name": "a"})]
    desk.run()
    desk.journal.broken = False
    desk.lab.contents = [b"1"]
    desk.run(60)
    assert sorted(desk.journal.names()) == ["captured", "source.skipped"]


def test_an_uncertain_put_ends_the_loop_with_every_claim_kept(desk: Desk) -> None:
    class Uncertain(MemoryQueue):
        def put(self, entries: Sequence[Entry]) -> list[Put]:
            raise StateUncertain(6501, path="", reason="")

    desk.queue = Uncertain()
    desk.start()
    desk.lab.contents = [b"1"]
    with pytest.raises(StateUncertain):
        desk.run()
    assert desk.lab.claimed == {1: b"1"}


def test_the_real_queue_gives_what_was_captured(desk: Desk, tmp_path: Path) -> None:
    writer = open_writer(tmp_path, reserve_bytes=0)
    desk.lab.contents = [b"%d" % n for n in range(300)]
    capturer = Capturer({"lab": desk.lab}, writer, numbers_from(), desk.journal, desk.board)
    while desk.lab.contents or desk.lab.claimed:
        capturer.step(0.0)
    taken = open_reader(tmp_path).take(1000, 1 << 30)
    assert [one.body.read() for one in taken] == [b"%d" % n for n in range(300)]
