"""XML as events, as a sandbox hands it out: an element opens, characters, an element closes.

    Start("hl7:id", [("root", "1.2"), ("xmlns:hl7", "urn:hl7-org:v3")])   Chars("..")   End()

Names are as they stand in the file, with their prefix; namespaces come as ordinary `xmlns` attributes.
Comments, processing instructions and document types have no event. Who writes them out (xml_writer)
believes nothing of them.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec

# Of one event: longer characters come in pieces. Four bytes each at most, so below 256 KiB encoded.
MAX_CHARS_CHARACTERS: Final = 32 << 10
# Of one element, as the readers have it.
MAX_ATTRIBUTES: Final = 128


class Start(msgspec.Struct, frozen=True, array_like=True, tag="s"):
    """An element opens. attributes: (name, value), in the order of the file."""

    name: str
    attributes: Annotated[list[tuple[str, str]], msgspec.Meta(max_length=MAX_ATTRIBUTES)] = []


class Chars(msgspec.Struct, frozen=True, array_like=True, tag="c"):
    """Characters of the element that is open; where pieces end means nothing."""

    text: str


class End(msgspec.Struct, frozen=True, array_like=True, tag="e"):
    """The element that was opened last closes."""


XmlEvent: TypeAlias = Start | Chars | End
