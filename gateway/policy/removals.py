"""The section `changed` of a channel of requests: what is taken out of answers, and out of which places.

    changed:
      response.subject.display: removed       the key, in every JSON answer that has it
      response.performer: removed             a list is gone through, whatever its length

Reading only; who takes out is the guard of the inner host, and the answer is judged again afterwards.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.policy.model import Section
from gateway.policy.nodes import Broken, Entries, Scalar
from gateway.policy.request_channel import Removal
from gateway.policy.sheet import Sheet

# Deeper than any element of FHIR R4 that is ever named.
MOST_KEYS: Final = 16
MOST_REMOVALS: Final = 64
# Attributes of DICOM JSON are eight digits (PS3.18, F.2.1.1).
_KEY: Final = r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}"
_PLACE: Final = re.compile(rf"response((?:\.{_KEY}){{1,{MOST_KEYS}}})")


def read_removals(sheet: Sheet) -> tuple[Removal, ...]:
    """The places that answers lose; problems go on the sheet."""
    node = sheet.document.top.get(Section.CHANGED.value)
    if node is None or isinstance(node, Broken):
        return ()
    if not isinstance(node, Entries) or len(node.entries) > MOST_REMOVALS:
        sheet.complain(node, 2172, section=Section.CHANGED.value)
        return ()
    removals: list[Removal] = []
    for key, value in node.entries:
        match = _PLACE.fullmatch(key.text)
        if match is None:
            sheet.complain(key, 2330, place=key.text[:80])
        elif not isinstance(value, Scalar) or value.text != "removed":
            if not isinstance(value, Broken):
                sheet.complain(value, 2331, 0, 1, place=key.text[:80])
        else:
            removals.append(Removal(tuple(match[1][1:].split(".")), key.line))
    return tuple(removals)
