"""What readers and unpackers say when content is not as it should be: numbers and fields, no text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.errors import Field


class Role(StrEnum):
    """Which guard looks: each has readers of its own."""

    SENDING = "sending"
    RECEIVING = "receiving"


class Word(StrEnum):
    """The rule that a problem belongs to, as policy files and facts name it."""

    TYPE = "type"
    ARCHIVE = "archive"
    ENCRYPTED = "encrypted"
    NAME = "name"
    JSON = "json"
    FHIR = "fhir"
    XML = "xml"
    CDA = "cda"
    HL7 = "hl7"
    CSV = "csv"
    DICOM = "dicom"
    IMAGE = "image"
    OOXML = "ooxml"
    OFD = "ofd"
    PDF = "pdf"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that no channel allows; the walk adds where it was found."""

    word: Word
    number: int
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a type reader makes of a content: a word of the type table, and what is wrong with it."""

    word: str
    faults: tuple[Fault, ...] = ()


class Unsound(Exception):
    """A container that cannot be gone on with. Stays inside this package: it becomes a Problem."""

    def __init__(self, number: int, /, word: Word = Word.ARCHIVE, **fields: Field) -> None:
        super().__init__(number, fields)
        self.fault: Final = Fault(word, number, fields)


class TooMuch(Unsound):
    """A limit of the whole unit is reached: nothing further of it is taken apart."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a container, while the container is being read.

    name: as it stands there, decoded, not yet judged. chunks: its bytes in pieces of at most
    64 KiB, to be read to the end before the next member is asked for; reading raises Unsound where
    the data are not what the container says. encrypted: it has no chunks that mean anything.
    """

    name: str
    chunks: Iterator[bytes]
    encrypted: bool = False
    faults: tuple[Fault, ...] = ()


# Pieces of a member: big enough to cost little each, small enough that a limit stops in time.
CHUNK_BYTES: Final = 64 << 10
# Compressed data are fed in small pieces: what is not yet used is copied at each step.
PACKED_BYTES: Final = 16 << 10
# gzip, bzip2 and xz allow any number of streams in a row; block compressors write one a 64 KiB.
MAX_STREAMS: Final = 1 << 16
# A table of contents is read into memory before anything in it is believed.
MAX_DIRECTORY_BYTES: Final = 16 << 20
# A docx or an ofd is told by its table of contents; no document of theirs needs a longer one.
MAX_DOCUMENT_DIRECTORY_BYTES: Final = 1 << 20
# The root part of an OFD is one page of XML.
MAX_ROOT_PART_BYTES: Final = 64 << 10
