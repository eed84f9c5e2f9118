"""HL7 version 2, as the receiving guard reads it: one pass over the characters, a token at a time.

    ( characters of a field ) ( | or the end of a segment )      and again, to the end of the text

Unlike the sending side's reader it never cuts the text into lines first: where a segment ends is found
on the way, and a character that belongs to no token ends the reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.hl7 import (
    MAX_FIELDS,
    MAX_MESSAGE_BYTES,
    MAX_SEGMENTS,
    SEPARATORS,
    WORD,
    Hl7Profile,
    Message,
    Segment,
    decoded,
    faults_of,
    items_of,
)
from gateway.inspection.unsound import Unsound

_TOKEN: Final = re.compile(r"([^|\r\n]*)(\||\r\n|\r|\n|\Z)")


def check(content: Content, _limits: FormatLimits, profile: Hl7Profile) -> Iterator[Item]:
    """Faults, texts and encapsulated files of one message. Raises Unsound 3700 to 3715 and OSError."""
    message = read(content.read_at(0, MAX_MESSAGE_BYTES + 1))
    yield from faults_of(message, profile)
    yield from items_of(message, profile)


def read(untrusted: bytes) -> Message:
    """A message taken apart. Raises Unsound and nothing else."""
    text, codec = decoded(untrusted)
    segments: list[Segment] = []
    tokens: list[str] = []
    line_end = ""
    for match in _TOKEN.finditer(text):
        token, mark = match.groups()
        if not mark and not token and not tokens:
            break
        tokens.append(token)
        if len(tokens) > MAX_FIELDS + 1 or len(segments) >= MAX_SEGMENTS:
            raise Unsound(3702, WORD, field=tokens[0][:3])
        if mark == "|":
            continue
        if tokens == [""] or (mark and line_end not in ("", mark)):
            raise Unsound(3715, WORD)
        line_end = mark or line_end
        segments.append(_segment(tokens))
        tokens = []
    return Message(tuple(segments), codec)


def _segment(tokens: list[str]) -> Segment:
    name, *fields = tokens
    if name == "MSH":
        if not fields or fields[0] != SEPARATORS[1:]:
            raise Unsound(3703, WORD)
        fields.insert(0, SEPARATORS[0])
    return Segment(name, tuple(fields))
