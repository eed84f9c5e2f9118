"""What a caller is told when there is no answer: a status, and a body of RFC 9457 with number and unit.

Texts of the numbers of this area are shown, in English; of any other number only the number, because its text
may say something of the inside.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from gateway.connectors.request.handshake import VERSION
from gateway.connectors.request.head import METHODS
from gateway.connectors.request.writing import message
from gateway.errors import GatewayError, Refused, StateUncertain, Unavailable
from gateway.messages import describe
from gateway.unit.number import speak

MEDIA_TYPE: Final = "application/problem+json"
# Numbers with a status of their own; others by what kind of error they are.
_STATUS: Final = {
    2350: 414,
    2351: 400,
    2352: 400,
    2353: 404,
    2354: 400,
    2355: 400,
    6303: 405,
    6305: 414,
    6312: 431,
    6319: 417,
    6320: 415,
    6323: 408,
    6325: 413,
    6327: 415,
    6340: 403,
    6341: 403,
    6342: 403,
    6343: 403,
    6344: 403,
    6345: 403,
    6346: 403,
    6347: 403,
    6358: 403,
    6350: 401,
    6351: 401,
    6352: 401,
    6353: 401,
    6354: 401,
    6355: 401,
    6360: 429,
    6361: 429,
    6362: 429,
    6363: 429,
    6455: 404,
    6456: 423,
    6457: 409,
    6459: 413,
    6460: 409,
    6461: 412,
    6462: 429,
    6432: 404,
    6480: 400,
    6481: 426,
    6482: 403,
    6483: 400,
    6484: 429,
    6485: 429,
}
# Shown with its text: the form of the request, its caller, limits, outcome; that there is no such receipt;
# large bodies and uploads; sessions.
_SHOWN: Final = frozenset((*range(6300, 6380), 6432, *range(6450, 6464), *range(6480, 6486)))
# Of an answer that the sink read: the request was performed.
_OF_ANSWERS: Final = range(6385, 6390)
# A guard of either side has refused it: its rule is nobody's business out here.
_REFUSED_STATUS: Final = 403


@dataclass(frozen=True, slots=True)
class Problem:
    """status, content: what goes to the caller. wait_s: for Retry-After, 0 for none."""

    status: int
    content: bytes
    wait_s: int = 0

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Those that its status asks for (RFC 9110 sections 10.2.1, 10.2.3 and 11.6.1)."""
        if self.status == HTTPStatus.UNAUTHORIZED:
            return [("WWW-Authenticate", "Signature")]
        if self.status == HTTPStatus.METHOD_NOT_ALLOWED:
            return [("Allow", ", ".join(sorted(METHODS)))]
        if self.status == HTTPStatus.UPGRADE_REQUIRED:
            return [("Upgrade", "websocket"), ("Sec-WebSocket-Version", VERSION)]
        return [("Retry-After", str(self.wait_s))] if self.wait_s else []


def problem_of(error: GatewayError, unit: int | None = None, status: int = 0) -> Problem:
    """The answer to a request that failed. unit: its number, where it has one. status: 0 for its own."""
    status = status or _status(error)
    shown = error.number in _SHOWN
    title = describe(error if shown else _instead(error)).partition(" ")[2]
    fields: dict[str, str | int] = {
        "type": f"urn:ferrygate:problem:{error.number}",
        "title": title,
        "status": status,
        "number": f"FG-{error.number}",
    }
    if unit is not None:
        fields["unit"] = speak(unit)
    wait_s = error.fields.get("wait_s", 1 if status == HTTPStatus.SERVICE_UNAVAILABLE else 0)
    content = json.dumps(fields, ensure_ascii=False).encode("utf-8") + b"\n"
    return Problem(status, content, wait_s if isinstance(wait_s, int) else 0)


def written(problem: Problem) -> bytes:
    """The whole answer as bytes, for a connection that ends with it."""
    lines = [
        f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}",
        f"Content-Type: {MEDIA_TYPE}",
        f"Content-Length: {len(problem.content)}",
        "Cache-Control: no-store",
        *(f"{name}: {value}" for name, value in problem.headers),
    ]
    # curl sends a body without Expect after a 417 that does not say close; the connection ends all the same.
    if problem.status != HTTPStatus.EXPECTATION_FAILED:
        lines.append("Connection: close")
    return message(lines, problem.content)


def _instead(error: GatewayError) -> GatewayError:
    """What may be said of an error whose own text may not: what is known of the request."""
    if isinstance(error, StateUncertain):
        return StateUncertain(6370)
    if isinstance(error, Unavailable):
        return Unavailable(6371)
    if isinstance(error, Refused):
        return Refused(6375) if _is_performed(error) else Refused(6376)
    return Unavailable(6372)


def _is_performed(error: GatewayError) -> bool:
    """Whether a refusal is of the answer: as its sender says, or by what our own numbers mean."""
    return bool(error.fields.get("performed")) or error.number in _OF_ANSWERS


def _status(error: GatewayError) -> int:
    if isinstance(error, StateUncertain):
        return HTTPStatus.GATEWAY_TIMEOUT
    if isinstance(error, Unavailable):
        return HTTPStatus.SERVICE_UNAVAILABLE
    if not isinstance(error, Refused):
        return HTTPStatus.INTERNAL_SERVER_ERROR
    if _is_performed(error):
        return HTTPStatus.BAD_GATEWAY
    if error.number in _STATUS:
        return _STATUS[error.number]
    return HTTPStatus.BAD_REQUEST if error.number in _SHOWN else _REFUSED_STATUS
