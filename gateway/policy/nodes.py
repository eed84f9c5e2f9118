"""The nodes of a file that was read: texts, lists and mappings with their line and column.

Values only; reading bytes into them is `gateway.policy.document`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import Field
from gateway.policy.located import Located


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text. line, column: from 1, of its first character in the file. quoted: 1 if in quotes."""

    text: str
    line: int
    column: int
    quoted: int = 0


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping in the order of the file; no key stands twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int

    def get(self, key: str) -> Node | None:
        return next((node for name, node in self.entries if name.text == key), None)


@dataclass(frozen=True, slots=True)
class Broken:
    """Stands where something was refused; its problem is already on the list."""

    line: int
    column: int


Node = Scalar | Items | Entries | Broken


@dataclass(frozen=True, slots=True)
class Document:
    """A file that could be read. lines: its text, for pointing at."""

    file: str
    lines: tuple[str, ...]
    top: Entries

    def problem(
        self,
        node: Node,
        number: int,
        start: int = 0,
        width: int = 0,
        knows: tuple[str, ...] = (),
        **fields: Field,
    ) -> Located:
        """A problem of this file at a node. start, width: part of a scalar, in characters."""
        column = node.column + start + (node.quoted if isinstance(node, Scalar) else 0)
        if not width and isinstance(node, Scalar):
            width = len(node.text) - start
        return locate(self.file, self.lines, node.line, column, width, number, knows, **fields)


def locate(
    file: str,
    lines: tuple[str, ...],
    line: int,
    column: int,
    width: int,
    number: int,
    knows: tuple[str, ...] = (),
    /,
    **fields: Field,
) -> Located:
    """A problem at a place of a file whose lines are known."""
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    return Located(file, line, column, max(1, width), source, number, fields, knows)
