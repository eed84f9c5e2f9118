"""What an edge must know after a crash: which requests were about to be performed, and what came of them.

    begun     durable before a peer is called: found again without a result, nobody knows
    result    durable after it: found again, it is only told once more
    ended     the queue has answered for it; of no use any more

One file, appended to, one fdatasync for all of a step; written anew with what is open, at start and when it
has grown: tries at a peer that is away for a week are many records and few marks.

    record, big-endian:   | kind 1 | tries 1 | result 2 | number 8 | CRC32 4 |
    result: a status (200 to 599) or the FG number of why there is none
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured, StateUncertain, Unavailable

_RECORD: Final = struct.Struct(">BBHQI")
_BEGUN, _RESULT, _ENDED = 1, 2, 3
# A few thousand requests; written anew then, and when half of it is of no use.
_MOST_BYTES: Final = 256 << 10
# Never as many at once. What stands at the end counts most: a longer file is none of ours, and is not cut.
_READ_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Mark:
    """One request. tries: begun so far. result: of the last one, 0 while there is none."""

    tries: int
    result: int = 0


class PerformedMarks:
    """The marks of one edge. One thread; every call but `get` writes."""

    def __init__(self, path: Path) -> None:
        """Raises Misconfigured 6426 (damaged in the middle), Unavailable and StateUncertain 6425."""
        self._path = path
        self._marks: dict[int, Mark] = {}
        self._fd, self._bytes = -1, 0
        self._unsure = ""
        try:
            self._read()
            self._write_anew()
        except OSError as error:
            raise self._trouble(error) from error

    def get(self, number: int) -> Mark | None:
        """What is known of a request; None: no peer was ever called for it."""
        return self._marks.get(number)

    def begin(self, numbers: Iterable[int]) -> None:
        """Peers are about to be called. Durable when it returns.

        Raises Unavailable 6425 (nothing of it counts), StateUncertain 6425 (nobody knows whether it is on
        disk: the process must end), as every call that writes.
        """
        marks = {}
        for number in numbers:
            before = self._marks.get(number)
            marks[number] = Mark(before.tries + 1 if before is not None else 1)
        self._append([_encode(_BEGUN, n, mark) for n, mark in marks.items()])
        # From here a crash leaves them performed, perhaps.
        self._marks |= marks

    def result(self, results: Iterable[tuple[int, int]]) -> None:
        """What came of some of them: durable when it returns."""
        marks = {number: Mark(self._marks[number].tries, result) for number, result in results}
        self._append([_encode(_RESULT, n, mark) for n, mark in marks.items()])
        self._marks |= marks

    def not_performed(self, number: int) -> None:
        """No byte went to the peer at the last try; of earlier ones nobody knows."""
        mark = Mark(self._marks[number].tries - 1)
        self._append([_encode(_BEGUN if mark.tries else _ENDED, number, mark)])
        if mark.tries:
            self._marks[number] = mark
        else:
            del self._marks[number]

    def forget(self, numbers: Iterable[int]) -> None:
        """The queue has answered for these. Durable with the next call. Raises StateUncertain 6425 alone."""
        gone = [number for number in numbers if self._marks.pop(number, None) is not None]
        with suppress(Unavailable):
            # Found again at start, and known by nobody: the next write says whether the disk is well.
            self._write([_encode(_ENDED, n, Mark(0)) for n in gone])

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def _read(self) -> None:
        try:
            with self._path.open("rb") as stream:
                content = stream.read(_READ_BYTES + 1)
        except FileNotFoundError:
            return
        if len(content) > _READ_BYTES:
            raise Misconfigured(6426, file=str(self._path))
        for at in range(0, len(content), _RECORD.size):
            record = content[at : at + _RECORD.size]
            if len(record) < _RECORD.size or not _holds(record):
                # A torn end is what a crash leaves; damage before that is not ours.
                if any(content[at + _RECORD.size :]):
                    raise Misconfigured(6426, file=str(self._path))
                return
            kind, tries, result, number, _ = _RECORD.unpack(record)
            if kind == _ENDED:
                self._marks.pop(number, None)
            else:
                self._marks[number] = Mark(tries, result)

    def _write_anew(self) -> None:
        new = self._path.with_name(self._path.name + ".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        records = [
            _encode(_RESULT if mark.result else _BEGUN, number, mark)
            for number, mark in self._marks.items()
        ]
        content = b"".join(records)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fd = os.open(new, flags, 0o600)
            try:
                _write_whole(fd, content)
                os.fsync(fd)
                new.replace(self._path)
            except BaseException:
                os.close(fd)
                raise
            # From here the old file has no name: what is written to it would be lost with a crash.
            self.close()
            self._fd, self._bytes = fd, len(content)
            try:
                os.fsync(folder)
            except OSError as error:
                # Which of the two a crash leaves, nobody knows.
                raise self._uncertain(error) from error
        finally:
            os.close(folder)

    def _tidy(self) -> None:
        """Write it anew where it has grown, whoever writes: what is away for long is never forgotten."""
        if self._bytes > max(_MOST_BYTES, 2 * _RECORD.size * len(self._marks)):
            # Where that cannot be done the old file stands; the write after it says whether the disk is well.
            with suppress(OSError):
                self._write_anew()

    def _append(self, records: list[bytes]) -> None:
        if not records:
            return
        self._write(records)
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            # Asking the kernel again proves nothing.
            raise self._uncertain(error) from error

    def _write(self, records: list[bytes]) -> None:
        """Behind what is there; what was written in part is taken back."""
        if self._unsure:
            raise StateUncertain(6425, file=str(self._path), reason=self._unsure)
        self._tidy()
        content = b"".join(records)
        try:
            _write_whole(self._fd, content)
        except OSError as error:
            try:
                os.ftruncate(self._fd, self._bytes)
            except OSError as second:
                raise self._uncertain(second) from error
            raise self._trouble(error) from error
        self._bytes += len(content)

    def _uncertain(self, error: OSError) -> StateUncertain:
        self._unsure = error.strerror or "EIO"
        return StateUncertain(6425, file=str(self._path), reason=self._unsure)

    def _trouble(self, error: OSError) -> Unavailable:
        return Unavailable(6425, file=str(self._path), reason=error.strerror or "")


def _encode(kind: int, number: int, mark: Mark) -> bytes:
    bare = _RECORD.pack(kind, mark.tries, mark.result, number, 0)
    return _RECORD.pack(kind, mark.tries, mark.result, number, zlib.crc32(bare))


def _holds(record: bytes) -> bool:
    *values, crc = _RECORD.unpack(record)
    return zlib.crc32(_RECORD.pack(*values, 0)) == crc and values[0] in (_BEGUN, _RESULT, _ENDED)


def _write_whole(fd: int, content: bytes) -> None:
    if os.write(fd, content) != len(content):
        raise OSError(0, "a record was written in part")
