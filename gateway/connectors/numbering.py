"""Numbers for new units: counted up, never given twice, whatever crashes in between.

A file holds the mark: every number below it may have been used. Numbers are handed out from blocks;
the mark is moved past a block, durably, before the first number of the block is given.

    mark file   b"ferrygate unit numbers 1\\n" <decimal mark> "\\n"
    numbers     .... given | block in hand |  mark --> not yet touched
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured, Unavailable
from gateway.unit.counted import MINUTE_SHIFT, first_of_minute
from gateway.unit.number import MAX_NUMBER

# Large enough that the two fsyncs of a block vanish, small enough that restarts waste little.
BLOCK: Final = 4096
# A clock that says one of the last eight years of the range must not use them up.
_LAST_YEARS: Final = 8 * 366 * 24 * 60 << MINUTE_SHIFT

_FORM: Final = re.compile(rb"ferrygate unit numbers 1\n([0-9]{1,13})\n")


class UnitNumbers:
    """The counter of one installation. One process has it; safe to call from several threads."""

    def __init__(
        self, path: Path, now_ns: Callable[[], int], *, every: int = 1, place: int = 0
    ) -> None:
        """Reads the mark; a missing file begins at today's minute. Does I/O.

        every, place: gives only numbers that leave `place` when divided by `every`, so that several
        installations of one gate never give the same.

        Raises Misconfigured 2510 (damaged), Unavailable 2511 (cannot be read) and nothing else.
        """
        self._path = path
        self._every, self._place = every, place
        self._lock = threading.Lock()
        self._mark = self._read(now_ns)
        self._next = self._mark

    def next(self) -> int:
        """A number that nobody has had. Raises Unavailable 2511 or 2512 and nothing else."""
        with self._lock:
            number = self._next + (self._place - self._next) % self._every
            if number >= self._mark:
                self._claim_block()
            self._next = number + 1
            return number

    def _read(self, now_ns: Callable[[], int]) -> int:
        try:
            untrusted_bytes = self._path.read_bytes()
        except FileNotFoundError:
            return _of_today(now_ns())
        except OSError as error:
            raise self._unavailable(error) from error
        match = _FORM.fullmatch(untrusted_bytes)
        if match is None:
            raise Misconfigured(2510, file=str(self._path))
        # A state folder put back from a backup must not give its later numbers again.
        return max(int(match[1]), _of_today(now_ns()))

    def _claim_block(self) -> None:
        mark = self._mark + BLOCK
        if mark > MAX_NUMBER:
            raise Unavailable(2512, file=str(self._path))
        try:
            _replace(self._path, b"ferrygate unit numbers 1\n%d\n" % mark)
        except OSError as error:
            raise self._unavailable(error) from error
        # From here no restart gives a number of this block again.
        self._mark = mark

    def _unavailable(self, error: OSError) -> Unavailable:
        return Unavailable(2511, file=str(self._path), reason=error.strerror or "")


def _of_today(now_ns: int) -> int:
    """The first number of this minute; 0 where the clock is so far ahead that it must be wrong."""
    number = first_of_minute(now_ns)
    return number if number < MAX_NUMBER - _LAST_YEARS else 0


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(path.name + ".new")
    with open(new, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
