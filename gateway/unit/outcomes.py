"""What became of units on the receiving side, as the content of a unit of the gate's own. No I/O.

    content   [1, [[unit, what, reason, at_ns], ...]]        MessagePack, 1 to 1,000 entries

Numbers only: no name, no channel, no text. A unit of outcomes has a number of its own range, that no edge
gives, and no channel of a policy: it is judged by the rule of gateway.receiving.outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.errors import Refused
from gateway.unit.number import MAX_NUMBER

# In place of a channel's name in the manifest; its kind keeps it apart from a channel that is called so.
CHANNEL: Final = "gate-outcomes"
MAX_OUTCOMES: Final = 1_000
# An entry is 23 bytes at most: 5 of array and small numbers, 9 a number and a time.
MAX_OUTCOMES_BYTES: Final = 32 * MAX_OUTCOMES
# The last 1/256 of the range: 2 lanes, one unit a second, for 68 years. Edges reach it after 2056.
FIRST_OWN_NUMBER: Final = MAX_NUMBER + 1 - (1 << 32)


class What(IntEnum):
    """What became of a unit. Each has a word of the journal."""

    DELIVERED = 1
    REFUSED = 2
    CORRUPT = 3
    HELD = 4
    # People have let it go on; its end is told as well.
    RELEASED = 5
    # Of a request. Its reason is the peer's status, or why its answer was not taken.
    PERFORMED = 6

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class OutcomesBody:
    """The typed part of a unit of outcomes. count: how many. size_bytes: of its content."""

    count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class UnitOutcome:
    """What became of one unit. reason: FG number, 0 where all is as it should be; of a performed request the
    status (200 to 599) or an FG number. at_ns: by that host."""

    unit: int
    what: What
    reason: int
    at_ns: int


def is_own_number(number: int) -> bool:
    """Whether the gate itself gave the number, and no edge."""
    return number >= FIRST_OWN_NUMBER


_VERSION: Final = 1
_pack = msgspec.msgpack.Encoder().encode


def encode_outcomes(outcomes: Sequence[UnitOutcome]) -> bytes:
    """The content of a unit. outcomes: 1 to MAX_OUTCOMES."""
    if not 0 < len(outcomes) <= MAX_OUTCOMES:
        raise RuntimeError(f"{len(outcomes)} outcomes in one unit")
    rows = [[one.unit, int(one.what), one.reason, one.at_ns] for one in outcomes]
    return _pack([_VERSION, rows])


_Entry = tuple[
    Annotated[int, Meta(ge=0, lt=FIRST_OWN_NUMBER)],
    What,
    # 0, or a number of the catalogue; of a performed request, a status.
    Annotated[int, Meta(ge=0, le=9999)],
    Annotated[int, Meta(ge=0, le=(1 << 63) - 1)],
]
_content = msgspec.msgpack.Decoder(
    tuple[
        Annotated[int, Meta(ge=_VERSION, le=_VERSION)],
        Annotated[list[_Entry], Meta(min_length=1, max_length=MAX_OUTCOMES)],
    ]
)


def _fits(what: What, reason: int) -> bool:
    if what is What.PERFORMED:
        return 200 <= reason <= 599 or reason >= 1000
    return not 0 < reason < 1000


def decode_outcomes(untrusted_bytes: bytes) -> tuple[UnitOutcome, ...]:
    """The outcomes in a content. Raises Refused 1080 and nothing else."""
    if len(untrusted_bytes) > MAX_OUTCOMES_BYTES:
        raise Refused(1080, size_bytes=len(untrusted_bytes))
    try:
        value = _content.decode(untrusted_bytes)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(1080, size_bytes=len(untrusted_bytes)) from error
    whole = _pack(value) == untrusted_bytes
    if not whole or not all(_fits(what, reason) for _, what, reason, _ in value[1]):
        raise Refused(1080, size_bytes=len(untrusted_bytes))
    return tuple(UnitOutcome(*entry) for entry in value[1])
