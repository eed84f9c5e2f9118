"""The receiving edge's end of the guard's hand: the only maker of Admitted."""

from __future__ import annotations

from gateway.spool.bodies import InlineBody
from gateway.spool.model import Taken
from gateway.unit.decode import decode_manifest
from gateway.unit.stages import Admitted


def read_admitted(taken: Taken) -> Admitted:
    """An admitted unit as the edge takes it from its queue. Raises Refused 1080."""
    return Admitted(decode_manifest(taken.header), taken.body)


def admitted_of(header: bytes, content: bytes) -> Admitted:
    """An admitted transient unit as the edge takes it from its socket. Raises Refused 1080."""
    return Admitted(decode_manifest(header), InlineBody(content))
