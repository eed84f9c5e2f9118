"""The reader's log of answers on disk: replayed and compacted at open, appended to after that.

What an entry means is in gateway.spool.answers; this module only reads, appends, syncs and shortens.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

from gateway.errors import GatewayError
from gateway.spool.answers import Answer, Answers, Kind, Pair, decode_answers, encode_answer
from gateway.spool.disk import Disk, full, is_full, replace, uncertain
from gateway.spool.layout import Layout

# Some ten thousand group answers; replaying so much takes a tenth of a second.
_COMPACT_BYTES: Final = 1 << 20


class AnswerLog:
    """The log and what it adds up to.

    on_answer: called with (start, end, at_ns) for each range of ordinals that was answered.
    answered_at_ns: gives the last answer of each segment that still stands, for snapshots.
    """

    def __init__(
        self,
        layout: Layout,
        disk: Disk,
        on_answer: Callable[[int, int, int], None],
        answered_at_ns: Callable[[], dict[int, int]],
    ) -> None:
        self._layout = layout
        self._disk = disk
        self._on_answer = on_answer
        self._answered_at_ns = answered_at_ns
        self._fd = -1
        self._size = self._compact_at = 0
        self.answers = Answers()

    def replay(self) -> None:
        """Read the log of the last run; a torn tail was never confirmed. Raises OSError."""
        try:
            log = self._layout.answers.read_bytes()
        except FileNotFoundError:
            return
        for answer in decode_answers(log)[0]:
            self._apply(answer)

    def compact(self) -> None:
        """Replace the log by a short one that adds up to the same. Raises OSError."""
        snapshot = self.answers.snapshot(time.time_ns(), self._answered_at_ns())
        replace(self._disk, self._layout.answers, snapshot)
        self.close()
        self._fd = self._disk.create(self._layout.answers)
        self._size = len(snapshot)
        self._compact_at = 4 * self._size + _COMPACT_BYTES

    def commit(self, kind: Kind, pairs: list[Pair]) -> None:
        """Durable when it returns. Raises Unavailable 6502 (nothing is changed), StateUncertain."""
        answer = Answer(kind, time.time_ns(), pairs)
        self._append(encode_answer(*answer))
        try:
            self._disk.sync(self._fd)
        except OSError as error:
            raise uncertain(self._layout.answers, error) from error
        self._apply(answer)

    def note(self, *notes: tuple[Kind, list[Pair]]) -> None:
        """Written but not synced: counts of attempts. On a full disk they are just not counted.

        Raises StateUncertain 6501 and nothing else.
        """
        at_ns = time.time_ns()
        answers = [Answer(kind, at_ns, pairs) for kind, pairs in notes if pairs]
        try:
            self._append(b"".join(encode_answer(*answer) for answer in answers))
        except GatewayError as error:
            if error.number != 6502:
                raise
        for answer in answers:
            self._apply(answer)

    def shorten(self) -> None:
        """Compact once it has grown enough. On a full disk later. Raises StateUncertain."""
        if self._size < self._compact_at:
            return
        try:
            self.compact()
        except OSError as error:
            if not is_full(error):
                raise uncertain(self._layout.answers, error) from error
            self._compact_at = self._size + _COMPACT_BYTES

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def _append(self, entry: bytes) -> None:
        try:
            self._disk.write(self._fd, entry, self._size)
        except OSError as error:
            raise self._undone(error) from error
        self._size += len(entry)

    def _undone(self, error: OSError) -> GatewayError:
        if not is_full(error):
            return uncertain(self._layout.answers, error)
        try:
            self._disk.truncate(self._fd, self._size)
        except OSError as second:
            return uncertain(self._layout.answers, second)
        return full(self._layout.folder)

    def _apply(self, answer: Answer) -> None:
        self.answers.apply(answer)
        if answer.kind is Kind.ACK:
            for start, end in answer.pairs:
                self._on_answer(start, end, answer.at_ns)
        elif answer.kind is Kind.ANSWERED_AT:
            for segment, at_ns in answer.pairs:
                self._on_answer(segment, segment + 1, at_ns)
