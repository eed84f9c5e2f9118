"""Finds events in the journals of a host without an index: newest first, block by block.

A search for a unit, a number, a channel or a word looks for its bytes in the block and decodes only
the lines that hold them; segments that end before `since` are never opened.

Searching believes what it reads: whether the record is what was written is gateway.audit.verify's.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from gateway.audit.record import MAX_LINE_BYTES, Record, decode_line
from gateway.audit.segment import BLOCK_BYTES, Segment, open_plain, segments
from gateway.errors import Refused
from gateway.unit.model import Stage

# How far the clock of a host may have gone back at a segment's edge and its events still be found.
CLOCK_SLACK_NS: Final = 3_600 * 1_000_000_000

_RANK: Final = {stage.value: rank for rank, stage in enumerate(Stage)}
_Needles = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; what is left out matches all.

    what: words of the event table, or their beginnings with the dot (`alarm.`). text: a piece of
    any word, name or value; a to z match A to Z.
    since_ns is included, until_ns is not.
    """

    unit: int | None = None
    channel: str = ""
    what: frozenset[str] = frozenset()
    number: int | None = None
    text: str = ""
    since_ns: int = 0
    until_ns: int = 1 << 63


@dataclass(frozen=True, slots=True)
class Found:
    """One event with the journal that holds it."""

    process: str
    record: Record


def journals_of(root: Path) -> dict[str, Path]:
    """The journals under a host's journal folder, by process. May raise OSError."""
    return {path.name: path for path in sorted(root.iterdir()) if path.is_dir() and segments(path)}


def search(
    journals: Mapping[str, Path], query: Query, *, oldest_first: bool = False
) -> Iterator[Found]:
    """The events that match, merged by time, as an iterator: take as many as are wanted.

    Lines that are no record are passed over. May raise OSError.
    """
    streams = [
        _matches(folder, process, query, oldest_first) for process, folder in journals.items()
    ]
    return heapq.merge(*streams, key=_order, reverse=not oldest_first)


def _order(found: Found) -> tuple[int, int]:
    # Processes share a clock; at one and the same time the order of the stages decides.
    return found.record.at_ns, _RANK.get(found.record.what, len(_RANK))


def _matches(folder: Path, process: str, query: Query, forward: bool) -> Iterator[Found]:
    needle, fits = _needles(query), _filter(query)
    bounded = query.since_ns > 0 or query.until_ns < 1 << 63
    for segment in _in_time(segments(folder), query, forward):
        with open_plain(segment.path) as file:
            for untrusted_line in _candidates(file, needle, forward):
                if bounded and not query.since_ns <= _at_ns(untrusted_line) < query.until_ns:
                    continue
                try:
                    record, _ = decode_line(untrusted_line)
                except Refused:
                    continue
                if fits(record):
                    yield Found(process, record)


def _in_time(there: list[Segment], query: Query, forward: bool) -> Iterator[Segment]:
    """The segments that can hold events of the time asked for."""
    order = range(len(there)) if forward else range(len(there) - 1, -1, -1)
    for index in order:
        begins = _begins_ns(there[index]) if query.until_ns < 1 << 63 else 0
        last = index + 1 == len(there)
        ends = _begins_ns(there[index + 1]) if query.since_ns and not last else 1 << 63
        if begins - CLOCK_SLACK_NS < query.until_ns and ends + CLOCK_SLACK_NS >= query.since_ns:
            yield there[index]
        elif (forward and begins > query.until_ns) or (not forward and ends < query.since_ns):
            return


def _begins_ns(segment: Segment) -> int:
    """The time of the first event of a segment; 0 if that cannot be read."""
    with open_plain(segment.path) as file:
        file.readline(MAX_LINE_BYTES)
        try:
            return decode_line(file.readline(MAX_LINE_BYTES).rstrip(b"\n"))[0].at_ns
        except Refused:
            return 0


def _at_ns(untrusted_line: bytes) -> int:
    """The time of a line without decoding it: the second value, after seq. 0 if it is not there."""
    start = untrusted_line.find(b',"at_ns":', 0, 40) + 9
    digits = untrusted_line[start : untrusted_line.find(b",", start, start + 20)]
    return int(digits) if digits.isdigit() else 0


def _candidates(file: BinaryIO, needles: _Needles, forward: bool) -> Iterator[bytes]:
    """Whole lines that hold the needles, first to last or last to first."""
    needle, folded = needles
    for text in _texts(file) if forward else _texts_backwards(file):
        if needle not in text or folded not in text.lower():
            continue
        lines = text.split(b"\n")
        for line in lines if forward else reversed(lines):
            if needle in line and folded in line.lower():
                yield line


def _texts(file: BinaryIO) -> Iterator[bytes]:
    """The file as texts of whole lines; half a line at the end is left out."""
    kept = b""
    while data := file.read(BLOCK_BYTES):
        data = kept + data
        cut = data.rfind(b"\n") + 1
        yield data[:cut]
        kept = data[cut:] if len(data) - cut <= MAX_LINE_BYTES else b""


def _texts_backwards(file: BinaryIO) -> Iterator[bytes]:
    """The same, from the end."""
    end = os.fstat(file.fileno()).st_size
    kept = b""
    whole = False
    while end > 0:
        start = max(0, end - BLOCK_BYTES)
        file.seek(start)
        data = file.read(end - start) + kept
        end = start
        if not whole:
            cut = data.rfind(b"\n") + 1
            data, whole = data[:cut], cut > 0
            if not whole:
                continue
        first = data.find(b"\n") + 1 if start else 0
        yield data[first:]
        # The half line before it belongs to the next block; a longer one is no record.
        kept = data[:first] if first <= MAX_LINE_BYTES else b""


def _needles(query: Query) -> _Needles:
    """Bytes that stand in each line that matches: as they are, the rarest there are; and in lower
    case.

    Quotes within values are escaped in JSON, so that none of the first can be part of a value.
    """
    # What JSON escapes stands otherwise in the line than in the value.
    plain = query.text.isprintable() and not set(query.text) & set('"\\')
    return _rarest(query), _folded(query.text) if plain else b""


def _rarest(query: Query) -> bytes:
    if query.unit is not None:
        return b'"unit":%d,' % query.unit
    if query.number:
        return b'"number":%d,' % query.number
    if len(query.what) == 1:
        word = msgspec.json.encode(next(iter(query.what)))
        return b'"what":' + (word[:-1] if word.endswith(b'."') else word)
    if query.channel:
        return b'"channel":' + msgspec.json.encode(query.channel)
    return b'{"seq":'


def _filter(query: Query) -> Callable[[Record], bool]:
    text = _folded(query.text)
    prefixes = tuple(word for word in query.what if word.endswith("."))

    def fits(record: Record) -> bool:
        return (
            (query.unit is None or record.unit == query.unit)
            and (not query.channel or record.channel == query.channel)
            and (
                not query.what
                or record.what in query.what
                or (bool(prefixes) and record.what.startswith(prefixes))
            )
            and (query.number is None or record.number == query.number)
            and query.since_ns <= record.at_ns < query.until_ns
            and (not text or _holds(record, text))
        )

    return fits


def _holds(record: Record, folded: bytes) -> bool:
    values = (record.what, record.channel, *record.fields.values())
    return any(folded in _folded(str(value)) for value in values)


def _folded(text: str) -> bytes:
    # Bytes know the case of a to z only: the same answer before and after decoding.
    return text.encode("utf-8", "backslashreplace").lower()
