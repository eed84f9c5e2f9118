"""XML, as the receiving guard reads it: expat, every declaration and reference to elsewhere an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn
from xml.parsers import expat

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.soap import SoapWatch
from gateway.inspection.formats.xml import Follower, Watch, XmlProfile, follow, unsound
from gateway.inspection.receiving.formats.xml_schema import OwnSchema, SchemaWatch

# expat joins a name and its space by one character that no name has.
_JOINT = "\x1f"


def check(content: Content, limits: FormatLimits, profile: XmlProfile) -> Iterator[Item]:
    """Faults, texts and files of a document. Raises Unsound 3600 to 3609 and OSError."""
    schema = profile.schema
    if profile.soap is not None:
        inner = SchemaWatch(limits, profile, schema) if isinstance(schema, OwnSchema) else None
        yield from watch(content, SoapWatch(limits, profile, profile.soap, inner))
    elif isinstance(schema, OwnSchema):
        yield from watch(content, SchemaWatch(limits, profile, schema))
    else:
        yield from watch(content, Watch(limits, profile))


def watch(content: Content, follower: Follower) -> Iterator[Item]:
    """The same for a vocabulary that follows the document itself."""
    parser = _parser(follower)
    yield from follow(content, follower, lambda piece: _fed(parser, piece, last=False))
    _fed(parser, b"", last=True)
    yield from follower.items()


def _fed(parser: Any, piece: bytes, *, last: bool) -> None:
    try:
        parser.Parse(piece, last)
    except expat.ExpatError as error:
        raise unsound(3600, reason=expat.errors.messages.get(error.code, "")) from error


def _parser(follower: Follower) -> Any:
    parser = expat.ParserCreate("utf-8", _JOINT)
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        space, local = _split(name)
        follower.start(space, local, {_split(key): value for key, value in attributes.items()})

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: follower.end()
    parser.CharacterDataHandler = follower.data
    parser.CommentHandler = follower.comment
    parser.ProcessingInstructionHandler = _instruction
    parser.StartDoctypeDeclHandler = _doctype
    parser.SkippedEntityHandler = parser.ExternalEntityRefHandler = _doctype
    return parser


def _split(name: str) -> tuple[str, str]:
    space, _, local = name.rpartition(_JOINT)
    return space, local


def _instruction(target: str, _data: str) -> NoReturn:
    raise unsound(3603, target=target[:40])


def _doctype(name: str, *_: Any) -> NoReturn:
    raise unsound(3602, name=str(name)[:40])
