"""A folder of a channel, held open, with a private work folder of ours inside it.

    folder/                       the channel's: others write and read here
      .ferrygate-WORD/CHANNEL/    ours: mode 0700, same file system, so that a rename moves a file

Notices that the folder has gone, was replaced, or is a mount point with nothing mounted.
What lies in either folder is not this module's concern.
"""

from __future__ import annotations

import errno
import getpass
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import Unavailable

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
_PRIVATE_MODE: Final = 0o700


@dataclass(frozen=True, slots=True)
class Numbers:
    """The FG numbers of what can be wrong with the folder: a source's and a sink's differ."""

    missing: int
    forbidden: int
    unmounted: int
    broken: int


class WorkFolder:
    """fd: the channel's folder. work_fd: ours inside it. Both are valid after a check()."""

    def __init__(self, folder: Path, word: str, channel: str, numbers: Numbers) -> None:
        self._folder = folder
        self._word = word
        self._channel = channel
        self._numbers = numbers
        self._identity: tuple[int, int] | None = None
        self.fd = self.work_fd = -1
        self.must_be_mount = False

    def check(self) -> bool:
        """Open what is not open or has been replaced; True if it was opened anew. Does I/O.

        Raises Unavailable with a number of `numbers` or 2513, and nothing else.
        """
        try:
            status = self._folder.stat()
            if self._identity == (status.st_dev, status.st_ino) and os.fstat(self.work_fd).st_nlink:
                return False
            self.close()
            self._open()
        except OSError as error:
            self.close()
            raise self.unavailable(error) from error
        except Unavailable:
            self.close()
            raise
        return True

    def close(self) -> None:
        """Let go of both folders."""
        for fd in (self.work_fd, self.fd):
            if fd >= 0:
                os.close(fd)
        self.fd = self.work_fd = -1
        self._identity = None

    def unavailable(self, error: OSError) -> Unavailable:
        """What an error of the operating system means for the folder."""
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return self._trouble(self._numbers.missing, error.strerror)
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return self._trouble(self._numbers.forbidden, error.strerror)
        return self._trouble(self._numbers.broken, error.strerror)

    def _open(self) -> None:
        # The last component may be a link of the administrator's; what lies inside may not.
        self.fd = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        status = os.fstat(self.fd)
        is_mount = status.st_dev != os.stat("..", dir_fd=self.fd).st_dev
        if self.must_be_mount and not is_mount:
            raise self._trouble(self._numbers.unmounted)
        if not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
            raise self._trouble(self._numbers.forbidden)
        outer = self._private(self.fd, self._word)
        try:
            self.work_fd = self._private(outer, self._channel)
        finally:
            os.close(outer)
        if os.fstat(self.work_fd).st_dev != status.st_dev:
            raise self._not_private("it lies on another file system")
        self.must_be_mount = is_mount
        self._identity = (status.st_dev, status.st_ino)

    def _private(self, parent: int, name: str) -> int:
        """Open a folder that only we can enter, made if it is not there."""
        try:
            os.mkdir(name, _PRIVATE_MODE, dir_fd=parent)
        except FileExistsError:
            pass
        else:
            os.fsync(parent)
        try:
            fd = os.open(name, _DIRECTORY, dir_fd=parent)
        except NotADirectoryError as error:
            raise self._not_private("it is no folder") from error
        status = os.fstat(fd)
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            os.close(fd)
            raise self._not_private(
                f"owner {status.st_uid}, mode {stat.S_IMODE(status.st_mode):04o}"
            )
        return fd

    def _not_private(self, reason: str) -> Unavailable:
        return Unavailable(
            2513, folder=str(self._folder / self._word), user=user_name(), reason=reason
        )

    def _trouble(self, number: int, reason: str | None = None) -> Unavailable:
        return Unavailable(
            number,
            folder=str(self._folder),
            channel=self._channel,
            user=user_name(),
            reason=reason or "",
        )


def user_name() -> str:
    """The user that we run as, for texts."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())
