"""How a process is, in a small file for people and monitoring. Nothing depends on it being read.

    run/edge.json    written whole beside it and renamed, at most once a second, never synced
    run/guard.json
    run/ferry.json

An alarm is a number that stands until it is cleared; raising and clearing it are events too.
A gauge or counter has a metric name (`units_captured_total`); gateway.audit.metrics translates it.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Final

import msgspec

from gateway import __version__
from gateway.audit.event import Event, Recorder
from gateway.audit.record import plain
from gateway.audit.segment import open_plain
from gateway.audit.tally import HitCount, Tally, UnitCount, UnitTimes, Whole
from gateway.errors import Field, Unavailable

# Of the file; what `ferrygate status --json` prints of all of them is another.
SCHEMA: Final = "ferrygate.board/1"
FLUSH_EVERY_S: Final = 1.0
# Five missed flushes: what people are told must not be older than an alarm may be.
STALE_NS: Final = 5_000_000_000
# A process has some dozen gauges; a larger file is none of ours.
MAX_FILE_BYTES: Final = 1 << 20
# For everybody to read, for the process alone to write.
FILE_MODE: Final = 0o644

_STARTTIME: Final = 19  # /proc/PID/stat, proc(5): field 22, counted from 0 behind the command's ")"


class Alarm(msgspec.Struct, frozen=True):
    """A number that stands since a moment, with the values of its text."""

    number: Whole
    since_ns: Whole
    fields: dict[str, str | Whole | float]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    process: str
    pid: Whole
    pid_started: Whole
    version: str
    started_at_ns: Whole
    flushed_at_ns: Whole
    stopped: bool
    gauges: dict[str, str | Whole | float]
    counters: dict[str, Whole]
    alarms: list[Alarm]
    units: list[UnitCount] = []
    times: list[UnitTimes] = []
    hits: list[HitCount] = []


class Condition(Enum):
    """What a status file says about its process."""

    RUNNING = auto()
    STOPPED = auto()  # it ended in order
    GONE = auto()  # no such process: it was killed, or the host was
    STALE = auto()  # the process is there, but has said nothing for STALE_NS
    UNREADABLE = auto()


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One process as its file shows it. Times in ns since 1970, 0 where nothing is known."""

    process: str
    condition: Condition
    pid: int
    version: str
    started_at_ns: int
    flushed_at_ns: int
    gauges: dict[str, Field]
    counters: dict[str, int]
    alarms: tuple[Alarm, ...]
    units: tuple[UnitCount, ...] = ()
    times: tuple[UnitTimes, ...] = ()
    hits: tuple[HitCount, ...] = ()


class StatusBoard:
    """The Status of one process. Safe to use from several threads."""

    def __init__(
        self,
        folder: Path,
        process: str,
        recorder: Recorder | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """folder: the run folder, made if absent. recorder: where alarms are recorded as events."""
        self._path = folder / f"{process}.json"
        self._process = process
        self.tally = Tally()
        self._recorder = recorder
        self._now_ns = now_ns
        self._started_at_ns = now_ns()
        self._pid_started = _pid_started(os.getpid())
        self._gauges: dict[str, Field] = {}
        self._counters: dict[str, int] = {}
        self._alarms: dict[int, Alarm] = {}
        self._unrecorded: list[Event] = []
        self._flushed_s: float | None = None
        self._lock = threading.RLock()
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with suppress(OSError):
            for left in folder.glob(f".{process}.*"):
                left.unlink()

    def gauge(self, name: str, value: Field) -> None:
        """Set a value."""
        self._gauges[name] = plain(value)

    def count(self, name: str, by: int = 1) -> None:
        """Add to a counter; it begins at 0 with the process."""
        with self._lock:
            self._counters[name] = self._counters.get(name, 0) + by

    def raise_alarm(self, number: int, **fields: Field) -> None:
        """Show an alarm; a new one is recorded. One that stands gets the newer values, silently."""
        with self._lock:
            standing = self._alarms.get(number)
            since_ns = standing.since_ns if standing else self._now_ns()
            shown = {name: plain(value) for name, value in fields.items()}
            self._alarms[number] = Alarm(number, since_ns, shown)
            if standing is None:
                self._flushed_s = None
                self._tell(Event("alarm.raised", since_ns, number=number, fields=fields))

    def clear_alarm(self, number: int) -> None:
        """End an alarm; one that stood is recorded with how long it did."""
        if number not in self._alarms:
            return
        with self._lock:
            alarm = self._alarms.pop(number, None)
            if alarm is not None:
                now_ns = self._now_ns()
                stood_s = round((now_ns - alarm.since_ns) / 1e9, 1)
                fields: dict[str, Field] = {"stood_s": stood_s}
                self._tell(Event("alarm.cleared", now_ns, number=number, fields=fields))

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What stands, by number."""
        return tuple(self._alarms[number] for number in sorted(self._alarms))

    def flush(self, now_s: float) -> None:
        """Write the file if the last time was a second ago or an alarm is new. now_s: any clock that
        runs evenly. A full or absent run folder is not the work's concern: nothing is raised."""
        if self._flushed_s is not None and 0 <= now_s - self._flushed_s < FLUSH_EVERY_S:
            return
        with self._lock:
            self._flushed_s = now_s
            self._tell_rest()
            self._write(stopped=False)

    def close(self) -> None:
        """Say that the process ends in order."""
        with self._lock:
            self._tell_rest()
            self._write(stopped=True)

    def _tell(self, event: Event) -> None:
        self._unrecorded.append(event)
        self._tell_rest()

    def _tell_rest(self) -> None:
        # A full journal takes no event now; the alarm stands all the same and is recorded later.
        with suppress(Unavailable):
            while self._unrecorded and self._recorder is not None:
                self._recorder.record(self._unrecorded[0])
                del self._unrecorded[0]

    def _write(self, *, stopped: bool) -> None:
        file = _File(
            SCHEMA,
            self._process,
            os.getpid(),
            self._pid_started,
            __version__,
            self._started_at_ns,
            self._now_ns(),
            stopped,
            dict(self._gauges),
            dict(self._counters),
            list(self.alarms),
            self.tally.units(),
            self.tally.times(),
            self.tally.hits(),
        )
        # A new name each time: the other processes of the host, users of their own, write here too.
        beside = self._path.with_name(f".{self._process}.{secrets.token_hex(8)}")
        with suppress(OSError, UnicodeEncodeError):
            content = msgspec.json.encode(file)
            try:
                _write(beside, content)
                beside.replace(self._path)
            except OSError:
                beside.unlink(missing_ok=True)
                raise


def read_status(folder: Path, now_ns: int | None = None) -> list[ProcessStatus]:
    """Every process that has a file in the run folder, by name; an absent folder has none.

    Raises nothing: what cannot be read is said to be so.
    """
    now_ns = time.time_ns() if now_ns is None else now_ns
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return [_read(path, now_ns) for path in paths]


def _read(path: Path, now_ns: int) -> ProcessStatus:
    try:
        with open_plain(path) as stream:
            file = msgspec.json.decode(stream.read(MAX_FILE_BYTES), type=_File)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ProcessStatus(path.stem, Condition.UNREADABLE, 0, "", 0, 0, {}, {}, ())
    return ProcessStatus(
        path.stem,
        _condition(file, now_ns),
        file.pid,
        file.version,
        file.started_at_ns,
        file.flushed_at_ns,
        file.gauges,
        file.counters,
        tuple(file.alarms),
        tuple(file.units),
        tuple(file.times),
        tuple(file.hits),
    )


def _condition(file: _File, now_ns: int) -> Condition:
    if file.stopped:
        return Condition.STOPPED
    there = _pid_started(file.pid)
    # Another start time is another process with the same number.
    if not there or (file.pid_started and there != file.pid_started):
        return Condition.GONE
    return Condition.STALE if now_ns - file.flushed_at_ns > STALE_NS else Condition.RUNNING


def _write(path: Path, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(fd, "wb") as file:
        os.fchmod(fd, FILE_MODE)  # the umask had its say
        file.write(content)


def _pid_started(pid: int) -> int:
    """When a process began, in clock ticks since the host's start (proc(5)); 0 if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        return int(stat.rpartition(")")[2].split()[_STARTTIME])
    except (OSError, ValueError, IndexError):
        return 0
