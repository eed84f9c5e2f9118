"""Instants and spans as people type them: `10 min`, `2 h`, `2026-11-21`, `2026-11-21T09:30Z`. No I/O."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from gateway.management.commands.command import Mistyped

_SPAN: Final = re.compile(r"([0-9]{1,6}) ?(s|min|h|d)")
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9000
_SECONDS: Final = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}


def read_span(text: str) -> float:
    """A span in seconds. Raises Mistyped 7014 and nothing else."""
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise Mistyped(7014, text=text)
    return float(int(match[1]) * _SECONDS[match[2]])


def read_instant(text: str, now_ns: int) -> int:
    """Nanoseconds since 1970 of an instant, or of so long before now. Times without a zone are UTC.

    Raises Mistyped 7015 and nothing else.
    """
    if match := _SPAN.fullmatch(text.strip()):
        return now_ns - int(match[1]) * _SECONDS[match[2]] * 1_000_000_000
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Mistyped(7015, text=text) from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    # Near the ends of the calendar a time has no counterpart in another zone.
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise Mistyped(7015, text=text)
    return int(at.timestamp()) * 1_000_000_000 + at.microsecond * 1_000
