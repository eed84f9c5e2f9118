"""OOXML, as the receiving guard reads it: through zipfile and expat."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.ooxml import OoxmlProfile, read
from gateway.inspection.formats.ooxml_allowed import allowed
from gateway.inspection.formats.ooxml_parts import OoxmlPart
from gateway.inspection.receiving.formats.xml import watch
from gateway.inspection.receiving.unpack import members


def check(content: Content, limits: FormatLimits, profile: OoxmlProfile) -> Iterator[Item]:
    """Faults, texts and files of a document. Raises Unsound 32xx, 3600 to 3611, 3823 and OSError."""
    yield from read(members, watch, content, limits, profile)


def parts(content: Content, limits: FormatLimits) -> Iterator[OoxmlPart]:
    """What the document written anew is made of. Raises what allowed raises."""
    yield from allowed(members, watch, content, limits)
