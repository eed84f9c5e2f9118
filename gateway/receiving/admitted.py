"""The receiving edge's end of the guard's hand: the only maker of Admitted."""

from __future__ import annotations

from gateway.errors import Refused
from gateway.spool.bodies import InlineBody
from gateway.spool.model import Taken
from gateway.unit.decode import decode_manifest
from gateway.unit.request import MAX_CONTENT_BYTES
from gateway.unit.stages import Admitted


def read_admitted(taken: Taken) -> Admitted:
    """An admitted unit as the edge takes it from its queue. Raises Refused 1080."""
    return Admitted(decode_manifest(taken.header), taken.body)


def in_memory(admitted: Admitted) -> Admitted:
    """The same with its body in memory, for who cannot stream one. Raises Refused 5770; reads a file."""
    body = admitted.body
    if body.path is None:
        return admitted
    if body.size_bytes > MAX_CONTENT_BYTES:
        raise Refused(5770, told_bytes=MAX_CONTENT_BYTES, size_bytes=body.size_bytes)
    with body.open() as stream:
        return Admitted(admitted.manifest, InlineBody(stream.read(body.size_bytes)))


def admitted_of(header: bytes, content: bytes) -> Admitted:
    """An admitted transient unit as the edge takes it from its socket. Raises Refused 1080."""
    return Admitted(decode_manifest(header), InlineBody(content))
