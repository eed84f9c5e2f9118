"""From records to units: one unit from its record, or the records of unit numbers wherever they lie.

Reads only.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.spool.bodies import FileBody, InlineBody
from gateway.spool.hand import Slot
from gateway.spool.layout import Layout
from gateway.spool.model import Taken
from gateway.spool.segment import Head, Place
from gateway.spool.shelf import Shelf


def unit_of(layout: Layout, head: Head, content: bytes | None, attempt: int) -> Taken | None:
    """The unit of a record; None if its content is not whole or its body file is not there."""
    if content is None:
        return None
    if head.place == Place.INLINE:
        header, inline = content[: head.header_bytes], content[head.header_bytes :]
        return Taken(head.number, header, InlineBody(inline), attempt)
    path = layout.body(head.ordinal)
    try:
        is_there = path.stat().st_size == head.body_bytes
    except FileNotFoundError:
        return None
    return (
        Taken(head.number, content, FileBody(path, head.body_bytes), attempt) if is_there else None
    )


def search(shelf: Shelf, wanted: set[int], may_show: Callable[[Head], bool]) -> dict[int, Slot]:
    """The records of these unit numbers, newest segments first.

    Reads the heads of every segment that may hold one: for a person's question, not for each unit.
    """
    found: dict[int, Slot] = {}
    for segment in reversed(list(shelf)):
        missing = wanted - found.keys()
        if not missing:
            break
        numbers = shelf.numbers(segment)
        if not any(number in numbers for number in missing):
            continue
        for offset, head in shelf.heads(segment.first):
            if head.number in missing and may_show(head):
                found[head.number] = Slot(head, segment.first, offset)
    return found
