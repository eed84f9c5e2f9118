"""Taking a unit apart with the readers of one side: in this process, or in a child of a sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.inspection.content import Content
from gateway.inspection.format_reader import Check, FormatReader
from gateway.inspection.formats.own_schemas import OwnSchemas
from gateway.inspection.leaf import Room
from gateway.inspection.order import Found, Listener, Order
from gateway.inspection.read_as import reading_as
from gateway.inspection.walk import Members, ReadType, Walk


@dataclass(frozen=True, slots=True)
class Readers:
    """The readers of one side. checks: of formats, by type. schemas: engines for a channel's own."""

    read_type: ReadType
    members: Members
    checks: Mapping[str, Check]
    schemas: OwnSchemas


def take_apart(
    readers: Readers, order: Order, content: Content, room: Room, listener: Listener
) -> Found:
    """Walk one content. Raises OSError (reading it), Unavailable 3310, and what the listener raises."""
    walk = Walk(
        readers.read_type,
        readers.members,
        order.limits,
        room,
        listener.visit if order.visits else None,
        order.wanted,
        order.thorough,
        FormatReader(
            readers.checks,
            order.demands or {},
            texts=order.texts,
            values=order.values,
            schemas=readers.schemas,
        ),
        listener.text if order.texts or order.values else None,
        reading_as(order.read_as, readers.read_type),
    )
    walk.unit(content, order.name)
    return Found(tuple(walk.leaves), tuple(walk.problems), tuple(walk.parts))
