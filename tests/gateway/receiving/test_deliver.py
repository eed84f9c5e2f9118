"""The delivering loop answers each unit once, waits when it must, and never drops one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from gateway.errors import Unavailable
from gateway.receiving import deliver
from gateway.receiving.admitted import read_admitted
from gateway.receiving.deliver import LONG_WAIT_S, LONGEST_DOWN_S, Deliverer
from gateway.spool import open_reader, open_writer
from gateway.spool.model import Entry, Taken
from gateway.unit.edge import Progress
from gateway.unit.encode import encode_manifest
from gateway.unit.stages import Admitted
from tests.gateway.connectors.units import MemorySink, manifest_of
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue
from tests.support.performing import entry

MUCH = 1 << 30


class PunctualQueue(MemoryQueue):
    """A queue whose clock the test moves."""

    def __init__(self) -> None:
        super().__init__(clock=lambda: self.now_s)
        self.now_s = 0.0


class Desk:
    def __init__(self) -> None:
        self.queue, self.journal, self.board = PunctualQueue(), ListRecorder(), BoardOfOne()
        self.lab, self.ward = MemorySink(), MemorySink()
        self.start()

    def start(self, tries: dict[str, int] | None = None) -> None:
        sinks = {"lab": self.lab, "ward": self.ward}
        self.deliverer = Deliverer(
            self.queue, sinks, read_admitted, self.journal, self.board, tries=tries
        )

    def bring(self, *names: str, channel: str = "lab", first: int = 1) -> None:
        self.queue.put(
            [
                Entry(n, encode_manifest(manifest_of(n, name, b"whole", channel)), b"whole")
                for n, name in enumerate(names, first)
            ]
        )

    def run(self, seconds: float = 5.0) -> None:
        until_s = self.queue.now_s + seconds
        while self.queue.now_s < until_s:
            self.queue.now_s += max(self.deliverer.step(self.queue.now_s), 0.01)

    def events(self, what: str) -> list[int | None]:
        return [e.unit for e in self.journal.events if e.what == what]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def down(number: int = 2520) -> Unavailable:
    return Unavailable(number, folder="/out", channel="lab", user="u", reason="gone")


def test_units_reach_the_sink_of_their_channel_and_the_queue_may_forget(desk: Desk) -> None:
    desk.bring("a", "b")
    desk.bring("c", channel="ward", first=3)
    desk.run()
    assert set(desk.lab.shown) == {1, 2}
    assert set(desk.ward.shown) == {3}
    assert sorted(desk.queue.acknowledged) == [1, 2, 3]
    assert desk.lab.receipts == {}
    assert desk.board.counters["units_delivered_total"] == 3


def test_the_event_tells_name_digest_and_receipt(desk: Desk) -> None:
    desk.bring("a")
    desk.run()
    (event,) = desk.journal.events
    assert (event.what, event.unit, event.channel) == ("delivered", 1, "lab")
    assert event.fields["name"] == "a"
    assert event.fields["sha256"] == manifest_of(1, "a", b"whole").body_sha256.hex()
    assert event.fields["proof"] == "sha256"
    assert len(str(event.fields["receipt"])) == 16
    assert desk.journal.committed == 1


def test_nothing_is_acknowledged_before_the_journal_has_it(desk: Desk) -> None:
    desk.bring("a", "b")
    desk.journal.broken = True
    desk.run()
    assert desk.queue.acknowledged == []
    assert desk.lab.forgotten == []
    assert 6003 in desk.board.alarms
    desk.journal.broken = False
    desk.run()
    assert sorted(desk.queue.acknowledged) == [1, 2]
    assert desk.events("delivered") == [1, 2]
    assert desk.board.alarms == {}


def test_while_the_journal_is_broken_no_more_units_are_taken(desk: Desk) -> None:
    desk.bring(*[f"{n}" for n in range(1000)])
    desk.journal.broken = True
    desk.run(30)
    assert len(desk.lab.shown) <= 128


def test_a_refused_unit_is_set_aside_with_its_reason(desk: Desk) -> None:
    desk.bring(".hidden", "b")
    desk.run()
    assert desk.queue.rejected == [(1, 2530, "refused")]
    assert desk.events("refused") == [1]
    assert desk.queue.acknowledged == [2]
    assert 1 in desk.lab.forgotten


def test_an_entry_that_is_no_admitted_unit_is_corrupt(desk: Desk) -> None:
    desk.queue.put([Entry(9, b"garbage", b"x")])
    desk.bring("a")
    desk.run()
    assert desk.queue.rejected == [(9, 1080, "corrupt")]
    assert desk.events("corrupt") == [9]
    assert desk.queue.acknowledged == [1]


def test_a_sink_that_is_down_delays_its_units_only_and_all_pass_when_it_is_back(desk: Desk) -> None:
    desk.lab.down = down()
    desk.bring(*[f"{n}" for n in range(300)])
    desk.bring("w", channel="ward", first=1000)
    desk.run(120)
    assert desk.queue.acknowledged == [1000]
    assert desk.board.alarms[2520]["channel"] == "lab"
    assert len(desk.events("deferred")) == 300
    # It is asked seldom while it is down, not once a unit.
    assert desk.lab.asked < 40
    desk.lab.down = None
    desk.run(30)
    assert len(desk.queue.acknowledged) == 301
    assert desk.board.alarms == {}


def never_alone(desk: Desk) -> None:
    """Whenever unit 1 is due, another one that the sink takes is there too."""
    real, fresh = desk.queue.take, iter(range(100, 10_000))

    def take(limit: int, limit_bytes: int):  # type: ignore[no-untyped-def]
        if desk.queue.due_s.get(1, MUCH) <= desk.queue.now_s:
            desk.bring("companion", first=next(fresh))
        return real(limit, limit_bytes)

    desk.queue.take = take  # type: ignore[method-assign]


def test_a_unit_that_fails_alone_waits_longer_each_time_and_is_never_dropped(desk: Desk) -> None:
    never_alone(desk)
    desk.start(tries={"lab": 3})
    desk.lab.answers = {"bad": [down(2523)] * 5}
    desk.bring("bad", "companion")
    desk.run(1.5 * LONG_WAIT_S)
    assert desk.board.alarms[2541] == {"channel": "lab", "attempts": 4, "reason": 2523}
    desk.run(3 * LONG_WAIT_S)
    waits = [delay_s for number, delay_s in desk.queue.released if number == 1]
    assert waits == [0.5, 1.0, LONG_WAIT_S, LONG_WAIT_S, LONG_WAIT_S]
    assert desk.events("deferred") == [1]
    assert 1 in desk.queue.acknowledged
    assert desk.board.alarms == {}


def test_a_lone_unit_is_delivered_soon_after_its_sink_has_come_back(desk: Desk) -> None:
    desk.lab.down = down()
    desk.bring("a")
    desk.run(600)
    desk.lab.down = None
    desk.run(LONGEST_DOWN_S + 0.1)
    assert desk.queue.acknowledged == [1]


def test_a_channel_without_a_sink_waits_with_an_alarm(desk: Desk) -> None:
    desk.bring("a", channel="unknown")
    desk.run()
    assert 2540 in desk.board.alarms
    assert desk.queue.acknowledged == []
    assert desk.queue.rejected == []


def test_a_large_body_on_its_way_is_asked_for_again_while_small_ones_pass(desk: Desk) -> None:
    desk.lab.answers = {"large": [Progress.MORE] * 20}
    desk.bring("large", *[f"{n}" for n in range(300)])
    assert desk.deliverer.step(0.0) == 0.0
    desk.run()
    assert len(desk.queue.acknowledged) == 301
    assert desk.queue.acknowledged.index(1) > 128


class Taking:
    """What takes units of the queue that are no files."""

    def __init__(self, queue: MemoryQueue) -> None:
        self.queue, self.taken = queue, list[int]()

    def take(self, taken: Taken, _admitted: Admitted) -> None:
        self.taken.append(taken.number)
        self.queue.ack([taken.number])


def test_large_bodies_hold_up_neither_small_ones_nor_requests_behind_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "LARGE_BYTES", 5)
    others = Taking(desk.queue)
    desk.deliverer = Deliverer(
        desk.queue, {"lab": desk.lab, "ward": desk.ward}, read_admitted, desk.journal, desk.board,
        others=others,
    )  # fmt: skip
    for number in range(1, 31):
        name = f"large {number}"
        desk.lab.answers[name] = [Progress.MORE] * 100_000
        large = manifest_of(number, name, b"longer", "lab")
        desk.queue.put([Entry(number, encode_manifest(large), b"longer")])
    desk.bring("small", channel="ward", first=40)
    desk.queue.put([entry(50)])
    desk.run()
    assert (desk.queue.acknowledged, others.taken) == ([50, 40], [50])
    # One is copied at a time, the others wait in hand, and none is given back before the end.
    assert desk.queue.released == []
    desk.lab.answers.clear()
    desk.run()
    assert desk.queue.acknowledged == [50, 40, *range(1, 31)]


def test_a_large_body_of_another_channel_is_copied_beside_those_of_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "LARGE_BYTES", 4)
    desk.lab.answers["large"] = [Progress.MORE] * 100_000
    desk.bring("large", "large", "large")
    desk.ward.answers["other"] = [Progress.MORE] * 20
    desk.bring("other", channel="ward", first=10)
    desk.run()
    assert desk.queue.acknowledged == [10]
    desk.deliverer.close()
    assert sorted(number for number, _ in desk.queue.released) == [1, 2, 3]


def test_so_many_large_bodies_are_in_hand_and_no_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "LARGE_BYTES", 4)
    monkeypatch.setattr(deliver, "MAX_LATER", 200)
    desk.lab.answers["large"] = [Progress.MORE] * 100_000
    desk.bring(*["large"] * 1_000)
    desk.run()
    assert len(desk.queue.out) <= 200 + deliver.BATCH_UNITS


def test_a_queue_that_cannot_answer_now_is_asked_again_and_the_sink_remembers(desk: Desk) -> None:
    real, refusals = desk.queue.ack, [1, 1, 1]

    def ack(numbers: Iterable[int]) -> None:
        if refusals:
            refusals.pop()
            raise Unavailable(6502, folder="q", free_bytes=0)
        real(numbers)

    desk.queue.ack = ack  # type: ignore[method-assign]
    desk.bring("a", "b")
    desk.run(10)
    assert sorted(desk.queue.acknowledged) == [1, 2]
    assert desk.events("delivered") == [1, 2]
    assert desk.board.alarms == {}


def test_a_unit_that_comes_again_after_a_crash_is_shown_once(desk: Desk) -> None:
    desk.bring("a")
    desk.journal.broken = True
    desk.run()
    desk.queue.restart()
    desk.journal = ListRecorder()
    desk.start()
    desk.run()
    assert desk.lab.shown == {1: b"whole"}
    assert desk.queue.acknowledged == [1]
    assert desk.events("delivered") == [1]


def test_with_the_real_queue_every_unit_is_answered(desk: Desk, tmp_path: Path) -> None:
    writer = open_writer(tmp_path, reserve_bytes=0)
    names = [f"{n}" if n % 7 else ".hidden" for n in range(400)]
    writer.put(
        [
            Entry(n, encode_manifest(manifest_of(n, name, b"x" * n)), b"x" * n)
            for n, name in enumerate(names)
        ]
    )
    reader = open_reader(tmp_path)
    deliverer = Deliverer(reader, {"lab": desk.lab}, read_admitted, desk.journal, desk.board)
    for _ in range(20):
        deliverer.step(0.0)
    assert reader.health().depth == 0
    assert len(desk.lab.shown) == sum(name != ".hidden" for name in names)
    reader.close()
    assert open_reader(tmp_path).take(10, 1 << 20) == []


def test_many_large_bodies_of_one_channel_leave_room_for_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "LARGE_BYTES", 4)
    monkeypatch.setattr(deliver, "MAX_LATER", 16)
    whole, slow = desk.lab.deliver, True
    monkeypatch.setattr(
        desk.lab,
        "deliver",
        lambda units: [Progress.MORE for _ in units] if slow else whole(units),
    )
    desk.bring(*(f"{n}.img" for n in range(200)))
    desk.bring("a", channel="ward", first=999)
    desk.run(60)
    assert set(desk.ward.shown) == {999}
    slow = False
    desk.run(300)
    assert set(desk.lab.shown) == set(range(1, 201))
    # None of that was an attempt to deliver it.
    assert desk.events("deferred") == []
    assert desk.deliverer._without_room == {}
