"""The list of gaps that a person carries back: short, spoken numbers, a check line. No I/O but in
request_resend at the end.

    ferrygate gaps 1
    period 2026-11-21T03:00:00Z 2026-11-21T04:10:12Z
    unit 7QK4-M2XD-9                          the whole unit
    bytes 3ZZT-0A1B-C 0-300911 9000000-9300911   these bytes of it, first and last
    lane 12 4071-4093                         sendings of session 12 whose units are not known here
    check 5d1f03aa                            CRC-32 of all lines before, blanks and case aside

Empty lines and what follows # are skipped. Everything else must be right: a wrong line is refused by its
number, so that a list typed by hand asks for nothing that nobody missed.
"""

from __future__ import annotations

import os
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured, Refused
from gateway.ferry.block import MAX_UNIT_BYTES
from gateway.ferry.frame import MAX_U64
from gateway.ferry.oneway.account import MissingSequences, MissingUnit
from gateway.ferry.ranges import Range
from gateway.unit.number import hear, speak

TITLE: Final = "ferrygate gaps 1"
SUFFIX: Final = ".gaps"
# A list is typed or carried by hand; more lines than this come as lane ranges.
MAX_LINES: Final = 100_000
MAX_LIST_BYTES: Final = 8 << 20
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A unit, or ranges [first, end) of its bytes; empty for all of it."""

    number: int
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class WantedSequences:
    """Sendings first to last of a session."""

    session: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ReconcileList:
    """What one side misses, with the period in which it was noticed (seconds since 1970)."""

    from_s: int
    until_s: int
    units: tuple[Wanted, ...] = field(default=())
    sequences: tuple[WantedSequences, ...] = field(default=())

    @property
    def empty(self) -> bool:
        return not self.units and not self.sequences


def list_of(
    units: Sequence[MissingUnit], sequences: Sequence[MissingSequences], now_s: float
) -> ReconcileList:
    """The list of what an account misses, in the order of numbers."""
    since = [u.since_ns // 10**9 for u in units] + [s.since_ns // 10**9 for s in sequences]
    return ReconcileList(
        min(since, default=int(now_s)),
        int(now_s),
        tuple(
            Wanted(u.number, () if u.ranges == [(0, u.total_bytes)] else tuple(u.ranges))
            for u in sorted(units, key=lambda unit: unit.number)
        ),
        tuple(WantedSequences(s.session, s.first, s.last) for s in sequences),
    )


def format_list(wanted: ReconcileList) -> str:
    """The text of a list, with its check line."""
    lines = [TITLE, f"period {_shown(wanted.from_s)} {_shown(wanted.until_s)}"]
    for unit in wanted.units:
        if unit.ranges:
            ranges = " ".join(f"{first}-{end - 1}" for first, end in unit.ranges)
            lines.append(f"bytes {speak(unit.number)} {ranges}")
        else:
            lines.append(f"unit {speak(unit.number)}")
    lines += [f"lane {item.session} {item.first}-{item.last}" for item in wanted.sequences]
    return "\n".join([*lines, f"check {_check(lines)}"]) + "\n"


def parse_list(untrusted_text: str) -> ReconcileList:
    """The list in a text that a person has carried or typed.

    Raises Refused 5401 (a line, with its number) and 5402 (the check line differs) and nothing else.
    """
    lines = [
        (number, " ".join(line.split("#")[0].split()))
        for number, line in enumerate(untrusted_text.splitlines()[: MAX_LINES + 1], start=1)
    ]
    lines = [(number, line) for number, line in lines if line]
    if not lines or lines[0][1].lower() != TITLE or len(lines) > MAX_LINES:
        raise Refused(5401, line=lines[0][0] if lines else 1, text=lines[0][1] if lines else "")
    last_number, last = lines[-1]
    words = last.split()
    if len(words) != 2 or words[0].lower() != "check":
        raise Refused(5401, line=last_number, text=last)
    expected = _check([line for _, line in lines[:-1]])
    if words[1].lower() != expected:
        raise Refused(5402, got=words[1], expected=expected)
    return _read(lines[1:-1])


def _read(lines: list[tuple[int, str]]) -> ReconcileList:
    period: tuple[int, int] | None = None
    units: list[Wanted] = []
    sequences: list[WantedSequences] = []
    for number, line in lines:
        word, *rest = line.split()
        try:
            match word.lower(), rest:
                case "period", [first, until] if period is None:
                    period = (_time(first), _time(until))
                case "unit", [spoken]:
                    units.append(Wanted(hear(spoken)))
                case "bytes", [spoken, *ranges] if ranges:
                    units.append(Wanted(hear(spoken), _ranges(ranges)))
                case "lane", [session, span]:
                    first_sequence, end = _range(span, MAX_U64)
                    sequences.append(
                        WantedSequences(_number(session, MAX_U64), first_sequence, end - 1)
                    )
                case _:
                    raise ValueError
        except (ValueError, Refused) as error:
            raise Refused(5401, line=number, text=line) from error
    if period is None:
        raise Refused(5401, line=lines[0][0] if lines else 2, text="period")
    return ReconcileList(*period, tuple(units), tuple(sequences))


def _ranges(words: list[str]) -> tuple[Range, ...]:
    ranges = tuple(_range(word, MAX_UNIT_BYTES) for word in words)
    if any(before[1] > after[0] for before, after in pairwise(ranges)):
        raise ValueError("ranges out of order")
    return ranges


def _range(word: str, most: int) -> Range:
    first, dash, last = word.partition("-")
    pair = _number(first, most), _number(last, most) + 1
    if not dash or pair[0] >= pair[1]:
        raise ValueError("not a range")
    return pair


def _number(word: str, most: int) -> int:
    if not (word.isascii() and word.isdigit()) or len(word) > 20 or int(word) > most:
        raise ValueError("not a number")
    return int(word)


def _time(word: str) -> int:
    return int(datetime.strptime(word.upper(), _TIME).replace(tzinfo=UTC).timestamp())


def _shown(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime(_TIME)


def _check(lines: Sequence[str]) -> str:
    plain = "\n".join("".join(line.split()).upper() for line in lines)
    return f"{zlib.crc32(plain.encode('utf-8', 'replace')):08x}"


def request_resend(control_folder: Path, wanted: ReconcileList) -> Path:
    """Leave a list for the sending ferry, which takes it within a second. Writes one file, durable.

    Raises Misconfigured 5403 (the folder cannot be written).
    """
    text = format_list(wanted)
    name = f"resend-{os.getpid()}-{zlib.crc32(text.encode()):08x}-{secrets.token_hex(4)}"
    draft, final = control_folder / f".{name}", control_folder / f"{name}{SUFFIX}"
    try:
        # A new file: root may ask in a folder where others write, and must not write through their link.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, 0o644), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o644)  # the ferry is another user than whoever asks
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(final)
    except OSError as error:
        raise Misconfigured(5403, folder=str(control_folder), why=str(error)) from error
    return final
