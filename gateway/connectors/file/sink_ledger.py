"""What a sink must know after a crash: which units were complete in its work folder before it renamed them.

    no entry                   the part, if there is one, may be half-written: write it anew
    entry, and the part        complete: rename it
    entry, and no part         it was renamed: delivered, only acknowledge

Two slots of one preallocated file are written in turn, each a whole page; a torn page loses to the other
one. Every page holds all that is outstanding, so the file never grows and one fdatasync makes it durable.
Where that fails the process ends: a part that is written anew beside its entry could be shown half-written.

    slot 0 at 0, slot 1 at 65,536; little-endian
    0       8           16      20      24      28        then count times
    +-------+-----------+-------+-------+-------+         +--------+-------+------------+
    | magic | generation| flags | count | CRC32 |         | number | inode | size_bytes |
    +-------+-----------+-------+-------+-------+         +--------+-------+------------+
    CRC32 over the page with the field zero. flags bit 0: the destination was a mount point.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured, StateUncertain, Unavailable

_MAGIC: Final = b"FGSINK1\n"
_HEAD: Final = struct.Struct("<8sQIII")
_ENTRY: Final = struct.Struct("<QQQ")
_SLOT_BYTES: Final = 65_536
_WAS_MOUNT: Final = 1
MAX_ENTRIES: Final = (_SLOT_BYTES - _HEAD.size) // _ENTRY.size


@dataclass(frozen=True, slots=True)
class Part:
    """A complete file in the work folder; inode and size find it again under its final name."""

    inode: int
    size_bytes: int


def encode_page(generation: int, was_mount: bool, parts: Mapping[int, Part]) -> bytes:
    """A page as it is written. At most MAX_ENTRIES parts."""
    flags = _WAS_MOUNT if was_mount else 0
    body = b"".join(_ENTRY.pack(n, part.inode, part.size_bytes) for n, part in parts.items())
    crc = zlib.crc32(_HEAD.pack(_MAGIC, generation, flags, len(parts), 0) + body)
    return _HEAD.pack(_MAGIC, generation, flags, len(parts), crc) + body


def decode_page(untrusted_bytes: bytes) -> tuple[int, bool, dict[int, Part]] | None:
    """Generation, flag and parts of a slot; None for a slot that holds no whole page."""
    if len(untrusted_bytes) < _HEAD.size:
        return None
    magic, generation, flags, count, crc = _HEAD.unpack_from(untrusted_bytes)
    end = _HEAD.size + count * _ENTRY.size
    if magic != _MAGIC or count > MAX_ENTRIES or len(untrusted_bytes) < end:
        return None
    body = untrusted_bytes[_HEAD.size : end]
    if zlib.crc32(_HEAD.pack(magic, generation, flags, count, 0) + body) != crc:
        return None
    parts = {n: Part(inode, size) for n, inode, size in _ENTRY.iter_unpack(body)}
    return generation, bool(flags & _WAS_MOUNT), parts


class SinkLedger:
    """The ledger of one sink. parts: what is outstanding, by unit number."""

    def __init__(self, path: Path, channel: str) -> None:
        """Opens or makes the file. Raises Misconfigured 2525, Unavailable and StateUncertain 2524."""
        self._path, self._channel = path, channel
        self.parts: dict[int, Part] = {}
        self.was_mount = False
        self._generation = 0
        self._unsure = ""
        self._fd = -1
        try:
            self._open()
        except OSError as error:
            self.close()
            raise self.unavailable(error) from error

    def add(self, parts: Mapping[int, Part]) -> None:
        """Durable when it returns. Raises Unavailable 2524 (nothing of it counts), StateUncertain 2524
        (nobody knows which page is on disk: the process must end) and nothing else."""
        if self._unsure:
            raise self._uncertain(self._unsure)
        together = {**self.parts, **parts}
        if len(together) > MAX_ENTRIES:
            raise self._trouble(f"{len(together)} units are half delivered")
        try:
            self._write(together)
        except OSError as error:
            raise self.unavailable(error) from error
        # From here these parts are complete: a restart renames them or finds them renamed.
        self.parts = together

    def drop(self, number: int) -> Part | None:
        """The unit is answered for; gone from the file with the next page."""
        return self.parts.pop(number, None)

    def unavailable(self, error: OSError) -> Unavailable:
        """What an error of the operating system means for the ledger."""
        return self._trouble(error.strerror or "")

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def _open(self) -> None:
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        content = os.pread(self._fd, 2 * _SLOT_BYTES, 0)
        pages = [decode_page(content[i : i + _SLOT_BYTES]) for i in (0, _SLOT_BYTES)]
        whole = [page for page in pages if page is not None]
        if whole:
            self._generation, self.was_mount, self.parts = max(whole, key=lambda page: page[0])
            # A page whose sync failed is found in memory all the same.
            self._write(self.parts)
            self._sync_folder()
        elif any(content):
            raise Misconfigured(2525, ledger=str(self._path), channel=self._channel)
        else:
            self._make()

    def _make(self) -> None:
        """All blocks are there before the first page, so that a page changes no metadata."""
        os.pwrite(self._fd, bytes(2 * _SLOT_BYTES), 0)
        os.fsync(self._fd)
        self._write({})
        self._sync_folder()

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _write(self, parts: Mapping[int, Part]) -> None:
        generation = self._generation + 1
        page = encode_page(generation, self.was_mount, parts)
        if os.pwrite(self._fd, page, generation % 2 * _SLOT_BYTES) != len(page):
            raise OSError(0, "a page was written in part")
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            self._unsure = error.strerror or "EIO"
            raise self._uncertain(self._unsure) from error
        self._generation = generation

    def _uncertain(self, reason: str) -> StateUncertain:
        return StateUncertain(2524, ledger=str(self._path), channel=self._channel, reason=reason)

    def _trouble(self, reason: str) -> Unavailable:
        return Unavailable(2524, ledger=str(self._path), channel=self._channel, reason=reason)
