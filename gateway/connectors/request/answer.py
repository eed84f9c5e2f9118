"""An answer to a caller: status, content, our own few headers, those that the operation lists.

Said --> Answer: through aiohttp's server        a request that it has read
     +-> written: bytes, in one piece            a request that came whole (whole.py)
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from aiohttp import web

from gateway.connectors.request.entry import Entry
from gateway.connectors.request.problem import MEDIA_TYPE, problem_of
from gateway.connectors.request.writing import message
from gateway.errors import GatewayError
from gateway.unit.number import speak

# aiohttp would say its own name and version.
SERVER: Final = "gate"
JSON: Final = (("Content-Type", "application/json"),)
# After these the caller is as good as before; who sent something strange starts anew.
_STAYS: Final = frozenset({403, 404, 429, 502, 503, 504})
_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
# RFC 9110, 8.6 and 15.4.5: these carry no content, and say no length of one.
_EMPTY: Final = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Said:
    """What a caller is told. unit: the number that he may name. closes: his connection ends with it."""

    status: int
    content: bytes
    headers: Sequence[tuple[str, str]]
    unit: int | None
    closes: bool = False


class Answer(web.Response):
    """Tells its connection when it is written, so that the next request may come."""

    def __init__(
        self,
        entry: Entry,
        status: int,
        content: bytes,
        headers: Sequence[tuple[str, str]],
        unit: int | None,
    ) -> None:
        super().__init__(status=status, body=content or None)
        self._entry = entry
        say(self, entry, headers, unit)

    @classmethod
    def of(cls, entry: Entry, said: Said) -> Answer:
        answer = cls(entry, said.status, said.content, said.headers, said.unit)
        if said.closes:
            answer.force_close()
        return answer

    async def write_eof(self, data: bytes = b"") -> None:
        await super().write_eof(data)
        self._entry.answered(ends=not self.keep_alive)


def written(said: Said, *, ends: bool) -> bytes:
    """Head and content of an answer to anything but HEAD. ends: the connection closes after it.

    RuntimeError for a header that is more than one.
    """
    lines = [f"HTTP/1.1 {said.status} {_PHRASES.get(said.status, '')}"]
    lines += [f"{name}: {value}" for name, value in said.headers]
    lines += ["Cache-Control: no-store", f"Server: {SERVER}", f"Date: {_date(int(time.time()))}"]
    if said.unit is not None:
        lines.append(f"Ferrygate-Unit: {speak(said.unit)}")
    if said.status not in _EMPTY:
        lines.append(f"Content-Length: {len(said.content)}")
    if ends:
        lines.append("Connection: close")
    return message(lines, said.content if said.status not in _EMPTY else b"")


@lru_cache(maxsize=1)
def _date(now_s: int) -> str:
    """RFC 9110, 5.6.7."""
    return formatdate(now_s, usegmt=True)


def say(
    response: web.StreamResponse,
    entry: Entry,
    headers: Sequence[tuple[str, str]],
    unit: int | None,
) -> None:
    """The head of an answer: these headers and our own; the last one where its connection is to end."""
    said = response.headers
    for name, value in headers:
        said.add(name, value)
    said["Cache-Control"] = "no-store"
    said["Server"] = SERVER
    if unit is not None:
        said["Ferrygate-Unit"] = speak(unit)
    if entry.retiring:
        response.force_close()


def failure(error: GatewayError, unit: int | None, status: int = 0) -> Said:
    """The problem of RFC 9457 for an error. status: where it is not the one of its number."""
    problem = problem_of(error, unit, status)
    headers = [("Content-Type", MEDIA_TYPE), *problem.headers]
    return Said(problem.status, problem.content, headers, unit, problem.status not in _STAYS)


def receipt(unit: int) -> Said:
    """For a request that is taken for good; what becomes of it can be asked (receipts.py)."""
    return Said(202, b'{"receipt": "%s"}\n' % speak(unit).encode("ascii"), JSON, unit)
