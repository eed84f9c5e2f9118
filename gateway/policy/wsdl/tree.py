"""An XML document as a tree that keeps prefixes, so that a part of it can be written out again.

    bytes --expat: no DTD, no instruction, bounded--> Node (raw names, declarations in scope, text)

The file is somebody else's: nothing in it is fetched or resolved. Namespaces in XML 1.0 (third edition).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from gateway.errors import Misconfigured

MAX_BYTES: Final = 8 << 20
MAX_DEPTH: Final = 64
MAX_NODES: Final = 200_000
XML_SPACE: Final = "http://www.w3.org/XML/1998/namespace"
Name = tuple[str, str]


@dataclass(slots=True)
class Node:
    """An element. raw: its name as written. attributes: without declarations. scope: prefixes that hold here.

    own: those that it declares itself.
    """

    raw: str
    name: Name
    attributes: dict[str, str]
    scope: dict[str, str]
    own: dict[str, str]
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def of(self, space: str, *names: str) -> Iterator[Node]:
        """Children of these names in a namespace."""
        return (one for one in self.children if one.name[0] == space and one.name[1] in names)

    def first(self, space: str, name: str) -> Node | None:
        return next(self.of(space, name), None)

    def qname(self, text: str) -> Name | None:
        """A name in an attribute's value, None for a prefix that means nothing here."""
        prefix, _, local = text.strip().rpartition(":")
        if prefix and prefix not in self.scope:
            return None
        return self.scope.get(prefix, ""), local

    def walk(self) -> Iterator[Node]:
        """This one and all below it."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += reversed(one.children)


def read_tree(file: str, untrusted_bytes: bytes) -> Node:
    """The outermost element. Raises Misconfigured 2380 and 2104, nothing else. No I/O."""
    if len(untrusted_bytes) > MAX_BYTES:
        raise Misconfigured(2104, size_bytes=len(untrusted_bytes), limit_bytes=MAX_BYTES)
    reader = _Reader(file)
    try:
        reader.parser.Parse(untrusted_bytes, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        code = getattr(error, "code", 0)
        what = f"line {getattr(error, 'lineno', 1)}: {expat.errors.messages.get(code, 'encoding')}"
        raise Misconfigured(2380, file=file, what=what[:80]) from error
    if reader.root is None:
        raise Misconfigured(2380, file=file, what="nothing in it")
    return reader.root


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._open: list[Node] = []
        self._count = 0
        self.root: Node | None = None
        parser = self.parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = lambda _name: self._open.pop()
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = lambda *_: self._wrong("DOCTYPE")
        parser.ProcessingInstructionHandler = lambda target, _: self._wrong(f"<?{target[:20]}")
        parser.SkippedEntityHandler = lambda *_: self._wrong("entity")
        parser.ExternalEntityRefHandler = lambda *_: self._wrong("entity")

    def _start(self, raw: str, given: dict[str, str]) -> None:
        self._count += 1 + len(given)
        if self._count > MAX_NODES or len(self._open) >= MAX_DEPTH:
            self._wrong(f"more than {MAX_NODES} elements, or {MAX_DEPTH} levels")
        own = {
            key[6:]: value
            for key, value in given.items()
            if key == "xmlns" or key.startswith("xmlns:")
        }
        above = self._open[-1].scope if self._open else {"": "", "xml": XML_SPACE}
        scope = {**above, **own} if own else above
        attributes = {key: value for key, value in given.items() if not key.startswith("xmlns")}
        prefix, _, local = raw.rpartition(":")
        if prefix not in scope:
            self._wrong(f"the prefix {prefix[:40]}")
        node = Node(raw, (scope[prefix], local), attributes, scope, own)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def _data(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text

    def _wrong(self, what: str) -> NoReturn:
        line: Any = self.parser.CurrentLineNumber
        raise Misconfigured(2380, file=self._file, what=f"line {line}: {what}"[:80])


def written(node: Node, *, outermost: bool = True, depth: int = 0) -> str:
    """A node as XML of its own: what is in scope is declared on it. Comments and mixed text are not kept."""
    declared = {p: s for p, s in node.scope.items() if p != "xml" and s} if outermost else node.own
    spaces = "".join(
        f" xmlns{':' if prefix else ''}{prefix}={quoteattr(space)}"
        for prefix, space in sorted(declared.items())
    )
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in node.attributes.items())
    indent = "  " * depth
    opened = f"{indent}<{node.raw}{spaces}{attributes}"
    if not node.children:
        text = escape(node.text) if node.text.strip() else ""
        return f"{opened}>{text}</{node.raw}>\n" if text else f"{opened}/>\n"
    inner = "".join(written(one, outermost=False, depth=depth + 1) for one in node.children)
    return f"{opened}>\n{inner}{indent}</{node.raw}>\n"
