"""Sessions at a source that listens: openings that are none, frames that are none, callers that flood."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest

from gateway.connectors.request.gate import Gate
from gateway.connectors.request.joined import Broken, Over, join
from gateway.connectors.request.live_limits import SessionCount
from gateway.connectors.request.settings import Patience
from gateway.connectors.request.websocket import reader
from gateway.errors import Refused
from gateway.policy.routes import match
from gateway.unit.live import Message
from gateway.unit.model import CapturedUnit
from gateway.unit.session import Ending
from tests.gateway.connectors.request.harness import (
    PLAIN,
    Journal,
    MemoryAsker,
    Running,
    exchange,
    problem_in,
    running,
    status_of,
)
from tests.gateway.connectors.request.test_websocket_frames import (
    BAD,
    BINARY,
    CLOSE,
    PING,
    TEXT,
    TOO_LONG,
    frame,
)
from tests.gateway.policy.request_text import request_channel
from tests.support.requests import POLICY

SESSIONS = """\
operations:
  ward:
    call: WEBSOCKET /ward/{id}
    id: text at most 20
    sends: text, at most 1,000 bytes
    receives: text, at most 1 KiB
    sends_rate: at most 20 messages/s
    origins: [https://portal.example, "https://other.example:8443"]
    sessions: at most 2 a caller, 2 in all
  named:
    call: WEBSOCKET /named
    sends: binary pdf, at most 1 KiB
    receives: none
    subprotocols: [ward.v1]
  feed:
    call: EVENTS /feed
    receives: text, at most 1 KiB
"""
CHANNEL = request_channel(POLICY.replace("operations:\n", SESSIONS))
assert CHANNEL.requests is not None
LIVE = CHANNEL.requests.operations
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
WITHIN_S = 5.0


@dataclass
class MemorySession:
    """The gate's side of a session, in memory."""

    number: int
    sent: list[Message] = field(default_factory=list)
    ended: list[Ending] = field(default_factory=list)
    back: asyncio.Queue[Message | Ending] = field(default_factory=asyncio.Queue)

    async def receive(self) -> Message | Ending:
        return await self.back.get()

    def send(self, message: Message) -> None:
        self.sent.append(message)

    def end(self, ending: Ending) -> None:
        self.ended.append(ending)


@dataclass
class MemoryOpener:
    sessions: list[MemorySession] = field(default_factory=list)
    units: list[CapturedUnit] = field(default_factory=list)
    first: Message | Ending | None = None

    async def open(self, unit: CapturedUnit) -> MemorySession:
        self.units.append(unit)
        self.sessions.append(MemorySession(unit.number))
        if self.first is not None:
            self.sessions[-1].back.put_nowait(self.first)
        return self.sessions[-1]


@contextmanager
def listening(opener: MemoryOpener, **changed: object) -> Iterator[Running]:
    def matched(method: str, target: str, headers: object) -> object:
        return match(CHANNEL, method, target, None)

    gate = Gate(
        matched,  # type: ignore[arg-type]
        itertools.count(2, 2).__next__, Journal(), MemoryAsker(), opener=opener,
    )  # fmt: skip
    made = replace(PLAIN, websockets=True, events=True, **changed)  # type: ignore[arg-type]
    with running(made, gate=gate) as one:
        yield one


def opening(target: str = "/ward/7", **changed: str | None) -> bytes:
    """A handshake; a header that is None is left out, `line` stands in place of the first line."""
    headers: dict[str, str | None] = {
        "Host": "gate",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    line = changed.pop("line", None) or f"GET {target} HTTP/1.1"
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    said = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None)
    return f"{line}\r\n{said}\r\n".encode()


def soon(true: Callable[[], bool]) -> None:
    """Wait until it is so."""
    until_s = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < until_s, "not in time"
        time.sleep(0.01)


class Talk:
    """A client by hand: its handshake is done."""

    def __init__(self, port: int, first: bytes = b"") -> None:
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S)
        self.stream.sendall(first or opening())
        self.got = b""
        while b"\r\n\r\n" not in self.got:
            part = self.stream.recv(65536)
            assert part, self.got
            self.got += part
        head, _, self.got = self.got.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        self.head = head.lower()

    def _close_at(self) -> int:
        at = self.got.find(b"\x88")
        return at if len(self.got) >= at + 4 else -1

    def until_closed(self) -> int:
        """The close code of the source, 0 where it says none."""
        try:
            while self._close_at() < 0 and (part := self.stream.recv(65536)):
                self.got += part
        except ConnectionError:
            pass
        finally:
            self.stream.close()
        at = self._close_at()
        return int.from_bytes(self.got[at + 2 : at + 4], "big") if at >= 0 else 0


# A handshake, the status that it gets, and the number.
HANDSHAKES = {
    "no such session": (opening("/other"), 404, 2353),
    "an operation that is none": (opening("/orders/7"), 404, 2353),
    "version 8": (opening(Sec_WebSocket_Version="8"), 426, 6481),
    "no version": (opening(Sec_WebSocket_Version=None), 426, 6481),
    "versions": (opening(Sec_WebSocket_Version="13, 8"), 426, 6481),
    "no key": (opening(Sec_WebSocket_Key=None), 400, 6480),
    "a short key": (opening(Sec_WebSocket_Key="c2hvcnQ="), 400, 6480),
    "a key with blanks": (opening(Sec_WebSocket_Key=f"{KEY} {KEY}"), 400, 6480),
    "two keys": (opening().replace(b"\r\n\r\n", f"\r\nSec-WebSocket-Key: {KEY}\r\n\r\n".encode()), 400, 6313),
    "another upgrade": (opening(Upgrade="h2c"), 400, 6480),
    "two upgrades": (opening(Upgrade="websocket, h2c"), 400, 6480),
    "upgrade twice": (opening().replace(b"Upgrade: w", b"Upgrade: h2c\r\nUpgrade: w"), 400, 6313),
    "connection without upgrade": (opening(Connection="keep-alive"), 400, 6480),
    "connection that names a header": (opening(Connection="Upgrade, Origin"), 400, 6480),
    "no connection": (opening(Connection=None), 400, 6480),
    "a body": (opening(Content_Length="5") + b"hello", 400, 6480),
    "a body of chunks": (opening(Transfer_Encoding="chunked") + b"0\r\n\r\n", 400, 6480),
    "POST": (opening(line="POST /ward/7 HTTP/1.1"), 400, 6480),
    "HTTP/1.0": (opening(line="GET /ward/7 HTTP/1.0"), 400, 6302),
    "absolute form": (opening(line="GET http://gate/ward/7 HTTP/1.1"), 400, 6304),
    "expect": (opening(Expect="100-continue"), 400, 6480),
    "settings of HTTP/2": (opening(HTTP2_Settings="AAMAAABk"), 400, 6318),
    "another page": (opening(Origin="https://evil.example"), 403, 6482),
    "null": (opening(Origin="null"), 403, 6482),
    "a page like it": (opening(Origin="https://portal.example.evil.example"), 403, 6482),
    "the page over http": (opening(Origin="http://portal.example"), 403, 6482),
    "two pages": (opening(Origin="https://portal.example").replace(
        b"\r\n\r\n", b"\r\nOrigin: https://evil.example\r\n\r\n"), 400, 6313),
    "no subprotocol": (opening("/named"), 400, 6483),
    "another subprotocol": (opening("/named", Sec_WebSocket_Protocol="ward.v9"), 400, 6483),
    "no name of a subprotocol": (opening("/named", Sec_WebSocket_Protocol="ward.v1,\t;"), 400, 6480),
    "a segment": (opening("/ward/../feed"), 400, 2352),
}  # fmt: skip


def test_an_opening_that_is_not_right_is_refused_and_opens_nothing() -> None:
    opener = MemoryOpener()
    with listening(opener) as gate:
        with ThreadPoolExecutor(8) as callers:
            sent = [one for one, _, _ in HANDSHAKES.values()]
            answers = list(callers.map(lambda one: exchange(gate.port, one), sent))
        for (case, (_, status, number)), answer in zip(HANDSHAKES.items(), answers, strict=True):
            said = (status_of(answer), problem_in(answer)["number"])
            assert said == (status, f"FG-{number}"), (case, answer)
            assert answer.count(b"HTTP/1.1 ") == 1, case
        assert (
            b"sec-websocket-version: 13"
            in exchange(gate.port, opening(Sec_WebSocket_Version="8")).lower()
        )
    assert opener.units == []


def test_where_no_operation_is_a_session_there_is_no_upgrade() -> None:
    with running() as gate:
        answer = exchange(gate.port, opening())
        assert (status_of(answer), problem_in(answer)["number"]) == (400, "FG-6318")


def test_a_right_opening_is_answered_without_extension_and_carries_frames() -> None:
    opener = MemoryOpener(first=Message(b"good day"))
    first = opening(
        Connection="keep-alive, Upgrade", Origin="https://portal.example",
        Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits",
    )  # fmt: skip
    with listening(opener) as gate:
        # Frames that come with the handshake are read behind it.
        talk = Talk(gate.port, first + frame(TEXT, b"one"))
        assert b"sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=" in talk.head
        assert (
            b"sec-websocket-extensions" not in talk.head
            and b"sec-websocket-protocol" not in talk.head
        )
        talk.stream.sendall(
            frame(TEXT, b"tw", last=False) + frame(PING, b"?") + frame(0, b"o")
            + frame(CLOSE, b"\x03\xe8")
        )  # fmt: skip
        assert talk.until_closed() == 1000
        assert b"good day" in talk.got and b"\x8a\x01?" in talk.got
        (session,) = opener.sessions
        assert [m.content for m in session.sent] == [b"one", b"two"]
        soon(lambda: bool(gate.journal.numbers("call.closed")))
        assert session.ended[0] is Ending.DONE
        (unit,) = opener.units
        assert unit.body.size_bytes == 0
    assert gate.journal.numbers("call.closed") == [0]


@pytest.mark.parametrize(
    ("sent", "code", "number"),
    [
        *((sent, 1002, 6486) for name, (sent, _) in BAD.items() if name != "a message after close"),
        *((sent, 1009, 6487) for sent in TOO_LONG.values()),
        (frame(TEXT, b"\xc3\x28"), 1007, 6488),
        (frame(TEXT, b"\xed\xa0\x80"), 1007, 6488),
        (frame(BINARY, b"%PDF"), 1003, 6489),
        (frame(TEXT, b""), 1003, 6489),
    ],
)
def test_a_frame_that_is_not_right_ends_the_session_with_its_code(
    sent: bytes, code: int, number: int
) -> None:
    opener = MemoryOpener()
    with listening(opener) as gate:
        talk = Talk(gate.port)
        talk.stream.sendall(frame(TEXT, b"good") + sent)
        got = talk.until_closed()
        soon(lambda: bool(gate.journal.numbers("call.closed")))
        assert (got, gate.journal.numbers("call.closed")) == (code, [number])
    (session,) = opener.sessions
    # What stood in the same bytes before it may have gone with it; nothing of it or after it went on.
    assert [m.content for m in session.sent] in ([b"good"], [])
    assert session.ended[0] is Ending.REFUSED


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (Ending.DONE, 1000), (Ending.REFUSED, 1008), (Ending.LOST, 1013), (Ending.OVER, 1012),
        (Ending.IDLE, 1001),
    ],
)  # fmt: skip
def test_a_session_that_the_gate_ends_says_by_its_code_whether_to_try_again(
    ending: Ending, code: int
) -> None:
    with listening(MemoryOpener(first=ending)) as gate:
        assert Talk(gate.port).until_closed() == code


def test_a_flood_waits_at_its_connection() -> None:
    opener = MemoryOpener()
    with listening(opener) as gate:
        talk = Talk(gate.port)
        talk.stream.setblocking(False)
        sent, begun_s = 0, time.monotonic()
        flood = frame(TEXT, bytes(b"x" * 900)) * 100
        while time.monotonic() < begun_s + 1.0:
            try:
                sent += talk.stream.send(flood)
            except BlockingIOError:
                time.sleep(0.05)
        took_s = time.monotonic() - begun_s
        (session,) = opener.sessions
        # A second's worth at once, then as many a second.
        assert len(session.sent) <= 20 + 20 * (took_s + 1)
        assert sent < 32 << 20
        talk.stream.close()


def test_a_caller_has_no_more_sessions_than_the_policy_says() -> None:
    opener = MemoryOpener()
    with listening(opener) as gate:
        one, two = Talk(gate.port), Talk(gate.port)
        answer = exchange(gate.port, opening())
        assert (status_of(answer), problem_in(answer)["number"]) == (429, "FG-6484")
        two.stream.sendall(frame(CLOSE, b"\x03\xe8"))
        assert two.until_closed() == 1000
        soon(lambda: gate.source.under_way == 1)
        Talk(gate.port).stream.close()
        one.stream.close()


def test_all_callers_together_have_no_more_sessions_than_the_policy_says() -> None:
    live = LIVE["ward"].live
    assert live is not None and live.in_all == 2
    count = SessionCount()
    count.enter("ward", "CN=portal-01", live)
    count.enter("ward", "CN=portal-02", live)
    with pytest.raises(Refused) as caught:
        count.enter("ward", "CN=portal-03", live)
    assert (caught.value.number, caught.value.fields["limit"]) == (6485, 2)
    count.leave("ward", "CN=portal-01")
    count.enter("ward", "CN=portal-03", live)
    assert len(count) == 2


def test_messages_that_are_not_taken_off_end_the_session() -> None:
    async def never(*_: Message) -> Any:
        await asyncio.Event().wait()

    async def joined() -> Over:
        session = MemorySession(2)
        session.back.put_nowait(Message(b"x"))
        stopped: asyncio.Future[Broken] = asyncio.get_running_loop().create_future()
        return await join(session, never, never, stopped, 0.01)

    over = asyncio.run(joined())
    assert (over.ending, over.here) == (Ending.TOO_SLOW, True)
    assert over.error is not None and over.error.number == 6491


def test_a_connection_that_breaks_is_told() -> None:
    class Gone:
        async def receive(self) -> aiohttp.WSMessage:
            return aiohttp.WSMessage(aiohttp.WSMsgType.CLOSED, None, None)

    with pytest.raises(Broken) as broken:
        asyncio.run(reader(Gone(), None)())  # type: ignore[arg-type]
    assert broken.value.ending is Ending.AWAY
    assert broken.value.error is not None and broken.value.error.number == 6493


def test_a_source_that_stops_ends_sessions_and_says_try_again() -> None:
    opener = MemoryOpener()
    with listening(opener) as gate:
        talk = Talk(gate.port)
        gate.beside.close()
        assert talk.until_closed() == 1012
    assert opener.sessions[0].ended[0] is Ending.AWAY


@pytest.mark.parametrize("form", ["websocket", "events"])
def test_a_caller_that_takes_nothing_off_loses_the_session_and_is_let_go_of(form: str) -> None:
    opener = MemoryOpener(first=Message(b"x" * 1024))
    call = b"GET /feed HTTP/1.1\r\nHost: gate\r\nAccept: text/event-stream\r\n\r\n"
    with listening(opener, patience=Patience(stall_s=0.3)) as gate, socket.socket() as stream:
        # What the kernel keeps for a caller is small then.
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        stream.connect(("127.0.0.1", gate.port))
        stream.sendall(opening() if form == "websocket" else call)
        soon(lambda: bool(opener.sessions))

        async def flood() -> None:
            for _ in range(20_000):
                opener.sessions[0].back.put_nowait(Message(b"x" * 1024))

        gate.beside.call(flood())
        soon(lambda: gate.source.under_way == 0 and gate.source.connections == 0)
        assert opener.sessions[0].ended[0] is Ending.TOO_SLOW


def test_events_go_to_whoever_accepts_them_and_nothing_comes_back() -> None:
    call = b"GET /feed HTTP/1.1\r\nHost: gate\r\nAccept: text/event-stream\r\n\r\n"
    opener = MemoryOpener(first=Message(b"a\nid: forged", True, "message", ""))
    with listening(opener) as gate:
        assert status_of(exchange(gate.port, call.replace(b"text/event-stream", b"*/*"))) == 404
        of_page = call.replace(b"Accept", b"Origin: https://portal.example\r\nAccept")
        assert status_of(exchange(gate.port, of_page)) == 403
        with socket.create_connection(("127.0.0.1", gate.port), timeout=WITHIN_S) as stream:
            stream.sendall(call)
            got = b""
            while b"forged" not in got:
                got += stream.recv(65536)
            assert b"event: message\ndata: a\ndata: id: forged\n\n" in got
            # A second request behind it is nobody's.
            stream.sendall(call)
        # That the caller has gone is noticed at once.
        soon(lambda: bool(opener.sessions[-1].ended))
    assert len(opener.units) == 1
