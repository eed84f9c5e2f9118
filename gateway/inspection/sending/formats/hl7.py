"""HL7 version 2, as the sending guard reads it: segments and fields by their separators, nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.hl7 import (
    MAX_FIELDS,
    MAX_MESSAGE_BYTES,
    SEPARATORS,
    WORD,
    Hl7Profile,
    Message,
    Segment,
    decoded,
    faults_of,
    items_of,
    lines_of,
)
from gateway.inspection.unsound import Unsound


def check(content: Content, _limits: FormatLimits, profile: Hl7Profile) -> Iterator[Item]:
    """Faults, texts and encapsulated files of one message. Raises Unsound 3700 to 3715 and OSError."""
    message = read(content.read_at(0, MAX_MESSAGE_BYTES + 1))
    yield from faults_of(message, profile)
    yield from items_of(message, profile)


def read(untrusted: bytes) -> Message:
    """A message taken apart. Raises Unsound and nothing else."""
    text, codec = decoded(untrusted)
    return Message(tuple(_segment(line) for line in lines_of(text)), codec)


def _segment(line: str) -> Segment:
    if line.count("|") > MAX_FIELDS:
        raise Unsound(3702, WORD, field=line[:3])
    name, _, rest = line.partition("|")
    fields = tuple(rest.split("|")) if len(line) > len(name) else ()
    if name == "MSH":
        if fields[:1] != (SEPARATORS[1:],):
            raise Unsound(3703, WORD)
        # Field 1 of MSH is the separator itself (2.5.4): the others count from it.
        fields = ("|", *fields)
    return Segment(name, fields)
