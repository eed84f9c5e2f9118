"""OFD, as the receiving guard reads it: through zipfile and expat."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.ofd import OfdProfile, read
from gateway.inspection.receiving.formats.xml import watch
from gateway.inspection.receiving.unpack import members


def check(content: Content, limits: FormatLimits, profile: OfdProfile) -> Iterator[Item]:
    """Faults, texts and files of a document. Raises Unsound 32xx, 3600 to 3611, 3855 and OSError."""
    yield from read(members, watch, content, limits, profile)
