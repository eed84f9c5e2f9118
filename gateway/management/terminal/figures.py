"""Sizes, counts, durations and instants as people read them. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_SIZES: Final = (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))
_SPANS: Final = (("d", 86_400), ("h", 3_600), ("min", 60))


def size(size_bytes: float) -> str:
    """`412 KiB`, `3.1 MiB`, `0 B`."""
    for unit, factor in _SIZES:
        if size_bytes >= factor:
            value = size_bytes / factor
            return f"{value:.1f} {unit}" if value < 10 else f"{value:,.0f} {unit}"
    return f"{size_bytes:.0f} B"


def span(seconds: float) -> str:
    """`4 s`, `14 min`, `3 h`, `12 d`; below ten seconds with one decimal, below one in ms."""
    if seconds < 0:
        return "0 s"
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    for unit, factor in _SPANS:
        if seconds >= 2 * factor:
            return f"{seconds / factor:.0f} {unit}"
    return f"{seconds:.1f} s" if 0 < seconds < 10 else f"{seconds:.0f} s"


def count(number: float) -> str:
    """`11,204`; from a million on `1.2 M`."""
    return f"{number / 1e6:.1f} M" if number >= 1e6 else f"{number:,.0f}"


def stamp(at_ns: int) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-11-21T09:31:07.214Z`, for machines."""
    return _utc(at_ns).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ns // 1_000_000 % 1000:03d}Z"


def clock(at_ns: int) -> str:
    """`09:31:07.214`, for a table whose day is known."""
    return _utc(at_ns).strftime("%H:%M:%S.") + f"{at_ns // 1_000_000 % 1000:03d}"


def moment(at_ns: int) -> str:
    """`2026-11-21 09:31:07`, UTC, for people."""
    return _utc(at_ns).strftime("%Y-%m-%d %H:%M:%S")


def digest(text: str) -> str:
    """The first twelve characters of a digest in groups of four: `7f3a 91c2 04be`."""
    return " ".join(text[start : start + 4] for start in range(0, min(12, len(text)), 4))


def _utc(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns // 1_000_000_000, UTC)
