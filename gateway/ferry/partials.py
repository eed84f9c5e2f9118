"""Files of units of which some bytes are here: written at their offsets, kept over a restart. I/O.

    NUMBER.part    the bytes, holes where chunks are missing; the unit's queue header at its end
    NUMBER.json    which ranges are here, written now and then; without it a .part is not trusted

Ranges are noted without forcing the bytes to disk: a killed process loses nothing of the page cache. After a
restart of the machine the notes are not trusted (they name the boot), and the unit is missing as a whole.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from typing import Final

import msgspec

from gateway.errors import Unavailable
from gateway.ferry.block import Chunk
from gateway.ferry.oneway.account import Partial
from gateway.ferry.ranges import Range, Ranges

# Units whose files stay open; with more under way the one used longest ago is opened again later.
_FILES_OPEN: Final = 64
_MODE: Final = 0o600
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class _Note(msgspec.Struct, frozen=True):
    boot: str
    number: int
    session: int
    sequence: int
    total_bytes: int
    trailer_bytes: int
    ranges: list[Range]


class PartialFiles:
    """The folder of partial units. It must lie on the file system of the receiving queue.

    reserve_bytes: what these files leave free there, so that what is here can still be put and answered.
    """

    def __init__(self, folder: Path, reserve_bytes: int = 0) -> None:
        self._folder, self._reserve_bytes = folder, reserve_bytes
        self._open: OrderedDict[int, int] = OrderedDict()
        self._boot = _BOOT_ID.read_text(encoding="ascii").strip() if _BOOT_ID.exists() else ""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, number: int) -> Path:
        return self._folder / f"{number:010x}.part"

    def _note_path(self, number: int) -> Path:
        return self._folder / f"{number:010x}.json"

    def short_of_room(self, size_bytes: int) -> Unavailable | None:
        """What is to be raised (5503) where so many bytes more would touch the reserve. One system call."""
        status = os.statvfs(self._folder)
        free_bytes = status.f_bavail * status.f_frsize
        if free_bytes >= self._reserve_bytes + size_bytes:
            return None
        why = f"{free_bytes} bytes are free, {self._reserve_bytes} stay in reserve"
        return Unavailable(5503, folder=str(self._folder), why=why)

    def write(self, chunk: Chunk) -> None:
        """The bytes of a chunk at their place. Raises Unavailable 5503 (disk full)."""
        try:
            file, at = self._descriptor(chunk.number), chunk.offset
            data = chunk.data
            while data:
                done = os.pwrite(file, data, at)
                data, at = data[done:], at + done
        except OSError as error:
            raise Unavailable(5503, folder=str(self._folder), why=str(error)) from error

    def _descriptor(self, number: int) -> int:
        file = self._open.get(number)
        if file is not None:
            self._open.move_to_end(number)
            return file
        file = os.open(self.path(number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        self._open[number] = file
        if len(self._open) > _FILES_OPEN:
            os.close(self._open.popitem(last=False)[1])
        return file

    def finish(self, partial: Partial, inline_bytes: int) -> tuple[bytes, bytes | Path]:
        """The queue header and the body of a complete unit: as bytes if small, else the closed file."""
        number, body_bytes = partial.number, partial.total_bytes - partial.trailer_bytes
        try:
            file = self._descriptor(number)
            trailer = os.pread(file, partial.trailer_bytes, body_bytes)
            if body_bytes <= inline_bytes:
                body = os.pread(file, body_bytes, 0)
                self.discard(number)
                return trailer, body
            os.ftruncate(file, body_bytes)
            self._close(number)
        except OSError as error:
            raise Unavailable(5503, folder=str(self._folder), why=str(error)) from error
        return trailer, self.path(number)

    def note(self, partial: Partial) -> None:
        """Remember which ranges are here. Raises Unavailable 5503."""
        note = _Note(
            self._boot,
            partial.number,
            partial.session,
            partial.sequence,
            partial.total_bytes,
            partial.trailer_bytes,
            partial.got.as_list(),
        )
        path = self._note_path(partial.number)
        draft = path.with_suffix(".new")
        try:
            draft.write_bytes(msgspec.json.encode(note))
            draft.rename(path)
        except OSError as error:
            raise Unavailable(5503, folder=str(self._folder), why=str(error)) from error

    def discard(self, number: int) -> None:
        """Nothing of the unit is needed here any more."""
        self._close(number)
        self.path(number).unlink(missing_ok=True)
        self._note_path(number).unlink(missing_ok=True)

    def handed_over(self, number: int) -> None:
        """The queue has taken the file of a complete unit."""
        self._note_path(number).unlink(missing_ok=True)

    def _close(self, number: int) -> None:
        file = self._open.pop(number, None)
        if file is not None:
            os.close(file)

    def load(self) -> list[Partial]:
        """The partials of the last run, the one touched longest ago first; those not to be trusted go."""
        found = []
        for path in sorted(self._folder.iterdir(), key=_touched_ns):
            if path.suffix == ".part":
                partial = self._load(path)
                if partial is None:
                    path.unlink()
                    path.with_suffix(".json").unlink(missing_ok=True)
                else:
                    found.append(partial)
            elif path.suffix == ".new" or not path.with_suffix(".part").exists():
                path.unlink(missing_ok=True)
        return found

    def _load(self, path: Path) -> Partial | None:
        try:
            note = msgspec.json.decode(path.with_suffix(".json").read_bytes(), type=_Note)
        except (OSError, msgspec.MsgspecError):
            return None
        if note.boot != self._boot or path.name != self.path(note.number).name:
            return None
        size = path.stat().st_size
        got = Ranges((first, min(end, size)) for first, end in note.ranges)
        return Partial(
            note.number, note.session, note.sequence, note.total_bytes, note.trailer_bytes, got
        )

    def close(self) -> None:
        for number in list(self._open):
            self._close(number)


def _touched_ns(path: Path) -> tuple[int, str]:
    return path.lstat().st_mtime_ns, path.name
