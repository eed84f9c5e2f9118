"""Where the bytes of a leaf stand while they are looked at: memory, or a file without a name.

A large leaf is written to a file that was never linked into its folder (O_TMPFILE), or is unlinked
before the first byte where the file system has no such files: after a crash nothing can be read.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from gateway.errors import Unavailable
from gateway.inspection.content import Content

# Five of these may be open at once in the deepest archive; most leaves never see a disk.
MEMORY_BYTES: Final = 1 << 20


def collect(chunks: Iterator[bytes], scratch: Path) -> Content:
    """A leaf's bytes as a content; the caller closes it.

    Raises Unavailable 3310 where the scratch folder takes no more, and whatever `chunks` raises.
    """
    held: list[bytes] = []
    held_bytes = 0
    for chunk in chunks:
        held.append(chunk)
        held_bytes += len(chunk)
        if held_bytes > MEMORY_BYTES:
            return _spill(held, chunks, scratch)
    return Content.of_bytes(b"".join(held))


def _spill(held: list[bytes], rest: Iterator[bytes], scratch: Path) -> Content:
    file = _nameless(scratch)
    try:
        for chunk in held:
            _write(file, chunk, scratch)
        held.clear()
        for chunk in rest:
            _write(file, chunk, scratch)
        return Content.of_file(file)
    except BaseException:
        file.close()
        raise


def _write(file: BinaryIO, chunk: bytes, scratch: Path) -> None:
    view = memoryview(chunk)
    try:
        while view:
            view = view[file.write(view) :]
    except OSError as error:
        raise Unavailable(
            3310, folder=str(scratch), problem=os.strerror(error.errno or 0)
        ) from error


def _nameless(scratch: Path) -> BinaryIO:
    try:
        descriptor = os.open(scratch, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        try:
            descriptor, name = tempfile.mkstemp(dir=scratch)
            Path(name).unlink()
        except OSError as error:
            problem = os.strerror(error.errno or 0)
            raise Unavailable(3310, folder=str(scratch), problem=problem) from error
    return open(descriptor, "r+b", buffering=0)
