"""The words of the gate as types: side, lane, kind, stage, and the manifest of a unit.

    outer network                  the link                  inner network
    captured -> cleared -> sent  ============>  received -> admitted -> delivered
    exits: refused, deferred, held, corrupt

The same words are queue folders, audit events, metric labels and columns on every screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.unit.outcomes import OutcomesBody
from gateway.unit.request import BatchBody, FailureBody, RequestBody, ResponseBody
from gateway.unit.session import SessionBody

# A file name crosses as one component; 255 bytes is what Linux file systems keep.
MAX_NAME_BYTES: Final = 255


class Side(StrEnum):
    """The two hosts of a gate."""

    OUTER = "outer"
    INNER = "inner"


class Lane(StrEnum):
    """One direction between the hosts."""

    IMPORT = "import"
    EXPORT = "export"

    @property
    def sender(self) -> Side:
        """The side whose guard clears what this lane carries."""
        return Side.OUTER if self is Lane.IMPORT else Side.INNER

    @property
    def receiver(self) -> Side:
        """The side whose guard admits what this lane carries."""
        return Side.INNER if self is Lane.IMPORT else Side.OUTER

    @property
    def opposite(self) -> Lane:
        """The other direction."""
        return Lane.EXPORT if self is Lane.IMPORT else Lane.IMPORT


class Kind(StrEnum):
    """What a channel carries, in the words of a policy file (`carries:`)."""

    FILES = "files"
    ROWS = "rows"
    STREAM = "stream"
    REQUESTS = "requests"
    # Of the gate itself (gateway.unit.outcomes): no channel carries it.
    OUTCOMES = "outcomes"


# What a policy file may name.
CHANNEL_KINDS: Final = (Kind.FILES, Kind.ROWS, Kind.STREAM, Kind.REQUESTS)


class Stage(StrEnum):
    """The stages of a unit, in order, then its side exits."""

    CAPTURED = "captured"
    CLEARED = "cleared"
    SENT = "sent"
    RECEIVED = "received"
    ADMITTED = "admitted"
    DELIVERED = "delivered"
    REFUSED = "refused"
    DEFERRED = "deferred"
    HELD = "held"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True)
class FileBody:
    """The typed part of a file unit. name: one path component as it was seen, not yet judged."""

    name: str
    size_bytes: int
    modified_ns: int


# What no edge hands over as a request or as what became of one.
NoRequestBody = FileBody | BatchBody | OutcomesBody | SessionBody
# What a unit's typed part can be. Which of them go with which kind: gateway.unit.decode.
UnitBody = RequestBody | ResponseBody | FailureBody | NoRequestBody


@dataclass(frozen=True, slots=True)
class CapturedUnit:
    """What an edge took in, before any guard has seen it. Everything in it is untrusted.

    brought_by: who brought it, as the edge knows him (the Unix owner of a file, the subject of a
    certificate), "" where the source has no such notion. It does not cross.
    """

    number: int
    channel: str
    kind: Kind
    captured_at_ns: int
    body: UnitBody
    brought_by: str = ""

    @property
    def file(self) -> FileBody:
        """The typed part of a file. RuntimeError for a unit of another kind: look at `kind` first."""
        return _file_of(self.body)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the sending guard says of a unit: signed, encrypted, and believed by nobody.

    policy_digest, cleared_at_ns and captured_at_ns are the sender's receipts, kept so that the
    receiving host can tell the whole story of a unit. No address, port or session stands here.
    body_sha256: 32 bytes over the plain body.
    """

    number: int
    channel: str
    kind: Kind
    lane: Lane
    captured_at_ns: int
    cleared_at_ns: int
    policy_digest: str
    body: UnitBody
    body_sha256: bytes

    @property
    def file(self) -> FileBody:
        """The typed part of a file. RuntimeError for a unit of another kind: look at `kind` first."""
        return _file_of(self.body)


def _file_of(body: UnitBody) -> FileBody:
    if not isinstance(body, FileBody):
        raise RuntimeError(f"not a file: {type(body).__name__}")
    return body
