"""What followers of the parts of an office document (OOXML, OFD) share: limits, and texts outside of runs.

    start, data, end --limits--> opened, closed, characters     (a vocabulary's own)
                     \\--values--> Text                          (attributes, loose characters)

Every value comes out once: one that could name somebody with its place, the short rest (colours, styles,
`true`) together, parted by a form feed, over which nothing is found. Numbers of nine digits and less are
measures. Nothing here knows what an element means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.errors import Field
from gateway.inspection.formats.base64_leaves import LEAST_CHARACTERS, members_in
from gateway.inspection.formats.contract import (
    MAX_TEXT_CHARACTERS,
    TEXT_OVERLAP_CHARACTERS,
    FormatLimits,
    Item,
    Text,
)
from gateway.inspection.formats.xml import (
    MAX_ATTRIBUTES,
    MAX_NAME_CHARACTERS,
    Attributes,
    Follower,
    unsound,
)
from gateway.inspection.unsound import Fault, Unsound, Word

# What the search of texts takes as the border of a cell: XML cannot hold it.
CELL: Final = "\x1f"
# What it finds nothing over.
BORDER: Final = "\f"
# Short values wait for each other up to here.
_SHORT_CHARACTERS: Final = 32 << 10
# A document repeats its values; what has been said is remembered up to so many of them.
_REMEMBERED: Final = 20_000
_FAULTS_A_KIND: Final = 3
_MEASURE: Final = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,6})?%?|[0-9A-F]{8}")
_TELLING: Final = re.compile(r"[^\x21-\x7e]|.{10}", re.DOTALL)
_XINCLUDE: Final = "http://www.w3.org/2001/XInclude"
_ROOT: Final = re.compile(
    # Without a way back: a head full of comments could be parted in very many ways.
    r"\ufeff?(?>\s+|<\?xml\s[^>]{0,200}\?>|<!--.{0,4000}?-->){0,20}"
    r"<(?:[^\s<>/:\"'=?!]*:)?([^\s<>/:\"'=?!]+)",
    re.DOTALL,
)


def root_of(head: bytes) -> str:
    """The local name of the outermost element, as far as a head tells; "" where it does not.

    A guess, to choose a follower by: PartFollower compares it with what the parser says.
    """
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    found = _ROOT.match(head[:8192].decode("utf-16" if wide else "utf-8", "replace"))
    return found[1] if found is not None else ""


def looks_like_xml(head: bytes) -> bool:
    """Whether a parser of XML would begin with it."""
    begin = head[:200].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    return begin.startswith((b"<", b"\xff\xfe", b"\xfe\xff", b"\0<"))


class PartFollower(Follower):
    """Follows one part. root: its outermost element; values: elements and attributes."""

    def __init__(self, word: Word, part: str, root: str, limits: FormatLimits, values: int) -> None:
        self.part = part
        self.limits = limits
        self.names: list[str] = []
        self.root = root
        self._word, self._most = word, values
        self._values = self._size = 0
        self._data: list[str] = []
        self._found: list[Item] = []
        self._seen: set[str] = set()
        self._short: list[str] = []
        self._short_size = 0
        self._said: dict[int, int] = {}

    # What a vocabulary does; each may raise Unsound.

    def opened(self, space: str, name: str, attributes: Attributes) -> None:
        """An element opens; it is the last of names."""

    def closed(self, name: str) -> None:
        """An element has closed; names end with the one around it."""

    def characters(self, text: str) -> None:
        """All characters between two tags, in the element that is the last of names."""
        self.value(self.names[-1], text.strip())

    def attribute(self, element: str, key: str, value: str) -> None:
        """One attribute of an element that opens."""
        self.value("@" + key, value)

    # What the parser calls.

    def start(self, space: str, name: str, attributes: Attributes) -> None:
        """An element opens. Raises Unsound 3604, 3605, 3606, 3607, and 3611 for another root."""
        self.events += 1
        if self._data:
            self._flush()
        names = self.names
        if not names and name != self.root:
            raise unsound(3611, root=name[:60], expected=self.root[:60])
        names.append(name)
        self._values += 1 + len(attributes)
        if len(names) > self.limits.depth:
            raise unsound(3604, limit=self.limits.depth)
        if self._values > self._most or len(attributes) > MAX_ATTRIBUTES:
            raise unsound(3605, limit=self._most)
        if len(name) > MAX_NAME_CHARACTERS:
            raise unsound(3605, limit=MAX_NAME_CHARACTERS)
        if space == _XINCLUDE:
            raise unsound(3607)
        for (_, key), value in attributes.items():
            self.attribute(name, key, value)
        self.opened(space, name, attributes)

    def data(self, text: str) -> None:
        """Characters. Raises Unsound 3606."""
        self.events += 1
        self._data.append(text)
        self._size += len(text)
        if self._size > self.limits.text_bytes:
            raise unsound(3606, limit_bytes=self.limits.text_bytes)

    def end(self) -> None:
        """The element that is open closes."""
        self.events += 1
        if self._data:
            self._flush()
        self.closed(self.names.pop())

    def comment(self, text: str) -> None:
        """Nobody renders it, somebody may read it."""
        self.events += 1
        if text.strip():
            self.say("comment()", text)

    def items(self) -> Iterator[Item]:
        """What was found since the last call."""
        if not self.names:
            self._say_short()
        found, self._found = self._found, []
        yield from found

    # What a vocabulary calls.

    def most_values(self, values: int) -> None:
        """As many elements and attributes are taken, instead of what the limits say."""
        self._most = values

    def value(self, place: str, value: str) -> None:
        """A value outside of running text. Raises Unsound 3606."""
        if not value or value in self._seen:
            return
        if _MEASURE.fullmatch(value) is not None:
            return
        if len(value) > self.limits.text_bytes:
            raise unsound(3606, limit_bytes=self.limits.text_bytes)
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        if len(value) < 200:
            self._seen.add(value)
        if _TELLING.search(value) is not None:
            self.say(place, value)
            return
        self._short.append(value)
        self._short_size += len(value)
        if self._short_size > _SHORT_CHARACTERS:
            self._say_short()

    def say(self, place: str, text: str) -> None:
        """A text at a place of this part; long ones in pieces, files in base64 as members."""
        self.say_at(f"{self.part} {place}", text)

    def say_at(self, where: str, text: str) -> None:
        """The same, with the whole place given."""
        step = MAX_TEXT_CHARACTERS - TEXT_OVERLAP_CHARACTERS
        for at in range(0, len(text), step):
            self._found.append(Text(where, text[at : at + MAX_TEXT_CHARACTERS]))
        if len(text) >= LEAST_CHARACTERS:
            self._found.extend(members_in(where, text))

    def fault(self, number: int, **fields: Field) -> None:
        """A fault of the part; of each kind the first few are kept."""
        self._said[number] = self._said.get(number, 0) + 1
        if self._said[number] <= _FAULTS_A_KIND:
            cut = {key: one[:80] if isinstance(one, str) else one for key, one in fields.items()}
            self._found.append(Fault(self._word, number, {"part": self.part[:80], **cut}))

    def refuse(self, number: int, **fields: Field) -> Unsound:
        """A fault behind which nothing can be made of the part."""
        return Unsound(number, self._word, part=self.part[:80], **fields)

    def _flush(self) -> None:
        text = "".join(self._data)
        self._data.clear()
        self._size = 0
        # Blanks are kept where they may part words, and are nothing elsewhere.
        self.characters(text)

    def _say_short(self) -> None:
        if self._short:
            self.say("values", BORDER.join(self._short))
            self._short, self._short_size = [], 0
