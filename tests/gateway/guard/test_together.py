"""Contents judged several at once: the same verdicts, and nobody waits for one that takes long."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.audit.event import Event
from gateway.exchange.frames import Frame, FrameKind
from gateway.guard.judgement import Judgement
from gateway.guard.letting_go import Done, LettingGo, Send
from gateway.guard.passing import Passing
from gateway.guard.together import SMALL_BYTES, ContentQuestion, Judging, alone, together
from gateway.inspection.chain import Inspector, Role, bytes_body
from gateway.inspection.order import Found, Listener, Order
from gateway.inspection.programs import program_of
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.settings import SandboxSettings
from gateway.inspection.sandboxed import Sandboxed
from gateway.policy.content_channel import CONTENT_NAME, content_channel
from gateway.policy.evaluate import Result, Verdict
from gateway.policy.facts import Leaf
from gateway.policy.model import Channel
from gateway.unit.stages import Body
from tests.gateway.guard.contents import AT, channel_of
from tests.support.fakes import BoardOfOne, ListRecorder

PLAIN = "json, at most 64 KiB"


def question(inspector: Inspector, channel: Channel, content: bytes) -> ContentQuestion:
    assert channel.requests is not None
    rule = channel.requests.operations["post"].content
    assert rule is not None
    view = content_channel(channel, rule)
    return ContentQuestion(inspector, view, bytes_body(content), CONTENT_NAME, AT, at_receiver=True)


def judging(asked: ContentQuestion) -> Judging[Verdict]:
    judgement: Judgement = yield asked
    return judgement.verdict


@dataclass
class Box:
    """A sandbox of the sending side, and what it has done."""

    sandbox: Sandbox
    inspector: Inspector


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    sandbox = Sandbox(SandboxSettings(), program_of(Role.SENDING))
    folder: Path = tmp_path_factory.mktemp("box")
    inspector = Inspector(Sandboxed(sandbox, folder), [], [sandbox.close])
    yield Box(sandbox, inspector)
    inspector.close()


def test_several_contents_get_the_verdicts_that_each_gets_alone(box: Box) -> None:
    channel = channel_of(PLAIN)
    contents = [b'{"a":1}', b'{"a":1,"a":2}', b"%PDF-1.4", b"[]", b"", b'{"b":' + b"[" * 600]
    asked = [question(box.inspector, channel, content) for content in contents]
    before = box.sandbox.figures()
    done, left_over = together([judging(one) for one in asked])
    after = box.sandbox.figures()
    assert not left_over
    assert done == [alone(judging(one)) for one in asked]
    assert {one.result for one in done} == {Result.PASSES, Result.REFUSED}
    assert after.units - before.units == len(contents)
    # One child has had them all: a second one is only made ahead.
    assert after.children_started - before.children_started <= 2


def test_large_ones_and_those_whose_texts_are_sought_are_left_over(box: Box) -> None:
    channel = channel_of(PLAIN)
    large = question(box.inspector, channel, b'"' + b"x" * SMALL_BYTES + b'"')
    small = question(box.inspector, channel, b"{}")
    done, left_over = together([judging(large), judging(small)])
    assert [one.result for one in done] == [Result.PASSES]
    assert [one for _, one in left_over] == [large]
    (work, waits_at) = left_over[0]
    assert alone(work, waits_at).result is Result.PASSES


def test_a_child_has_no_more_units_than_the_setting_says(tmp_path: Path) -> None:
    sandbox = Sandbox(SandboxSettings(units_a_child=4), program_of(Role.SENDING))
    inspector = Inspector(Sandboxed(sandbox, tmp_path), [], [sandbox.close])
    try:
        channel = channel_of(PLAIN)
        asked = [question(inspector, channel, b"{}") for _ in range(3)]
        begun = sandbox.figures().children_started
        for _ in range(2):
            # Three and three are more than four: the second lot has a child of its own.
            assert len(together([judging(one) for one in asked])[0]) == 3
        assert sandbox.figures().children_started - begun >= 3
        many = [*asked, *asked]
        assert [one for _, one in together([judging(one) for one in many])[1]] == many
    finally:
        inspector.close()


@dataclass
class Slow:
    """Readers that never answer several at once, and one alone when they may."""

    may: threading.Event = field(default_factory=threading.Event)
    together_asked: int = 0

    def __call__(self, order: Order, body: Body, listener: Listener) -> Found:
        listener.begin()
        if body.read() == b'{"slow":1}':
            assert self.may.wait(20.0)
        return Found((Leaf(order.name, "json", body.size_bytes),), ())

    def together(self, order: Order, bodies: Sequence[Body]) -> list[Found] | None:
        self.together_asked += 1
        if any(body.read() == b'{"slow":1}' for body in bodies):
            return None
        return [Found((Leaf(order.name, "json", body.size_bytes),), ()) for body in bodies]

    def within(self, seconds: float) -> Slow:
        assert seconds
        return self


class Out:
    """What is let go, in its order."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.some = threading.Condition()

    def __call__(self, frames: Sequence[bytes]) -> None:
        with self.some:
            self.frames += frames
            self.some.notify_all()

    def holds(self, *frames: bytes) -> bool:
        with self.some:
            return self.some.wait_for(lambda: set(frames) <= set(self.frames), timeout=10.0)


def test_one_that_takes_long_holds_up_none_that_come_later() -> None:
    readers, out = Slow(), Out()
    inspector, channel = Inspector(readers, ()), channel_of(PLAIN)

    def work(frame: Frame) -> list[Judging[Done]]:
        def one() -> Judging[Done]:
            judgement = yield question(inspector, channel, frame.content)
            assert judgement.verdict.result is Result.PASSES
            event = Event("request.passed", 0, frame.number)
            return Done((event,), frame.content)

        return [one()]

    recorder = ListRecorder()
    passing = Passing(1, _letting_go(out, recorder), lambda _: Done())
    try:
        passing.take(work, [Frame(FrameKind.CAPTURED, 2, b"", b'{"slow":1}')])
        passing.take(work, [Frame(FrameKind.CAPTURED, 4, b"", b'{"n":2}')])
        assert out.holds(b'{"n":2}')
        assert b'{"slow":1}' not in out.frames
        readers.may.set()
        assert out.holds(b'{"slow":1}', b'{"n":2}')
        assert readers.together_asked == 2
        passing.step()
    finally:
        readers.may.set()
        passing.close()


def test_a_work_that_breaks_ends_the_process_and_not_the_neighbours_line() -> None:
    def work(_: Frame) -> list[Judging[Done]]:
        raise KeyError("a bug")

    recorder = ListRecorder()
    passing = Passing(1, _letting_go(_nobody, recorder), lambda _: Done())
    passing.take(work, [Frame(FrameKind.CAPTURED, 2, b"", b"")])
    with pytest.raises(KeyError):
        passing.step()
    passing.close()


def _nobody(_: Sequence[bytes]) -> None:
    """Nobody is there to take it."""


def _letting_go(to_edge: Send, recorder: ListRecorder) -> LettingGo:
    return LettingGo(to_edge, _nobody, lambda _: [], recorder, BoardOfOne())
