"""The lines of a file that a site provides: UTF-8, or GB18030 as Chinese editors save it. No I/O.

A file that is UTF-8 is read as UTF-8, with or without a byte order mark; every other one must be GB18030
(which every GBK and GB2312 file is). Both are told strictly: a byte that is neither is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.errors import Misconfigured

_COMMENT: Final = "#"


@dataclass(frozen=True, slots=True)
class Line:
    """number: from 1. text: without blanks around it, not empty, no comment."""

    number: int
    text: str


def decoded(path: str, untrusted_bytes: bytes, most_bytes: int) -> str:
    """The text of a file. Raises Misconfigured 3951 (too large), 3952 (no UTF-8, no GB18030)."""
    if len(untrusted_bytes) > most_bytes:
        raise Misconfigured(3951, path=path, size_bytes=len(untrusted_bytes), most_bytes=most_bytes)
    try:
        return untrusted_bytes.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        first = error
    try:
        return untrusted_bytes.decode("gb18030")
    except UnicodeDecodeError as error:
        # Of the two the encoding that was right for longer is the one that was meant.
        at = max(first.start, error.start)
        raise Misconfigured(
            3952,
            path=path,
            line=untrusted_bytes.count(b"\n", 0, at) + 1,
            byte=f"0x{untrusted_bytes[at]:02x}",
        ) from None


def lines(path: str, untrusted_bytes: bytes, most_bytes: int) -> Iterator[Line]:
    """Lines that say something. Raises as `decoded`."""
    for number, written in enumerate(decoded(path, untrusted_bytes, most_bytes).split("\n"), 1):
        text = written.strip()
        if text and not text.startswith(_COMMENT):
            yield Line(number, text)
