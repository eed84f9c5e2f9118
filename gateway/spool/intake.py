"""The bodies of one put: looked at first, then taken over, and given back if the put does not fit.

    bytes up to the limit      stay bytes                       into the record
    file up to the limit       read                             into the record, file removed after
    larger bytes               written to body/, synced
    larger file                synced, renamed into body/

Nothing is moved before everything was looked at; body/ is synced once for all of them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gateway.errors import Misconfigured
from gateway.spool.disk import SHARED_FILE_MODE, Disk, sync_for_good, write_new
from gateway.spool.layout import Layout, no_access
from gateway.spool.model import Entry


class Intake:
    """The bodies of the entries of one put.

    new_bytes: what they will take of the disk anew. file_bytes: what lies in files of their own.
    """

    def __init__(self, layout: Layout, disk: Disk, inline_limit_bytes: int) -> None:
        self._layout = layout
        self._disk = disk
        self._limit_bytes = inline_limit_bytes
        self._inline: dict[int, bytes] = {}
        self._file_sizes: dict[int, int] = {}
        self._sources: list[Path] = []
        self._moved: list[tuple[Path | None, Path]] = []
        self.new_bytes = 0
        self.file_bytes = 0

    def examine(self, entries: Sequence[Entry]) -> None:
        """Look at every body; small files are read. Changes nothing but modes and groups.

        Raises Misconfigured 6506 (another file system) or 6504 (not ours to hand on), RuntimeError
        for a path that is no closed regular file.
        """
        for entry in entries:
            if isinstance(entry.body, Path):
                self._examine_file(entry.number, entry.body)
            elif len(entry.body) > self._limit_bytes:
                self._file_sizes[entry.number] = len(entry.body)
                self.new_bytes += len(entry.body)
            else:
                self._inline[entry.number] = entry.body
                self.new_bytes += len(entry.body)
        self.file_bytes = sum(self._file_sizes.values())

    def _examine_file(self, number: int, path: Path) -> None:
        try:
            status = os.lstat(path)
        except OSError as error:
            raise RuntimeError(f"unit {number}: no body at {path}") from error
        if not stat.S_ISREG(status.st_mode):
            raise RuntimeError(f"unit {number}: body is no regular file")
        home = self._layout.bodies.stat()
        if status.st_dev != home.st_dev:
            raise Misconfigured(6506, path=str(path), folder=str(self._layout.folder))
        if status.st_size <= self._limit_bytes:
            self._inline[number] = path.read_bytes()
            self.new_bytes += status.st_size
            self._sources.append(path)
            return
        self._share(path, status, home.st_gid)
        self._file_sizes[number] = status.st_size

    @staticmethod
    def _share(path: Path, status: os.stat_result, group: int) -> None:
        """Let the reader, another user of the queue's group, read, link and remove the file."""
        try:
            if status.st_gid != group:
                os.chown(path, -1, group, follow_symlinks=False)
            if status.st_mode & 0o777 != SHARED_FILE_MODE:
                path.chmod(SHARED_FILE_MODE)
        except PermissionError as error:
            raise no_access(path, error) from error

    def take_over(self, entries: Sequence[Entry], first_ordinal: int) -> None:
        """Make the large bodies durable under their ordinals. Raises OSError of the disk."""
        if not self._file_sizes:
            return
        for ordinal, entry in enumerate(entries, first_ordinal):
            if entry.number in self._file_sizes:
                self._take_one(entry, self._layout.body(ordinal))
        self._disk.sync_folder(self._layout.bodies)

    def _take_one(self, entry: Entry, target: Path) -> None:
        if not isinstance(entry.body, Path):
            self._moved.append((None, target))
            write_new(self._disk, target, entry.body)
            return
        fd = os.open(entry.body, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            # The same file may be put again.
            sync_for_good(self._disk, fd)
        finally:
            os.close(fd)
        self._disk.rename(entry.body, target)
        self._moved.append((entry.body, target))

    def body_of(self, entry: Entry) -> tuple[bytes | None, int]:
        """(inline bytes, their size), or (None, size) for a body in a file."""
        inline = self._inline.get(entry.number)
        return (
            (inline, len(inline)) if inline is not None else (None, self._file_sizes[entry.number])
        )

    def give_back(self) -> None:
        """Everything as it was before take_over. Raises OSError of the disk."""
        while self._moved:
            source, target = self._moved.pop()
            if source is not None:
                self._disk.rename(target, source)
            else:
                with suppress(FileNotFoundError):
                    self._disk.unlink(target)

    def remove_sources(self) -> None:
        """The small files whose bytes are durable in the segment now."""
        for path in self._sources:
            with suppress(OSError):  # a file in staging goes at the next open
                self._disk.unlink(path)
