"""CDA, as the receiving guard reads it: through expat."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.inspection.content import Content
from gateway.inspection.formats.cda import CdaProfile, CdaWatch
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.receiving.formats.xml import watch


def check(content: Content, limits: FormatLimits, profile: CdaProfile) -> Iterator[Item]:
    """Faults, texts and files of a document. Raises Unsound 3600 to 3609 and OSError."""
    yield from watch(content, CdaWatch(limits, profile))
