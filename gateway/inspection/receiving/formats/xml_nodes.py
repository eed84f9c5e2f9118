"""XML as nodes, as the receiving guard reads it: expat, with namespaces, every declaration an error."""

from __future__ import annotations

from typing import Any, NoReturn
from xml.parsers import expat

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.fhir import unsound
from gateway.inspection.formats.xml_nodes import FEED_BYTES, Limiter, Node, keep_short, looked_over


def read_nodes(
    untrusted: bytes, limits: FormatLimits, *, comments: bool = False
) -> tuple[Node, list[str]]:
    """The outermost element and the texts of comments. Raises Unsound 3552 to 3554, 3560 to 3569."""
    looked_over(untrusted)
    reading = _Reading(Limiter(limits, comments))
    try:
        for at in range(0, len(untrusted), FEED_BYTES):
            reading.parser.Parse(untrusted[at : at + FEED_BYTES], False)
        reading.parser.Parse(b"", True)
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "")
        raise unsound(3560, reason=reason, offset=reading.parser.ErrorByteIndex) from error
    assert reading.root is not None
    return reading.root, reading.limiter.comments


class _Reading:
    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.root: Node | None = None
        self._way: list[Node] = []
        self._characters: list[str] = []
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters.append
        self.parser.CommentHandler = limiter.comment
        self.parser.ProcessingInstructionHandler = _instruction
        for declaration in (
            "StartDoctypeDeclHandler", "EntityDeclHandler", "StartCdataSectionHandler",
            "ExternalEntityRefHandler", "SkippedEntityHandler", "NotationDeclHandler",
        ):  # fmt: skip
            setattr(self.parser, declaration, _declaration)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.limiter.opened(len(attributes))
        self._flush()
        space, _, local = name.rpartition(" ")
        node = Node(local, space, {_named(k): keep_short(v) for k, v in attributes.items()})
        if self._way:
            self._way[-1].children.append(node)
        else:
            self.root = node
        self._way.append(node)

    def _end(self, _name: str) -> None:
        self.limiter.closed()
        self._flush()
        self._way.pop()

    def _flush(self) -> None:
        if not self._characters:
            return
        text = keep_short("".join(self._characters))
        if self._way:
            self._way[-1].children.append(text)
        self._characters.clear()


def _named(name: str) -> str:
    space, _, local = name.rpartition(" ")
    return f"{{{space}}}{local}" if space else local


def _instruction(_target: str, _data: str) -> NoReturn:
    raise unsound(3562, offset=0)


def _declaration(*_: Any) -> NoReturn:
    raise unsound(3561, offset=0)
