"""The reader's side exits: store what leaves, answer it, and only then let the queue's own copy go.

Units that leave together share the syncs: one for each folder, one for the log.

    store files (durable)  ->  log: answered (durable)  ->  own copy overwritten or removed

A crash before the log leaves files without an answer: `unsettled`. The unit comes again; its files
are replaced by its next exit, or removed when it is acknowledged after all.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.errors import Unavailable
from gateway.spool import set_aside
from gateway.spool.answer_log import AnswerLog
from gateway.spool.answers import Kind, ranges_of
from gateway.spool.aside_keeping import AsideKeeper
from gateway.spool.bodies import FileBody
from gateway.spool.cursor import Damage
from gateway.spool.disk import Disk, is_full
from gateway.spool.hand import Slot
from gateway.spool.layout import Layout
from gateway.spool.segment import HEAD_BYTES, Place
from gateway.spool.set_aside import Leaving, SetAside
from gateway.spool.shelf import Shelf
from gateway.spool.tidy import Tidier

# Reasons of the catalogue for what the queue itself sets aside as corrupt.
DAMAGED_RECORD: Final = 6510
BODY_MISSING: Final = 6511
RECORDS_MISSING: Final = 6512

# A damaged piece is kept for people to look at; beyond this they need the disk, not the piece.
_MAX_PIECE_BYTES: Final = 1 << 20

# A disk that cannot write any more, or says that it did not: nothing of ours is certain then.
_UNCERTAIN: Final = frozenset({errno.EIO, errno.EROFS})


class Exits:
    """Everything that goes into refused/, held/ and corrupt/. All methods raise OSError of the disk
    and what AnswerLog.commit raises, and Unavailable 6513 where the folder does not take the files:
    the unit is not answered then, and leaves when it is tried again."""

    def __init__(
        self,
        layout: Layout,
        disk: Disk,
        shelf: Shelf,
        log: AnswerLog,
        tidier: Tidier,
        keeper: AsideKeeper,
    ) -> None:
        self._layout = layout
        self._disk = disk
        self._shelf = shelf
        self._log = log
        self._tidier = tidier
        self._keeper = keeper
        acked = log.answers.acked
        self._unsettled = {o for o in set_aside.ordinals(layout) if o not in acked}

    def leave(self, slot: Slot, reason: int, stage: str) -> None:
        """A unit leaves under a stage with a reason."""
        self._leave([(slot, reason, stage)])

    def leave_all(self, exits: Sequence[tuple[Slot, int, str]]) -> int:
        """Units leave together, some dozen at most; gives how many did, in order.

        Where they cannot, each tries alone, up to the first that cannot; raises for the first of all.
        """
        try:
            self._leave(exits)
            return len(exits)
        except Unavailable:
            if len(exits) < 2:
                raise
        for done, one in enumerate(exits):
            try:
                self._leave([one])
            except Unavailable:
                if not done:
                    raise
                return done
        return len(exits)

    def _leave(self, exits: Sequence[tuple[Slot, int, str]]) -> None:
        self._write([self._leaving(*one) for one in exits])
        self._log.commit(Kind.ACK, ranges_of(slot.head.ordinal for slot, _, _ in exits))
        # From here the queue's own copies may go.
        for slot, _, _ in exits:
            self._drop(slot)

    def _leaving(self, slot: Slot, reason: int, stage: str) -> Leaving:
        head = slot.head
        content = self._shelf.content(slot.segment, slot.offset, head) or b""
        body: bytes | Path = content[head.header_bytes :]
        if head.place == Place.FILE:
            body = self._layout.body(head.ordinal)
            if not body.exists():
                body = b""
        self.acknowledged(slot)  # an earlier exit may have had another stage
        described = SetAside(
            number=head.number,
            stage=stage,
            reason=reason,
            at_ns=time.time_ns(),
            size_bytes=len(body) if isinstance(body, bytes) else head.body_bytes,
            header=content[: head.header_bytes],
            attempt=self._log.answers.times(head.ordinal),
            body=FileBody(self._layout.body(head.ordinal), head.body_bytes),
        )
        return Leaving(head.ordinal, described, body)

    def leave_corrupt(self, slot: Slot, reason: int) -> None:
        """A unit whose record or body is not whole any more."""
        ordinal = slot.head.ordinal
        if ordinal in self._unsettled and set_aside.is_stored(self._layout, ordinal):
            # It left before a crash took the answer out of the log: its files are the better copy.
            self._unsettled.discard(ordinal)
            self._answer(ordinal, ordinal + 1)
            return
        self.leave(slot, reason, "corrupt")

    def leave_damage(self, damage: Damage) -> None:
        """A piece of a segment in which no unit can be recognised, or a piece that is gone."""
        piece = b""
        if damage.size_bytes:
            size = min(damage.size_bytes, _MAX_PIECE_BYTES)
            piece = os.pread(self._shelf.fd(damage.segment), size, damage.offset)
        described = SetAside(
            number=None,
            stage="corrupt",
            reason=DAMAGED_RECORD if damage.size_bytes else RECORDS_MISSING,
            at_ns=time.time_ns(),
            size_bytes=len(piece),
            header=b"",
            attempt=0,
            body=FileBody(self._layout.segment(damage.segment), len(piece)),
        )
        self._write([Leaving(damage.first, described, piece)])
        self._answer(damage.first, damage.end)

    def acknowledged(self, slot: Slot) -> None:
        """The unit was acknowledged; what an earlier exit left half done goes."""
        if slot.head.ordinal in self._unsettled:
            set_aside.remove(self._disk, self._layout, slot.head.ordinal)
            self._unsettled.discard(slot.head.ordinal)

    def _answer(self, start: int, end: int) -> None:
        if end > start:
            self._log.commit(Kind.ACK, [(start, end)])

    def _write(self, leaving: Sequence[Leaving]) -> None:
        try:
            set_aside.store_all(self._disk, self._layout, leaving)
        except OSError as error:
            if is_full(error) or error.errno in _UNCERTAIN:
                raise
            folder = str(self._layout.aside(leaving[0].described.stage))
            raise Unavailable(6513, folder=folder, reason=error.strerror or str(error)) from error
        for one in leaving:
            self._keeper.stored(one.described.size_bytes + len(one.described.header))

    def _drop(self, slot: Slot) -> None:
        head = slot.head
        if head.place == Place.FILE:
            with suppress(FileNotFoundError):
                self._disk.unlink(self._layout.body(head.ordinal))
        zeros = bytes(head.content_bytes)
        self._disk.write(self._shelf.fd(slot.segment), zeros, slot.offset + HEAD_BYTES)
        self._tidier.note_cleared(head)
