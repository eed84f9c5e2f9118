"""A disk that loses power after any step, and then shows what a real one may show.

It works on real files, and remembers for every change that no sync has covered how to undo it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.spool.disk import RealDisk


class PowerCut(BaseException):
    """The process is gone. No code of ours may catch it and go on."""


@dataclass
class Change:
    """One change that is not yet durable. inode: of the file whose content changed, 0 for names."""

    inode: int
    folders: set[Path]
    undo: Callable[[], None]


class PowerDisk(RealDisk):
    """stop_before: the step (counted from 0) before which the power goes."""

    def __init__(self, trash: Path, stop_before: int | None = None) -> None:
        trash.mkdir(parents=True, exist_ok=True)
        self._trash = trash
        self.stop_before = stop_before
        self.steps = 0
        self.changes: list[Change] = []
        self._fds: dict[int, int] = {}

    def _step(self) -> None:
        if self.stop_before is not None and self.steps >= self.stop_before:
            raise PowerCut
        self.steps += 1

    def _own_fd(self, fd: int) -> tuple[int, int]:
        inode = os.fstat(fd).st_ino
        if inode not in self._fds:
            self._fds[inode] = os.open(f"/proc/self/fd/{fd}", os.O_RDWR)
        return inode, self._fds[inode]

    def _names(self, undo: Callable[[], None], *folders: Path) -> None:
        self.changes.append(Change(0, set(folders), undo))

    def create(self, path: Path) -> int:
        self._step()
        is_new = not path.exists()
        fd = super().create(path)
        if is_new:
            self._names(lambda: path.unlink(missing_ok=True), path.parent)
        return fd

    def write(self, fd: int, data: bytes | bytearray, offset: int) -> None:
        self._step()
        inode, own = self._own_fd(fd)
        size = os.fstat(own).st_size
        before = os.pread(own, len(data), offset)
        super().write(fd, data, offset)

        def undo() -> None:
            os.pwrite(own, before + bytes(len(data) - len(before)), offset)
            if os.fstat(own).st_size == offset + len(data) and size < offset + len(data):
                os.ftruncate(own, max(size, offset + len(before)))

        self.changes.append(Change(inode, set(), undo))

    def truncate(self, fd: int, size_bytes: int) -> None:
        self._step()
        inode, own = self._own_fd(fd)
        tail = os.pread(own, os.fstat(own).st_size, size_bytes)
        super().truncate(fd, size_bytes)
        self.changes.append(Change(inode, set(), lambda: _write_all(own, tail, size_bytes)))

    def sync(self, fd: int) -> None:
        self._step()
        inode = os.fstat(fd).st_ino
        self.changes = [change for change in self.changes if change.inode != inode]

    def sync_folder(self, folder: Path) -> None:
        self._step()
        for change in self.changes:
            change.folders.discard(folder)
        self.changes = [change for change in self.changes if change.inode or change.folders]

    def rename(self, source: Path, target: Path) -> None:
        self._step()
        spare = self._spare(target)
        super().rename(source, target)

        def undo() -> None:
            if target.exists():
                os.rename(target, source)
            if spare is not None:
                os.rename(spare, target)

        self._names(undo, target.parent)

    def link(self, source: Path, target: Path) -> None:
        self._step()
        super().link(source, target)
        self._names(lambda: target.unlink(missing_ok=True), target.parent)

    def unlink(self, path: Path) -> None:
        self._step()
        spare = self._spare(path)
        super().unlink(path)
        if spare is not None:
            self._names(lambda: None if path.exists() else os.rename(spare, path), path.parent)

    def _spare(self, path: Path) -> Path | None:
        if not path.exists():
            return None
        spare = self._trash / f"{self.steps}"
        os.link(path, spare)
        return spare

    def write_outside(self, path: Path, data: bytes) -> None:
        """A file that another part wrote and closed without a sync."""
        path.write_bytes(data)
        inode, own = path.stat().st_ino, os.open(path, os.O_RDWR)
        if inode in self._fds:
            os.close(self._fds[inode])
        self._fds[inode] = own
        self.changes.append(Change(inode, set(), lambda: os.ftruncate(own, 0)))

    def lose(self, what: str) -> None:
        """What the disk shows after the cut. what: `nothing`, `all`, `content`, `names`, or a seed."""
        lost = {
            "nothing": lambda change: False,
            "all": lambda change: True,
            "content": lambda change: bool(change.inode),
            "names": lambda change: not change.inode,
        }.get(what) or self._by_seed(what)
        for change in reversed(self.changes):
            if lost(change):
                change.undo()
        self.release()

    def _by_seed(self, seed: str) -> Callable[[Change], bool]:
        """Content goes write by write; names go in the order of the file system's journal."""
        dice = random.Random(seed)
        names = [change for change in self.changes if not change.inode]
        kept = {id(change) for change in names[: dice.randint(0, len(names))]}
        return lambda change: dice.random() < 0.5 if change.inode else id(change) not in kept

    def release(self) -> None:
        for fd in self._fds.values():
            os.close(fd)
        self._fds.clear()
        self.changes.clear()


def _write_all(fd: int, data: bytes, offset: int) -> None:
    if data:
        os.pwrite(fd, data, offset)
