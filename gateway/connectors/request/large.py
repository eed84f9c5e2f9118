"""Calls of operations whose contents may be more than a process holds in memory: through files and queues.

    content --> file (its limit, room on disk, digest) --> Submitter.submit --> answered --> file --> caller
    or an upload that is whole --^                            | `submit: yes`: a receipt, no more

Nothing is asked before all of the content is there; nothing reaches a peer before both guards have inspected
all of it. Asked once: what is in a queue is not lost by the way.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import ClientPayloadError, web

from gateway.connectors.request.asking import Tries
from gateway.connectors.request.body_file import BodyFile, fill
from gateway.connectors.request.disk_room import DiskRoom
from gateway.connectors.request.head import Head
from gateway.connectors.request.media import check_boundary
from gateway.connectors.request.signature import Signed, check_digest, check_sha256
from gateway.connectors.request.typed import Called, content_limit
from gateway.connectors.request.upload_store import Uploads
from gateway.errors import Refused
from gateway.unit.model import CapturedUnit
from gateway.unit.request import MAX_LARGE_BYTES
from gateway.unit.submitting import AnsweredBody, Submitter

# Names an upload as the content of a call.
UPLOAD: Final = "ferrygate-upload"


@dataclass(frozen=True, slots=True)
class Large:
    """What a source needs for such operations, given by wiring. uploads: None where none resumes."""

    submitter: Submitter
    room: DiskRoom
    uploads: Uploads | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """One call. caller: whose uploads it may name. make: a unit of this media type, size and time.
    go_on: tells a caller who waits for it to send the content."""

    called: Called
    head: Head
    caller: str
    signed: Signed | None
    make: Callable[[str, int], CapturedUnit]
    within_s: float
    tries: Tries
    is_submit: bool
    go_on: Callable[[], None]


async def ask_large(large: Large, asking: Asking, request: web.BaseRequest) -> AnsweredBody | None:
    """The answer, whose body is to be let go of (Submitter.served); None where a receipt is the answer.

    Raises Refused 6325 to 6328, 6356, 6454 to 6456, 6460, what Submitter and DiskRoom raise, and
    ConnectionResetError (the caller is gone), nothing else.
    """
    operation, head = asking.called.operation, asking.head
    media_type, boundary, limit = content_limit(operation, head, MAX_LARGE_BYTES)
    with ExitStack() as stack:
        if operation.content is None:
            unit = await _submit_nothing(large, asking)
        elif UPLOAD in head.by_name:
            unit = await _submit_upload(large, asking, stack, media_type, boundary, limit)
        else:
            unit = await _submit_body(large, asking, stack, request, media_type, boundary, limit)
    if asking.is_submit:
        return None
    until_s = asyncio.get_running_loop().time() + asking.within_s
    return await large.submitter.answered(unit.number, until_s)


async def _submit_nothing(large: Large, asking: Asking) -> CapturedUnit:
    if asking.signed is not None:
        check_digest(asking.signed, b"")
    unit = asking.make("", 0)
    asking.tries.count, asking.tries.unit = 1, unit.number
    await large.submitter.submit(unit, b"")
    return unit


async def _submit_body(
    large: Large,
    asking: Asking,
    stack: ExitStack,
    request: web.BaseRequest,
    media_type: str,
    boundary: str,
    limit: int,
) -> CapturedUnit:
    head = asking.head
    room_bytes = limit if head.length is None else head.length
    staging = large.submitter.staging()
    large.room.hold(room_bytes)
    stack.callback(large.room.release, room_bytes)
    file = BodyFile(staging, digest=asking.signed is not None, in_parts=bool(boundary))
    stack.callback(file.close)
    asking.go_on()
    if head.length != 0:
        await _receive(file, request, limit)
    if boundary:
        check_boundary(boundary, file.front)
    if asking.signed is not None:
        check_sha256(asking.signed, file.sha256)
    if not file.size_bytes:
        raise Refused(6327, type="")
    await asyncio.to_thread(file.sync)
    unit = asking.make(media_type, file.size_bytes)
    asking.tries.count, asking.tries.unit = 1, unit.number
    await large.submitter.submit(unit, file.named(_fresh(staging)))
    # From here the caller may forget it.
    return unit


async def _submit_upload(
    large: Large, asking: Asking, stack: ExitStack, media_type: str, boundary: str, limit: int
) -> CapturedUnit:
    head, uploads = asking.head, large.uploads
    named = head.by_name[UPLOAD]
    if head.length != 0:
        raise Refused(6454)
    if uploads is None or len(named) != 1:
        raise Refused(6455)
    upload = stack.enter_context(uploads.taken(uploads.find(asking.caller, named[0])))
    if not upload.is_whole:
        raise Refused(6460, offset=upload.size_bytes, limit=upload.length_bytes)
    if upload.size_bytes > limit:
        raise Refused(6325, limit=limit)
    if boundary:
        check_boundary(boundary, await asyncio.to_thread(upload.front))
    if asking.signed is not None:
        check_sha256(asking.signed, await asyncio.to_thread(upload.sha256))
    path = _fresh(large.submitter.staging())
    handed = await asyncio.to_thread(upload.hand_over, path)
    try:
        unit = asking.make(media_type, upload.size_bytes)
    except BaseException:
        handed.unlink(missing_ok=True)
        raise
    asking.tries.count, asking.tries.unit = 1, unit.number
    await large.submitter.submit(unit, handed)
    # From here the caller may forget it, and so may we.
    uploads.remove(upload)
    return unit


async def _receive(file: BodyFile, request: web.BaseRequest, limit: int) -> None:
    try:
        await fill(file, request.content, limit, partial(Refused, 6325, limit=limit))
    except (web.RequestPayloadError, ClientPayloadError, asyncio.IncompleteReadError) as error:
        raise ConnectionResetError from error


def _fresh(staging: Path) -> Path:
    return staging / f"{secrets.token_hex(16)}.body"
