"""What inspection found out about a unit: the only thing that a policy judges.

Facts are plain values. Whoever fills them in (inspection on the sending side, another implementation
on the receiving side, a test in a policy file) makes no difference to the judgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.errors import Field


@dataclass(frozen=True, slots=True)
class Leaf:
    """One thing found in a file: the file itself first, then what its containers hold.

    path: names from the outside in, joined by " > " (`a.zip > b/c.txt`). type: a word of the type
    table (`pdf`, `zip`, `elf program`, `unknown`).
    """

    path: str
    type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What no channel allows: an encrypted member, a bomb, a name that climbs, readers that disagree.

    word: the rule it belongs to (`type`, `archive`, `encrypted`, `name`). number: FG-3xxx.
    """

    word: str
    number: int
    where: str
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Detection:
    """One hit of a scanner: which scanner, which signature, in which leaf."""

    scanner: str
    signature: str
    where: str


@dataclass(frozen=True, slots=True)
class MalwareFacts:
    """What the scanners said. scanners: each with what it is and how old it is, for people."""

    detections: tuple[Detection, ...]
    scanners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was looked for in the text of a file.

    kind: what it is (SoughtKind). name: which identifier or list; of a code the place and its list.
    shown: as much of it as a record may keep; never the whole of an identifier. count: how often, in
    all of the file.
    """

    kind: str
    name: str
    where: str
    shown: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file unit as inspection found it.

    name: as it came. at: when it was captured, with its zone. peer, address: who brought it, "" where
    the source has no such notion. malware: None as long as the scanners have not been asked.
    hits: one for each thing sought that was found, by kind and name. searched: what was looked for;
    a line about anything else cannot be answered. checked: words of the formats of which every part was
    read to its end.
    """

    name: str
    size_bytes: int
    at: datetime
    leaves: tuple[Leaf, ...]
    problems: tuple[Problem, ...] = ()
    malware: MalwareFacts | None = None
    peer: str = ""
    address: str = ""
    hits: tuple[Hit, ...] = ()
    searched: Sought | None = None
    checked: frozenset[str] = frozenset()
    parts: tuple[Leaf, ...] = ()


@dataclass(frozen=True, slots=True)
class Sought:
    """What a channel wants looked for in text: identifiers by their words, lists by their names.

    codes: `PLACE in list NAME`: what stands there and is not in the list.
    """

    identifiers: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.identifiers or self.words or self.patterns or self.codes)


@dataclass(frozen=True, slots=True)
class UnpackLimits:
    """How far containers are taken apart; counted while reading. Defaults: docs/POLICY.md `archive`."""

    depth: int = 5
    files: int = 1_000
    total_bytes: int = 1 << 30
    ratio: int = 200
