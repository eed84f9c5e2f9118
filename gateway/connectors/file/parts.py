"""Bodies on their way into a destination: written whole in the sink's work folder, where nobody looks.

    small body           bytes  -->  .ferrygate-part-NUMBER
    file of our own      hard link, nothing is copied
    any other file       copied a slice a call

Making them durable is gateway.connectors.file.durable.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from gateway.connectors.file.body_copy import BodyCopy
from gateway.connectors.file.sink_ledger import Part
from gateway.errors import Refused
from gateway.unit.edge import Progress
from gateway.unit.number import hear, speak
from gateway.unit.stages import Admitted

_PREFIX: Final = ".ferrygate-part-"
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


def part_name(number: int) -> str:
    """The name of a unit's part in the work folder."""
    return f"{_PREFIX}{speak(number)}"


def number_of(untrusted_name: str) -> int | None:
    """The unit of a part's name; None for any other name."""
    if not untrusted_name.startswith(_PREFIX):
        return None
    with suppress(Refused):
        return hear(untrusted_name[len(_PREFIX) :])
    return None


@dataclass(slots=True)
class Written:
    """A part with all its bytes. fd: still open, to be synced. sha256: None where it was not computed."""

    admitted: Admitted
    fd: int
    part: Part
    sha256: bytes | None


class PartWriter:
    """Writes parts into one work folder. Raises OSError, and Refused 2532 (not what was admitted)."""

    def __init__(self, file_mode: int) -> None:
        self._file_mode = file_mode
        self._copies: dict[int, BodyCopy] = {}

    def write(self, work: int, admitted: Admitted) -> Written | Progress:
        """A part with all bytes, not yet synced, or Progress.MORE for a large copy on its way."""
        number = admitted.manifest.number
        if number in self._copies:
            return self._go_on(work, admitted)
        size_bytes = admitted.manifest.body.size_bytes
        if admitted.body.size_bytes != size_bytes:
            raise Refused(2532, reason=f"{admitted.body.size_bytes} instead of {size_bytes} bytes")
        _remove(work, part_name(number))
        path = admitted.body.path
        if path is None:
            return self._write_small(work, admitted)
        return self._take_over(work, admitted, path)

    def discard(self, work: int, number: int) -> None:
        """The part is not wanted any more. Idempotent."""
        copy = self._copies.pop(number, None)
        if copy is not None:
            copy.close()
        _remove(work, part_name(number))

    def close(self) -> None:
        """Give up copies on their way; their parts are cleared away at the next start."""
        for copy in self._copies.values():
            copy.close()
        self._copies.clear()

    def _write_small(self, work: int, admitted: Admitted) -> Written:
        content = admitted.body.read()
        digest = sha256(content).digest()
        _require_digest(admitted, digest)
        fd = os.open(part_name(admitted.manifest.number), _CREATE, 0o600, dir_fd=work)
        try:
            written = os.write(fd, content)
            while written < len(content):
                written += os.write(fd, memoryview(content)[written:])
            return self._written(fd, admitted, digest)
        except OSError:
            self._give_up(work, admitted, fd)
            raise

    def _take_over(self, work: int, admitted: Admitted, path: Path) -> Written | Progress:
        number = admitted.manifest.number
        source = os.open(path, _READ)
        keep_open = False
        try:
            status = os.fstat(source)
            if not stat.S_ISREG(status.st_mode) or status.st_size != admitted.body.size_bytes:
                raise Refused(2532, reason=f"its file has {status.st_size} bytes")
            # A second name means that it was delivered before and may have been changed there since.
            is_first_time = status.st_nlink == 1
            if is_first_time and status.st_uid == os.geteuid() and _link(path, work, number):
                keep_open = True
                return self._written(source, admitted, None)
            target = os.open(part_name(number), _CREATE, 0o600, dir_fd=work)
            keep_open = True
            self._copies[number] = BodyCopy(
                source, target, status.st_size, digest=not is_first_time
            )
        finally:
            if not keep_open:
                os.close(source)
        return self._go_on(work, admitted)

    def _go_on(self, work: int, admitted: Admitted) -> Written | Progress:
        number = admitted.manifest.number
        copy = self._copies[number]
        try:
            if not copy.go_on():
                return Progress.MORE
            if not copy.is_whole:
                raise Refused(2532, reason="its file is shorter than it was")
            digest = copy.sha256
            if digest is not None:
                _require_digest(admitted, digest)
            fd = os.dup(copy.target)
        except (OSError, Refused):
            self.discard(work, number)
            raise
        copy.close()
        del self._copies[number]
        return self._written(fd, admitted, digest)

    def _written(self, fd: int, admitted: Admitted, digest: bytes | None) -> Written:
        modified_ns = admitted.manifest.file.modified_ns
        os.fchmod(fd, self._file_mode)
        os.utime(fd, ns=(modified_ns, modified_ns))
        status = os.fstat(fd)
        return Written(admitted, fd, Part(status.st_ino, status.st_size), digest)

    def _give_up(self, work: int, admitted: Admitted, fd: int) -> None:
        with suppress(OSError):
            os.close(fd)
        _remove(work, part_name(admitted.manifest.number))


def is_there(work: int, number: int) -> bool:
    """Whether the unit has a part in the work folder. Raises OSError."""
    try:
        os.stat(part_name(number), dir_fd=work, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def clear(work: int, keep: frozenset[int]) -> None:
    """Remove what an earlier run left half-written. keep: numbers whose parts are complete."""
    with os.scandir(work) as entries:
        names = [entry.name for entry in entries]
    for name in names:
        number = number_of(name)
        if number is not None and number not in keep:
            _remove(work, name)


def _link(path: Path, work: int, number: int) -> bool:
    try:
        os.link(path, part_name(number), dst_dir_fd=work, follow_symlinks=False)
    except OSError:
        return False
    return True


def _remove(work: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=work)


def _require_digest(admitted: Admitted, digest: bytes) -> None:
    if digest != admitted.manifest.body_sha256:
        raise Refused(2532, reason="its SHA-256 differs")
