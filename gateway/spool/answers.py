"""The reader's log of answers: encoding, decoding and what they add up to. Pure.

    log      magic and version (8) | entry | entry | ...
    entry    CRC-32 of the rest (4) | pairs (4) | kind (1) | at, ns (8) | pairs of numbers (16 each)

    kind          pairs                            synced
    ACK           ordinals [start, end)            yes     answered; from here the writer's data may go
    AGAIN         ordinals [start, end)            yes     kept ones are to be taken anew
    HANDED        (0, end)                         no      all ordinals below end were handed out once
    RETAKEN       (ordinal, times)                 no      handed out that often
    RELEASED      (ordinal, until in ns)           no      put off
    ANSWERED_AT   (segment, at in ns)              yes     last answer in a segment, in a snapshot

What is not synced only counts attempts: a power cut may set it back, a killed process does not.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Final, NamedTuple

from gateway.spool.intervals import IntervalSet

LOG_FRONT: Final = b"FGANSW\x00\x01"
_FRONT: Final = struct.Struct("<IIBQ")
_PAIR_BYTES: Final = 16

Pair = tuple[int, int]


class Kind(IntEnum):
    """What an entry says (table above)."""

    ACK = 1
    AGAIN = 2
    HANDED = 3
    RETAKEN = 4
    RELEASED = 5
    ANSWERED_AT = 6


_KINDS: Final = {int(kind): kind for kind in Kind}


class Answer(NamedTuple):
    """One entry of the log."""

    kind: Kind
    at_ns: int
    pairs: list[Pair]


def encode_answer(kind: Kind, at_ns: int, pairs: list[Pair]) -> bytes:
    """One entry."""
    rest = struct.pack(f"<IBQ{2 * len(pairs)}Q", len(pairs), kind, at_ns, *_flat(pairs))
    return struct.pack("<I", zlib.crc32(rest)) + rest


def _flat(pairs: list[Pair]) -> Iterator[int]:
    for pair in pairs:
        yield from pair


def decode_answers(untrusted_log: bytes) -> tuple[list[Answer], int]:
    """(entries, length of the whole part); what follows the whole part is a torn tail.

    A log without its front has the whole part 0. Nothing is raised.
    """
    if not untrusted_log.startswith(LOG_FRONT):
        return [], 0
    answers: list[Answer] = []
    offset = len(LOG_FRONT)
    while (found := _decode_one(untrusted_log, offset)) is not None:
        answer, offset = found
        answers.append(answer)
    return answers, offset


def _decode_one(untrusted_log: bytes, offset: int) -> tuple[Answer, int] | None:
    if len(untrusted_log) - offset < _FRONT.size:
        return None
    crc, count, kind, at_ns = _FRONT.unpack_from(untrusted_log, offset)
    end = offset + _FRONT.size + count * _PAIR_BYTES
    if end > len(untrusted_log) or crc != zlib.crc32(untrusted_log[offset + 4 : end]):
        return None
    if kind not in _KINDS:
        return None
    numbers = struct.unpack_from(f"<{2 * count}Q", untrusted_log, offset + _FRONT.size)
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    return Answer(_KINDS[kind], at_ns, pairs), end


def ranges_of(ordinals: Iterable[int]) -> list[Pair]:
    """Sorted ranges [start, end) of ordinals."""
    ranges: list[Pair] = []
    for ordinal in sorted(ordinals):
        if ranges and ranges[-1][1] == ordinal:
            ranges[-1] = (ranges[-1][0], ordinal + 1)
        else:
            ranges.append((ordinal, ordinal + 1))
    return ranges


class Answers:
    """What the log adds up to.

    acked: ordinals answered (acknowledged or set aside). handed: ordinals below it were handed out.
    put_off: ordinal to the time (ns since 1970) until which it waits.
    """

    def __init__(self) -> None:
        self.acked = IntervalSet()
        self.handed = 0
        self.put_off: dict[int, int] = {}
        self._times: dict[int, int] = {}

    def times(self, ordinal: int) -> int:
        """How often this ordinal has been handed out."""
        return self._times.get(ordinal, 1 if ordinal < self.handed else 0)

    def depth(self, next_ordinal: int) -> int:
        """How many of the ordinals below next_ordinal are not answered."""
        return next_ordinal - sum(end - start for start, end in self.acked.within(0, next_ordinal))

    def apply(self, answer: Answer) -> None:
        """Take one entry in, in the order of the log."""
        match answer.kind:
            case Kind.ACK:
                self._acknowledge(answer.pairs)
            case Kind.AGAIN:
                for start, end in answer.pairs:
                    for ordinal in range(start, end):
                        self.acked.remove(ordinal)
                        self._times[ordinal] = 0
            case Kind.HANDED:
                self.handed = max(self.handed, answer.pairs[0][1]) if answer.pairs else self.handed
            case Kind.RETAKEN:
                for ordinal, times in answer.pairs:
                    self._times[ordinal] = times
                    self.put_off.pop(ordinal, None)
            case Kind.RELEASED:
                self.put_off.update(answer.pairs)
            case Kind.ANSWERED_AT:
                pass  # of segments, which this class does not know

    def _acknowledge(self, ranges: list[Pair]) -> None:
        for start, end in ranges:
            self.acked.add(start, end)
            if self._times:
                self._forget(self._times, start, end)
            if self.put_off:
                self._forget(self.put_off, start, end)

    @staticmethod
    def _forget(known: dict[int, int], start: int, end: int) -> None:
        few = range(start, end) if end - start < len(known) else list(known)
        for ordinal in few:
            if start <= ordinal < end:
                known.pop(ordinal, None)

    def snapshot(self, at_ns: int, answered_at_ns: dict[int, int]) -> bytes:
        """A whole new log that adds up to the same. answered_at_ns: by segment."""
        parts = [LOG_FRONT, encode_answer(Kind.ACK, at_ns, list(self.acked))]
        parts.append(encode_answer(Kind.HANDED, at_ns, [(0, self.handed)]))
        parts.append(encode_answer(Kind.RETAKEN, at_ns, sorted(self._times.items())))
        parts.append(encode_answer(Kind.ANSWERED_AT, at_ns, sorted(answered_at_ns.items())))
        return b"".join(parts)
