"""What a peer answered, read in bounded memory (or into a file) and reduced to what its operation names.

A refusal says `performed`: the request was, whatever becomes of its answer.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from aiohttp import ClientResponse, StreamReader
from multidict import CIMultiDictProxy

from gateway.connectors.request.body_file import BodyFile, fill
from gateway.connectors.request.location import without_base
from gateway.connectors.request.media import from_boundary, read_media_type
from gateway.connectors.request.typed import OWN, is_value
from gateway.errors import Refused
from gateway.policy.operations import Answer, Operation
from gateway.unit.asking import Performed
from gateway.unit.request import (
    MAX_CONTENT_BYTES,
    MAX_FIELD_BYTES,
    MAX_LARGE_BYTES,
    Fields,
    ResponseBody,
)
from gateway.unit.submitting import PerformedBody


class Response(Protocol):
    """An answer whose head is here, of aiohttp's client or of peer_line.py."""

    @property
    def method(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> CIMultiDictProxy[str]: ...
    @property
    def content_length(self) -> int | None: ...
    @property
    def content(self) -> StreamReader: ...
    @property
    def close(self) -> Callable[[], None]: ...


async def read_reply(
    response: Response, operation: Operation, number: int, base: str = ""
) -> Performed:
    """The answer to the unit of this number. base: the peer's own address and base path.

    Raises Refused 6385 to 6389 and what aiohttp raises.
    """
    answer = answer_of(response, operation)
    content = await _content(response, answer)
    media_type, content = _typed(response, operation, answer, content)
    headers = headers_of(response, answer, base)
    head = ResponseBody(number, operation.name, answer.status, headers, media_type, len(content))
    return Performed(head, content)


async def read_reply_file(
    response: ClientResponse, operation: Operation, number: int, base: str, staging: Path
) -> PerformedBody:
    """As read_reply, for a content of any size that the answer may have: a closed file in `staging`.

    Raises Refused 6385 to 6389, Unavailable 6452 and what aiohttp raises; then no file stays.
    """
    answer = answer_of(response, operation)
    if answer.content is None or not answer.content.is_large:
        performed = await read_reply(response, operation, number, base)
        return PerformedBody(performed.head, performed.content)
    limit = min(answer.content.most_bytes, MAX_LARGE_BYTES)
    if response.content_length is not None and response.content_length > limit:
        raise Refused(6386, performed=1, limit=limit)
    in_parts = response.content_type.startswith("multipart/")
    file = await asyncio.to_thread(BodyFile, staging, in_parts=in_parts)
    try:
        await fill(file, response.content, limit, partial(Refused, 6386, performed=1, limit=limit))
        media_type = _type_in_file(response, operation, answer, file.front)
        headers = headers_of(response, answer, base)
        head = ResponseBody(
            number, operation.name, answer.status, headers, media_type, file.size_bytes
        )
        if not file.size_bytes:
            return PerformedBody(head, b"")
        await asyncio.to_thread(file.sync)
        return PerformedBody(head, file.named(staging / f"{secrets.token_hex(16)}.body"))
    finally:
        file.close()


def answer_of(response: Response, operation: Operation) -> Answer:
    """What the operation says of a status. Raises Refused 6385, 6387."""
    answer = operation.answers.get(response.status)
    if answer is None:
        raise Refused(6385, performed=1, status=response.status, operation=operation.name)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused(6387, performed=1)
    return answer


async def _content(response: Response, answer: Answer) -> bytes:
    """At most what the answer may have: a longer one is not read to its end."""
    limit = min(answer.content.most_bytes, MAX_CONTENT_BYTES) if answer.content is not None else 0
    length = response.content_length
    if answer.content is None:
        # What a peer says beside a status that carries nothing stays with it.
        if length != 0 and response.method != "HEAD":
            response.close()
        return b""
    if length is not None and length > limit:
        raise Refused(6386, performed=1, limit=limit)
    parts: list[bytes] = []
    size_bytes = 0
    while part := await response.content.readany():
        size_bytes += len(part)
        if size_bytes > limit:
            raise Refused(6386, performed=1, limit=limit)
        parts.append(part)
    return b"".join(parts)


def _type_in_file(response: Response, operation: Operation, answer: Answer, front: bytes) -> str:
    """The media type of a content in a file, which begins with its boundary. front: its first bytes.

    Raises Refused 6388.
    """
    media_type, kept = _typed(response, operation, answer, front)
    if len(kept) != len(front):
        raise Refused(6388, performed=1, operation=operation.name, type=media_type)
    return media_type


def _typed(
    response: Response, operation: Operation, answer: Answer, content: bytes
) -> tuple[str, bytes]:
    """Media type, and the content; a multipart's from its boundary on. Raises Refused 6388."""
    if answer.content is None or not content:
        return "", b""
    said = response.headers.getall("Content-Type", [])
    try:
        if len(said) != 1:
            raise Refused(6327, type=", ".join(said))
        media_type, boundary = read_media_type(said[0])
        if media_type not in answer.content.media_types:
            raise Refused(6327, type=media_type)
        if boundary:
            content = from_boundary(boundary, content)
    except Refused as error:
        said_type = ", ".join(said)
        raise Refused(6388, performed=1, operation=operation.name, type=said_type) from error
    return media_type, content


def headers_of(response: Response, answer: Answer, base: str) -> Fields:
    """Those that the answer lists, in its order; a location without the peer's address.

    Raises Refused 6389.
    """
    fields: list[tuple[str, str]] = []
    for name, rule in answer.headers.items():
        values = response.headers.getall(name, [])
        if name in OWN or not values:
            continue
        if len(values) > 1 and not rule.many:
            raise Refused(6389, performed=1, reason=name)
        if any(not is_value(value) or len(value) > MAX_FIELD_BYTES for value in values):
            raise Refused(6389, performed=1, reason=name)
        if name == "location":
            values = [without_base(value, base) for value in values]
        fields += [(name, value) for value in values]
    return tuple(fields)
