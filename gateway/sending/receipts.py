"""Receipts of submitted requests: whose each is, and what became of it. Kept over restarts, bounded.

    waiting --outcome--> performed (status, or why its answer was not taken) | refused (number) | unknown

The edge of the source keeps them: noted before a request is durable, so that none is without one, settled by
what its own guard hands it. The first end stands. Where there are too many, whoever has most loses his
oldest. One file, appended to, written anew at start; read again, it gives what was kept.

    record   framed (gateway.spool.framed), MessagePack:
             [number, channel, caller, at_s] or [number, what, reason, at_s]
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.audit.event import Status
from gateway.errors import StateUncertain, Unavailable
from gateway.sending.receipt_shares import ReceiptShares
from gateway.spool.framed import FRONT_BYTES, framed, unframed
from gateway.unit.model import CapturedUnit
from gateway.unit.number import MAX_NUMBER
from gateway.unit.outcomes import UnitOutcome, What

# A request each two seconds for a day; about 20 MB of memory.
MOST_RECEIPTS: Final = 50_000
# People who ask later look into the journal.
KEPT_S: Final = 30 * 24 * 3600
# Written anew when it has grown to this: all receipts are a quarter of it.
_MOST_BYTES: Final = 32 << 20
_UNKNOWN: Final = 6423
_NOT_KEPT: Final = 6420
_NS: Final = 10**9


class State(StrEnum):
    """What is known of a submitted request, in the word that its caller gets."""

    WAITING = "waiting"
    PERFORMED = "performed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Known:
    """status: of the peer, 0 for none. number: FG number of the reason, 0 for none."""

    state: State
    status: int = 0
    number: int = 0


@dataclass(slots=True)
class _Receipt:
    channel: str
    caller: str
    at_s: int
    what: int = 0
    reason: int = 0

    @property
    def whose(self) -> tuple[str, str]:
        return self.channel, self.caller


_Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
_Seconds = Annotated[int, Meta(ge=0, le=1 << 40)]
_pack = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(tuple[_Number, str | int, str | int, _Seconds])


class Receipts:
    """submitted() and heard() in one thread, known() in any."""

    def __init__(
        self, path: Path, status: Status, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        """Raises Unavailable, StateUncertain 6430. What is damaged is left out, with alarm 6431."""
        self._path, self._status, self._now_ns = path, status, now_ns
        self._lock = threading.Lock()
        self._receipts: dict[int, _Receipt] = {}
        self._shares = ReceiptShares()
        # Noted by the last call of submitted().
        self._fresh: frozenset[int] = frozenset()
        self._fd, self._bytes = -1, 0
        self._unsure = ""
        try:
            self._load()
            self._write_anew()
        except OSError as error:
            raise self._trouble(error) from error

    def submitted(self, units: Sequence[CapturedUnit]) -> None:
        """See Notes. Durable when it returns. Raises Unavailable, StateUncertain 6430."""
        at_s = self._now_ns() // _NS
        made = {
            unit.number: _Receipt(unit.channel, unit.brought_by, at_s)
            for unit in units
            # A counter from a backup: the number, and what becomes of it, is somebody else's.
            if unit.number not in self._receipts
        }
        self._fresh = frozenset(made)
        notes = (_pack([n, one.channel, one.caller, one.at_s]) for n, one in made.items())
        self._append(notes)
        with self._lock:
            for number, one in made.items():
                self._keep(number, one)

    def not_kept(self, units: Sequence[CapturedUnit]) -> None:
        """See Notes. Raises StateUncertain 6430 alone."""
        numbers = self._fresh & {unit.number for unit in units}
        refused = (UnitOutcome(number, What.REFUSED, _NOT_KEPT, 0) for number in sorted(numbers))
        # Where it cannot be written its caller was told all the same.
        with suppress(Unavailable):
            self.heard(refused)

    def heard(self, outcomes: Iterable[UnitOutcome]) -> None:
        """What became of units of this side; durable when it returns. Raises as submitted()."""
        ends = [
            (one, known)
            for one in outcomes
            if one.what not in (What.HELD, What.RELEASED)
            and (known := self._receipts.get(one.unit)) is not None
            and not known.what
        ]
        if not ends:
            return
        at_s = self._now_ns() // _NS
        self._append(_pack([o.unit, int(o.what), o.reason, at_s]) for o, _ in ends)
        with self._lock:
            for one, known in ends:
                known.what, known.reason = int(one.what), one.reason

    def known(self, number: int, channel: str, caller: str) -> Known | None:
        """What its caller may know of a request; None for anybody else's, and for none."""
        with self._lock:
            receipt = self._receipts.get(number)
            if receipt is None or (receipt.channel, receipt.caller) != (channel, caller):
                return None
            return _known(receipt)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def _keep(self, number: int, receipt: _Receipt) -> None:
        """Beside the others, of whom those go that are too old or too many."""
        if (known := self._receipts.pop(number, None)) is not None:
            self._shares.drop(number, known.whose)
        self._receipts[number] = receipt
        self._shares.add(number, receipt.whose)
        while len(self._receipts) > MOST_RECEIPTS:
            self._drop(self._shares.oldest_of_most())
        self._drop_old(receipt.at_s)

    def _drop_old(self, at_s: int) -> None:
        while self._receipts:
            number, oldest = next(iter(self._receipts.items()))
            if at_s - oldest.at_s <= KEPT_S:
                return
            self._drop(number)

    def _drop(self, number: int) -> None:
        self._shares.drop(number, self._receipts.pop(number).whose)

    def _append(self, payloads: Iterable[bytes]) -> None:
        """Durable when it returns."""
        if self._unsure:
            raise StateUncertain(6430, file=str(self._path), reason=self._unsure)
        content = b"".join(framed(payload) for payload in payloads)
        self._write(content)
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            # Asking the kernel again proves nothing.
            raise self._uncertain(error) from error

    def _write(self, content: bytes) -> None:
        """Behind what is there; what was written in part is taken back: it would hide all behind it."""
        try:
            if self._bytes + len(content) > _MOST_BYTES:
                self._write_anew()
            if os.write(self._fd, content) != len(content):
                raise OSError(0, "a record was written in part")
        except OSError as error:
            try:
                os.ftruncate(self._fd, self._bytes)
            except OSError as second:
                raise self._uncertain(second) from error
            raise self._trouble(error) from error
        self._bytes += len(content)

    def _load(self) -> None:
        try:
            content = self._path.read_bytes()[: 2 * _MOST_BYTES]
        except FileNotFoundError:
            return
        at = 0
        for number, first, second, at_s, end in _records(content):
            at = end
            if isinstance(first, str) and isinstance(second, str):
                self._keep(number, _Receipt(first, second, at_s))
            elif (known := self._receipts.get(number)) is not None:
                known.what, known.reason = int(first), int(second)
        if any(content[at : at + FRONT_BYTES]) and len(content) - at > 4096:
            # More than the end that a crash may tear.
            self._status.raise_alarm(6431, file=str(self._path), offset=at)
        self._drop_old(self._now_ns() // _NS)

    def _write_anew(self) -> None:
        payloads: list[bytes] = []
        for number, one in self._receipts.items():
            payloads.append(_pack([number, one.channel, one.caller, one.at_s]))
            if one.what:
                payloads.append(_pack([number, one.what, one.reason, one.at_s]))
        content = b"".join(framed(payload) for payload in payloads)
        new = self._path.with_name(self._path.name + ".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        fd = os.open(new, flags, 0o600)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(fd, view) :]
            os.fsync(fd)
            new.replace(self._path)
        except BaseException:
            os.close(fd)
            raise
        # From here the old file has no name: what is written to it would be lost with a crash.
        self.close()
        self._fd, self._bytes = fd, len(content)
        try:
            self._sync_folder()
        except OSError as error:
            # Which of the two a crash leaves, nobody knows.
            raise self._uncertain(error) from error

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _uncertain(self, error: OSError) -> StateUncertain:
        self._unsure = error.strerror or "EIO"
        return StateUncertain(6430, file=str(self._path), reason=self._unsure)

    def _trouble(self, error: OSError) -> Unavailable:
        return Unavailable(6430, file=str(self._path), reason=error.strerror or "")


def _known(receipt: _Receipt) -> Known:
    if not receipt.what:
        return Known(State.WAITING)
    what, reason = What(receipt.what), receipt.reason
    if what in (What.PERFORMED, What.DELIVERED):
        is_status = reason < 1000
        return Known(State.PERFORMED, reason if is_status else 0, 0 if is_status else reason)
    state = State.UNKNOWN if reason == _UNKNOWN else State.REFUSED
    return Known(state, 0, reason)


def _records(content: bytes) -> Iterator[tuple[int, str | int, str | int, int, int]]:
    """Whole records from the begin, each with where it ends."""
    with suppress(msgspec.DecodeError):
        for payload, end in unframed(content):
            yield *_read.decode(payload), end
