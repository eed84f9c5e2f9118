"""Requests that are here whole: past aiohttp's server, not past its parser, and answered as any other."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.request.answer import Said, written
from gateway.connectors.request.head import read_head
from gateway.connectors.request.source import HttpSource
from gateway.connectors.request.whole import SecondReader
from gateway.errors import Refused, Unavailable
from gateway.unit.asking import Answered
from gateway.unit.model import CapturedUnit
from tests.gateway.connectors.request.harness import (
    PLAIN,
    REPORT,
    MemoryAsker,
    answer_to,
    exchange,
    problem_in,
    running,
    status_of,
)

HEAD = b"POST /fhir/DiagnosticReport HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: 2\r\n\r\n{}"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
# Of answers that are the same: when, and of which unit.
_OWN = re.compile(
    rb"(?<=Date: )[^\r]+|(?<=Ferrygate-Unit: )[^\r]+|[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]"
)


def second(request: bytes, head: bytes | None = None) -> bytes:
    """What the second reader makes of a request that the first one has read as `head`."""
    loop = asyncio.new_event_loop()
    try:
        read = read_head((head or request).partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        return SecondReader(loop).content(request, read)
    finally:
        loop.close()


def test_both_readers_have_the_same_request() -> None:
    assert second(WHOLE) == b"{}"
    assert second(b"GET /a HTTP/1.1\r\nHost: gate\r\n\r\n") == b""


@pytest.mark.parametrize(
    ("request_", "head"),
    [
        (WHOLE.replace(b"POST", b"PUT"), WHOLE),
        (WHOLE.replace(b"/fhir", b"/fhiR"), WHOLE),
        (WHOLE.replace(b"gate", b"gates"), WHOLE),
        (WHOLE.replace(b"Length: 2", b"Length: 1").removesuffix(b"}"), WHOLE),
        (WHOLE.removesuffix(b"}"), WHOLE),
        (WHOLE + b"}", WHOLE),
        (WHOLE + WHOLE, WHOLE),
        (CHUNKED, WHOLE),
        (b"", WHOLE),
        (b"\x16\x03\x01", WHOLE),
        (WHOLE.replace(b"HTTP/1.1", b"HTTP/9.9"), WHOLE),
    ],
)
def test_another_request_than_the_first_reader_has_read_is_none(
    request_: bytes, head: bytes
) -> None:
    with pytest.raises(Refused) as caught:
        second(request_, head)
    assert caught.value.number == 6322


@given(st.binary(max_size=300))
def test_any_bytes_are_that_request_or_refused(untrusted_bytes: bytes) -> None:
    try:
        content = second(untrusted_bytes, WHOLE)
    except Refused as refused:
        assert refused.number == 6322
    else:
        assert content == b"{}" and untrusted_bytes == WHOLE


def test_readers_that_differ_end_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def differs(*_: object) -> bytes:
        raise Refused(6322)

    monkeypatch.setattr(SecondReader, "content", differs)
    asker = MemoryAsker()
    with running(PLAIN, asker) as gate:
        # One behind it is not read any more.
        answer = exchange(gate.port, WHOLE + WHOLE)
        assert problem_in(answer)["number"] == "FG-6322"
        assert answer.count(b"HTTP/1.1") == 1
        assert gate.journal.numbers("call.refused") == [6322]
    assert asker.asked == []


def _ways(
    behave: Callable[[int, CapturedUnit, bytes], Answered], extra: bytes = b""
) -> list[bytes]:
    """What a caller gets who sends it whole, and who sends it in chunks."""
    with running(PLAIN, MemoryAsker(behave)) as gate:
        sent = [one.replace(HEAD, HEAD + extra) for one in (WHOLE, CHUNKED)]
        return [exchange(gate.port, one) for one in sent]


@pytest.mark.parametrize("extra", [b"", b"Connection: close\r\n"])
@pytest.mark.parametrize("status", [200, 201, 404, 500])
def test_both_ways_answer_alike(status: int, extra: bytes) -> None:
    def behave(_: int, unit: CapturedUnit, content: bytes) -> Answered:
        headers = (("etag", 'W/"1"'),) if status == 200 else ()
        return answer_to(unit, status, REPORT if status == 200 else b"", headers)

    whole, chunked = _ways(behave, extra)
    assert _lines(whole) == _lines(chunked)
    assert (b"Connection: close" in whole) == bool(extra)


@pytest.mark.parametrize(
    ("error", "status"),
    [(Refused(2358), 403), (Unavailable(5768), 503), (RuntimeError("ours"), 500)],
)
def test_both_ways_say_alike_what_went_wrong(error: Exception, status: int) -> None:
    def behave(_: int, unit: CapturedUnit, content: bytes) -> Answered:
        raise error

    whole, chunked = _ways(behave)
    assert whole.startswith(b"HTTP/1.1 %d " % status)
    assert _lines(whole) == _lines(chunked)


def _lines(answer: bytes) -> tuple[list[bytes], bytes]:
    head, _, content = _OWN.sub(b"", answer).partition(b"\r\n\r\n")
    return sorted(head.split(b"\r\n")), content


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_content_says_no_length(status: int) -> None:
    answer = written(Said(status, b"", (), None), ends=False)
    assert b"Content-Length" not in answer and answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\rb", "a\0b"])
def test_no_header_is_two(value: str) -> None:
    with pytest.raises(RuntimeError):
        written(Said(200, b"", (("etag", value),), None), ends=False)


def test_requests_of_one_connection_are_answered_in_their_order_whichever_way_they_go() -> None:
    asker = MemoryAsker()
    with running(PLAIN, asker) as gate:
        answers = exchange(gate.port, WHOLE + CHUNKED + WHOLE + WHOLE + CHUNKED)
        assert answers.count(b"HTTP/1.1 200") == 5
        assert gate.source.connections <= 1
    assert len(asker.asked) == 5


@pytest.mark.parametrize(
    ("first", "status", "asked"),
    [
        # Refused, and the connection ends with that.
        (CHUNKED.replace(b"application/json", b"text/plain"), 415, 0),
        (CHUNKED.replace(HEAD, HEAD + b"Connection: close\r\n"), 200, 1),
    ],
)
def test_what_is_behind_an_answer_that_ends_the_connection_is_not_performed(
    first: bytes, status: int, asked: int
) -> None:
    """Its caller reads "Connection: close", takes it for unread, and sends it again."""
    asker = MemoryAsker()
    with running(PLAIN, asker) as gate:
        answer = exchange(gate.port, first + WHOLE)
        assert status_of(answer) == status
        assert b"Connection: close" in answer and answer.count(b"HTTP/1.1") == 1
        assert len(asker.asked) == asked


def test_the_next_request_waits_until_the_answer_before_it_is_taken() -> None:
    """Or a caller who takes nothing could have as many answers in our memory as he asks for."""
    large = b'"' + b"x" * (8 << 20) + b'"'

    def behave(_: int, unit: CapturedUnit, content: bytes) -> Answered:
        return answer_to(unit, 200, large)

    asker = MemoryAsker(behave)
    with running(PLAIN, asker) as gate:
        with socket.create_connection(("127.0.0.1", gate.port), timeout=10) as caller:
            caller.sendall(WHOLE)
            first = caller.recv(1)
            caller.sendall(WHOLE)
            _until_held(gate.source)
            assert len(asker.asked) == 1
            taken = len(first)
            while taken < 2 * len(large):
                taken += len(caller.recv(1 << 20))
        assert len(asker.asked) == 2


def _until_held(source: HttpSource) -> None:
    """Until the second request is here, and waits."""
    until_s = time.monotonic() + 10
    while time.monotonic() < until_s:
        if any(entry._held for entry in list(source._entries.values())):
            return
        time.sleep(0.01)
    raise AssertionError("the second request did not come, or did not wait")
