"""What a link is to a ferry: one end that only sends, one end that only receives.

A run is what came in one go: headers one behind the other, and symbols one behind the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.ferry.block import SealedBlock


@dataclass(frozen=True, slots=True)
class FrameRun:
    """frames whole frames as they came. Nothing in them is checked but their length.

    headers: frames x 32 bytes (a copy). symbols: frames x symbol_bytes, a view that is valid until the
    next receive of the link. address: where the view lies.
    """

    frames: int
    headers: bytes
    symbols: memoryview


class SendOnlyLink(Protocol):
    """The sending end. There is no way to receive through it."""

    def send(self, block: SealedBlock, first: int, count: int) -> None:
        """Hand `count` frames of a block to the device, from index `first` on, in order.

        May wait while the device takes them. Raises Unavailable 5201 (the device does not take
        frames) and nothing else. The block's buffer is free again when this returns.
        """
        ...

    def close(self) -> None: ...


class ReceiveOnlyLink(Protocol):
    """The receiving end. It never sends, and its socket is never written to."""

    def receive(self, wait_s: float) -> list[FrameRun]:
        """What has come, waiting at most wait_s for the first; empty where nothing has.

        Raises Unavailable 5202 (the device is gone) and nothing else.
        """
        ...

    @property
    def malformed(self) -> int:
        """Datagrams and frames so far whose length is not that of this lane."""
        ...

    def close(self) -> None: ...
