"""What a channel wants read inside its files: each format to its end, and every text.

    type of a content --> check of the format (this side's parser) --> Fault, Member, Text
                          a plain text, in pieces                   --> Text

Nothing here knows what is sought in the texts. Where texts are wanted, a part whose text nobody can read
is a fault, never a silence.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from gateway.errors import Misconfigured
from gateway.inspection.content import Content
from gateway.inspection.formats.cda import CdaProfile, Follows
from gateway.inspection.formats.contract import FormatLimits, Item, Text
from gateway.inspection.formats.csv import CsvProfile, Kind
from gateway.inspection.formats.dicom import BurnedIn, DicomProfile
from gateway.inspection.formats.fhir import FhirProfile
from gateway.inspection.formats.fhir_transaction import Transaction
from gateway.inspection.formats.fhir_types import RESOURCES
from gateway.inspection.formats.hl7 import Hl7Profile
from gateway.inspection.formats.image import ImageProfile
from gateway.inspection.formats.json import KINDS, JsonProfile
from gateway.inspection.formats.ofd import OfdProfile
from gateway.inspection.formats.ooxml import OoxmlProfile
from gateway.inspection.formats.own_schemas import OwnSchemas
from gateway.inspection.formats.pdf import PdfProfile
from gateway.inspection.formats.soap import Soap
from gateway.inspection.formats.xml import XmlProfile
from gateway.inspection.read_types import FORMAT_OF
from gateway.inspection.unsound import Fault, Unsound, Word
from gateway.policy.transaction_words import TRANSACTIONS
from gateway.policy.values import FormatDemand

# One check of a type of content, with its profile given.
Check = Callable[[Content, FormatLimits, object], Iterator[Item]]
_LIMITS: Final = FormatLimits()
# Formats whose readers name a place for each value: the others have none that a line could name.
_PLACED: Final = frozenset(["json", "fhir", "xml", "cda", "hl7", "csv"])
# Types that hold no text of their own: their members do, or they are refused by type anyway.
_WITHOUT_TEXT: Final = frozenset(["zip", "gzip", "tar", "7z", "rar", "bzip2", "xz", "empty"])


class FormatReader:
    """The checks of one side, as one channel wants them.

    checks: by type. demands: what the channel asks, by the words of formats. texts: it wants texts.
    values: it wants those that have a place of their own. schemas: this side's engines.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        demands: Mapping[str, FormatDemand],
        *,
        texts: bool,
        values: bool,
        schemas: OwnSchemas,
    ) -> None:
        self._checks, self._demands, self._schemas = checks, demands, schemas
        self._texts, self._values = texts, values
        self._profiles: dict[str, object] = {}

    @property
    def wants_nothing(self) -> bool:
        """Whether files are judged by their type and container alone."""
        return not (self._demands or self._texts or self._values)

    def items(self, content: Content, kind: str) -> Iterator[Item]:
        """What is inside a content of this type: faults, members, texts. Raises Unsound and OSError."""
        word = FORMAT_OF.get(kind)
        if word is not None and self._reads(word):
            yield from self._checks[kind](content, _LIMITS, self._profile(word))
        elif self._texts and kind == "text":
            yield from plain_texts(content)
        elif self._texts and kind not in _WITHOUT_TEXT:
            yield Fault(Word.TEXT, 3959, {"type": kind})

    def _reads(self, word: str) -> bool:
        return word in self._demands or self._texts or (self._values and word in _PLACED)

    def _profile(self, word: str) -> object:
        """Raises Unsound 3520 to 3529 where the channel's own schema cannot be built."""
        if word not in self._profiles:
            try:
                made = profile_of(
                    word,
                    self._demands.get(word),
                    texts=self._texts,
                    values=self._values,
                    schemas=self._schemas,
                )
            except Misconfigured as error:
                raise Unsound(error.number, Word(word), **error.fields) from error
            self._profiles[word] = made
        return self._profiles[word]


def profile_of(
    word: str, demand: FormatDemand | None, *, texts: bool, values: bool, schemas: OwnSchemas
) -> object:
    """The profile of a format word; what a line does not say is as the README of the policies has it.

    texts: all of them are needed, or the file is refused. values: the parts of fields, too. Raises
    Misconfigured 3520 to 3529 (the channel's own schema) and nothing else.
    """
    own = demand.schema if demand is not None else None
    names = frozenset(demand.names) if demand is not None else frozenset()
    says = demand.says if demand is not None else ""
    match word:
        case "json":
            top = KINDS if demand is not None and demand.bare else JsonProfile().top
            schema = None if own is None else schemas.json(own)
            return JsonProfile(schema=schema, top=top, texts=texts or values)
        case "fhir":
            return _fhir(demand)
        case "xml":
            soap = Soap.of(says, demand.names) if demand and says.startswith("soap") else None
            return XmlProfile(schema=None if own is None else schemas.xml(own), soap=soap)
        case "cda":
            return CdaProfile(Follows.NATIONAL if says == "follows WS/T 500" else Follows.CDA)
        case "hl7":
            return Hl7Profile(names, components=values)
        case "csv":
            if demand is None:
                return CsvProfile()
            kinds = (Kind(kind) for kind in demand.kinds)
            return CsvProfile(tuple(zip(demand.names, kinds, strict=True)))
        case "dicom":
            return DicomProfile(
                private_elements=says != "without private elements", tiff_preamble=True,
                preamble_traces=True, trailing_padding=True, unknown_elements=True,
                strict_values=False, burned_in=BurnedIn.PASS,
            )  # fmt: skip
        case "image":
            return ImageProfile()
        case "ooxml":
            return OoxmlProfile(
                embedded=says == "with embedded documents", links=says != "without links"
            )
        case "pdf":
            return PdfProfile(
                embedded_files=says == "has no scripts or encryption", forms=says != "plain",
                links=says != "plain", page_texts=texts, texts_needed=texts,
            )  # fmt: skip
        case "ofd":
            return OfdProfile(attachments=says != "without attachments", jbig2=says == "with jbig2")
        case _:
            raise RuntimeError(f"no format {word}")


def _fhir(demand: FormatDemand | None) -> FhirProfile:
    if demand is None:
        return FhirProfile()
    names, most = frozenset(demand.names), demand.most_entries
    if demand.says in TRANSACTIONS:
        asked = Transaction.of(demand.says, demand.names)
        return FhirProfile(frozenset(), asked.types, most_entries=most, transaction=asked)
    if demand.says == "Bundle of NAMES":
        return FhirProfile(types=frozenset(), bundle_of=names, most_entries=most)
    return FhirProfile(types=names or RESOURCES, most_entries=most)


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
