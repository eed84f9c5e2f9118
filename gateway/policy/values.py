"""The values of a channel: frozen, and ready for judging.

A time condition is a table of the week's minutes, a name condition one compiled pattern, a size
two numbers: no phrase is read again when a unit is judged. How they are written:
`gateway.policy.grammar`.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES: Final = 24 * 60
WEEK_MINUTES: Final = 7 * DAY_MINUTES
# What the cells of a column may be; one of which nothing is said is of text.
COLUMN_KINDS: Final = ("text", "number", "whole number", "date", "yes/no")
# More than any disk of a gate; keeps a bound an ordinary number.
NO_SIZE_LIMIT: Final = 1 << 60


@dataclass(frozen=True, slots=True)
class SizeBound:
    """at_least and at_most in bytes, both included."""

    at_least: int
    at_most: int

    def __contains__(self, size_bytes: int) -> bool:
        return self.at_least <= size_bytes <= self.at_most


@dataclass(frozen=True, slots=True)
class TimeWindows:
    """Minutes of the week, Monday 00:00 first: minutes[i] is 1 where the phrase is true.

    first: the minute where the first window begins, for tests that leave out the time.
    """

    minutes: bytes = field(repr=False)
    first: int

    def __contains__(self, local: datetime) -> bool:
        minute = local.weekday() * DAY_MINUTES + local.hour * 60 + local.minute
        return self.minutes[minute] == 1


@dataclass(frozen=True, slots=True)
class ListName:
    """`in list NAME`: a list of the set that is read when the set is loaded."""

    name: str


@dataclass(frozen=True, slots=True)
class Names:
    """Names by shell pattern, or of a list; capital and small letters are the same."""

    patterns: tuple[str, ...]
    listed: frozenset[str] = frozenset()
    compiled: re.Pattern[str] | None = field(default=None, repr=False, compare=False)

    def __contains__(self, name: str) -> bool:
        if self.compiled is not None and self.compiled.match(name):
            return True
        return bool(self.listed) and name.casefold() in self.listed

    @property
    def first(self) -> str:
        """A name that fits, for tests that leave it out."""
        if self.patterns:
            return _sample_of(self.patterns[0])
        return min(self.listed, default="sample")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `amount` units in per_s seconds."""

    amount: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Retry:
    """How often delivery is tried again, how long between, and whether the owner is told."""

    times: int
    apart_s: float
    tell_owner: bool


@dataclass(frozen=True, slots=True)
class WholeWhen:
    """When a file in the source folder counts as whole. 0: as soon as it appears."""

    unchanged_s: float


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What happens to a captured file: moved into a folder below the source, or removed ("")."""

    move_to: str


@dataclass(frozen=True, slots=True)
class SchemaText:
    """A schema of the set as it lies there. path: below the set's folder. sha256: hexadecimal.

    parts: of XML, the other files that it needs, by bare name with their texts; sha256 is then of them all.
    """

    path: str
    text: str = field(repr=False)
    sha256: str
    parts: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class FormatDemand:
    """What a line asks of a format. says: the phrase. names: what it names: types, messages, columns.

    schema: the file of the set that the line names, where it names one. most_entries: of a Bundle, 0 for
    as many as fit. kinds: of columns, each of COLUMN_KINDS, as many as names. bare: of JSON, a value
    that is no object and no list is a document too.
    """

    says: str
    names: tuple[str, ...] = ()
    schema: SchemaText | None = None
    most_entries: int = 0
    kinds: tuple[str, ...] = ()
    bare: bool = False


@dataclass(frozen=True, slots=True)
class CodedPlace:
    """`PLACE in list NAME`: what stands at that place of a file is an entry of that list.

    place: as the readers of formats name it, without indices: `Condition.code.coding.code`, `DG1-3.1`,
    `$.diagnoses.code`, `/ClinicalDocument/code/@code`, `column icd10`.
    """

    place: str
    list: str

    def __str__(self) -> str:
        return f"{self.place} in list {self.list}"


@dataclass(frozen=True, slots=True)
class Approval:
    """So many different people of a group release what is held."""

    people: int
    group: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a test expects. word: the rule that must be among those that decide, "" for any.

    counted: the rule that must be among those that count, "" for any or none.
    """

    result: Literal["delivered", "refused", "held"]
    word: str = ""
    counted: str = ""

    def __str__(self) -> str:
        by = f" by {self.word}" if self.word else ""
        return f"{self.result}{by}{f', counted by {self.counted}' if self.counted else ''}"


def names_of(patterns: tuple[str, ...], listed: frozenset[str]) -> Names:
    """Compile patterns and listed names to one condition."""
    # fnmatch.translate writes stars as atomic groups: no pattern takes more than linear steps back.
    regex = "|".join(fnmatch.translate(pattern) for pattern in patterns)
    folded = frozenset(name.casefold() for name in listed)
    return Names(patterns, folded, re.compile(regex, re.IGNORECASE) if patterns else None)


def _sample_of(pattern: str) -> str:
    text = re.sub(r"\[!.[^\]]*\]", "_", pattern)
    text = re.sub(r"\[(.)[^\]]*\]", r"\1", text)
    return text.replace("*", "sample").replace("?", "x")
