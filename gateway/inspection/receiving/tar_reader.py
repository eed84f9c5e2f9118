"""A tar's members by the standard library's tarfile, cross-checked block by block.

tarfile passes over damaged blocks, takes the last of two sizes, and stops at the first empty block
without a look at what follows. Here each member must begin where the one before ended.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import IO, Any, BinaryIO, Final, cast

from gateway.inspection.content import Content
from gateway.inspection.unsound import CHUNK_BYTES, Member, Unsound

_BLOCK: Final = tarfile.BLOCKSIZE
_MAX_PADDING_BYTES: Final = 1 << 20
# Extended headers before one member: names, times, an attribute or two.
_MAX_EXTENDED_BYTES: Final = 128 << 10
_ERRORS: Final = (tarfile.TarError, ValueError, EOFError, OverflowError, RecursionError, KeyError)


def members(content: Content) -> Iterator[Member]:
    """The members of a tar. Raises Unsound 32xx and OSError, nothing else."""
    with content.stream() as stream:
        try:
            bounded = cast("IO[bytes]", _BoundedReads(stream))
            archive = tarfile.TarFile(fileobj=bounded, mode="r", encoding="utf-8")
        except _ERRORS as error:
            raise Unsound(3201) from error
        with archive:
            end = 0
            while (info := _next(archive)) is not None:
                _check_place(content, info, end)
                end = info.offset_data + -(-info.size // _BLOCK) * _BLOCK
                if end > content.size_bytes:
                    raise Unsound(3201, offset=info.offset_data)
                yield _member(archive, info)
                _check_filling(content, info.offset_data + info.size, end)
                # tarfile remembers every member; a tar of a million small ones must not cost memory.
                cast(Any, archive).members = []
            _check_end(content, end)


class _BoundedReads:
    """tarfile reads an extended header whole, however long it says it is: not here."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seek, self.tell, self.close = stream.seek, stream.tell, stream.close

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MAX_EXTENDED_BYTES:
            raise ValueError("an extended header beyond the limit")
        return self._stream.read(size)


def _next(archive: tarfile.TarFile) -> tarfile.TarInfo | None:
    try:
        return archive.next()
    except _ERRORS as error:
        raise Unsound(3201, offset=archive.offset) from error


def _check_place(content: Content, info: tarfile.TarInfo, end: int) -> None:
    if info.offset != end:
        raise Unsound(3203, offset=end)
    if info.offset_data - info.offset > _MAX_EXTENDED_BYTES:
        size_bytes = info.offset_data - info.offset
        raise Unsound(3225, size_bytes=size_bytes, limit_bytes=_MAX_EXTENDED_BYTES)
    # tarfile cuts a name at its first NUL.
    field = content.read_at(info.offset_data - _BLOCK, 100)
    if field[len(field.split(b"\x00", 1)[0]) :].strip(b"\x00"):
        raise Unsound(3204, member=info.name)


def _member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    name = _shown(info.name)
    if info.issparse() or not (info.isreg() or info.isdir()):
        kind = (
            "link" if info.issym() or info.islnk() else "device" if info.isdev() else "sparse file"
        )
        raise Unsound(3208, member=name, kind=kind)
    if "linkpath" in info.pax_headers or info.linkname:
        raise Unsound(3208, member=name, kind="link")
    if info.isdir():
        if info.size:
            raise Unsound(3203, offset=info.offset_data)
        return Member(name if name.endswith("/") else f"{name}/", iter(()))
    stream = archive.extractfile(info)
    if stream is None:
        raise Unsound(3201, offset=info.offset)
    return Member(name, _data(stream, info.size))


def _shown(name: str) -> str:
    """tarfile decodes as UTF-8 and keeps other bytes; they may be Chinese Windows'."""
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return name.encode("utf-8", "surrogateescape").decode("gb18030")
    except UnicodeDecodeError:
        return name


def _data(stream: IO[bytes], size_bytes: int) -> Iterator[bytes]:
    left = size_bytes
    try:
        with stream:
            while left and (piece := stream.read(min(CHUNK_BYTES, left))):
                left -= len(piece)
                yield piece
    except _ERRORS as error:
        raise Unsound(3201) from error
    if left:
        raise Unsound(3201)


def _check_filling(content: Content, start: int, end: int) -> None:
    if content.read_at(start, end - start).strip(b"\x00"):
        raise Unsound(3203, offset=start)


def _check_end(content: Content, end: int) -> None:
    rest = content.size_bytes - end
    if rest < 2 * _BLOCK:
        raise Unsound(3210)
    if rest > _MAX_PADDING_BYTES or content.read_at(end, rest).strip(b"\x00"):
        raise Unsound(3203, offset=end)
