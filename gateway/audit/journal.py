"""The journal of one process: one writer, segments of JSON lines, a hash chain through all of them.

    record()   event -> line -> chain -> buffer          no I/O, and waits for none
    commit()   buffer -> one write, one fdatasync        then the events are on disk
                  |            |
                  |            fdatasync fails: StateUncertain 6004, the process ends
                  disk full: Unavailable 6003, the lines stay buffered, no unit passes meanwhile

A new segment begins when one is large or the (UTC) day changes. Reading and checking a journal is
gateway.audit.search and gateway.audit.verify; this module only writes.
"""

from __future__ import annotations

import os
import secrets
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.audit import writer_lock
from gateway.audit.append import FOLDER_MODE, AppendFile, Full, Unsure, sync_folder, word
from gateway.audit.event import Event, Status
from gateway.audit.record import (
    TRAILER_BYTES,
    VERSION,
    Header,
    genesis,
    header_line,
    line_of,
)
from gateway.audit.recovery import MAX_BATCH_BYTES, Place, recover
from gateway.audit.segment import segment_name
from gateway.audit.tally import Tally
from gateway.errors import Field, Misconfigured, StateUncertain, Unavailable

# Small enough to be read in a blink at start, large enough that years are not a million files.
SEGMENT_BYTES: Final = 32 << 20
# About 30,000 events: what a process may still tell while the disk is full.
MAX_BUFFERED_BYTES: Final = 8 << 20
DAY_NS: Final = 86_400 * 1_000_000_000


class Journal:
    """A Recorder whose events are chained. Made by open_journal; one process has it."""

    def __init__(self, folder: Path, process: str, place: Place, lock_fd: int) -> None:
        self.folder = folder
        self.process = process
        self._id = place.journal_id or secrets.token_hex(16)
        self._lock_fd = lock_fd
        self._seq = place.seq
        self._head = place.head or genesis(process, self._id)
        self._written_seq, self._written_head = self._seq, self._head
        self._lines: list[bytes] = []
        self._buffered_bytes = 0
        self._last_at_ns = 0
        self._day = place.began_at_ns // DAY_NS
        self._status: Status | None = None
        self._tally: Tally | None = None
        self._unsure = ""
        # Alarms come from the watch thread too. Re-entrant: an alarm of ours is itself an event.
        self._lock = threading.RLock()
        # Held while the disk is written to; taken before the other, never after it. Who records does not
        # wait for a disk: what comes meanwhile goes with the next batch.
        self._writing = threading.Lock()
        self._file: AppendFile | None = None
        if place.segment:
            self._file = AppendFile(place.segment.path, place.size_bytes)

    @property
    def seq(self) -> int:
        """The number of the last event that is on disk."""
        return self._written_seq

    @property
    def buffered_events(self) -> int:
        return len(self._lines)

    def show_on(self, status: Status) -> None:
        """Show alarms 6003 and 6004 and the journal's gauges there from now on."""
        self._status = status

    def count_in(self, tally: Tally) -> None:
        """Count the units of events there from now on."""
        self._tally = tally

    def record(self, event: Event) -> None:
        """Take an event into the buffer. Raises Unavailable 6003 when the buffer is full: nothing
        has been recorded then, and the caller must not go on."""
        with self._lock:
            if self._buffered_bytes > MAX_BUFFERED_BYTES:
                raise Unavailable(6003, **self._state("ENOBUFS"))
            line, self._head = line_of(event, self._seq + 1, self._head)
            self._seq += 1
            self._last_at_ns = event.at_ns
            self._lines.append(line)
            self._buffered_bytes += len(line)
            if self._tally is not None:
                self._tally.add(event)

    def commit(self) -> None:
        """All recorded events are on disk when this returns. Raises Unavailable 6003 or
        StateUncertain 6004 and nothing else."""
        # The board is told without our lock: it records events of its own, from another thread.
        wanted_seq = self._seq
        try:
            with self._writing:
                written = self._commit(wanted_seq)
        except (Unavailable, StateUncertain) as error:
            if self._status is not None:
                self._status.raise_alarm(error.number, **error.fields)
            raise
        if written and self._status is not None:
            self._status.clear_alarm(6003)
            self._status.gauge("journal_seq", self._written_seq)

    def close(self) -> None:
        """Give the journal back. What was not committed is gone, as after a crash."""
        if self._file:
            self._file.close()
        self._file = None
        os.close(self._lock_fd)

    def _commit(self, wanted_seq: int) -> bool:
        """Whether anything was written. Tells no Status: the lock of writing is held."""
        if self._unsure:
            raise StateUncertain(6004, folder=str(self.folder), reason=self._unsure)
        if self._written_seq >= wanted_seq:
            # Nothing was recorded, or who committed before us took it along.
            return False
        try:
            while self._written_seq < wanted_seq:
                self._write_batch()
        except Full as full:
            raise Unavailable(6003, **self._state(full.reason)) from full
        except Unsure as unsure:
            self._unsure = str(unsure)
            raise StateUncertain(6004, folder=str(self.folder), reason=self._unsure) from unsure
        return True

    def _write_batch(self) -> None:
        count, size_bytes = 0, 0
        with self._lock:
            for line in self._lines:
                if count and size_bytes + len(line) > MAX_BATCH_BYTES:
                    break
                count += 1
                size_bytes += len(line)
            batch, day = b"".join(self._lines[:count]), self._last_at_ns // DAY_NS
        try:
            self._append(batch, day)
        except Full as full:
            self._written(batch[: full.written_bytes].count(b"\n"))
            raise
        self._written(count)

    def _append(self, batch: bytes, day: int) -> None:
        file = self._file
        if file and file.size_bytes + len(batch) <= SEGMENT_BYTES and day <= self._day:
            file.append(batch)
            return
        self._begin_segment(batch, day)

    def _begin_segment(self, batch: bytes, day: int) -> None:
        first_seq = self._written_seq + 1
        header = header_line(
            Header(self.process, VERSION, self._id, first_seq, self._written_head.decode())
        )
        file = AppendFile(self.folder / segment_name(first_seq), 0)
        try:
            file.append(header + batch)
        except Full as full:
            full.written_bytes = max(0, full.written_bytes - len(header))
            if full.written_bytes == 0:
                file.remove()
                raise
            self._use(file, day)
            raise
        self._use(file, day)

    def _use(self, file: AppendFile, day: int) -> None:
        if self._file:
            self._file.close()
        self._file, self._day = file, day
        try:
            sync_folder(self.folder)
        except OSError as error:
            raise Unsure(word(error)) from error

    def _written(self, count: int) -> None:
        if not count:
            return
        with self._lock:
            last = self._lines[count - 1]
            self._written_seq += count
            # The hash stands before the closing quote, brace and newline.
            self._written_head = last[-TRAILER_BYTES - 1 :][9:73]
            self._buffered_bytes -= sum(map(len, self._lines[:count]))
            del self._lines[:count]

    def _state(self, reason: str) -> dict[str, str | int | float]:
        free_bytes = 0
        with suppress(OSError):
            space = os.statvfs(self.folder)
            free_bytes = space.f_bavail * space.f_frsize
        return {
            "folder": str(self.folder),
            "reason": reason,
            "free_bytes": free_bytes,
            "waiting": len(self._lines),
        }


def open_journal(folder: Path, process: str, now_ns: Callable[[], int] = time.time_ns) -> Journal:
    """Open the journal of a process for writing, recovering it first; the folder is made if absent.

    What recovery did is itself recorded (`journal.recovered`, `journal.damaged`) and committed, or
    buffered while the disk is full. Raises Misconfigured 6001 (another process writes it) or 6002
    (the folder cannot be used) and nothing else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if stat.S_IMODE(folder.stat().st_mode) != FOLDER_MODE:
            with suppress(PermissionError):
                folder.chmod(FOLDER_MODE)
        lock_fd = writer_lock.take(folder)
        place = recover(folder, process)
        journal = Journal(folder, process, place, lock_fd)
    except BlockingIOError as error:
        raise Misconfigured(6001, folder=str(folder)) from error
    except OSError as error:
        raise Misconfigured(6002, folder=str(folder), reason=word(error)) from error
    except Full as full:
        raise Misconfigured(6002, folder=str(folder), reason=full.reason) from full
    if place.cut_bytes:
        fields: dict[str, Field] = {"cut_bytes": place.cut_bytes, "kept_in": place.kept_in}
        journal.record(Event("journal.recovered", now_ns(), number=6011, fields=fields))
    if place.damaged_seq:
        where = {"seq": place.damaged_seq}
        journal.record(Event("journal.damaged", now_ns(), number=6005, fields=where))
    with suppress(Unavailable):
        journal.commit()
    return journal
