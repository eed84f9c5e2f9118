"""Which unit each sending of a session was, so that a sequence alone can be asked for later. I/O.

    sent-SESSION.log    record i is sequence i: | number 8 | total 8 |

The sizes of the files also tell how many sendings earlier sessions had; heartbeats carry that.
"""

from __future__ import annotations

import os
import re
import struct
import threading
from pathlib import Path
from typing import Final

from gateway.errors import Unavailable

_RECORD: Final = struct.Struct("!QQ")
_NAME: Final = re.compile(r"sent-(\d{1,20})\.log")
# A person asks within days; 64 starts of the sender last longer than units are kept.
_SESSIONS_KEPT: Final = 64


class SentLog:
    """The log of one session, and those of earlier ones to look up. Raises Unavailable 5504."""

    def __init__(self, folder: Path, session: int) -> None:
        self._folder = folder
        self._pending: list[bytes] = []
        self._syncing = threading.Lock()
        # Behind the last record that is durable.
        self._end_bytes = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.past = [(s, size) for s, size in self._sizes() if s < session]
            for old, _ in self.past[:-_SESSIONS_KEPT]:
                self._path(old).unlink()
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            self._file = os.open(self._path(session), flags, 0o600)
        except OSError as error:
            raise Unavailable(5504, folder=str(folder), why=str(error)) from error

    def _path(self, session: int) -> Path:
        return self._folder / f"sent-{session}.log"

    def _sizes(self) -> list[tuple[int, int]]:
        found = []
        for path in self._folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match:
                found.append((int(match[1]), path.stat().st_size // _RECORD.size))
        return sorted(found)

    def add(self, number: int, total_bytes: int) -> None:
        """The next sequence is this unit. Written by sync()."""
        self._pending.append(_RECORD.pack(number, total_bytes))

    def sync(self) -> None:
        """All that was added is durable. Raises Unavailable 5504 with the rest still to be written. From any
        thread: one waits for the other, and who adds for none."""
        with self._syncing:
            count = len(self._pending)
            if not count:
                return
            data = b"".join(self._pending[:count])
            try:
                # Over what a failed attempt has left: record i stays sequence i.
                if os.pwrite(self._file, data, self._end_bytes) != len(data):
                    raise OSError("short write")
                os.fdatasync(self._file)
            except OSError as error:
                raise Unavailable(5504, folder=str(self._folder), why=str(error)) from error
            self._end_bytes += len(data)
            del self._pending[:count]

    def look_up(self, session: int, first: int, last: int) -> list[tuple[int, int, int]]:
        """Sequence, number and total bytes of sendings first to last, as far as they are known here."""
        try:
            with self._path(session).open("rb") as file:
                file.seek(first * _RECORD.size)
                data = file.read(min(last - first + 1, 1 << 20) * _RECORD.size)
        except (OSError, OverflowError):
            return []
        whole = len(data) // _RECORD.size * _RECORD.size
        records = _RECORD.iter_unpack(data[:whole])
        return [(first + i, number, total) for i, (number, total) in enumerate(records)]

    def close(self) -> None:
        os.close(self._file)
