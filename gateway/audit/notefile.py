"""The files of checkpoints: one a day, notes one after another, the same in each place.

    checkpoints-2026-11-21.txt     appended to, never rewritten; a copy elsewhere is made by offset

A copy that knows more than the original, or something else, is evidence: it is left alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from gateway.audit.append import sync_folder
from gateway.audit.note import FIRST_LINE, MAX_NOTE_BYTES, Note, decode_note
from gateway.audit.segment import open_plain
from gateway.errors import Refused

_NAME: Final = re.compile(r"checkpoints-[0-9]{4}-[0-9]{2}-[0-9]{2}\.txt")
_READ_BYTES: Final = 1 << 20
_BETWEEN: Final = b"\n" + FIRST_LINE
# A copy that was away for days catches up in steps, so that the guard never waits long for it.
MAX_COPY_BYTES: Final = 4 << 20
# How much of the end of a copy is compared before more is written behind it.
_COMPARE_BYTES: Final = 4096


class Differs(Exception):
    """A copy holds what the original does not: the original was put back, or one was changed."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Found(NamedTuple):
    """One note of a file, or None where the bytes are none. offset_bytes: where it stands."""

    name: str
    offset_bytes: int
    note: Note | None


def note_file_name(at_ns: int) -> str:
    """The file of the notes of a moment's (UTC) day."""
    return f"checkpoints-{datetime.fromtimestamp(at_ns // 1_000_000_000, UTC):%Y-%m-%d}.txt"


def note_files(folder: Path) -> list[Path]:
    """The files of a folder in order of their days. May raise OSError."""
    with os.scandir(folder) as entries:
        return sorted(folder / entry.name for entry in entries if _NAME.fullmatch(entry.name))


def notes_of(path: Path, size_bytes: int = 1 << 63) -> Iterator[Found]:
    """The notes of one file up to that size; bytes that are no note come as such.

    Memory is bounded whatever the bytes are. May raise OSError.
    """
    with open_plain(path) as file:
        offset, kept = 0, b""
        while data := file.read(min(_READ_BYTES, size_bytes)):
            size_bytes -= len(data)
            kept += data
            start = 0
            while (end := kept.find(_BETWEEN, start)) >= 0:
                yield _found(path.name, offset + start, kept[start : end + 1])
                start = end + 1
            if len(kept) - start > MAX_NOTE_BYTES:
                yield Found(path.name, offset + start, None)
                start = len(kept) - len(FIRST_LINE)
            offset, kept = offset + start, kept[start:]
        if kept:
            yield _found(path.name, offset, kept)


def last_note(folder: Path) -> Note | None:
    """The newest whole note of a folder, None if there is none or no folder. May raise OSError."""
    if not folder.is_dir():
        return None
    for path in reversed(note_files(folder)):
        with open_plain(path) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - 2 * MAX_NOTE_BYTES))
            tail = file.read()
        for piece in reversed(tail.split(FIRST_LINE)):
            with suppress(Refused):
                return decode_note(FIRST_LINE + piece)
    return None


def cut_torn_note(folder: Path) -> int:
    """Cut the newest file back to its last whole note (a crash while writing). Gives bytes cut."""
    files = note_files(folder)
    if not files:
        return 0
    end = 0
    for found in notes_of(files[-1]):
        if found.note:
            end = found.offset_bytes + len(found.note.data)
    size = files[-1].stat().st_size
    # More than one note is no torn write: it is left for verify to report.
    if not 0 < size - end <= MAX_NOTE_BYTES:
        return 0
    with files[-1].open("r+b") as file:
        file.truncate(end)
        os.fsync(file.fileno())
    return size - end


def append_note(folder: Path, name: str, data: bytes) -> None:
    """Write a note behind the others of its day, durably; half of one is taken back. Raises OSError."""
    path = folder / name
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        size = os.fstat(fd).st_size
        try:
            _write_all(fd, data)
            os.fdatasync(fd)
            if size == 0:
                sync_folder(folder)
        except OSError:
            os.ftruncate(fd, size)
            raise
    finally:
        os.close(fd)


def copy_new(original: Path, copy: Path) -> bool:
    """Bring a folder of copies up to the original, at most MAX_COPY_BYTES. True when nothing is left.

    The folder must be there: an absent one is a medium that is not plugged in, and making it would
    write beside it. Raises OSError or Differs.
    """
    names = [path.name for path in note_files(original)]
    copied = [path.name for path in note_files(copy)]
    if unknown := set(copied).difference(names):
        raise Differs(max(unknown))
    left = MAX_COPY_BYTES
    # Oldest first: all before the newest copied file are whole.
    for name in names:
        if not copied or name >= copied[-1]:
            left -= _copy_file(original / name, copy / name, left)
            if left <= 0:
                return False
    return True


def _copy_file(original: Path, copy: Path, left: int) -> int:
    """Append what the copy lacks, at most `left` bytes. Gives how much it lacked."""
    fd = os.open(copy, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        size = os.fstat(fd).st_size
        with original.open("rb") as source:
            start = max(0, size - _COMPARE_BYTES)
            source.seek(start)
            if source.read(size - start) != os.pread(fd, size - start, start):
                raise Differs(copy.name)
            lacking = os.fstat(source.fileno()).st_size - size
            data = source.read(min(lacking, left))
        if data:
            try:
                _write_all(fd, data)
                os.fdatasync(fd)
            except OSError:
                os.ftruncate(fd, size)
                raise
        return lacking
    finally:
        os.close(fd)


def _found(name: str, offset_bytes: int, untrusted_note: bytes) -> Found:
    try:
        return Found(name, offset_bytes, decode_note(untrusted_note))
    except Refused:
        return Found(name, offset_bytes, None)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
