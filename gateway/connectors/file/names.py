"""Names of files: which may stand in a destination, and what a second one of a name is called.

Pure: no I/O. A name is one component as Python shows it, bytes that are no UTF-8 as surrogates.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from typing import Final

from gateway.unit.model import MAX_NAME_BYTES
from gateway.unit.number import speak

# Whoever still writes a file names it so; each tool has its own ending.
PARTIAL_ENDINGS: Final = (".part", ".partial", ".tmp", ".filepart", ".crdownload", "~")

# After these a clash is settled by the unit number, which no other file has.
_COUNTED_NAMES: Final = range(2, 34)

# Control, unpaired surrogate, line and paragraph separator (Unicode general categories).
_BAD_CATEGORIES: Final = ("Cc", "Cs", "Zl", "Zp")
# Unicode UAX 9: what reorders the characters around it, so that `fdp.exe` reads as `exe.pdf`.
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_partial(name: str) -> bool:
    """Whether a name is hidden or one under which programs write what is not whole yet."""
    return name.startswith(".") or name.lower().endswith(PARTIAL_ENDINGS)


def fault_of(name: str) -> str:
    """Why a name cannot stand in a destination, in a few words; "" where it can."""
    if name.isascii() and name.isprintable():
        if "/" in name:
            return "it is no single name"
    else:
        if any(unicodedata.category(c) in _BAD_CATEGORIES for c in name):
            return "it holds control characters or bytes that are no text"
        if any(c in _BIDI for c in name):
            return "it holds characters that reorder the others"
        if "/" in name:
            return "it is no single name"
    if not name or name.startswith("."):
        return "it is empty or begins with a dot"
    if len(os.fsencode(name)) > MAX_NAME_BYTES:
        return f"it is longer than {MAX_NAME_BYTES} bytes"
    return ""


def alternatives(name: str, number: int) -> Iterator[str]:
    """The name itself, `report (2).pdf` and so on, at last one with the unit number."""
    yield name
    for count in _COUNTED_NAMES:
        yield _with_mark(name, f" ({count})")
    yield _with_mark(name, f" ({speak(number)})")


def _with_mark(name: str, mark: str) -> str:
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (name, "")
    room = MAX_NAME_BYTES - len(mark) - len(os.fsencode(ending))
    if room < 1:
        stem, ending, room = name, "", MAX_NAME_BYTES - len(mark)
    raw = os.fsencode(stem)
    if len(raw) > room:
        # A character cut in two is dropped; bytes that were no text before are kept as they were.
        cut = room
        while cut > room - 4 and cut > 0 and raw[cut] & 0xC0 == 0x80:
            cut -= 1
        stem = os.fsdecode(raw[:cut])
    return f"{stem}{mark}{ending}"
