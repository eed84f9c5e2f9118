"""Moves sealed blocks from a sender core to a link: paced, and interleaved against bursts. No clock here.

    depth 1:  A0 A1 ... A219 | B0 ...
    depth 3:  A0-A10 B0-B10 C0-C10 A11-A21 B11-B21 ...     turns of as many frames as a block can lose
    urgent:   A0-A45 T0-T3 A46-A91 ...                     a transient block goes whole, between two turns

A burst of lost frames then hits several blocks a little instead of one block too much.
"""

from __future__ import annotations

from typing import Final

from gateway.ferry.block import SealedBlock
from gateway.ferry.giving_way import GivingWay
from gateway.ferry.link.model import SendOnlyLink
from gateway.ferry.oneway.sender import OneWaySender
from gateway.ferry.oneway.transient import TransientSender
from gateway.ferry.pacing import Pacer

# Deeper interleaving holds more blocks in memory at both ends than it saves.
MAX_DEPTH: Final = 16
# What goes between two looks at the pacer: two calls with segmentation, a millisecond at 1 Gbit/s.
_TURN_BYTES: Final = 131_072


class Pump:
    """Sends what is ready. depth: blocks that are sent in turns. urgent: what goes before all of them.
    giving_way: when all but the urgent waits, though the pacer lets it go."""

    def __init__(
        self,
        sender: OneWaySender,
        link: SendOnlyLink,
        pacer: Pacer,
        depth: int = 1,
        urgent: TransientSender | None = None,
        giving_way: GivingWay | None = None,
    ) -> None:
        shape = sender.shape
        self._sender, self._link, self._pacer = sender, link, pacer
        self._depth = max(1, min(depth, MAX_DEPTH))
        turn = shape.segments * max(1, _TURN_BYTES // (shape.segments * shape.frame_bytes))
        self._turn = turn if self._depth == 1 else max(1, shape.repair_symbols)
        self._group: list[tuple[SealedBlock, int]] = []
        self._urgent, self._giving_way = urgent, giving_way
        self._urgent_block: SealedBlock | None = None

    @property
    def idle(self) -> bool:
        is_urgent = self._urgent_block is not None or (
            self._urgent is not None and not self._urgent.idle
        )
        return not self._group and not self._sender.ready and not is_urgent

    def push(self, now_s: float, most: int = 16) -> float:
        """Send up to `most` turns; gives the seconds to wait before more may go, 0 for none.

        Raises Unavailable 5201 as the link does; what was being sent is sent again then.
        """
        for _ in range(most):
            wait_s = self._pacer.wait_s(now_s)
            if wait_s > 0:
                return wait_s
            if self._urgent is not None and self._push_urgent(self._urgent, now_s):
                continue
            if not self._group and not self._fill():
                return 0.0
            wait_s = self._giving_way.wait_s(now_s) if self._giving_way is not None else 0.0
            if wait_s > 0:
                return wait_s
            block, first = self._group[0]
            count = min(self._turn, block.frames - first)
            self._link.send(block, first, count)
            self._pacer.spend(count, self._sender.shape.frame_bytes)
            if self._giving_way is not None:
                self._giving_way.spend(count, self._sender.shape.frame_bytes)
            del self._group[0]
            if first + count < block.frames:
                self._group.append((block, first + count))
            else:
                self._sender.reuse(block)
        return 0.0

    def push_urgent(self, now_s: float) -> bool:
        """Send what is urgent, as far as the pacer lets it go; whether nothing of it is left.

        Raises Unavailable 5201 as the link does; what was being sent is sent again then.
        """
        if self._urgent is None:
            return True
        while self._pacer.wait_s(now_s) <= 0:
            if not self._push_urgent(self._urgent, now_s):
                return True
        return self._urgent_block is None and self._urgent.idle

    def _push_urgent(self, urgent: TransientSender, now_s: float) -> bool:
        """A transient block, whole; False where none waits."""
        block = self._urgent_block = self._urgent_block or urgent.next_block()
        if block is None:
            return False
        self._link.send(block, 0, block.frames)
        self._pacer.spend(block.frames, self._sender.shape.frame_bytes)
        if self._giving_way is not None:
            self._giving_way.urgent(now_s)
        self._urgent_block = None
        urgent.reuse(block)
        return True

    def _fill(self) -> bool:
        ready = self._sender.ready
        while ready and len(self._group) < self._depth:
            self._group.append((ready.popleft(), 0))
        return bool(self._group)
