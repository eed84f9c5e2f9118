"""Requests, damaged: heads and framing of HTTP, and the contents that only requests have.

http          whole or in pieces it is one request or Refused; the second reader sees one request in it, too
multipart     both sides cut it alike, or refuse it
soap, transaction, answers   both sides judge them; whoever takes places out leaves none of them
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from aiohttp import http_parser
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError

from gateway.connectors.request.cookies import cookies_of
from gateway.connectors.request.framing import Framing
from gateway.connectors.request.head import Head
from gateway.connectors.request.media import from_boundary, read_media_type, written_media_type
from gateway.errors import Refused
from gateway.guard.judgement import judge
from gateway.inspection.chain import Inspector, Role, bytes_body
from gateway.inspection.changing.here import hand_out_here
from gateway.inspection.changing.removed_places import Remover
from gateway.inspection.here import inspector_here
from gateway.policy.content_channel import CONTENT_NAME, content_channel
from gateway.policy.evaluate import Result
from gateway.policy.model import Channel
from gateway.policy.request_channel import Removal
from gateway.policy.routes import route
from tests.attacks.http_requests import ATTACKS, INNER, get, post
from tests.corpus import dicom, fhir
from tests.fuzz.finds import Find, timed
from tests.gateway.guard.contents import channel_of
from tests.gateway.guard.test_request_contents import CREATE, LISTED, UPDATE, bundle
from tests.gateway.guard.test_soap_contents import FAULT, PLACE, SOAP12, envelope
from tests.gateway.guard.test_soap_headers import A_TICKET, LINE, TRACE, WITH_TICKET, headed
from tests.gateway.policy.request_text import LOOKUP, request_channel
from tests.properties.test_multipart import cut

_AT: Final = datetime(2026, 11, 21, tzinfo=UTC)
_PLACES: Final = (("subject", "display"), ("telecom",), ("entry", "fullUrl"))
_REMOVED: Final = tuple(Removal(place, 1) for place in _PLACES)
# What these are made of, beside what files are.
PIECES: Final = (
    b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", b"\r\n\r\n", b"3\r\nabc\r\n",
    b"Expect: 100-continue\r\n", b"Cookie: a=b; c\r\n", b"%2e%2e/", b"?a=b&a=c", b" HTTP/1.1", INNER,
    b"--b\r\n", b"--b--", b"Content-Type: application/dicom\r\n\r\n", b"<s:Header>", b"<s:Body>",
    b' s:mustUnderstand="1"', b"</s:Envelope>", TRACE.encode(), b'"resourceType":"Bundle",', b'"entry":[',
    b'"request":{"method":"POST","url":"Observation"}', b'"subject":{"display":1}',
)  # fmt: skip


def _parts(*objects: bytes) -> bytes:
    head = b"--b\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join(head + one + b"\r\n" for one in objects) + b"--b--"


def request_seeds() -> dict[str, list[bytes]]:
    """Requests and contents by word."""
    small = [made() for made in dicom.GOOD.values()]
    small = sorted((one for one in small if len(one) < 20_000), key=len)[:6]
    return {
        "http": [
            get(b"/fhir/DiagnosticReport?patient=p-1&date=2026-01-05", b"Cookie: a=b\r\n"),
            post(b"Content-Length: 2\r\nExpect: 100-continue\r\n", b"{}"),
            post(b"Transfer-Encoding: chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n") + INNER,
            *(data for _, data, _ in ATTACKS if len(data) < 4_000),
        ],
        "multipart": [_parts(one) for one in small] + [_parts(*small[:2]), b"\r\n" + _parts(small[0])],
        "soap": [
            envelope(PLACE), headed(TRACE, A_TICKET), envelope(FAULT), envelope(PLACE, SOAP12),
            headed(A_TICKET.replace("kind", 's:mustUnderstand="1" kind')),
        ],
        "transaction": [bundle(CREATE, UPDATE), bundle(UPDATE)],
        "answers": [json.dumps(one).encode() for one in (fhir.PATIENT, fhir.OBSERVATION, fhir.BUNDLE)],
    }  # fmt: skip


class RequestTarget:
    """Looks at one after the other. scratch: an existing folder."""

    def __init__(self, scratch: Path) -> None:
        self._inspectors = {role: inspector_here(role, (), scratch) for role in Role}
        self._channels = {
            "multipart": [channel_of("multipart of dicom, at most 1 MiB")],
            "soap": [channel_of(LINE.format("1.1"), WITH_TICKET), channel_of("soap 1.1 fault")],
            "transaction": [channel_of(LISTED)],
            "answers": [channel_of("fhir any resource")],
        }
        self._lookup = request_channel(LOOKUP)
        self._remove = Remover(hand_out_here)
        self._loop = asyncio.new_event_loop()

    def finds(self, data: bytes, word: str) -> Iterator[Find]:
        """All that is wrong with how this is taken."""
        looks: list[tuple[str, Callable[[], object]]] = []
        if word == "http":
            looks.append(("http", lambda: self._http(data)))
        else:
            for role, inspector in self._inspectors.items():
                looks += [
                    (f"{role.value} {word}", partial(_judged, inspector, channel, data))
                    for channel in self._channels[word]
                ]
        if word == "multipart":
            looks.append(("cut", lambda: _cut_alike(data)))
        if word == "answers":
            looks.append(("removed", lambda: self._removed(data)))
        for where, look in looks:
            yield from timed(where, look)

    def _http(self, data: bytes) -> None:
        whole, passed, head = _framed(data, len(data) or 1)
        pieces, passed_in_pieces, _ = _framed(data, 1)
        assert (bool(whole), passed) == (bool(pieces), passed_in_pieces), "in pieces it is another"
        if whole or head is None:
            return
        assert self._requests_in(passed) <= 1, "the second reader sees more than one request"
        route(self._lookup, head.method, head.target, head.by_name)
        cookies_of(head.by_name.get("cookie", ()))
        body = passed.partition(b"\r\n\r\n")[2]
        try:
            media_type, boundary = read_media_type(head.one("content-type") or "")
            if boundary:
                written_media_type(media_type, from_boundary(boundary, body))
        except Refused:
            pass

    def _requests_in(self, passed: bytes) -> int:
        parser: Any = http_parser.HttpRequestParser(
            BaseProtocol(self._loop), self._loop, 2**16, max_line_size=16_384, max_field_size=16_384
        )
        try:
            messages, _, _ = parser.feed_data(passed)
        except (HttpProcessingError, ValueError):
            # It refuses it: nobody asks anything.
            return 0
        return len(messages)

    def _removed(self, data: bytes) -> None:
        try:
            left = json.loads(self._remove("fuzz", bytes_body(data), _REMOVED))
        except Refused:
            return
        assert not any(_stands(left, place) for place in _PLACES), "a place is left"


def _judged(inspector: Inspector, channel: Channel, data: bytes) -> None:
    assert channel.requests is not None
    rule = channel.requests.operations["post"].content
    assert rule is not None
    verdict = judge(
        inspector, content_channel(channel, rule), bytes_body(data), CONTENT_NAME, _AT,
        at_receiver=False,
    ).verdict  # fmt: skip
    assert verdict.result in (Result.PASSES, Result.REFUSED), verdict.result


def _cut_alike(data: bytes) -> None:
    from gateway.inspection.receiving import multipart as receiving
    from gateway.inspection.sending import multipart as sending

    assert cut(sending, data) == cut(receiving, data), "the sides cut it differently"


def _framed(data: bytes, size: int) -> tuple[int, bytes, Head | None]:
    """Number of the refusal, what was passed on, the head."""
    framing, passed = Framing(1 << 20), b""
    for at in range(0, len(data), size):
        if framing.whole:
            break
        try:
            passed += framing.feed(data[at : at + size])[0]
        except Refused as error:
            return error.number, b"", None
    return 0, passed, framing.head


def _stands(at: object, place: tuple[str, ...]) -> bool:
    if isinstance(at, list):
        return any(_stands(one, place) for one in at)
    if not isinstance(at, dict) or place[0] not in at:
        return False
    return not place[1:] or _stands(at[place[0]], place[1:])


def damaged_request(chance: random.Random, files: dict[str, list[bytes]], word: str) -> bytes:
    """One of these with one to eight things wrong with it, or with a piece of another."""
    from tests.fuzz.damage import damaged

    data = damaged(chance, files, word) if chance.random() < 0.7 else chance.choice(files[word])
    for _ in range(chance.choice((0, 1, 1, 2))):
        at = chance.randrange(len(data) + 1)
        data = data[:at] + chance.choice(PIECES) + data[at + chance.choice((0, 0, 4, 16)) :]
    return data
