"""The message of a SOAP envelope held to its schema by libxml2, on the sending side.

The envelope has been followed before: what comes here has one Body, and no document type or instruction.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any, Final

from lxml import etree

from gateway.inspection.content import Content
from gateway.inspection.formats.json import MAX_DOCUMENT_BYTES
from gateway.inspection.formats.soap import SPACES
from gateway.inspection.formats.xml import unsound, utf8_of
from gateway.inspection.sending.formats.xml_schema import MAX_FAULTS, LibxmlSchema, fault_of
from gateway.inspection.unsound import Fault

_FAULTS: Final = frozenset(f"{{{space}}}Fault" for space in SPACES.values())
_HEADERS: Final = frozenset(f"{{{space}}}Header" for space in SPACES.values())
_OF_ENVELOPE: Final = tuple(f"{{{space}}}" for space in SPACES.values())
_DETAILS: Final = frozenset(["detail", f"{{{SPACES['1.2']}}}Detail"])


def message_faults(content: Content, schema: LibxmlSchema) -> Iterator[Fault]:
    """Faults 3612 of the message, or of what stands in the detail of a fault.

    Raises Unsound 3600, 3606 and OSError, nothing else.
    """
    if content.size_bytes > MAX_DOCUMENT_BYTES:
        raise unsound(3606, limit_bytes=MAX_DOCUMENT_BYTES)
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities="internal", no_network=True, load_dtd=False,
        huge_tree=False, remove_comments=True,
    )  # fmt: skip
    try:
        for piece in utf8_of(content):
            parser.feed(piece)
        root: Any = parser.close()
    except etree.XMLSyntaxError as error:
        raise unsound(3600, reason=(error.msg or "")[:80]) from error
    for message in _messages(root, schema.outline.roots):
        # By itself: a validator takes the document's first element for its root.
        alone = etree.fromstring(etree.tostring(message, with_tail=False), _plain())
        if not schema.validator.validate(alone):
            for count, entry in enumerate(schema.validator.error_log):
                if count < MAX_FAULTS:
                    yield fault_of(entry, schema.outline.file)


def _messages(root: Any, declared: Container[str]) -> Iterator[Any]:
    """Blocks of Header that the schema declares, the message, and what stands in a fault's detail."""
    for body in root:
        for message in body:
            if body.tag in _HEADERS:
                if message.tag in declared:
                    yield _without_envelopes(message)
                continue
            if message.tag not in _FAULTS:
                yield message
                continue
            for part in message:
                if part.tag in _DETAILS:
                    yield from part


def _without_envelopes(block: Any) -> Any:
    """Its attributes of the envelope, which have been looked at, are not the schema's."""
    for key in [key for key in block.attrib if key.startswith(_OF_ENVELOPE)]:
        del block.attrib[key]
    return block


def _plain() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
