"""Lists of gaps that people bring: from the control folder to the units and ranges that go again. Files.

    NAME.gaps --read--> NAME.taken --units wanted, one by one--> all of them announced --> removed
        | no list of ours
        v
    NAME.refused, alarm

A ferry that is stopped in between finds the taken list at its next start and begins it again: the receiver
takes nothing twice.
"""

from __future__ import annotations

import os
import stat
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Refused
from gateway.ferry.oneway.records import Resolved
from gateway.ferry.reconcile import (
    MAX_LIST_BYTES,
    SUFFIX,
    ReconcileList,
    Wanted,
    WantedSequences,
    parse_list,
)
from gateway.ferry.sentlog import SentLog
from gateway.sending.again import Request

_LOOK_S: Final = 0.5
_TAKEN_SUFFIX: Final = ".taken"


class Resending:
    """The control folder of a sending ferry. log: which unit a sequence was.

    resolved: units behind sequences that were asked for, to be told to the receiver; the caller empties it.
    """

    def __init__(self, control: Path, log: SentLog, recorder: Recorder, status: Status) -> None:
        self._control, self._log = control, log
        self._recorder, self._status = recorder, status
        self._waiting: deque[Request] = deque()
        self._under_way: dict[str, int] = {}
        self._look_s = 0.0
        self.resolved: list[Resolved] = []
        control.mkdir(mode=0o770, parents=True, exist_ok=True)
        for left in control.glob(f"*{_TAKEN_SUFFIX}"):
            with suppress(OSError):
                left.rename(left.with_suffix(SUFFIX))

    def look(self, now_s: float) -> None:
        """Read the lists that have come, at most twice a second."""
        if now_s < self._look_s:
            return
        self._look_s = now_s + _LOOK_S
        for path in sorted(self._control.glob(f"*{SUFFIX}")):
            taken = path.with_suffix(_TAKEN_SUFFIX)
            try:
                wanted = parse_list(_text(path))
                path.rename(taken)
            except Refused as error:
                self._status.raise_alarm(error.number, **error.fields)
                with suppress(OSError):
                    path.rename(path.with_suffix(".refused"))
                continue
            except OSError:
                continue
            self._take_list(taken, wanted)

    def _take_list(self, path: Path, wanted: ReconcileList) -> None:
        self._under_way[str(path)] = 0
        self._waiting += [Request(unit, self, str(path)) for unit in wanted.units]
        for span in wanted.sequences:
            self._take_sequences(path, span)
        fields = {"units": len(wanted.units), "lane_ranges": len(wanted.sequences)}
        self._recorder.record(Event("resend.requested", time.time_ns(), fields=fields))

    def _take_sequences(self, path: Path, span: WantedSequences) -> None:
        self._log.sync()
        for sequence, number, total in self._log.look_up(span.session, span.first, span.last):
            self.resolved.append(Resolved(span.session, sequence, number, total))
            self._waiting.append(Request(Wanted(number), self, str(path)))

    def next(self, limit: int) -> list[Request]:
        """The next units that are asked for, `limit` of them at most."""
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    def unknown(self, request: Request) -> None:
        """The unit is not here any more, or is not cleared."""
        number = request.wanted.number
        self._recorder.record(Event("resend.unknown", time.time_ns(), number, number=5705))

    def began(self, request: Request, total_bytes: int) -> None:
        """One unit of a list goes."""
        self._under_way[request.source] = self._under_way.get(request.source, 0) + 1

    def sealed(self, request: Request) -> None:
        """Nothing: a list is done when its units are announced."""

    def announced(self, request: Request) -> None:
        """One unit of a list has gone, and the receiver was told its name."""
        self._under_way[request.source] -= 1

    def settle(self) -> None:
        """Lists of which everything has gone are removed."""
        if not self._under_way:
            return
        waiting = {request.source for request in self._waiting}
        done = [s for s, left in self._under_way.items() if left <= 0 and s not in waiting]
        for source in done:
            Path(source).unlink(missing_ok=True)
            del self._under_way[source]


def _text(path: Path) -> str:
    """A list as it lies in the control folder, where operators write: a small ordinary file or Refused."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Refused(5401, line=0, text="no file")
        data = file.read(MAX_LIST_BYTES + 1)
    if len(data) > MAX_LIST_BYTES:
        raise Refused(5401, line=0, text="size")
    return data.decode("utf-8", "replace")
