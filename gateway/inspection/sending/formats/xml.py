"""XML, as the sending guard reads it: libxml2 through lxml, element by element."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn

from lxml import etree

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.soap import SoapWatch
from gateway.inspection.formats.xml import (
    MAX_NAME_CHARACTERS,
    Follower,
    Watch,
    XmlProfile,
    follow,
    unsound,
)
from gateway.inspection.sending.formats.soap import message_faults
from gateway.inspection.sending.formats.xml_schema import MAX_FAULTS, LibxmlSchema, fault_of
from gateway.inspection.unsound import Fault


def check(content: Content, limits: FormatLimits, profile: XmlProfile) -> Iterator[Item]:
    """Faults, texts and files of a document. Raises Unsound 3600 to 3609 and OSError."""
    schema = profile.schema if isinstance(profile.schema, LibxmlSchema) else None
    if profile.soap is None:
        yield from watch(content, Watch(limits, profile), schema)
        return
    yield from watch(content, SoapWatch(limits, profile, profile.soap, None))
    if schema is not None:
        yield from message_faults(content, schema)


def watch(
    content: Content, follower: Follower, schema: LibxmlSchema | None = None
) -> Iterator[Item]:
    """The same for a vocabulary that follows the document itself. schema: one that it must follow."""
    # Nothing can be declared here; but where nothing is resolved `&amp;` in a value comes as `&#38;`.
    parser = etree.XMLParser(
        target=_Target(follower), encoding="utf-8", resolve_entities="internal", no_network=True,
        load_dtd=False, huge_tree=False, schema=None if schema is None else schema.validator,
    )  # fmt: skip

    def feed(piece: bytes) -> None:
        _asked(parser.feed, piece)
        # Each broken rule takes memory: a piece with one is the last that is read.
        if schema is not None and len(parser.feed_error_log) > 0:
            raise _Enough

    with contextlib.suppress(_Enough):
        yield from follow(content, follower, feed)
        _asked(parser.close)
    yield from _noted(parser, schema)
    yield from follower.items()


class _Enough(Exception):
    """The document breaks its schema: the rest of it need not be read."""


def _noted(parser: Any, schema: LibxmlSchema | None) -> Iterator[Fault]:
    """What libxml2 went on behind: rules of the schema, and (with a target) errors of namespaces."""
    for count, error in enumerate(parser.feed_error_log):
        if schema is None or error.domain != etree.ErrorDomains.SCHEMASV:
            raise unsound(3600, reason=error.message[:80])
        if count < MAX_FAULTS:
            yield fault_of(error, schema.outline.file)


def _asked(call: Callable[..., object], *arguments: bytes) -> None:
    try:
        call(*arguments)
    except etree.XMLSyntaxError as error:
        raise unsound(3600, reason=(error.msg or "")[:80]) from error


class _Target:
    """What lxml calls for each event; names come as `{space}local`."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._names = _Names()
        self.data = follower.data
        self.comment = follower.comment

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        names = self._names
        space, name = names[tag]
        # For an element without any lxml gives a mapping that is slow to ask.
        named = {names[key]: value for key, value in attributes.items()} if attributes else {}
        self._follower.start(space, name, named)

    def end(self, _tag: str) -> None:
        self._follower.end()

    def pi(self, target: str, _data: str | None = None) -> NoReturn:
        raise unsound(3603, target=target[:40])

    def doctype(self, name: str | None, _public: str | None, _system: str | None) -> NoReturn:
        raise unsound(3602, name=(name or "")[:40])

    def close(self) -> None:
        """lxml asks for it at the end."""


# A vocabulary has some hundreds; a document with more is not helped by remembering them.
_REMEMBERED_NAMES: Final = 1_000


class _Names(dict[str, tuple[str, str]]):
    """Space and local name by `{space}local`, each taken apart once."""

    def __missing__(self, name: str) -> tuple[str, str]:
        made = _split(name)
        if len(self) < _REMEMBERED_NAMES and len(name) <= MAX_NAME_CHARACTERS:
            self[name] = made
        return made


def _split(name: str) -> tuple[str, str]:
    space, closed, local = name[1:].partition("}") if name.startswith("{") else ("", "", name)
    return (space, local) if closed or not space else ("", name)
