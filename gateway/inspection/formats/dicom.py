"""DICOM part 10: what a channel may allow, and the tables that both readers share.

    0        128   132                      group 2 ends
    preamble | DICM | group 2, explicit LE | data set in the transfer syntax of (0002,0010) ... end
                                              element | element | SQ { item { element ... } } | pixels

Sources: DICOM PS3.5 (encoding), PS3.6 (dictionary), PS3.10 (file), as of January 2025. Reading is
each side's own work; nothing here reads a content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gateway.errors import Field
from gateway.inspection.unsound import Fault, Unsound, Word

WORD: Final = Word.DICOM

IMPLICIT_LE: Final = "1.2.840.10008.1.2"
EXPLICIT_LE: Final = "1.2.840.10008.1.2.1"
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE: Final = "1.2.840.10008.1.2.2"
RLE: Final = "1.2.840.10008.1.2.5"
NATIVE: Final = frozenset([IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE])


class Codestream(StrEnum):
    """How one encapsulated frame is coded (PS3.5, section 8.2)."""

    JPEG = "JPEG"
    JPEG_2000 = "JPEG 2000"
    RLE = "RLE"


_JPEG_PREFIX: Final = "1.2.840.10008.1.2.4."
CODESTREAMS: Final[Mapping[str, Codestream]] = MappingProxyType(
    {_JPEG_PREFIX + n: Codestream.JPEG for n in ("50", "51", "57", "70", "80", "81")}
    | {_JPEG_PREFIX + n: Codestream.JPEG_2000 for n in ("90", "91", "201", "202", "203")}
    | {RLE: Codestream.RLE}
)
# Big endian is retired; deflated hides its content and is not inflated here; JPIP points to a
# server elsewhere; films (MPEG) have parsers of their own with a long record of faults.
TRANSFER_SYNTAXES: Final = frozenset([IMPLICIT_LE, EXPLICIT_LE, *CODESTREAMS])
READABLE: Final = TRANSFER_SYNTAXES | {EXPLICIT_BE}

# Storage of images, documents and plans (PS3.4, annex B). A directory (DICOMDIR) names files elsewhere.
STORAGE_PREFIX: Final = "1.2.840.10008.5.1.4.1.1."
DICOMDIR: Final = "1.2.840.10008.1.3.10"

# Defined terms of (0008,0005), PS3.3 C.12.1.1.2, and the codec of each; "" is the default repertoire.
CODECS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "": "ascii", "ISO_IR 6": "ascii", "ISO 2022 IR 6": "ascii",
        "ISO_IR 100": "iso8859_1", "ISO 2022 IR 100": "iso8859_1",
        "ISO_IR 101": "iso8859_2", "ISO 2022 IR 101": "iso8859_2",
        "ISO_IR 109": "iso8859_3", "ISO 2022 IR 109": "iso8859_3",
        "ISO_IR 110": "iso8859_4", "ISO 2022 IR 110": "iso8859_4",
        "ISO_IR 144": "iso8859_5", "ISO 2022 IR 144": "iso8859_5",
        "ISO_IR 127": "iso8859_6", "ISO 2022 IR 127": "iso8859_6",
        "ISO_IR 126": "iso8859_7", "ISO 2022 IR 126": "iso8859_7",
        "ISO_IR 138": "iso8859_8", "ISO 2022 IR 138": "iso8859_8",
        "ISO_IR 148": "iso8859_9", "ISO 2022 IR 148": "iso8859_9",
        "ISO_IR 203": "iso8859_15", "ISO 2022 IR 203": "iso8859_15",
        "ISO_IR 13": "shift_jis", "ISO 2022 IR 13": "shift_jis",
        "ISO_IR 166": "iso8859_11", "ISO 2022 IR 166": "iso8859_11",
        "ISO 2022 IR 87": "iso2022_jp", "ISO 2022 IR 159": "iso2022_jp_2",
        "ISO 2022 IR 149": "euc_kr", "ISO 2022 IR 58": "gb2312",
        "ISO_IR 192": "utf_8", "GB18030": "gb18030", "GBK": "gbk",
    }
)  # fmt: skip
CHARACTER_SETS: Final = frozenset(CODECS)
# What high bytes may be in truth when another set is declared: words are looked for in these as well.
OTHER_CODECS: Final = ("utf_8", "gb18030")


class BurnedIn(StrEnum):
    """What to do by (0028,0301) Burned In Annotation: YES says that names may stand in the pixels."""

    PASS = "pass"  # noqa: S105
    REFUSE_YES = "refuse if YES"
    REQUIRE_NO = "refuse unless NO"


@dataclass(frozen=True, slots=True)
class DicomProfile:
    """What a channel takes of DICOM. Everything not named is refused.

    transfer_syntaxes, character_sets: allow-lists of UIDs and of defined terms. sop_classes: UIDs, or
    prefixes that end in a dot. documents: MIME types that (0042,0012) may name. strict_values: lengths
    and forms of text values as PS3.5, 6.2 has them; off, only what could harm is refused.
    preamble_traces: up to four bytes behind the first sixteen, as an old scanner leaves them.
    trailing_padding: (FFFC,FFFC) may hold other bytes than noughts.
    depth: of sequences. value_bytes: one value other than pixels.
    """

    transfer_syntaxes: frozenset[str] = TRANSFER_SYNTAXES
    sop_classes: tuple[str, ...] = (STORAGE_PREFIX,)
    character_sets: frozenset[str] = CHARACTER_SETS
    tiff_preamble: bool = False
    preamble_traces: bool = False
    trailing_padding: bool = False
    private_elements: bool = False
    unknown_elements: bool = False
    overlays: bool = True
    curves: bool = False
    documents: frozenset[str] = frozenset(["application/pdf", "text/XML", "model/stl"])
    burned_in: BurnedIn = BurnedIn.REFUSE_YES
    strict_values: bool = True
    # PS3.3 nests four or five levels; pydicom needs five frames of the stack for each.
    depth: int = 16
    elements: int = 200_000
    value_bytes: int = 64 << 20


# Values longer than this that are no text are never held: they are looked at through the content.
HELD_BYTES: Final = 1 << 20
# Frames that are walked marker by marker; longer ones are looked at from both ends.
WALKED_FRAME_BYTES: Final = 64 << 20
MAX_FRAMES: Final = 1 << 20
# Group 2 is a dozen short values (PS3.10, table 7.1-1), and private information of one application.
META_BYTES: Final = 64 << 10

_SHORT_VRS = (
    *(
        "AE",
        "AS",
        "AT",
        "CS",
        "DA",
        "DS",
        "DT",
        "FL",
        "FD",
        "IS",
        "LO",
        "LT",
        "PN",
        "SH",
        "SL",
        "SS",
    ),
    *("ST", "TM", "UI", "UL", "US"),
)
SHORT_VRS: Final = frozenset(_SHORT_VRS)
LONG_VRS: Final = frozenset(
    ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]
)
# Names, sentences and codes: what words and identifiers are looked for in. UI, DA, TM, IS have forms
# too tight for either.
TEXT_VRS: Final = frozenset(
    ["AE", "CS", "DS", "DT", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"]
)
CHARSET_VRS: Final = frozenset(["LO", "LT", "PN", "SH", "ST", "UC", "UT"])
PARAGRAPH_VRS: Final = frozenset(["LT", "ST", "UT"])
STRING_VRS: Final = TEXT_VRS | frozenset(["AS", "DA", "IS", "TM", "UI"])
WORD_BYTES: Final[Mapping[str, int]] = MappingProxyType(
    {"AT": 4, "FL": 4, "FD": 8, "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8}
    | {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}
)
# Characters of one value at most (PS3.5, table 6.2-1).
MAX_CHARACTERS: Final[Mapping[str, int]] = MappingProxyType(
    {"AE": 16, "AS": 4, "CS": 16, "DA": 8, "DS": 16, "DT": 26, "IS": 12, "LO": 64, "SH": 16}
    | {"TM": 16, "UI": 64, "ST": 1024, "LT": 10240}
)

CHARSET: Final = 0x00080005
SOP_CLASS: Final = 0x00080016
SOP_INSTANCE: Final = 0x00080018
ROWS: Final = 0x00280010
BURNED_IN: Final = 0x00280301
DOCUMENT: Final = 0x00420011
DOCUMENT_TYPE: Final = 0x00420012
DOCUMENT_BYTES: Final = 0x00420015
PIXELS: Final = 0x7FE00010
FLOAT_PIXELS: Final[Mapping[int, int]] = MappingProxyType({0x7FE00008: 32, 0x7FE00009: 64})
ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD
UNDEFINED: Final = 0xFFFFFFFF
# (group 2 element, needed): table 7.1-1 of PS3.10.
META_NEEDED: Final = (0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012)
# Values of the pixel module that the length of the pixels follows from.
PIXEL_FACTS: Final = frozenset(
    [0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280100]
)

# How a value begins that is a file of its own: it becomes a Member and is looked at as one.
FILE_MARKS: Final = (
    b"MZ", b"\x7fELF", b"PK\x03\x04", b"PK\x05\x06", b"%PDF-", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b\x08", b"\xfd7zXZ\x00", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x89PNG\r\n", b"GIF8",
    b"\xff\xd8\xff", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"#!", b"{\\rtf",
    b"<?xml", b"<!DOCTYPE", b"<html", b"<script",
)  # fmt: skip
_DOCUMENT_SUFFIXES: Final = {"application/pdf": "pdf", "text/XML": "xml", "model/stl": "stl"}


def unsound(number: int, /, **fields: Field) -> Unsound:
    """A content that this reader cannot go on with."""
    return Unsound(number, WORD, **fields)


def fault(number: int, /, **fields: Field) -> Fault:
    """Something wrong after which reading can go on."""
    return Fault(WORD, number, fields)


def shown_tag(tag: int) -> str:
    """(gggg,eeee), as every DICOM text writes it."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def document_name(mime: str) -> str:
    """The member's name of an encapsulated document."""
    return "document." + _DOCUMENT_SUFFIXES.get(mime, "bin")


def is_file(head: bytes) -> bool:
    """Whether a value begins as a file of its own would."""
    return head.startswith(FILE_MARKS)


def is_uid(value: str) -> bool:
    """Digits and dots, 64 at most, no empty part, no leading nought (PS3.5, 9.1)."""
    return len(value) <= 64 and all(
        part.isdecimal() and part.isascii() and (part == "0" or part[0] != "0")
        for part in value.split(".")
    )


def allows_sop_class(profile: DicomProfile, uid: str) -> bool:
    return any(
        uid.startswith(entry) if entry.endswith(".") else uid == entry
        for entry in profile.sop_classes
    )


def preamble_faults(preamble: bytes, profile: DicomProfile) -> list[Fault]:
    """All noughts; or, where a profile says so, the head of a TIFF (PS3.10, 7.1)."""
    if preamble.count(0) == len(preamble):
        return []
    if preamble[:4] in (b"II*\x00", b"MM\x00*"):
        return [] if profile.tiff_preamble else [fault(3901)]
    written = [at for at, byte in enumerate(preamble) if byte]
    if profile.preamble_traces and written[0] >= 16 and len(written) <= 4:
        return []
    return [fault(3900, offset=written[0])]
