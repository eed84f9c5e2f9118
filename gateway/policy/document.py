"""A YAML text to nodes that know their line and column: the strict part of YAML, all as text.

    bytes -> size, UTF-8, characters -> parse events -> nodes
             (2104)  (2102)  (2103)    anchors, aliases, tags, <<, doubled keys, ... each a problem

No word of a policy stands here: the host's settings file is read by the same code. Every scalar is
text, so that `0300`, `no`, `1E5` and `2026-11-20` mean what was written. Nothing is ever
constructed: PyYAML only cuts the text into events (YAML 1.1, libyaml), and this is its only home.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

from gateway.errors import Field
from gateway.policy.located import Located
from gateway.policy.nodes import Broken, Document, Entries, Items, Node, Scalar, locate

# The nodes are named here too: whoever reads a file needs nothing else.
__all__ = [
    "Bounds",
    "Broken",
    "Document",
    "Entries",
    "Items",
    "Node",
    "Reading",
    "Scalar",
    "read_document",
]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a file is read: bytes before they are decoded, levels, nodes."""

    size_bytes: int
    depth: int
    nodes: int


# A channel is a page of text; what is larger is not one, and is refused before it is decoded.
MAX_BYTES: Final = 256 * 1024
# tests > one test > try > list: four levels are in use.
_CHANNEL: Final = Bounds(MAX_BYTES, depth=12, nodes=20_000)
# More would only hide the first ones.
MAX_PROBLEMS: Final = 100

# Line breaks of YAML that no editor shows as one (they would shift every line number), and the
# characters that make a line read differently from what it says (Unicode Standard Annex 9).
_DECEIVING: Final = frozenset(
    "\x85\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of a file: document is None when nothing could be made of it."""

    document: Document | None
    problems: tuple[Located, ...]


def read_document(file: str, untrusted_bytes: bytes, bounds: Bounds = _CHANNEL) -> Reading:
    """Read a file's bytes. Raises nothing, does no I/O; every problem is on the list.

    The document is given even where there are problems, so that a caller can go on and find more.
    """
    if len(untrusted_bytes) > bounds.size_bytes:
        size, limit = len(untrusted_bytes), bounds.size_bytes
        return _nothing(file, 2104, size_bytes=size, limit_bytes=limit)
    try:
        text = untrusted_bytes.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = untrusted_bytes.count(b"\n", 0, error.start) + 1
        return _nothing(file, 2102, line, byte=f"0x{untrusted_bytes[error.start]:02x}")
    lines = tuple(text.split("\n"))
    if problems := tuple(_unreadable(file, lines)):
        return Reading(None, problems)
    builder = _Builder(file, lines, bounds)
    top = builder.build(text)
    document = Document(file, lines, top) if top is not None else None
    return Reading(document, tuple(builder.problems))


def _nothing(file: str, number: int, line: int = 0, **fields: Field) -> Reading:
    return Reading(None, (Located(file, line, 1, 1, "", number, fields),))


def _unreadable(file: str, lines: tuple[str, ...]) -> Iterator[Located]:
    found = 0
    for number, line in enumerate(lines, 1):
        if line.isprintable():
            continue
        for column, character in enumerate(line, 1):
            if _is_control(character) and character != "\t":
                found += 1
                code = f"U+{ord(character):04X}"
                yield locate(file, lines, number, column, 1, 2103, character=code)
                break
        if found == MAX_PROBLEMS:
            return


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character <= "\x9f" or character in _DECEIVING


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 1)


class _TooMuch(Exception):
    """A limit was reached: stop reading."""


class _Builder:
    """Events in, nodes out, with a stack of what is open."""

    def __init__(self, file: str, lines: tuple[str, ...], bounds: Bounds) -> None:
        self.bounds = bounds
        self.file = file
        self.lines = lines
        self.problems: list[Located] = []
        self._nodes = 0
        self._depth = 0

    def build(self, text: str) -> Entries | None:
        # The parser is asked for one event at a time, so that a limit stops it as well.
        events = yaml.parse(text, Loader=yaml.CSafeLoader)
        try:
            return self._top(events)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 1)
            line = min(line, len(self.lines))
            self._problem(line, column, 1, 2106, problem=error.problem or "")
        except yaml.YAMLError as error:
            self._problem(0, 1, 1, 2106, problem=str(error).splitlines()[0])
        except _TooMuch:
            pass
        return None

    def _top(self, events: Iterator[yaml.Event]) -> Entries | None:
        top: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._at(event, 2113, 3)
                    return top if isinstance(top, Entries) else None
                if event.version or event.tags:
                    self._at(event, 2115, 1)
            elif isinstance(event, yaml.NodeEvent):
                top = self._node(event, events)
        if top is None:
            self._problem(0, 1, 1, 2117)
        elif not isinstance(top, Entries):
            if not isinstance(top, Broken):
                self._problem(top.line, top.column, 1, 2114)
            return None
        return top

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event]) -> Node:
        line, column = self._count(event)
        if isinstance(event, yaml.AliasEvent):
            anchor = event.anchor or ""
            self._at(event, 2108, len(anchor) + 1, mark=f"*{anchor}")
            return Broken(line, column)
        self._refuse_properties(event)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, line, column)
        self._depth += 1
        if self._depth > self.bounds.depth:
            self._at(event, 2105, 1, limit=self.bounds.depth, of="levels")
            raise _TooMuch
        if isinstance(event, yaml.MappingStartEvent):
            node: Node = Entries(tuple(self._entries(events)), line, column)
        else:
            node = Items(tuple(self._items(events)), line, column)
        self._depth -= 1
        return node

    def _count(self, event: yaml.Event) -> tuple[int, int]:
        self._nodes += 1
        if self._nodes > self.bounds.nodes:
            self._at(event, 2105, 1, limit=self.bounds.nodes, of="values")
            raise _TooMuch
        return _place(event)

    def _refuse_properties(self, event: yaml.Event) -> None:
        if anchor := getattr(event, "anchor", None):
            self._at(event, 2108, len(anchor) + 1, mark=f"&{anchor}")
        if tag := getattr(event, "tag", None):
            self._at(event, 2109, 1, tag=tag)

    def _scalar(self, event: yaml.ScalarEvent, line: int, column: int) -> Node:
        # "\0" in double quotes is a clean line that becomes a control character.
        suspects = "" if event.value.isprintable() else event.value
        for character in suspects:
            if _is_control(character) and character not in "\t\n":
                self._at(event, 2103, 1, character=f"U+{ord(character):04X}")
                return Broken(line, column)
        return Scalar(event.value, line, column, 1 if event.style in ("'", '"') else 0)

    def _items(self, events: Iterator[yaml.Event]) -> Iterator[Node]:
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._node(event, events)

    def _entries(self, events: Iterator[yaml.Event]) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, int] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                return
            key = self._node(event, events)
            value = self._node(next(events), events)
            if not isinstance(key, Scalar):
                if not isinstance(key, Broken):
                    self._problem(key.line, key.column, 1, 2116)
            elif key.text == "<<":
                self._problem(key.line, key.column, 2, 2111)
            elif key.text in seen:
                width, first = len(key.text), seen[key.text]
                self._problem(key.line, key.column, width, 2112, word=key.text, first=first)
            else:
                seen[key.text] = key.line
                yield key, value

    def _at(self, event: yaml.Event, number: int, width: int, **fields: Field) -> None:
        line, column = _place(event)
        self._problem(line, column, width, number, **fields)

    def _problem(self, line: int, column: int, width: int, number: int, **fields: Field) -> None:
        problem = locate(self.file, self.lines, line, column, width, number, **fields)
        self.problems.append(problem)
        if len(self.problems) >= MAX_PROBLEMS:
            raise _TooMuch
