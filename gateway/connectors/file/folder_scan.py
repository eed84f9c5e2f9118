"""One look into a watched folder: which files may be taken, and what is left alone and why.

Only names and status are looked at here (scandir, fstatat): nothing is opened, no link is followed.
Works on any file system, network file systems too: no notification is needed.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Callable, Container
from typing import Final, Protocol

from gateway.connectors.file.names import is_partial
from gateway.connectors.file.settling import Sighting
from gateway.connectors.file.unreadable import Unreadable
from gateway.unit.edge import Skip

# The oldest of a larger crowd; the others follow when these have gone. About 20 MB.
MAX_SIGHTINGS: Final = 65_536
# Each thing left alone is told once; of a crowd of them the first ones, so that memory stays bounded.
MAX_TOLD: Final = 4096
# Accounts change seldom, and asking for one may go over a network.
_ACCOUNTS_GOOD_FOR_S: Final = 60.0


class NamePattern(Protocol):
    """Which names may be taken, as a policy file says it."""

    def __contains__(self, name: str, /) -> bool: ...


class FolderScan:
    """Looks at one folder again and again. names, writers: None where any may come."""

    def __init__(
        self,
        shown_folder: str,
        channel: str,
        names: NamePattern | None,
        writers: frozenset[str] | None,
        clock_s: Callable[[], float],
    ) -> None:
        self._shown_folder = shown_folder
        self._channel = channel
        self._names = names
        self._writers = writers
        self._clock_s = clock_s
        self._uid, self._groups = os.geteuid(), frozenset((os.getegid(), *os.getgroups()))
        self._uids: frozenset[int] = frozenset()
        self._uids_until_s = -1.0
        self._unreadable = Unreadable()
        self._told: set[tuple[str, int]] = set()
        self._met: set[tuple[str, int]] = set()
        self._skips: list[Skip] = []

    def look(self, folder: int, held: Container[str] = ()) -> list[Sighting]:
        """Files that may be taken once they have settled. Raises OSError and nothing else.

        held: names that were given back lately; in a crowd the others come first. What unreadable()
        named is left out until it changes.
        """
        self._refresh_uids()
        self._met = set()
        found: list[Sighting] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                sighting = self._sight(entry, held)
                if sighting is not None:
                    found.append(sighting)
                    if len(found) >= 2 * MAX_SIGHTINGS:
                        found.sort()
                        del found[MAX_SIGHTINGS:]
        self._told &= self._met
        return found if len(found) <= MAX_SIGHTINGS else sorted(found)[:MAX_SIGHTINGS]

    def fault_of(self, status: os.stat_result) -> int:
        """The number of the reason why a file of this status is not taken; 0 where it may be."""
        if not stat.S_ISREG(status.st_mode):
            return 2505
        if self._writers is not None and status.st_uid not in self._uids:
            return 2506
        return 2508 if status.st_nlink != 1 else 0

    def writer_of(self, uid: int) -> str:
        """Who brought a file, in the word of the policy that this account matched, else its name."""
        for name in sorted(self._writers or ()):
            if _uid_of(name) == uid:
                return name
        return _owner_of(uid)

    def tell(
        self, number: int, name: str, status: os.stat_result, reason: str | None = None
    ) -> None:
        """Something is left alone: told once as long as it lies there."""
        key = (name, number)
        if key in self._told:
            self._met.add(key)
            return
        if len(self._told) >= MAX_TOLD:
            return
        self._told.add(key)
        self._met.add(key)
        self._skips.append(
            Skip(
                number,
                {
                    "folder": self._shown_folder,
                    "name": name,
                    "channel": self._channel,
                    "kind": _kind_of(status.st_mode),
                    "owner": _owner_of(status.st_uid),
                    "links": status.st_nlink,
                    "reason": reason or "",
                },
            )
        )

    def unreadable(self, inode: int) -> None:
        """A file that was sighted could not be read or moved: no sighting of it before it changes."""
        self._unreadable.note(inode, self._clock_s())

    def skips(self) -> list[Skip]:
        """What has been told since the last call."""
        skips, self._skips = self._skips, []
        return skips

    def _sight(self, entry: os.DirEntry[str], held: Container[str]) -> Sighting | None:
        name = entry.name
        if is_partial(name) or (self._names is not None and name not in self._names):
            return None
        try:
            if entry.is_dir(follow_symlinks=False):
                return None
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        fault = self.fault_of(status)
        if fault:
            self.tell(fault, name, status)
            return None
        if (name, 2507) in self._told:
            self._met.add((name, 2507))
        if self._unreadable.has(status.st_ino, status.st_ctime_ns, self._clock_s()):
            return None
        rank = int(name in held or not self._is_readable(status))
        return Sighting(rank, status.st_mtime_ns, name, status.st_size, status.st_ino)

    def _is_readable(self, status: os.stat_result) -> bool:
        """By the mode alone; an access control list may say otherwise, so it decides nothing."""
        if self._uid in (0, status.st_uid):
            return self._uid == 0 or bool(status.st_mode & stat.S_IRUSR)
        if status.st_gid in self._groups:
            return bool(status.st_mode & stat.S_IRGRP)
        return bool(status.st_mode & stat.S_IROTH)

    def _refresh_uids(self) -> None:
        if self._writers is None or self._clock_s() < self._uids_until_s:
            return
        self._uids = frozenset(uid for name in self._writers if (uid := _uid_of(name)) is not None)
        self._uids_until_s = self._clock_s() + _ACCOUNTS_GOOD_FOR_S


def _uid_of(name: str) -> int | None:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return int(name) if name.isascii() and name.isdigit() else None


def _owner_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _kind_of(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISFIFO(mode):
        return "pipe"
    if stat.S_ISSOCK(mode):
        return "socket"
    if stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
        return "device"
    return "folder" if stat.S_ISDIR(mode) else "file"
