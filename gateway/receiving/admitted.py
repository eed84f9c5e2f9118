"""The receiving edge's end of the queue `admitted`: the only maker of Admitted."""

from __future__ import annotations

from gateway.spool.model import Taken
from gateway.unit.decode import decode_manifest
from gateway.unit.stages import Admitted


def read_admitted(taken: Taken) -> Admitted:
    """An admitted unit as the edge takes it from its queue. Raises Refused 1080."""
    return Admitted(decode_manifest(taken.header), taken.body)
