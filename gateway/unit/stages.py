"""The stages of a unit as types, so that a wrong order cannot be written down.

    Cleared   made only by gateway.sending.judge:   a guard has inspected it and policy lets it pass
    Admitted  made only by gateway.receiving.admit: the other guard has verified and inspected it anew

Sealing takes only Cleared, sinks take only Admitted; tests/architecture looks for other makers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from gateway.unit.model import CapturedUnit, Manifest


class Body(Protocol):
    """The content of a unit: its size, its bytes, or the file that holds it."""

    @property
    def size_bytes(self) -> int: ...

    @property
    def path(self) -> Path | None:
        """The file of a large body, None for one that is held inline."""
        ...

    def open(self) -> BinaryIO:
        """A stream at the start of the body; the caller closes it."""
        ...

    def read(self) -> bytes:
        """The whole of an inline body. RuntimeError for a body in a file: stream it."""
        ...


@dataclass(frozen=True, slots=True)
class Cleared:
    """A unit that the sending guard has judged and lets pass under the policy of this digest."""

    unit: CapturedUnit
    body: Body
    policy_digest: str
    cleared_at_ns: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """A unit that the receiving guard has verified, inspected and let in."""

    manifest: Manifest
    body: Body
