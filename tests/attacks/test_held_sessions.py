"""One caller's slow contents against the threads that all others need."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.audit.event import Event
from gateway.errors import Refused
from gateway.exchange.frames import Frame, FrameKind
from gateway.guard import together as together_module
from gateway.guard.in_order import InOrder
from gateway.guard.judgement import judge
from gateway.guard.letting_go import Done, LettingGo
from gateway.guard.passing import MAX_WAITING
from gateway.guard.requests import Let, RequestJudge, Unsealed
from gateway.guard.together import ContentQuestion, Judging, together
from gateway.inspection.chain import Inspector, Role
from gateway.inspection.order import Found, Listener, Order
from gateway.inspection.programs import program_of
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.settings import SandboxSettings
from gateway.inspection.sandboxed import Sandboxed
from gateway.management.wiring.live_guard import session_turns
from gateway.policy.evaluate import Result
from gateway.policy.facts import Leaf
from gateway.policy.live import LiveRule
from gateway.unit.model import CapturedUnit, Lane, Manifest
from gateway.unit.session import EndBody, Ending, MessageBody, OpenedBody
from gateway.unit.stages import Body
from tests.gateway.guard.contents import channel_of
from tests.gateway.guard.exchange_world import World, captured, frame_of
from tests.gateway.guard.test_live import TEXT, from_inside, message, request_that_opens
from tests.gateway.guard.test_together import Out, question
from tests.support.fakes import BoardOfOne, ListRecorder

SLOW_S = 0.1
SLOW = b'{"slow":1}'


@dataclass
class SlowJudge:
    """As the judge of a guard has it, but for one content that takes its time."""

    judge: RequestJudge

    def message(
        self, unit: CapturedUnit | Manifest, lane: Lane, head: MessageBody, content: bytes, *,
        from_caller: bool,
    ) -> Judging[Let]:  # fmt: skip
        if content == SLOW:
            time.sleep(SLOW_S)
        return (yield from self.judge.message(unit, lane, head, content, from_caller=from_caller))

    def session(self, channel: str, lane: Lane, operation: str) -> LiveRule:
        return self.judge.session(channel, lane, operation)

    def failure(self) -> Let:
        return self.judge.failure()


def recorded(recorder: ListRecorder, what: str) -> list[Event]:
    return [event for event in recorder.events if event.what == what]


def until(holds: object, within_s: float = 10.0) -> bool:
    assert callable(holds)
    end_s = time.monotonic() + within_s
    while not holds() and time.monotonic() < end_s:
        time.sleep(0.01)
    return bool(holds())


def test_a_session_of_slow_messages_ends_and_not_those_that_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its messages is allowed and in its rate; all sessions waited for them, and ended."""
    monkeypatch.setattr("gateway.guard.session_turns.BEHIND_S", 0.5)
    world = World(tmp_path, TEXT)
    for number in (2, 4):
        asked = world.outer.clear(captured(number, request_that_opens(), b""))
        world.inner.admit(frame_of(asked))
    recorder, out, inner = ListRecorder(), Out(), world.inner
    judges = [SlowJudge(inner.live_clearer._judge) for _ in range(2)]
    guard = session_turns(
        Lane.EXPORT, Lane.IMPORT, (judges[0], judges[1]),  # type: ignore[arg-type]
        (inner.asked, inner.let_in), inner.clearer.failed,
        LettingGo(out, out, inner.seal, recorder, BoardOfOne()), BoardOfOne(),
    )  # fmt: skip
    try:
        guard.of_edge([from_inside(OpenedBody(number, "ward"), b"") for number in (2, 4)])
        assert until(lambda: len(recorded(recorder, "session.opened")) == 2)
        guard.of_edge(
            [from_inside(message(place, SLOW, session=2), SLOW) for place in range(1, 31)]
        )
        for place in range(1, 16):
            time.sleep(SLOW_S)
            guard.of_edge([from_inside(message(place, session=4))])
            guard.step()
        assert until(lambda: recorded(recorder, "session.ended"))
        guard.of_edge([from_inside(EndBody(4, "ward", 16, Ending.DONE), b"")])
        assert until(lambda: len(recorded(recorder, "session.ended")) == 2)
        slow, other = recorded(recorder, "session.ended")
        assert (slow.unit, slow.number, slow.fields["ending"]) == (2, 6494, "too many")
        assert (other.unit, other.number, other.fields["from_here"]) == (4, 0, 15)
    finally:
        guard.close()


def test_a_message_that_takes_its_readers_too_long_is_refused(tmp_path: Path) -> None:
    sandbox = Sandbox(SandboxSettings(), program_of(Role.RECEIVING))
    inspector = Inspector(Sandboxed(sandbox, tmp_path), [], [sandbox.close])
    try:
        content = b"[" + b",".join([b"[]"] * 300_000) + b"]"
        asked = question(inspector, channel_of("json, at most 1 MiB"), content)
        verdicts = [
            judge(
                one, asked.channel, asked.body, asked.name, datetime.now(UTC), at_receiver=True
            ).verdict
            for one in (inspector, inspector.beside(0.01))
        ]
        assert [one.result for one in verdicts] == [Result.PASSES, Result.REFUSED]
        assert 3980 <= verdicts[1].number < 4000
    finally:
        inspector.close()


class SlowTogether:
    """Readers that take a while for each question, and give no answer then."""

    asked = 0

    def __call__(self, order: Order, body: Body, listener: Listener) -> Found:
        listener.begin()
        return Found((Leaf(order.name, "json", body.size_bytes),), ())

    def together(self, order: Order, bodies: Sequence[Body]) -> list[Found] | None:
        self.asked += 1
        time.sleep(together_module._BEGUN_WITHIN_S)
        return None

    def within(self, seconds: float) -> SlowTogether:
        return self


def test_slow_contents_of_many_operations_hold_up_no_longer_than_those_of_one() -> None:
    """Whoever reads the socket judges them: a neighbour that writes in vain hangs up."""
    readers = SlowTogether()
    inspector = Inspector(readers, [])
    asked = [question(inspector, channel_of("json, at most 64 KiB"), b"{}") for _ in range(8)]

    def work(one: ContentQuestion) -> Judging[Result]:
        result: Result = (yield one).verdict.result
        return result

    done, left_over = together([work(one) for one in asked])
    assert (done, len(left_over), readers.asked) == ([], len(asked), 1)


@pytest.fixture
def held() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_what_finds_no_room_among_sessions_is_told_by_their_own_thread(
    held: threading.Event,
) -> None:
    """Told by whoever brought it, what hangs on it touched the table of sessions from two threads."""
    told_by: list[str] = []

    def event_of(frame: Frame) -> Event:
        return Event("message.refused", 0, frame.number, number=5760)

    def refuse(frame: Frame) -> Done:
        return Done((event_of(frame),), otherwise=None)

    class Recorder(ListRecorder):
        def record(self, event: Event) -> None:
            told_by.append(threading.current_thread().name)
            super().record(event)

    def send(_: Sequence[bytes]) -> None:
        raise Refused(1)

    def seal(units: Sequence[Unsealed]) -> list[bytes]:
        return [b"" for _ in units]

    def work(frame: Frame) -> Sequence[Done]:
        assert held.wait(10.0)
        return [Done()]

    letting_go = LettingGo(send, send, seal, Recorder(), BoardOfOne())
    passing = InOrder("sessions", letting_go, refuse)
    try:
        frame = Frame(FrameKind.LIVE, 2, b"", b"")
        passing.take(work, [frame])
        passing.take(work, [frame] * (2 * MAX_WAITING + 64))
        assert not told_by
        held.set()
        assert until(lambda: told_by)
        assert set(told_by) == {"sessions"}
    finally:
        passing.close()
