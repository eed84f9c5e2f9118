"""Requests and answers through both guards: what passes is what was sent; what does not is told by number."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Unavailable
from gateway.exchange.at_once import AtOnce
from gateway.exchange.frames import Frame, FrameKind
from gateway.guard.letting_go import Done
from gateway.guard.told import OF_EDGES, of_far_side
from gateway.inspection.chain import bytes_body
from gateway.unit.counted import AHEAD, first_of_minute
from gateway.unit.encode import encode_batch
from gateway.unit.model import CapturedUnit, FileBody, Kind, Lane, Manifest, Side
from gateway.unit.request import (
    MAX_BATCH_UNITS,
    BatchBody,
    Consequence,
    FailureBody,
    ResponseBody,
)
from tests.gateway.guard.exchange_world import World, admitted, captured, frame_of
from tests.support.requests import CALLER, CHANNEL, JSON, POLICY, request


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def event(done: Done) -> tuple[str, int | None, int]:
    (one,) = done.events
    return one.what, one.unit, one.number


def told(done: Done) -> tuple[int, int, Consequence | None]:
    """What the edge is told of a request: its number, the reason, what is known."""
    assert done.unsealed is None
    frame = frame_of(done)
    assert (frame.kind, frame.head, frame.content) == (FrameKind.FAILED, b"", b"")
    return frame.number, frame.reason, frame.consequence


def test_a_request_and_its_answer_pass_both_guards_as_they_were(world: World) -> None:
    asked = world.asked(2)
    assert event(asked) == ("request.passed", 2, 0)
    manifest, content = admitted(world.inner.admit(frame_of(asked)))
    assert (manifest.number, manifest.body, content) == (
        2,
        request("order", "one", b'{"a":1}', 5000),
        b'{"a":1}',
    )
    answered = world.answered(2)
    assert event(answered) == ("answer.passed", 2, 0)
    done = world.outer.admit(frame_of(answered))
    manifest, content = admitted(done)
    assert frame_of(done).number == 2
    assert (manifest.body, content) == (
        ResponseBody(2, "order", 200, (), JSON, 7),
        b'{"b":2}',
    )
    assert (len(world.outer.asked), len(world.inner.let_in)) == (0, 0)


def test_what_is_judged_is_its_callers_on_his_side_and_nobodys_on_the_other(world: World) -> None:
    content = b'{"a":1}'
    (clearing,) = world.outer.clearer(captured(2, request("order", "one", content, 5000), content))
    assert next(clearing).whose == (CHANNEL, CALLER)
    (admitting,) = world.inner.admitter(frame_of(world.asked(4)))
    assert next(admitting).whose == (CHANNEL, "")
    world.let_in(6)
    (admitting,) = world.outer.admitter(frame_of(world.answered(6)))
    assert next(admitting).whose == (CHANNEL, CALLER)


def test_the_highest_that_passed_is_known_and_nothing_of_what_was_refused(world: World) -> None:
    assert world.outer.clearer.highest == -1
    for number in (400, 2):
        world.asked(number)
    world.asked(500, b"<a/>")
    assert world.outer.clearer.highest == 400


def test_a_guard_lets_no_caller_have_all_the_requests_that_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_name = "CN=portal-02"
    world = World(tmp_path, POLICY.replace(f"[{CALLER}]", f"[{CALLER}, {other_name}]"))
    monkeypatch.setattr(world.outer.asked, "_room", AtOnce(8))
    whats = [event(world.asked(number)) for number in range(2, 8, 2)]
    assert whats[-1] == ("request.refused", 6, 5760)
    content = b'{"a":1}'
    other = captured(8, request("order", "one", content, 5000), content, brought_by=other_name)
    assert event(world.outer.clear(other)) == ("request.passed", 8, 0)


@pytest.mark.parametrize(
    ("changed", "content", "number"),
    [
        ({"operation": "delete"}, b'{"a":1}', 2353),
        ({"path": (("id", "x" * 41),)}, b'{"a":1}', 2354),
        ({"query": (("a", "1"),)}, b'{"a":1}', 2355),
        ({"headers": (("cookie", "1"),)}, b'{"a":1}', 2355),
        ({"content_type": "text/html"}, b'{"a":1}', 2358),
        ({"answer_within_ms": 60_000}, b'{"a":1}', 2363),
        ({"size_bytes": 6}, b'{"a":1}', 5770),
        ({}, b"<a/>", 2201),
        ({}, b"", 2358),
    ],
)
def test_what_an_operation_does_not_allow_is_told_at_once(
    world: World, changed: dict[str, Any], content: bytes, number: int
) -> None:
    done = world.asked(2, content, **changed)
    assert told(done) == (2, number, Consequence.REFUSED)
    assert event(done) == ("request.refused", 2, number)
    assert len(world.outer.asked) == 0


@pytest.mark.parametrize(
    "frame",
    [
        captured(2, request("order", "one", b"{}", 5000), b"{}", brought_by="CN=stranger"),
        captured(2, request("order", "one", b"{}", 5000), b"{}", channel="other"),
        replace(captured(4, request("order", "one", b"{}", 5000), b"{}"), number=2),
        captured(2, FileBody("a", 2, 1), b"{}", kind=Kind.FILES),
        Frame(FrameKind.CAPTURED, 2, b"not a head", b"{}"),
    ],
)
def test_what_no_edge_of_ours_hands_over_is_refused(world: World, frame: Frame) -> None:
    assert told(world.outer.clear(frame))[2] is Consequence.REFUSED


def test_an_answer_passes_however_far_its_edge_has_counted(world: World) -> None:
    """1,500 answers a second are a week ahead of the clock after four days, and no guard has let them in."""
    far = first_of_minute(time.time_ns()) + 2 * AHEAD + 1
    world.let_in(2)
    answered = world.answered(2, number=far)
    assert event(answered) == ("answer.passed", 2, 0)
    assert event(world.outer.admit(frame_of(answered))) == ("answer.passed", 2, 0)
    assert event(world.asked(far + 1)) == ("request.refused", far + 1, 5776)


def test_the_far_guard_s_refusal_comes_back_as_a_number(world: World) -> None:
    asked = world.asked(2)
    policy = world.policy[Side.INNER]
    assert policy is not None
    world.policy[Side.INNER] = replace(policy, channels={})
    refused = world.inner.admit(frame_of(asked))
    assert event(refused) == ("request.refused", 2, 1051)
    world.policy[Side.INNER] = world.policy[Side.OUTER]
    # Also of a channel that it does not know: in the words of the request itself.
    assert told(world.outer.admit(frame_of(refused))) == (2, 1051, Consequence.REFUSED)
    asked = world.asked(4)
    world.policy[Side.INNER] = _narrower(world)
    refused = world.inner.admit(frame_of(asked))
    assert event(refused) == ("request.refused", 4, 2354)
    back = world.outer.admit(frame_of(refused))
    assert told(back) == (4, 2354, Consequence.REFUSED)
    assert event(back) == ("answer.failed", 4, 2354)


def _narrower(world: World):  # type: ignore[no-untyped-def]
    """The set of a host that takes shorter names."""
    policy = world.policy[Side.OUTER]
    assert policy is not None
    channel = policy.channels["orders"]
    assert channel.requests is not None
    order = channel.requests.operations["order"]
    rule = replace(order.path["id"], pattern="[a-z]{1,2}", most_characters=2)
    requests = replace(
        channel.requests,
        operations={**channel.requests.operations, "order": replace(order, path={"id": rule})},
    )
    return replace(policy, channels={"orders": replace(channel, requests=requests)})


def test_a_request_is_let_in_once_whatever_comes_again(world: World) -> None:
    sealed = frame_of(world.asked(2))
    admitted(world.inner.admit(sealed))
    again = world.inner.admit(sealed)
    assert (event(again), again.frame) == (("request.refused", 2, 5766), b"")
    # The guard is started anew; its journal says what it let in last.
    world.start(Side.INNER, floor=2)
    assert event(world.inner.admit(sealed)) == ("request.refused", 2, 5766)


def test_an_answer_passes_once(world: World) -> None:
    world.let_in(2)
    first = frame_of(world.answered(2))
    second = world.answered(2, number=5)
    assert (event(second), second.frame) == (("answer.refused", 2, 5764), b"")
    admitted(world.outer.admit(first))
    assert event(world.outer.admit(first)) == ("answer.refused", 2, 5764)


def test_the_asking_guard_drops_what_it_did_not_ask_for_itself(world: World) -> None:
    sealed = frame_of(world.asked(2))
    admitted(world.inner.admit(sealed))
    answer = frame_of(world.answered(2))
    world.start(Side.OUTER)
    done = world.outer.admit(answer)
    assert (event(done), done.frame) == (("answer.refused", 2, 5762), b"")


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"request": 4}, 5762),
        ({"operation": "read"}, 5765),
    ],
)
def test_an_answer_of_another_request_or_operation_is_dropped(
    world: World, changed: dict[str, Any], number: int
) -> None:
    world.let_in(2)
    done = world.answered(2, **changed)
    assert (event(done)[0], event(done)[2], done.frame) == ("answer.refused", number, b"")
    assert len(world.inner.let_in) == 1


@pytest.mark.parametrize(
    ("changed", "content", "number"),
    [
        ({"status": 500}, b'{"b":2}', 2359),
        ({"content_type": "text/html"}, b'{"b":2}', 2358),
        ({"headers": (("set-cookie", "a"),)}, b'{"b":2}', 2355),
        ({}, b"<a/>", 2201),
    ],
)
def test_an_answer_that_its_operation_does_not_allow_is_told_to_the_caller(
    world: World, changed: dict[str, Any], content: bytes, number: int
) -> None:
    world.let_in(2)
    refused = world.answered(2, content, **changed)
    assert event(refused) == ("answer.refused", 2, number)
    back = world.outer.admit(frame_of(refused))
    assert told(back) == (2, number, Consequence.ANSWER_REFUSED)


def test_the_asking_guard_believes_no_answer_that_the_other_let_pass(world: World) -> None:
    world.let_in(2)
    answer = frame_of(world.answered(2, status=404, content_type="", content=b""))
    world.policy[Side.OUTER] = _without_404(world)
    done = world.outer.admit(answer)
    assert told(done) == (2, 2359, Consequence.ANSWER_REFUSED)


def _without_404(world: World):  # type: ignore[no-untyped-def]
    policy = world.policy[Side.OUTER]
    assert policy is not None
    channel = policy.channels["orders"]
    assert channel.requests is not None
    order = channel.requests.operations["order"]
    operations = {
        **channel.requests.operations,
        "order": replace(order, answers={200: order.answers[200]}),
    }
    requests = replace(channel.requests, operations=operations)
    return replace(policy, channels={"orders": replace(channel, requests=requests)})


def test_a_late_answer_is_dropped_by_both(world: World) -> None:
    world.inner.admit(frame_of(world.asked(2, answer_within_ms=1)))
    assert world.inner.let_in.expire(1e12)
    assert world.outer.asked.expire(1e12)
    done = world.answered(2)
    assert (event(done), done.frame) == (("answer.refused", 2, 5763), b"")


@pytest.mark.parametrize("consequence", list(Consequence))
def test_why_there_is_no_answer_crosses_as_a_number(world: World, consequence: Consequence) -> None:
    world.let_in(2)
    number = min(OF_EDGES[consequence])
    failure = FailureBody(2, "order", number, consequence)
    done = world.inner.clear(captured(3, failure, b""))
    assert event(done) == ("answer.failed", 2, number)
    assert told(world.outer.admit(frame_of(done))) == (2, number, consequence)


@pytest.mark.parametrize("number", [1051, 2402, 5770, 5783, 5784, 5790])
def test_what_a_guard_judges_by_itself_is_told_as_it_is(number: int) -> None:
    failure = FailureBody(2, "order", number, Consequence.REFUSED)
    assert of_far_side(failure) == failure


def test_nothing_passes_without_a_policy(world: World) -> None:
    world.policy[Side.OUTER] = None
    assert told(world.asked(2)) == (2, 1050, Consequence.UNAVAILABLE)


def test_what_is_sealed_for_one_lane_or_changed_on_the_way_opens_nowhere(world: World) -> None:
    sealed = frame_of(world.asked(2))
    assert event(world.outer.admit(sealed)) == ("request.refused", 2, 4304)
    for place in (100, len(sealed.content) - 1):
        data = bytearray(sealed.content)
        data[place] ^= 1
        done = world.inner.admit(replace(sealed, content=bytes(data)))
        assert done.frame == b""
        assert 4300 <= event(done)[2] < 4320
    other = world.inner.admit(replace(sealed, number=4))
    assert event(other) == ("request.refused", 4, 4305)


def test_one_that_could_not_be_let_go_waits_for_no_answer(world: World) -> None:
    asked = world.asked(2)
    assert asked.otherwise is not None
    instead = asked.otherwise(Unavailable(5768))
    assert len(world.outer.asked) == 0
    assert told(instead) == (2, 5768, Consequence.UNAVAILABLE)
    done = world.inner.admit(frame_of(asked))
    assert done.otherwise is not None
    instead = world.inner.gone(done.otherwise(Unavailable(5768)))
    assert (len(world.inner.let_in), frame_of(instead).kind) == (0, FrameKind.SEALED)


def test_an_edge_that_ends_is_told_for(world: World) -> None:
    world.let_in(2)
    (asked,) = world.inner.let_in.give_up()
    done = world.inner.gone(world.inner.clearer.unanswered(asked))
    assert event(done) == ("request.unanswered", 2, 5771)
    assert told(world.outer.admit(frame_of(done))) == (2, 5771, Consequence.UNCERTAIN)


def test_a_frame_of_bytes_that_are_no_unit_is_dropped(world: World) -> None:
    frame = Frame(FrameKind.SEALED, 2, b"", b"nothing")
    done = world.inner.admit(frame)
    assert (event(done)[2], done.frame) == (4301, b"")


def test_small_ones_of_a_channel_go_under_one_seal_and_are_judged_one_by_one(world: World) -> None:
    numbers = range(2, 2 * MAX_BATCH_UNITS + 8, 2)
    going = []
    for number in numbers:
        frame = captured(number, request("order", f"n{number}", b"{}", 5000), b"{}")
        going += world.outer.cleared(frame)
    assert all(done.unsealed is not None for done in going)
    frames = world.outer.seal([done.unsealed for done in going if done.unsealed is not None])
    assert len(frames) == 2
    world.policy[Side.INNER] = _narrower(world)
    done = [one for frame in frames for one in world.inner.admitted(frame_of(Done(frame=frame)))]
    assert [event(one)[1] for one in done] == list(numbers)
    assert {event(one)[2] for one in done} == {2354}
    back = world.inner.seal([one.unsealed for one in done if one.unsealed is not None])
    told_of = [
        told(one) for frame in back for one in world.outer.admitted(frame_of(Done(frame=frame)))
    ]
    assert told_of == [(number, 2354, Consequence.REFUSED) for number in numbers]


def test_a_batch_holds_nothing_of_another_channel_lane_or_kind_and_no_batch(world: World) -> None:
    good = world.outer.cleared(captured(2, request("order", "one", b"{}", 5000), b"{}"))[0].unsealed
    assert good is not None
    for wrong in (
        replace(good.unit, kind=Kind.FILES, body=FileBody("a", 2, 1)),
        replace(good.unit, body=BatchBody(2, 2)),
    ):
        with_it = [good, replace(good, unit=wrong)]
        (frame,) = world.outer.seal(with_it)
        done = world.inner.admitted(frame_of(Done(frame=frame)))
        assert [event(one)[2] for one in done if event(one)[0] == "request.refused"] == [1052]
    world.start(Side.INNER)
    other = replace(good, unit=replace(good.unit, channel="other"), let=good.let)
    content = encode_batch(
        [
            (_manifest(world, good.unit), b"{}"),
            (_manifest(world, other.unit), b"{}"),
        ]
    )
    batch = replace(good.unit, body=BatchBody(2, len(content)))
    (frame,) = world.outer.seal(
        [replace(good, unit=batch, let=replace(good.let, body=bytes_body(content)))]
    )
    (refused,) = world.inner.admitted(frame_of(Done(frame=frame)))
    assert event(refused) == ("request.refused", 2, 1052)


def _manifest(world: World, unit: CapturedUnit) -> Manifest:
    policy = world.policy[Side.OUTER]
    assert policy is not None
    digest = hashlib.sha256(b"{}").digest()
    return Manifest(
        unit.number, unit.channel, unit.kind, Lane.IMPORT, 1, 2, policy.digest, unit.body, digest
    )
