"""An answer to a caller: status, content, our own few headers, those that the operation lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from gateway.connectors.request.entry import Entry
from gateway.connectors.request.problem import MEDIA_TYPE, problem_of
from gateway.errors import GatewayError
from gateway.unit.number import speak

# aiohttp would say its own name and version.
SERVER: Final = "gate"
# After these the caller is as good as before; who sent something strange starts anew.
_STAYS: Final = frozenset({403, 404, 429, 502, 503, 504})


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

    async def write_eof(self, data: bytes = b"") -> None:
        await super().write_eof(data)
        self._entry.answered()


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


def failure(entry: Entry, error: GatewayError, unit: int | None, status: int = 0) -> Answer:
    """The problem of RFC 9457 for an error. status: where it is not the one of its number."""
    problem = problem_of(error, unit, status)
    headers = [("Content-Type", MEDIA_TYPE), *problem.headers]
    answer = Answer(entry, problem.status, problem.content, headers, unit)
    if problem.status not in _STAYS or entry.head.upgrades:
        answer.force_close()
    return answer
