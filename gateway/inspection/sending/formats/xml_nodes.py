"""XML as nodes, as the sending guard reads it: libxml2 through lxml, with a target that counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from lxml import etree

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.fhir import unsound
from gateway.inspection.formats.xml_nodes import (
    FEED_BYTES,
    Limiter,
    Node,
    keep_short,
    looked_over,
    split_name,
)


def read_nodes(
    untrusted: bytes, limits: FormatLimits, *, comments: bool = False
) -> tuple[Node, list[str]]:
    """The outermost element and the texts of comments. Raises Unsound 3552 to 3554, 3560 to 3569."""
    looked_over(untrusted)
    target = _Target(Limiter(limits, comments))
    parser = etree.XMLParser(
        target=target,
        # Nothing can be declared here; without it libxml2 hands on `&amp;` in a value as `&#38;`.
        resolve_entities="internal",
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        for at in range(0, len(untrusted), FEED_BYTES):
            parser.feed(untrusted[at : at + FEED_BYTES])
        parser.close()
    except etree.XMLSyntaxError as error:
        raise unsound(3560, reason=(error.msg or "")[:60], offset=0) from error
    # libxml2 goes on after errors of namespaces: a prefix that nobody declared, an attribute twice.
    errors = [one for one in parser.feed_error_log if one.level >= etree.ErrorLevels.ERROR]
    if errors or target.root is None:
        reason = errors[0].message if errors else "no element"
        raise unsound(3560, reason=reason[:60], offset=0)
    return target.root, target.limiter.comments


class _Target:
    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.root: Node | None = None
        self._open: list[Node] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.limiter.opened(len(attributes))
        space, name = split_name(tag)
        node = Node(name, space, dict(attributes.items()) if attributes else {})
        for value in node.attributes.values():
            keep_short(value)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def end(self, _tag: str) -> None:
        self.limiter.closed()
        _join(self._open.pop())

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1].children.append(text)

    def comment(self, text: str) -> None:
        self.limiter.comment(text)

    def pi(self, _target: str, _data: str | None = None) -> NoReturn:
        raise unsound(3562, offset=0)

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> NoReturn:
        raise unsound(3561, offset=0)

    def close(self) -> None:
        """lxml asks for it at the end."""


def _join(node: Node) -> None:
    """Neighbouring characters as one string: where the parser's pieces end means nothing."""
    if not any(isinstance(one, str) for one in node.children):
        return
    joined: list[Node | str] = []
    pieces: list[str] = []
    for one in node.children:
        if isinstance(one, str):
            pieces.append(one)
            continue
        if pieces:
            joined.append(keep_short("".join(pieces)))
            pieces.clear()
        joined.append(one)
    if pieces:
        joined.append(keep_short("".join(pieces)))
    node.children = joined
