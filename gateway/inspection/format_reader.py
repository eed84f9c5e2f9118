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

from gateway.inspection.content import Content
from gateway.inspection.formats.cda import CdaProfile, Follows
from gateway.inspection.formats.contract import FormatLimits, Item, Text
from gateway.inspection.formats.csv import CsvProfile, Kind
from gateway.inspection.formats.dicom import BurnedIn, DicomProfile
from gateway.inspection.formats.fhir import FhirProfile
from gateway.inspection.formats.hl7 import Hl7Profile
from gateway.inspection.formats.image import ImageProfile
from gateway.inspection.formats.json import JsonProfile
from gateway.inspection.formats.ofd import OfdProfile
from gateway.inspection.formats.ooxml import OoxmlProfile
from gateway.inspection.formats.pdf import PdfProfile
from gateway.inspection.formats.xml import XmlProfile
from gateway.inspection.unsound import Fault, Unsound, Word
from gateway.policy.filetypes import FORMATS
from gateway.policy.values import FormatDemand

# One check of a type of content, with its profile given.
Check = Callable[[Content, FormatLimits, object], Iterator[Item]]
_LIMITS: Final = FormatLimits()
_FORMAT_OF: Final = {kind: word for word, kinds in FORMATS.items() for kind in kinds}
# Types that hold no text of their own: their members do, or they are refused by type anyway.
_WITHOUT_TEXT: Final = frozenset(["zip", "gzip", "tar", "7z", "rar", "bzip2", "xz", "empty"])


def reads(kind: str, demands: Mapping[str, FormatDemand], *, texts: bool) -> bool:
    """Whether contents of a type are read to their end, so that files inside come out."""
    word = _FORMAT_OF.get(kind)
    return word is not None and (texts or word in demands)


class FormatReader:
    """The checks of one side, as one channel wants them.

    checks: by type. demands: what the channel asks, by the words of formats. texts: it wants texts.
    """

    def __init__(
        self, checks: Mapping[str, Check], demands: Mapping[str, FormatDemand], *, texts: bool
    ) -> None:
        self._checks, self._texts = checks, texts
        self._profiles = {
            kind: profile_of(word, demand, texts=texts)
            for word, demand in demands.items()
            for kind in FORMATS[word]
        }

    @property
    def wants_nothing(self) -> bool:
        """Whether files are judged by their type and container alone."""
        return not self._profiles and not self._texts

    def items(self, content: Content, kind: str) -> Iterator[Item]:
        """What is inside a content of this type: faults, members, texts. Raises Unsound and OSError."""
        profile = self._profiles.get(kind)
        if profile is None and self._texts and kind in _FORMAT_OF:
            profile = profile_of(_FORMAT_OF[kind], None, texts=True)
        if profile is not None:
            yield from self._checks[kind](content, _LIMITS, profile)
        elif self._texts and kind == "text":
            yield from plain_texts(content)
        elif self._texts and kind not in _WITHOUT_TEXT:
            yield Fault(Word.TEXT, 3959, {"type": kind})


def profile_of(word: str, demand: FormatDemand | None, *, texts: bool) -> object:
    """The profile of a format word; what a line does not say is as the README of the policies has it.

    texts: all of them are needed, or the file is refused.
    """
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
