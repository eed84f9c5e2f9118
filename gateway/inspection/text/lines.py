"""The lines of a list that a site provides. No I/O."""

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


def lines(path: str, text: str, most_bytes: int) -> Iterator[Line]:
    """Lines that say something. Raises Misconfigured 3951: larger than that in UTF-8."""
    size_bytes = len(text.encode())
    if size_bytes > most_bytes:
        raise Misconfigured(3951, path=path, size_bytes=size_bytes, most_bytes=most_bytes)
    for number, written in enumerate(text.split("\n"), 1):
        said = written.strip()
        if said and not said.startswith(_COMMENT):
            yield Line(number, said)
