"""What a channel wants looked at inside its files: formats to their end, and texts for what is sought.

    Channel --> Looking --> check of the format (this side's parser) --> Fault, Member
                       \\-> texts --> search --> Hit (kind, name, first place, count)

A channel that asks for neither costs nothing. One that has something sought must be able to read every
part: a part whose text nobody can read here is a fault, never a silence.
"""

from __future__ import annotations

import codecs
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, cast

from gateway.inspection.content import Content
from gateway.inspection.formats.cda import CdaProfile, Follows
from gateway.inspection.formats.contract import FormatLimits, Item, Text
from gateway.inspection.formats.csv import CsvProfile, Kind
from gateway.inspection.formats.dicom import BurnedIn, DicomProfile
from gateway.inspection.formats.fhir import FhirProfile
from gateway.inspection.formats.hl7 import Hl7Profile
from gateway.inspection.formats.image import ImageProfile
from gateway.inspection.formats.json import JsonProfile
from gateway.inspection.formats.xml import XmlProfile
from gateway.inspection.text.found import Identifier
from gateway.inspection.text.patterns import read_patterns
from gateway.inspection.text.search import Kind as HitKind
from gateway.inspection.text.search import Searcher, SearchPlan
from gateway.inspection.text.words import read_words
from gateway.inspection.unsound import Fault, Unsound, Word
from gateway.policy.facts import Hit
from gateway.policy.filetypes import FORMATS
from gateway.policy.model import Channel
from gateway.policy.values import FormatDemand

# One check of a type of content, with its profile given.
Check = Callable[[Content, FormatLimits, object], Iterator[Item]]
_LIMITS: Final = FormatLimits()
_FORMAT_OF: Final = {kind: word for word, kinds in FORMATS.items() for kind in kinds}
# Types that hold no text of their own: their members do, or they are refused by type anyway.
_WITHOUT_TEXT: Final = frozenset(
    ["zip", "gzip", "tar", "7z", "rar", "bzip2", "xz", "docx", "xlsx", "pptx", "ofd", "empty"]
)
# Texts are searched together up to here; a search has a cost of its own.
_TOGETHER_CHARACTERS: Final = 64 << 10
_IDENTIFIERS: Final[Mapping[str, tuple[Identifier, ...]]] = {
    "identity numbers": (Identifier.IDENTITY_NUMBER, Identifier.OLD_IDENTITY_NUMBER),
    "mobile numbers": (Identifier.MOBILE,),
    "telephone numbers": (Identifier.LANDLINE,),
    "bank cards": (Identifier.BANK_CARD,),
    "passports": (Identifier.PASSPORT, Identifier.TRAVEL_PERMIT),
    "record numbers": (Identifier.MEDICAL_RECORD,),
    "addresses": (Identifier.ADDRESS,),
    "e-mail addresses": (Identifier.EMAIL,),
}
_WORD_OF: Final = {one.value: word for word, ones in _IDENTIFIERS.items() for one in ones}
_KINDS: Final = {
    HitKind.IDENTIFIER: "identifier", HitKind.WORD: "word", HitKind.PATTERN: "pattern",
}  # fmt: skip


class Looking:
    """What one channel wants. checks: of this side, by type. Safe to use from several threads.

    Raises Misconfigured 3951 to 3968 (a list of words or patterns that cannot be used) at once.
    """

    def __init__(self, channel: Channel, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._profiles = {
            kind: profile_of(word, demand)
            for word, demand in channel.formats.items()
            for kind in FORMATS[word]
        }
        self.formats = frozenset(channel.formats)
        self.sought = channel.sought
        self._plan = _plan_of(channel) if self.sought else None
        self._local = threading.local()

    @property
    def wants_nothing(self) -> bool:
        """Whether files are judged by their type and container alone."""
        return not self._profiles and self._plan is None

    def reads(self, kind: str) -> bool:
        """Whether contents of this type are read to their end, so that files inside come out."""
        return kind in self._profiles or (self._plan is not None and kind in _FORMAT_OF)

    def items(self, content: Content, kind: str) -> Iterator[Item]:
        """What is inside a content of this type: faults, members, texts. Raises Unsound and OSError."""
        profile = self._profiles.get(kind)
        if profile is None and self._plan is not None and kind in _FORMAT_OF:
            profile = profile_of(_FORMAT_OF[kind], None)
        if profile is not None:
            yield from self._checks[kind](content, _LIMITS, profile)
        elif self._plan is not None and kind == "text":
            yield from plain_texts(content)
        elif self._plan is not None and kind not in _WITHOUT_TEXT:
            yield Fault(Word.TEXT, 3959, {"type": kind})

    def search(self) -> Search | None:
        """A search over the texts of one unit, None where nothing is sought."""
        if self._plan is None:
            return None
        searcher = getattr(self._local, "searcher", None)
        if searcher is None:
            searcher = self._local.searcher = Searcher(self._plan)
        return Search(cast(Searcher, searcher))


@dataclass(slots=True)
class Search:
    """The texts of one unit, searched as they come. overflowed: some of it was not looked at."""

    searcher: Searcher
    found: dict[tuple[str, str], Hit] = field(default_factory=dict)
    overflowed: bool = False
    _waiting: list[Text] = field(default_factory=list)
    _characters: int = 0

    def add(self, text: Text) -> None:
        """One more text; where: its whole path."""
        self._waiting.append(text)
        self._characters += len(text.text)
        if self._characters >= _TOGETHER_CHARACTERS:
            self._search()

    def hits(self) -> tuple[Hit, ...]:
        """Each thing that was found, with its first place and how often."""
        self._search()
        return tuple(self.found.values())

    def _search(self) -> None:
        texts, self._waiting, self._characters = self._waiting, [], 0
        for hit in self.searcher.search(texts):
            kind = _KINDS.get(hit.kind)
            if kind is None:
                self.overflowed = True
                continue
            name = _WORD_OF.get(hit.name, hit.name).partition(":")[0]
            before = self.found.get((kind, name))
            self.found[kind, name] = (
                Hit(kind, name, hit.where, hit.shown)
                if before is None
                else replace(before, count=before.count + 1)
            )


def profile_of(word: str, demand: FormatDemand | None) -> object:
    """The profile of a format word; what a line does not say is as the README of the policies has it."""
    names = frozenset(demand.names) if demand is not None else frozenset()
    says = demand.says if demand is not None else ""
    match word:
        case "json":
            return JsonProfile()
        case "fhir":
            return FhirProfile(types=names) if names else FhirProfile()
        case "xml":
            return XmlProfile()
        case "cda":
            return CdaProfile(Follows.NATIONAL if says == "follows WS/T 500" else Follows.CDA)
        case "hl7":
            return Hl7Profile(names)
        case "csv":
            listed = demand.names if demand is not None else ()
            return CsvProfile(tuple((name, Kind.TEXT) for name in listed))
        case "dicom":
            return DicomProfile(
                private_elements=says != "without private elements", tiff_preamble=True,
                preamble_traces=True, trailing_padding=True, unknown_elements=True,
                strict_values=False, burned_in=BurnedIn.PASS,
            )  # fmt: skip
        case "image":
            return ImageProfile()
        case _:
            raise RuntimeError(f"no format {word}")


def plain_texts(content: Content) -> Iterator[Item]:
    """A text without a form of its own, in pieces. Raises Unsound 3959 (no encoding of ours), OSError."""
    head = content.head
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for codec in ("utf-16",) if wide else ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(codec)()
        try:
            for piece in content.chunks():
                decoder.decode(piece)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            continue
        decoder.reset()
        for piece in content.chunks():
            if text := decoder.decode(piece):
                yield Text("", text)
        return
    raise Unsound(3959, Word.TEXT, type="text")


def _plan_of(channel: Channel) -> SearchPlan:
    sought, lists = channel.sought, channel.lists
    identifiers = {one for word in sought.identifiers for one in _IDENTIFIERS[word]}
    words = tuple(
        read_words(name, f"lists/{name}", lists[name].encode()) for name in sorted(sought.words)
    )
    patterns = tuple(
        replace(one, name=f"{name}:{one.name}")
        for name in sorted(sought.patterns)
        for one in read_patterns(f"lists/{name}", lists[name].encode())
    )
    return SearchPlan(frozenset(identifiers), words, patterns)
