"""Which types of content are read to their end. Nothing that reads one is loaded with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.policy.filetypes import FORMATS
from gateway.policy.values import FormatDemand

# The word of a policy for the format of a type.
FORMAT_OF: Final = {kind: word for word, kinds in FORMATS.items() for kind in kinds}


def reads(kind: str, demands: Mapping[str, FormatDemand], *, texts: bool) -> bool:
    """Whether contents of a type are read to their end, so that files inside come out."""
    word = FORMAT_OF.get(kind)
    return word is not None and (texts or word in demands)
