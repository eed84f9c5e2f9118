"""One HTTP/1.1 head, read strictly: what two readers could understand differently is refused.

    METHOD SP /target SP HTTP/1.1 CRLF  *(name ":" OWS value OWS CRLF)  CRLF     RFC 9112

Stricter than the standard where it lets a server be lenient: no bare LF or CR, no folded lines, no
empty line before the request, no absolute-form, no list of lengths, no transfer coding but one chunked.
Pure: bytes in, a Head or Refused out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.connectors.request.handshake import SINGLE, check_handshake
from gateway.errors import Refused

# A URL of a search with all of its parameters; aiohttp's own limit is the same.
MAX_LINE_BYTES: Final = 8_190
MAX_HEAD_BYTES: Final = 16_384
MAX_HEADER_LINES: Final = 64
METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
# Fifteen digits are more than any limit and fit every integer that a reader may keep it in.
_LENGTH: Final = re.compile(rb"[0-9]{1,15}")
# RFC 9110 section 5.6.2, token; then visible characters, blanks and tabs: what has more is nobody's header.
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}):([\t\x20-\x7e]*)")
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
# Those that readers choose from differently when there are two.
_SINGLE: Final = (
    frozenset(
        (
            "host",
            "content-length",
            "transfer-encoding",
            "content-type",
            "content-encoding",
            "connection",
            "expect",
            "upgrade",
            "authorization",
            "content-digest",
            "signature",
            "signature-input",
        )
    )
    | SINGLE
)
_CONNECTION: Final = frozenset({"keep-alive", "close"})


@dataclass(frozen=True, slots=True)
class Head:
    """A head that has one meaning.

    target: as it was written, begins with "/". raw: names as written and values without blanks around.
    length: bytes of the body, None where it is chunked.
    """

    method: str
    target: str
    raw: tuple[tuple[bytes, bytes], ...]
    by_name: Mapping[str, tuple[str, ...]]
    length: int | None
    keep_alive: bool
    # The right opening of a WebSocket; where none is taken there is no such head.
    upgrades: bool = False

    def one(self, name: str) -> str | None:
        """The value of a header that is there at most once, by its small name."""
        values = self.by_name.get(name)
        return values[0] if values else None


def read_head(untrusted_head: bytes, *, websockets: bool = False) -> Head:
    """The head of one request, CRLF CRLF at its end included. websockets: it may open one.

    Raises Refused 6301 to 6320, 6480, 6481, nothing else.
    """
    if len(untrusted_head) > MAX_HEAD_BYTES:
        raise Refused(6312, limit=MAX_HEAD_BYTES)
    lines = untrusted_head[:-4].split(b"\r\n")
    if not _is_of_lines(untrusted_head, len(lines) + 1):
        raise Refused(6310)
    if len(lines[0]) > MAX_LINE_BYTES:
        raise Refused(6305, limit=MAX_LINE_BYTES)
    method, target = read_request_line(lines[0])
    if len(lines) - 1 > MAX_HEADER_LINES:
        raise Refused(6312, limit=MAX_HEADER_LINES)
    raw: list[tuple[bytes, bytes]] = []
    by_name: dict[str, tuple[str, ...]] = {}
    for line in lines[1:]:
        field = name, value = _field(line)
        raw.append(field)
        small = name.decode("ascii").lower()
        if small not in by_name:
            by_name[small] = (value.decode("ascii"),)
        elif small in _SINGLE:
            raise Refused(6313, name=small)
        else:
            by_name[small] += (value.decode("ascii"),)
    _check_host(by_name)
    if websockets and "upgrade" in by_name:
        check_handshake(method, by_name)
        _check_meaning(by_name)
        return Head(method, target, tuple(raw), by_name, 0, keep_alive=False, upgrades=True)
    keep_alive = _check_connection(by_name)
    return Head(method, target, tuple(raw), by_name, _length(by_name), keep_alive)


def _is_of_lines(head: bytes, ends: int) -> bool:
    """Whether it has so many line ends, no half of one, and no byte that no text has."""
    return head.count(b"\n") == ends == head.count(b"\r") and b"\0" not in head


def read_request_line(line: bytes) -> tuple[str, str]:
    """Method and target. Raises Refused 6301 to 6304 and nothing else."""
    parts = line.split(b" ")
    if len(parts) != 3 or not all(parts) or not line.isascii():
        raise Refused(6301)
    method, target, version = (part.decode("ascii") for part in parts)
    if version != "HTTP/1.1":
        raise Refused(6302)
    if method not in METHODS:
        raise Refused(6303, method=method)
    if not target.startswith("/"):
        raise Refused(6304)
    return method, target


def _field(line: bytes) -> tuple[bytes, bytes]:
    if len(line) > MAX_LINE_BYTES:
        raise Refused(6312, limit=MAX_LINE_BYTES)
    # A blank before the colon or at the start of a line (obs-fold) is no part of a name.
    match = _FIELD.fullmatch(line)
    if match is None:
        raise Refused(6311)
    return match[1], match[2].strip(b" \t")


def _check_host(by_name: Mapping[str, tuple[str, ...]]) -> None:
    host = by_name.get("host", ("",))[0]
    if not _HOST.fullmatch(host.encode("ascii")):
        raise Refused(6314)


def _check_connection(by_name: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether the connection stays. What would change the protocol or the meaning of headers is refused."""
    if "upgrade" in by_name:
        raise Refused(6318, name="upgrade")
    _check_meaning(by_name)
    said = by_name.get("connection", ("keep-alive",))[0].lower()
    if said not in _CONNECTION:
        raise Refused(6318, name="connection")
    return said == "keep-alive"


def _check_meaning(by_name: Mapping[str, tuple[str, ...]]) -> None:
    for name in ("http2-settings", "trailer"):
        if name in by_name:
            raise Refused(6318, name=name)
    # RFC 9110, 10.1.1: there is one expectation; it is met once nothing but the content is missing.
    if by_name.get("expect", ("100-continue",))[0].lower() != "100-continue":
        raise Refused(6319)
    coding = by_name.get("content-encoding", ("identity",))[0]
    if coding.lower() != "identity":
        raise Refused(6320)


def _length(by_name: Mapping[str, tuple[str, ...]]) -> int | None:
    length, coding = by_name.get("content-length"), by_name.get("transfer-encoding")
    if length is not None and coding is not None:
        raise Refused(6315)
    if coding is not None:
        if coding[0].lower() != "chunked":
            raise Refused(6316)
        return None
    if length is None:
        return 0
    if not _LENGTH.fullmatch(length[0].encode("ascii")):
        raise Refused(6315)
    return int(length[0])
