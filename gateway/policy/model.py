"""A policy set as values: channels with their ends, conditions, limits and tests.

    PolicySet --> Channel --> FolderSource, FolderSink
                          --> Condition (one line of a file, with its place) --> Rule
                          --> Trial (one test)

Frozen, complete and checked: whoever holds a PolicySet need not ask again whether it is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from gateway.policy.codes import CodeList
from gateway.policy.facts import Sought, UnpackLimits
from gateway.policy.filetypes import MULTIPART
from gateway.policy.lists import ListText
from gateway.policy.located import Located
from gateway.policy.masking import Masking
from gateway.policy.values import (
    Afterwards,
    Approval,
    CodedPlace,
    Expectation,
    FormatDemand,
    Names,
    Rate,
    Retry,
    SizeBound,
    TimeWindows,
    WholeWhen,
)
from gateway.unit.model import Kind, Lane

if TYPE_CHECKING:
    from gateway.policy.request_channel import RequestChannel


class Section(StrEnum):
    """The parts of a policy file. CHANNEL stands for the words at the margin."""

    CHANNEL = "channel"
    FROM = "from"
    TO = "to"
    OPERATIONS = "operations"
    PASSES_IF = "passes_if"
    HELD_IF = "held_if"
    REFUSED_IF = "refused_if"
    COUNTED_IF = "counted_if"
    ALSO_AT_RECEIVER = "also_at_receiver"
    CHANGED = "changed"
    LIMITS = "limits"
    TESTS = "tests"
    TRY = "try"


class Clash(StrEnum):
    """What a sink does when the name is taken."""

    KEEP_BOTH = "keep both"
    REFUSE = "refuse"
    REPLACE = "replace"


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class TypeRule:
    """The file itself is one of these types (words of gateway.policy.filetypes)."""

    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class InsideRule:
    """Everything inside an archive is of these types."""

    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class SizeRule:
    bound: SizeBound


@dataclass(frozen=True, slots=True)
class TimeRule:
    windows: TimeWindows


@dataclass(frozen=True, slots=True)
class NameRule:
    names: Names


@dataclass(frozen=True, slots=True)
class WritersRule:
    """Who brought the file; known on the sending side only."""

    writers: frozenset[str]


@dataclass(frozen=True, slots=True)
class MalwareRule:
    """Every scanner has looked and found nothing."""


@dataclass(frozen=True, slots=True)
class ArchiveRule:
    """Archives stay within these limits while they are taken apart."""

    limits: UnpackLimits


@dataclass(frozen=True, slots=True)
class EncryptedRule:
    """Something in the file cannot be read without a password."""


@dataclass(frozen=True, slots=True)
class IdentifiersRule:
    """The text of the file names a person in one of these ways (words of policy.identifiers)."""

    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class WordsRule:
    """The text of the file holds an entry of one of these lists."""

    lists: frozenset[str]


@dataclass(frozen=True, slots=True)
class PatternsRule:
    """The text of the file fits a regular expression of one of these lists."""

    lists: frozenset[str]


@dataclass(frozen=True, slots=True)
class GradeRule:
    """What was found is of a higher data grade than this (1 to 5).

    lists: the lists of words of a higher grade. A list says its grade in its first lines.
    """

    above: int
    lists: frozenset[str]


@dataclass(frozen=True, slots=True)
class CodesRule:
    """What stands at these places of a file is in their lists."""

    places: tuple[CodedPlace, ...]


@dataclass(frozen=True, slots=True)
class FormatRule:
    """Every part of one of these formats is what its standard and this line say."""

    word: str
    demand: FormatDemand


Rule = (
    TypeRule
    | InsideRule
    | SizeRule
    | TimeRule
    | NameRule
    | WritersRule
    | MalwareRule
    | ArchiveRule
    | EncryptedRule
    | IdentifiersRule
    | WordsRule
    | PatternsRule
    | GradeRule
    | CodesRule
    | FormatRule
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a policy file that judges. text: as it stands there."""

    section: Section
    word: str
    text: str
    file: str
    line: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A watched folder. names, writers: None where the channel takes any."""

    folder: str
    names: Names | None
    writers: frozenset[str] | None
    whole_when: WholeWhen
    afterwards: Afterwards


@dataclass(frozen=True, slots=True)
class FolderSink:
    """A destination folder. file_mode: permission bits."""

    folder: str
    on_clash: Clash
    file_mode: int


@dataclass(frozen=True, slots=True)
class Trial:
    """One test of a channel. sample: a path below the set's folder, or a word of the generated ones.

    at, name, writer, size_bytes: what the test says instead of the channel's first permitted value.
    """

    title: str
    line: int
    sample: str
    generated: bool
    expect: Expectation
    expect_line: int
    at: datetime | None = None
    name: str | None = None
    writer: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """One permitted exchange.

    unpack: how far inspection takes archives apart. holds_encrypted: encrypted content waits for
    people instead of being refused. rehearse: judged and recorded, never carried. sought: what its
    conditions want looked for in texts. approval: who releases what is held.
    lists: the entries of what is sought, a line each, with their files, by the lists' names. codes: the
    lists that values are held against, by their names.
    rebuilt: words of formats that are written anew. masking: where persons are masked, by these rules.
    changed_line: where `changed` stands.
    requests: of a channel that carries them; it has no folders, and lane is that of its requests.
    conditions: in the order of the file; the order decides nothing but which line is named first.
    """

    name: str
    purpose: str
    owner: str
    carries: Kind
    lane: Lane
    grade: int
    time_zone: str
    zone: tzinfo
    from_folder: FolderSource | None
    to_folder: FolderSink | None
    conditions: tuple[Condition, ...]
    unpack: UnpackLimits
    holds_encrypted: bool
    rate: Rate | None
    retry: Retry
    priority: Priority
    rehearse: bool
    tests: tuple[Trial, ...]
    file: str
    line: int
    sought: Sought = field(default=Sought())
    approval: Approval = field(default=Approval(1, "operators"))
    lists: Mapping[str, ListText] = field(default_factory=dict)
    codes: Mapping[str, CodeList] = field(default_factory=dict)
    rebuilt: frozenset[str] = frozenset()
    masking: Masking | None = None
    changed_line: int = 0
    requests: RequestChannel | None = None

    @property
    def source(self) -> FolderSource:
        """The watched folder. RuntimeError for a channel without one: look at `carries` first."""
        if self.from_folder is None:
            raise RuntimeError(f"{self.name} takes nothing from a folder")
        return self.from_folder

    @property
    def sink(self) -> FolderSink:
        """The destination folder. RuntimeError for a channel without one: look at `carries` first."""
        if self.to_folder is None:
            raise RuntimeError(f"{self.name} puts nothing into a folder")
        return self.to_folder

    @property
    def formats(self) -> Mapping[str, FormatDemand]:
        """What its lines ask of formats, by their words."""
        rules = (condition.rule for condition in self.conditions)
        return {rule.word: rule.demand for rule in rules if isinstance(rule, FormatRule)}

    @property
    def changes(self) -> bool:
        """Whether some of its units are written anew."""
        return bool(self.rebuilt) or self.masking is not None

    def types_taken(self, *, at_receiver: bool) -> frozenset[str] | None:
        """The types that can pass on this side, None where the channel names none."""
        taken: frozenset[str] | None = None
        for condition in self.conditions:
            asked = condition.section is Section.PASSES_IF or (
                at_receiver and condition.section is Section.ALSO_AT_RECEIVER
            )
            if asked and isinstance(condition.rule, TypeRule):
                taken = condition.rule.words if taken is None else taken & condition.rule.words
        return taken

    @property
    def read_as(self) -> str:
        """What a content is taken for that could be anything by its bytes: `multipart`, `json`, or ""."""
        taken = self.types_taken(at_receiver=False)
        if taken == frozenset([MULTIPART]):
            return MULTIPART
        demand = self.formats.get("json")
        return "json" if taken == frozenset(["json"]) and demand is not None and demand.bare else ""

    def line_of(self, word: str) -> tuple[Literal["passes_if", "channel"], int]:
        """Where the channel speaks of a word under passes_if, or where the channel begins."""
        for condition in self.conditions:
            if condition.word == word and condition.section is Section.PASSES_IF:
                return "passes_if", condition.line
        return "channel", self.line


@dataclass(frozen=True, slots=True)
class SetFile:
    """A file of the set. path: below the set's folder. sha256: hexadecimal."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PolicySet:
    """All channels of a folder.

    digest: SHA-256 (hexadecimal) over the manifest of the files that decide: channels, lists and
    scanner rules. notes: what people should know and what stops nothing (names that were not read).
    A set without channels is whole: it lets nothing pass.
    """

    channels: Mapping[str, Channel]
    digest: str
    files: tuple[SetFile, ...]
    notes: tuple[Located, ...] = field(default=())

    def of_lane(self, lane: Lane) -> tuple[Channel, ...]:
        """The channels of a lane that carry files, by name."""
        return tuple(
            channel
            for _, channel in sorted(self.channels.items())
            if channel.lane is lane and channel.carries is Kind.FILES
        )

    @property
    def of_requests(self) -> tuple[Channel, ...]:
        """The channels that carry requests, by name; both hosts of a gate have a part in each."""
        return tuple(c for _, c in sorted(self.channels.items()) if c.carries is Kind.REQUESTS)
