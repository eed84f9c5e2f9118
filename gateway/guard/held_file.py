"""One open file from the first look to the seal: whatever is done to its name, these bytes are judged.

The queue `captured` is a folder that the edge may write to. A body that is opened by its path twice,
once to inspect and once to seal, can be exchanged in between by an edge that was taken over; one
that is a link leads elsewhere; one that is a pipe never answers. So it is opened once.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.errors import Refused
from gateway.unit.stages import Body

Marks = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A Body over an open file. path: of the open file itself, not of its name."""

    descriptor: int
    size_bytes: int

    @property
    def path(self) -> Path:
        return Path(f"/proc/self/fd/{self.descriptor}")

    def open(self) -> BinaryIO:
        """A stream of its own over the same file."""
        return self.path.open("rb", buffering=0)

    def read(self) -> bytes:
        raise RuntimeError("a body in a file is streamed")


@contextlib.contextmanager
def hold(body: Body) -> Iterator[Body]:
    """The body for the time of the block: an inline one as it is, a file opened once.

    Raises Refused 1057 where the name leads to no regular file of the size that the queue tells.
    """
    if body.path is None:
        yield body
        return
    try:
        descriptor = os.open(body.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(1057, reason=error.strerror or "") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size != body.size_bytes:
            raise Refused(1057, reason="not the file that was captured")
        yield HeldFile(descriptor, status.st_size)
    finally:
        os.close(descriptor)


def marks(body: Body) -> Marks:
    """What changes when a held file is written to: nobody but root can set ctime.

    It changes as well when another name of the file goes, as the edge lets go of it.
    """
    if not isinstance(body, HeldFile):
        return ()
    status = os.fstat(body.descriptor)
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
