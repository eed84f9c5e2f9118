"""The contract of a format check: a content in, a stream of items out.

    content --check--> Fault    what no channel (or not this profile) allows; number FG-35xx to 39xx
                       Member   bytes inside that are a file of their own: attachment, base64, picture
                       Text     characters that a person would read, decoded: for words and identifiers

A check is a generator: it holds one item at a time, counts before it allocates, and stops when nobody
asks on. For any bytes it yields items or raises Unsound; every other exception is a bug. It does no I/O
but reading the content, opens no file, starts no process, imports nothing late (it runs in a sandbox).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

import msgspec

from gateway.inspection.content import Content
from gateway.inspection.unsound import Fault, Member


# Made for each value of a unit, a million of them in a large one. Two texts hold no cycle: gc=False.
class Text(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Characters found in a content.

    where: the place within it, in the words of its standard (`PID-13`, `Patient.telecom[0].value`,
    `/ClinicalDocument/recordTarget`, `(0010,0010)`, `row 7 column phone`, `page 2`); "" for a plain text.
    text: decoded, not normalised, at most MAX_TEXT_CHARACTERS; longer ones come in overlapping pieces.
    """

    where: str
    text: str


MAX_TEXT_CHARACTERS = 1 << 20
# Pieces of a longer text overlap by so much, so that nothing hides at the cut.
TEXT_OVERLAP_CHARACTERS = 4096

Item: TypeAlias = Fault | Member | Text


def texts_of(where: str, text: str) -> Iterator[Text]:
    """A text in pieces of at most MAX_TEXT_CHARACTERS that overlap; none for nothing."""
    step = MAX_TEXT_CHARACTERS - TEXT_OVERLAP_CHARACTERS
    for start in range(0, max(len(text) - TEXT_OVERLAP_CHARACTERS, 1) if text else 0, step):
        yield Text(where, text[start : start + MAX_TEXT_CHARACTERS])


@dataclass(frozen=True, slots=True)
class FormatLimits:
    """What every format keeps, whatever its profile says. Counted while reading.

    depth: of nesting. values: elements, objects, fields or nodes of one content. text_bytes: of one
    value. pixels: of one image. pages: of one document.
    """

    depth: int = 64
    values: int = 1_000_000
    text_bytes: int = 16 << 20
    pixels: int = 256_000_000
    pages: int = 5_000


P_contra = TypeVar("P_contra", contravariant=True)


class Check(Protocol[P_contra]):
    """One reader of one format. profile: what the channel allows, a frozen dataclass of the format."""

    def __call__(
        self, content: Content, limits: FormatLimits, profile: P_contra
    ) -> Iterator[Item]: ...
