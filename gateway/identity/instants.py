"""Time as the rest of the gate counts it (nanoseconds since 1970, UTC) and as certificates do.

No clock is read here: whoever asks brings the time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

SECOND_NS: Final = 1_000_000_000
DAY_NS: Final = 86_400 * SECOND_NS


def utc(at_ns: int) -> datetime:
    """The second of an instant; certificates know nothing finer (RFC 5280, 4.1.2.5)."""
    return datetime.fromtimestamp(at_ns // SECOND_NS, UTC)


def ns_of(moment: datetime) -> int:
    """An aware datetime in nanoseconds since 1970."""
    return int(moment.timestamp()) * SECOND_NS


def shown(at_ns: int) -> str:
    """For people: `2026-11-21 09:30 UTC`."""
    return utc(at_ns).strftime("%Y-%m-%d %H:%M UTC")


def stamp(at_ns: int) -> str:
    """For files: RFC 3339 in UTC, whole seconds, `2026-11-21T09:30:00Z`."""
    return utc(at_ns).strftime("%Y-%m-%dT%H:%M:%SZ")


def unstamp(untrusted_text: str) -> int:
    """The instant behind stamp(). Raises ValueError and nothing else."""
    moment = datetime.strptime(untrusted_text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return ns_of(moment)
