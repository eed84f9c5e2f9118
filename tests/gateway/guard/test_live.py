"""Sessions through both guards: what passes is what was said; what does not ends them, recorded."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange.frames import Frame, FrameKind, FrameReader, encode_frame
from gateway.guard.letting_go import Done
from gateway.guard.sessions import SILENT_S
from gateway.unit.decode import decode_manifest
from gateway.unit.encode import encode_captured
from gateway.unit.model import CapturedUnit, Kind, Manifest, Side
from gateway.unit.request import FailureBody, RequestBody
from gateway.unit.session import (
    AliveBody,
    EndBody,
    Ending,
    MessageBody,
    OpenedBody,
    SessionBody,
)
from tests.gateway.guard.exchange_world import ALL, Guard, World, captured, frame_of
from tests.gateway.policy.request_text import request_channel
from tests.support.requests import CHANNEL, POLICY

SESSIONS = """\
operations:
  ward:
    call: WEBSOCKET /ward/{id}
    id: text at most 20
    sends: json, at most 1 KiB
    receives: json, at most 1 KiB
    sends_rate: at most 100 messages/s
    receives_rate: at most 100 messages/s
    sessions: at most 2 a caller, 2 in all
  feed:
    call: EVENTS /feed/{id}
    id: text at most 20
    headers: {last-event-id: optional fhir id}
    receives: text, at most 1 KiB
    events: [message, alarm]
"""
TEXT = POLICY.replace("operations:\n", SESSIONS)
HELLO = b'{"a":1}'


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, TEXT)


def said(
    body: SessionBody, content: bytes | None = None, number: int | None = None, **changed: Any
) -> Frame:
    """What an edge hands over of a session. Even numbers are the outer edge's."""
    number = body.session + 100 if number is None else number
    if content is None:
        content = HELLO if isinstance(body, MessageBody) else b""
    unit = CapturedUnit(number, CHANNEL, Kind.REQUESTS, time.time_ns(), body)
    head = encode_captured(replace(unit, **changed))
    (frame,) = FrameReader(ALL).take(encode_frame(FrameKind.LIVE, body.session, content, head))
    return frame


def message(
    sequence: int, content: bytes = HELLO, operation: str = "ward", session: int = 2, **more: Any
) -> MessageBody:
    body = MessageBody(session, operation, sequence, True, "", "", len(content))
    return replace(body, **more)


def from_inside(body: SessionBody, content: bytes = HELLO, **changed: Any) -> Frame:
    return said(body, content, body.session + 101, **changed)


def crossed(guard: Guard, done: Iterable[Done]) -> list[Frame]:
    """What goes to the other side of all this, sealed one by one."""
    sealed = [guard.seal([one.unsealed])[0] for one in done if one.unsealed is not None]
    return [FrameReader(ALL).take(frame)[0] for frame in sealed]


def to_edge(done: Iterable[Done]) -> list[tuple[Manifest, bytes]]:
    frames = [FrameReader(ALL).take(one.frame)[0] for one in done if one.frame]
    assert all(frame.kind is FrameKind.LIVE for frame in frames)
    return [(decode_manifest(frame.head), frame.content) for frame in frames]


def endings(done: Iterable[Done]) -> list[Ending]:
    """How the edge is told that it ended."""
    bodies = [manifest.body for manifest, _ in to_edge(done)]
    return [body.ending for body in bodies if isinstance(body, EndBody)]


def events(done: Iterable[Done]) -> list[tuple[str, int | None, int]]:
    return [(e.what, e.unit, e.number) for one in done for e in one.events]


def request_that_opens(operation: str = "ward") -> RequestBody:
    return RequestBody(operation, (("id", "7"),), (), (), "", 0, 5000)


def opened(world: World, number: int = 2, operation: str = "ward") -> None:
    """A session that both guards know."""
    asked = world.outer.clear(captured(number, request_that_opens(operation), b""))
    assert asked.events[0].what == "request.passed", asked.events
    world.inner.admit(frame_of(asked))
    answer = world.inner.say(from_inside(OpenedBody(number, operation), b""))
    assert events(answer) == [("session.opened", number, 0)]
    heard = world.outer.hear(crossed(world.inner, answer)[0])
    assert events(heard) == [("session.opened", number, 0)]
    assert [type(manifest.body) for manifest, _ in to_edge(heard)] == [OpenedBody]


def test_messages_pass_both_guards_both_ways(world: World) -> None:
    opened(world)
    out = world.outer.say(said(message(1)))
    assert events(out) == []
    ((manifest, content),) = to_edge(world.inner.hear(crossed(world.outer, out)[0]))
    assert (manifest.body, content) == (message(1), HELLO)
    back = world.inner.say(from_inside(message(1)))
    ((manifest, content),) = to_edge(world.outer.hear(crossed(world.inner, back)[0]))
    assert (manifest.body, content) == (message(1), HELLO)
    end = world.outer.say(said(EndBody(2, "ward", 2, Ending.DONE)))
    assert events(end) == [("session.ended", 2, 0)] and to_edge(end) == []
    heard = world.inner.hear(crossed(world.outer, end)[0])
    assert endings(heard) == [Ending.DONE]
    (ended,) = heard[0].events
    fields = ("from_here", "from_here_bytes", "from_there", "from_there_bytes")
    assert [ended.fields[name] for name in fields] == [1, len(HELLO), 1, len(HELLO)]
    assert (len(world.outer.sessions), len(world.inner.sessions)) == (0, 0)


def test_what_overtakes_on_the_lane_waits_its_turn_also_the_opening(world: World) -> None:
    asked = world.outer.clear(captured(2, request_that_opens(), b""))
    world.inner.admit(frame_of(asked))
    answer = world.inner.say(from_inside(OpenedBody(2, "ward"), b""))
    later = [world.inner.say(from_inside(message(n, b'{"n":%d}' % n)))[0] for n in (1, 2)]
    opening, first, second = crossed(world.inner, [*answer, *later])
    assert world.outer.hear(second) == [] and world.outer.hear(first) == []
    got = [type(manifest.body) for manifest, _ in to_edge(world.outer.hear(opening))]
    assert got == [OpenedBody, MessageBody, MessageBody]


@pytest.mark.parametrize(
    ("body", "content", "number"),
    [
        (message(1, b"<a/>"), b"<a/>", 2201),
        (message(1, is_text=False), HELLO, 2404),
        (message(1, event="alarm"), HELLO, 2405),
        (message(1, size_bytes=6), HELLO, 5770),
        (message(1, size_bytes=1025), HELLO, 2404),
        (message(1, b'"\xff"'), b'"\xff"', 6488),
        (message(3), HELLO, 5793),
    ],
)
def test_a_message_that_does_not_pass_ends_the_session_on_both_sides(
    world: World, body: MessageBody, content: bytes, number: int
) -> None:
    opened(world)
    done = world.outer.say(said(body, content))
    assert events(done) == [("message.refused", 2, number), ("session.ended", 2, number)]
    ending = Ending.LOST if number == 5793 else Ending.REFUSED
    assert endings(done) == [ending]
    heard = world.inner.hear(crossed(world.outer, done)[0])
    assert endings(heard) == [ending] and events(heard)[0][0] == "session.ended"
    late = world.outer.say(said(message(2)))
    assert events(late) == [("message.refused", 2, 5792)]
    assert crossed(world.outer, late) == []


def test_the_other_guard_judges_by_its_own_policy(world: World) -> None:
    opened(world)
    stricter = TEXT.replace("    sends: json, at most 1 KiB", "    sends: none")
    channel = request_channel(stricter)
    policy = world.policy[Side.INNER]
    assert policy is not None
    world.policy[Side.INNER] = replace(policy, channels={channel.name: channel})
    out = world.outer.say(said(message(1)))
    heard = world.inner.hear(crossed(world.outer, out)[0])
    assert events(heard) == [("message.refused", 2, 2403), ("session.ended", 2, 2403)]
    back = world.outer.hear(crossed(world.inner, heard)[0])
    assert endings(back) == [Ending.REFUSED]


@pytest.mark.parametrize("how", ["twice", "replayed late", "unknown", "another operation", "side"])
def test_a_message_of_no_session_or_not_in_its_turn_is_dropped_and_recorded(
    world: World, how: str
) -> None:
    opened(world)
    first = crossed(world.outer, world.outer.say(said(message(1))))[0]
    world.inner.hear(first)
    match how:
        case "twice":
            done, number = world.inner.hear(first), 5793
        case "replayed late":
            end = world.outer.say(said(EndBody(2, "ward", 2, Ending.DONE)))
            world.inner.hear(crossed(world.outer, end)[0])
            done, number = world.inner.hear(first), 5792
        case "unknown":
            world.start(Side.INNER, floor=2)
            done, number = world.inner.hear(first), 5791
            # Whoever has it still is told at once.
            assert endings(world.outer.hear(crossed(world.inner, done)[0])) == [Ending.LOST]
        case "another operation":
            body = message(2, operation="feed")
            done, number = world.outer.say(said(body)), 5794
        case _:
            # The number of a unit of the other side's edge.
            done, number = world.outer.say(said(message(2), HELLO, 103)), 5776
    assert [(what, n) for what, _, n in events(done)][:1] == [("message.refused", number)]
    assert not any(isinstance(m.body, MessageBody) for m, _ in to_edge(done))
    assert not any(isinstance(one.unsealed.unit.body, MessageBody) for one in done if one.unsealed)


def test_a_session_opens_for_a_request_that_was_let_in_once_and_in_time(world: World) -> None:
    for body, number in ((OpenedBody(2, "ward"), 5762), (OpenedBody(4, "feed"), 5762)):
        done = world.inner.say(from_inside(body, b""))
        assert [(what, n) for what, _, n in events(done)] == [("answer.refused", number)]
        assert endings(done) == [Ending.LOST] and crossed(world.inner, done) == []
    opened(world)
    done = world.inner.say(from_inside(OpenedBody(2, "ward"), b""))
    assert [(what, n) for what, _, n in events(done)] == [("answer.refused", 5764)]


def test_an_operation_that_is_no_session_opens_none(world: World) -> None:
    order = replace(request_that_opens("order"), content_type="application/json", size_bytes=7)
    asked = world.outer.clear(captured(2, order, b'{"a":1}'))
    world.inner.admit(frame_of(asked))
    done = world.inner.say(from_inside(OpenedBody(2, "order"), b""))
    assert [(what, n) for what, _, n in events(done)] == [("answer.refused", 2402)]
    told = world.outer.admit(crossed(world.inner, done)[0])
    assert told.events[0].what == "answer.failed"


def test_a_session_too_many_is_not_opened_and_its_caller_is_told(world: World) -> None:
    opened(world, 2)
    opened(world, 4)
    asked = world.outer.clear(captured(6, request_that_opens(), b""))
    world.inner.admit(frame_of(asked))
    done = world.inner.say(from_inside(OpenedBody(6, "ward"), b""))
    assert endings(done) == [Ending.LOST]
    (unsealed,) = [one.unsealed for one in done if one.unsealed is not None]
    assert isinstance(unsealed.unit.body, FailureBody) and unsealed.unit.body.number == 5790


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"event": "internal"}, 2405),
        ({"event": "alarm", "event_id": "a b"}, 2406),
        ({"is_text": False}, 2404),
    ],
)
def test_events_pass_by_their_names_and_ids(
    world: World, changed: dict[str, Any], number: int
) -> None:
    opened(world, 2, "feed")
    good = message(1, b"all well", "feed", event="alarm", event_id="e-7")
    back = world.inner.say(from_inside(good, b"all well"))
    ((manifest, _),) = to_edge(world.outer.hear(crossed(world.inner, back)[0]))
    assert manifest.body == good
    bad = world.inner.say(from_inside(message(2, b"x", "feed", **changed), b"x"))
    assert events(bad)[0] == ("message.refused", 2, number)


def test_a_stream_of_events_takes_nothing_from_the_caller(world: World) -> None:
    opened(world, 2, "feed")
    done = world.outer.say(said(message(1, b"x", "feed"), b"x"))
    assert events(done)[0] == ("message.refused", 2, 2403)


def test_a_lost_message_is_missed_although_none_follows(world: World) -> None:
    opened(world)
    world.outer.say(said(message(1)))
    alive = AliveBody(2, "ward", 2)
    (frame,) = crossed(world.outer, [Done(unsealed=world.outer.endings.own(CHANNEL, alive))])
    assert world.inner.hear(frame) == []
    done = world.inner.endings.tick(time.monotonic() + 3.0)
    assert events(done) == [("session.ended", 2, 5795)]
    assert endings(done) == [Ending.LOST]
    heard = world.outer.hear(crossed(world.inner, done)[0])
    assert endings(heard) == [Ending.LOST]


def test_guards_say_that_sessions_are_alive_and_miss_it(world: World) -> None:
    opened(world)
    (alive,) = world.outer.endings.tick(time.monotonic() + 6.0)
    assert alive.unsealed is not None and alive.unsealed.unit.body == AliveBody(2, "ward", 1)
    assert not alive.events and not alive.frame
    done = world.inner.endings.tick(time.monotonic() + SILENT_S + 1.0)
    assert events(done) == [("session.ended", 2, 5796)]


def test_an_edge_that_ends_ends_its_sessions_for_the_other_side(world: World) -> None:
    opened(world)
    done = world.inner.endings.edge_ended()
    assert events(done) == [("session.ended", 2, 5771)] and to_edge(done) == []
    assert endings(world.outer.hear(crossed(world.inner, done)[0])) == [Ending.LOST]


def test_a_policy_without_the_operation_ends_what_is_open(world: World) -> None:
    opened(world)
    policy = world.policy[Side.INNER]
    assert policy is not None
    world.policy[Side.INNER] = replace(policy, channels={})
    done = world.inner.endings.tick(time.monotonic() + 6.0)
    assert events(done) == [("session.ended", 2, 1051)]


def test_an_edge_cannot_say_what_is_a_guards_to_say(world: World) -> None:
    opened(world)
    opened(world, 4)
    alive = world.outer.say(said(AliveBody(2, "ward", 1)))
    assert events(alive) == [("message.refused", 2, 1052), ("session.ended", 2, 1052)]
    done = world.outer.say(said(EndBody(4, "ward", 1, Ending.OVER)))
    assert done[0].events[0].fields["ending"] == "away"


def test_what_no_guard_can_read_ends_its_session_too(world: World) -> None:
    opened(world)
    frame = replace(said(message(1)), head=b"\x9anothing")
    assert events(world.outer.say(frame)) == [
        ("message.refused", 2, 1080),
        ("session.ended", 2, 1080),
    ]


def test_a_message_that_found_no_room_ends_its_session(world: World) -> None:
    opened(world)
    done = [world.outer.endings.crowded(2), world.outer.endings.crowded(2)]
    assert events(done) == [("session.ended", 2, 5760)]
