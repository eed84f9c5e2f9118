"""Requests from the queue: each performed at most once or as often as it may be, in order, and told."""

from __future__ import annotations

import errno
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import GatewayError, Refused, StateUncertain, Unavailable
from gateway.receiving import durable_performing
from gateway.receiving.due_requests import Terms
from gateway.receiving.durable_performing import MOST_TRIES
from gateway.receiving.performed_marks import PerformedMarks
from gateway.unit.request import RequestBody
from gateway.unit.stages import Admitted
from gateway.unit.submitting import PerformedBody
from tests.support.fakes import MemoryQueue
from tests.support.performing import SUBMIT, Far, PlayedPeer, entry

AWAY = Unavailable(6380, channel="orders", reason="Connection refused")
LOST = StateUncertain(6381, channel="orders", reason="time is over")
REPEATABLE = replace(SUBMIT, is_repeatable=True)
ANSWERED = replace(SUBMIT, is_submitted=False)


@pytest.fixture
def queue() -> MemoryQueue:
    return MemoryQueue()


@pytest.fixture
def far(tmp_path: Path, queue: MemoryQueue) -> Far:
    return Far(tmp_path, queue, PlayedPeer())


def put(queue: MemoryQueue, *numbers: int) -> None:
    queue.put([entry(number) for number in numbers])


def test_each_is_performed_once_in_order_and_told_with_its_status(
    far: Far, queue: MemoryQueue
) -> None:
    put(queue, *range(2, 200, 2))
    far.steps(120)
    assert far.peer.asked == list(range(2, 200, 2))
    assert queue.acknowledged == far.peer.asked
    event = far.journal.events[0]
    assert (event.what, event.unit, event.channel) == ("request.performed", 2, "orders")
    assert {name: event.fields[name] for name in ("operation", "tries", "status")} == {
        "operation": "order", "tries": 1, "status": 201,
    }  # fmt: skip
    assert far.told("delivered") == far.peer.asked
    assert "n" not in event.fields


def test_one_after_the_other_unless_the_channel_says_otherwise(
    far: Far, queue: MemoryQueue
) -> None:
    far.peer.held = True
    put(queue, 2, 4, 6)
    far.steps(3)
    assert far.peer.asked == [2]
    far.terms = lambda _c, _o: SUBMIT
    other = MemoryQueue()
    any_order = Far(far.folder / "..", other, PlayedPeer(held=True))
    any_order.performer._terms = lambda _c, _o: replace(SUBMIT, is_ordered=False)
    put(other, 2, 4, 6)
    any_order.steps(3)
    assert any_order.peer.asked == [2, 4, 6]


def test_a_peer_that_is_away_is_waited_for_and_the_order_stays(
    far: Far, queue: MemoryQueue
) -> None:
    put(queue, 2, 4, 6)
    far.peer.down = AWAY
    far.steps(10)
    assert (far.peer.asked, queue.acknowledged) == ([], [])
    assert far.told("deferred") == [2]
    assert far.board.alarms[6380]["channel"] == "orders"
    put(queue, 8)
    far.peer.down = None
    far.steps(20)
    assert far.peer.asked == [2, 4, 6, 8]
    assert far.board.alarms == {}


def test_a_channel_whose_peer_is_away_leaves_room_for_others(
    far: Far, queue: MemoryQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable_performing, "MAX_IN_HAND_BYTES", 200)
    real = far.peer
    far.performer._perform = lambda admitted, head: (
        PlayedPeer(down=AWAY) if admitted.manifest.channel == "orders" else real
    )(admitted, head)
    put(queue, *range(2, 400, 2))
    far.steps(3)
    assert len(queue.out) < 25
    queue.put([entry(number, channel="others") for number in range(400, 408, 2)])
    far.steps(10)
    assert queue.acknowledged == list(range(400, 408, 2))


def test_a_peer_that_stays_away_is_given_up_and_nothing_was_performed(
    tmp_path: Path, queue: MemoryQueue
) -> None:
    far = Far(tmp_path, queue, PlayedPeer(down=AWAY), lambda _c, _o: replace(SUBMIT, waits_s=5.0))
    queue.put([entry(2, at_ns=1)])
    far.steps(5)
    assert queue.rejected == [(2, 6424, "refused")]
    refused = next(event for event in far.journal.events if event.what == "refused")
    assert (refused.number, refused.fields["reason"], refused.fields["name"]) == (
        6424, 6380, "order",
    )  # fmt: skip
    assert far.peer.asked == []


def test_what_may_not_be_repeated_is_not_and_its_outcome_is_unknown(
    far: Far, queue: MemoryQueue
) -> None:
    put(queue, 2, 4)
    far.peer.answers[2] = [LOST]
    far.steps(30)
    assert far.peer.asked == [2, 4]
    assert queue.rejected == [(2, 6423, "refused")]
    assert far.told("request.unknown") == [2]
    assert queue.acknowledged == [4]


def test_a_bug_of_the_sink_costs_one_outcome_and_the_others_go_on(
    far: Far, queue: MemoryQueue
) -> None:
    far.peer.answers = {4: [KeyError("a header of the peer")]}
    put(queue, 2, 4, 6)
    far.steps(10)
    assert far.peer.asked == [2, 4, 6]
    assert queue.acknowledged == [2, 6]
    assert queue.rejected == [(4, 6423, "refused")]
    assert far.told("request.unknown") == [4]
    far.faults.step(0.0)
    assert far.told("request.fault") == [4]
    assert far.board.alarms[6496]["error"] == "KeyError"


def test_what_may_be_repeated_is_three_times_at_most(tmp_path: Path, queue: MemoryQueue) -> None:
    far = Far(tmp_path, queue, PlayedPeer(), lambda _c, _o: REPEATABLE)
    put(queue, 2, 4)
    far.peer.answers |= {2: [LOST] * 9, 4: [LOST]}
    far.steps(60)
    assert far.peer.asked == [2] * MOST_TRIES + [4, 4]
    assert queue.rejected == [(2, 6423, "refused")]
    tried = [e.fields["tries"] for e in far.journal.events if e.what == "request.performed"]
    assert tried == [2]


def test_a_peer_away_after_an_uncertain_try_is_not_told_as_not_performed(
    tmp_path: Path, queue: MemoryQueue
) -> None:
    far = Far(tmp_path, queue, PlayedPeer(), lambda _c, _o: replace(REPEATABLE, waits_s=5.0))
    queue.put([entry(2, at_ns=1)])
    far.peer.answers[2] = [LOST]
    far.steps(2, 0.1)
    far.peer.down = AWAY
    far.steps(30)
    assert queue.rejected == [(2, 6423, "refused")]


def test_an_answer_that_is_not_the_operation_s_was_performed_all_the_same(
    far: Far, queue: MemoryQueue
) -> None:
    put(queue, 2, 4)
    far.peer.answers[2] = [Refused(6385, performed=1, status=500, operation="order")]
    far.peer.answers[4] = [Refused(6382, name="id")]
    far.steps()
    assert (queue.acknowledged, queue.rejected) == ([2], [(4, 6382, "refused")])
    told = next(event for event in far.journal.events if event.what == "request.performed")
    assert (told.number, told.fields["status"]) == (6385, 0)


def test_a_channel_that_no_policy_knows_waits(tmp_path: Path, queue: MemoryQueue) -> None:
    known: list[Terms] = []
    far = Far(tmp_path, queue, PlayedPeer(), lambda _c, _o: known[0] if known else None)
    put(queue, 2)
    far.steps(2)
    assert (far.peer.asked, queue.released[0][0]) == ([], 2)
    assert 6428 in far.board.alarms


class Answers:
    def __init__(self) -> None:
        self.said: list[tuple[int, int]] = []

    def answer(self, admitted: Admitted, performed: PerformedBody) -> None:
        self.said.append((admitted.manifest.number, performed.head.status))

    def fail(self, admitted: Admitted, head: RequestBody, error: GatewayError) -> None:
        self.said.append((admitted.manifest.number, error.number))


def test_a_caller_who_waits_is_answered_or_told_why_not(tmp_path: Path, queue: MemoryQueue) -> None:
    answers = Answers()
    far = Far(tmp_path, queue, PlayedPeer(), lambda _c, _o: ANSWERED, answers)
    put(queue, 2, 4, 6)
    queue.put([entry(8, at_ns=1)])
    far.peer.answers |= {4: [LOST], 6: [AWAY]}
    far.steps()
    assert sorted(answers.said) == [(2, 201), (4, 6381), (6, 6380), (8, 6427)]
    assert far.peer.asked == [2, 4, 6], "one whose caller is long gone is not begun"
    assert queue.acknowledged == [2]


def test_nothing_moves_while_the_journal_or_the_marks_cannot_be_written(
    far: Far, queue: MemoryQueue, tmp_path: Path
) -> None:
    put(queue, 2)
    far.journal.broken = True
    with pytest.raises(Unavailable):
        far.steps(3)
    assert (far.peer.asked, queue.acknowledged) == ([2], [])
    far.journal.broken = False
    far.steps(3)
    assert (far.peer.asked, queue.acknowledged) == ([2], [2])
    assert far.told("request.performed") == [2]


def test_a_bug_is_told_once_however_long_its_failure_finds_no_room(
    tmp_path: Path, queue: MemoryQueue
) -> None:
    class Full:
        room = False

        def fail(self, admitted: Admitted, head: RequestBody, error: GatewayError) -> None:
            if not self.room:
                raise Unavailable(6502)

    peer, full = PlayedPeer(answers={2: [KeyError("x")]}), Full()
    far = Far(tmp_path, queue, peer, lambda _c, _o: ANSWERED, full)
    put(queue, 2)
    for _ in range(5):
        with suppress(Unavailable):
            far.step()
    full.room = True
    far.steps(3)
    far.faults.step(0.0)
    assert far.board.counters["sink_faults_total"] == 1
    assert far.told("request.fault") == [2]
    assert (peer.asked, queue.rejected) == ([2], [(2, 6423, "refused")])


def test_a_process_that_is_stopped_in_order_knows_what_came_of_it(
    far: Far, queue: MemoryQueue
) -> None:
    far.peer.held = True
    put(queue, 2)
    far.step()
    ((number, future),) = far.peer.waiting
    future.set_exception(LOST)
    far.performer.close()
    assert queue.rejected == [(number, 6423, "refused")]


def test_marks_that_cannot_be_written_are_told_and_what_is_not_on_disk_for_sure_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unavailable) as away:
        PerformedMarks(tmp_path / "not there" / "marks")
    assert away.value.number == 6425
    marks = PerformedMarks(tmp_path / "marks")

    def full(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("gateway.receiving.performed_marks.os.write", full)
        with pytest.raises(Unavailable) as unwritten:
            marks.begin([2])
    with monkeypatch.context() as patch:
        patch.setattr("gateway.receiving.performed_marks.os.fdatasync", full)
        with pytest.raises(StateUncertain) as unsure:
            marks.begin([4])
    assert (unwritten.value.number, unsure.value.number) == (6425, 6425)
    # Syncs answer well again: that proves nothing.
    with pytest.raises(StateUncertain):
        marks.begin([6])
    # No peer may be called for either.
    assert (marks.get(2), marks.get(4)) == (None, None)
    marks.close()


def test_marks_torn_at_their_end_are_read_and_damaged_ones_are_not(tmp_path: Path) -> None:
    path = tmp_path / "marks"
    marks = PerformedMarks(path)
    marks.begin([2, 4])
    marks.result([(2, 201)])
    marks.close()
    content = path.read_bytes()
    path.write_bytes(content + content[:7])
    again = PerformedMarks(path)
    assert (again.get(2), again.get(4), again.get(6)) == (
        marks.get(2), marks.get(4), None,
    )  # fmt: skip
    again.close()
    path.write_bytes(content[:3] + b"\xff" + content[4:])
    with pytest.raises(GatewayError) as damaged:
        PerformedMarks(path)
    assert damaged.value.number == 6426
