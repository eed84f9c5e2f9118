"""Resumable uploads over HTTP: tus 1.0.0 (https://tus.io/protocols/resumable-upload), core, creation,
expiration, termination.

    POST   UPLOADS        Upload-Length: n                -> 201  Location: UPLOADS/ID
    HEAD   UPLOADS/ID                                     -> 200  Upload-Offset: how much has come
    PATCH  UPLOADS/ID     Upload-Offset: n, bytes         -> 204  Upload-Offset: how much has come now
    DELETE UPLOADS/ID                                     -> 204
    then the call itself, without a body: Ferrygate-Upload: ID      (gateway.connectors.request.large)

Where requests are signed, length and offset stand in the query too (?length=n, ?offset=n), so that they are
under the signature; a piece counts only when all of it has come and has its digest.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from aiohttp import ClientPayloadError, web

from gateway.connectors.request.body_file import pieces
from gateway.connectors.request.head import Head
from gateway.connectors.request.signature import Signed, check_digest, check_sha256
from gateway.connectors.request.upload_files import Upload
from gateway.connectors.request.upload_store import MOST_AGE_S, Uploads
from gateway.errors import Refused
from gateway.policy.targets import OWN_PATH

PATH: Final = f"{OWN_PATH}/uploads"
VERSION: Final = "1.0.0"
# In every answer, also where there is nothing else to say; the second is asked for with a 412.
ALWAYS: Final = (("Tus-Resumable", VERSION), ("Tus-Version", VERSION))
_EXTENSIONS: Final = "creation,expiration,termination"
_MEDIA_TYPE: Final = "application/offset+octet-stream"
_TARGET: Final = re.compile(
    rf"{re.escape(PATH)}(?:/(?P<id>[0-9a-f]{{32}}))?(?:\?(?P<word>length|offset)=(?P<n>[0-9]{{1,15}}))?"
)
_COUNT: Final = re.compile(r"0|[1-9][0-9]{0,14}")


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Target:
    """id: "" for the collection. said: the number in the query, under its word."""

    id: str
    said: dict[str, int]


class TusUploads:
    """The requests below PATH of one channel. is_signed: every request has a signature."""

    def __init__(self, uploads: Uploads, *, is_signed: bool) -> None:
        self._uploads, self._is_signed = uploads, is_signed

    @staticmethod
    def is_for(head: Head) -> bool:
        path = head.target.partition("?")[0]
        return path == PATH or path.startswith(PATH + "/")

    async def serve(
        self,
        request: web.BaseRequest,
        head: Head,
        caller: str,
        signed: Signed | None,
        go_on: Callable[[], None],
    ) -> Reply:
        """go_on: tells a caller who waits for it to send his piece.

        Raises Refused 6325, 6327, 6356, 6455 to 6463, 6303, Unavailable 6450 to 6452 and
        ConnectionResetError (the caller is gone), nothing else."""
        if head.method != "PATCH":
            if head.length != 0:
                raise Refused(6326)
            if signed is not None:
                check_digest(signed, b"")
        if head.method == "OPTIONS":
            more = ("Tus-Max-Size", str(self._uploads.most_bytes))
            return Reply(HTTPStatus.NO_CONTENT, [("Tus-Extension", _EXTENSIONS), more])
        if head.by_name.get("tus-resumable") != (VERSION,):
            raise Refused(6461, version=VERSION)
        target = _target(head)
        if not target.id:
            if head.method != "POST":
                raise Refused(6303, method=head.method)
            return await self._create(head, target, caller)
        upload = self._uploads.find(caller, target.id)
        match head.method:
            case "HEAD":
                return Reply(HTTPStatus.OK, _state(upload))
            case "PATCH":
                return await self._append(request, head, target, upload, signed, go_on)
            case "DELETE":
                with self._uploads.taken(upload):
                    self._uploads.remove(upload)
                return Reply(HTTPStatus.NO_CONTENT)
            case _:
                raise Refused(6303, method=head.method)

    async def _create(self, head: Head, target: _Target, caller: str) -> Reply:
        length = self._number(head, target, "upload-length", "length")
        if length == 0:
            raise Refused(6458, name="upload-length")
        upload = await self._uploads.create(caller, length)
        return Reply(HTTPStatus.CREATED, [("Location", f"{PATH}/{upload.id}"), _expires(upload)])

    async def _append(
        self,
        request: web.BaseRequest,
        head: Head,
        target: _Target,
        upload: Upload,
        signed: Signed | None,
        go_on: Callable[[], None],
    ) -> Reply:
        offset = self._number(head, target, "upload-offset", "offset")
        if head.one("content-type") != _MEDIA_TYPE:
            raise Refused(6327, type=head.one("content-type") or "")
        with self._uploads.taken(upload):
            if offset != upload.size_bytes:
                raise Refused(6457, offset=upload.size_bytes)
            limit = upload.length_bytes - offset
            if head.length is not None and head.length > limit:
                raise Refused(6459, limit=upload.length_bytes)
            go_on()
            # Where a digest is said, nothing counts before it is known to hold.
            keeps = offset if signed is not None else None
            try:
                await self._take(request, upload, limit, signed)
                keeps = upload.size_bytes
            finally:
                size_bytes = upload.size_bytes if keeps is None else keeps
                await asyncio.shield(asyncio.to_thread(upload.sync, size_bytes))
        return Reply(HTTPStatus.NO_CONTENT, _state(upload))

    async def _take(
        self, request: web.BaseRequest, upload: Upload, limit: int, signed: Signed | None
    ) -> None:
        digest = sha256()
        more = Refused(6459, limit=upload.length_bytes)
        try:
            async for piece in pieces(request.content, limit, lambda: more):
                # To its end, also where the caller goes: two never write to one file.
                await asyncio.shield(asyncio.to_thread(upload.append, piece))
                digest.update(piece)
        except (web.RequestPayloadError, ClientPayloadError, asyncio.IncompleteReadError) as error:
            raise ConnectionResetError from error
        if signed is not None:
            check_sha256(signed, digest.digest())

    def _number(self, head: Head, target: _Target, name: str, word: str) -> int:
        """Of a header, and the same in the query where that is signed. Raises Refused 6458, 6463."""
        values = head.by_name.get(name, ())
        if len(values) != 1 or not _COUNT.fullmatch(values[0]):
            raise Refused(6458, name=name)
        value = values[0]
        said = target.said.get(word)
        if (said is None and self._is_signed) or (said is not None and said != int(value)):
            raise Refused(6463, word=word)
        return int(value)


def _target(head: Head) -> _Target:
    match = _TARGET.fullmatch(head.target)
    if match is None:
        raise Refused(6455)
    said = {match["word"]: int(match["n"])} if match["word"] else {}
    return _Target(match["id"] or "", said)


def _state(upload: Upload) -> list[tuple[str, str]]:
    offset, length = str(upload.size_bytes), str(upload.length_bytes)
    return [("Upload-Offset", offset), ("Upload-Length", length), _expires(upload)]


def _expires(upload: Upload) -> tuple[str, str]:
    return "Upload-Expires", formatdate(upload.began_s + MOST_AGE_S, usegmt=True)
