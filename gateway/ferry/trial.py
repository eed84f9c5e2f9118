"""The engine of `ferrygate link test`: pattern blocks for some seconds at a rate, and what arrives of them.

The sender cannot know the result; the receiver counts rate, loss and repair from block numbers alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.ferry.block import BlockSeal
from gateway.ferry.frame import SEAL_BYTES
from gateway.ferry.link.model import ReceiveOnlyLink, SendOnlyLink
from gateway.ferry.oneway.happenings import Cargo, LostBlocks, Pattern
from gateway.ferry.oneway.receiver import OneWayReceiver
from gateway.ferry.oneway.sender import OneWaySender
from gateway.ferry.pacing import Pacer
from gateway.ferry.pump import Pump
from gateway.ferry.shape import LaneShape

# Zeros, ones and both alternations find stuck and crossed lines; repeated they fill a block.
_PATTERN: Final = bytes((0x00, 0xFF, 0x55, 0xAA))
# No further block for so long after the first: the test is over.
_QUIET_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class TrialSent:
    """What the sending side knows: it cannot know what arrived."""

    blocks: int
    frames: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What the receiving side saw between the first and the last pattern block.

    damaged: pattern blocks whose seal held but whose bytes were wrong (never, unless memory fails).
    """

    blocks: int
    lost_blocks: int
    frames: int
    repaired_symbols: int
    damaged: int
    malformed: int
    gbit_per_s: float
    seconds: float


def send_trial(
    link: SendOnlyLink,
    shape: LaneShape,
    lane: int,
    session: int,
    seal: BlockSeal,
    *,
    rate_bits_per_s: int,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> TrialSent:
    """Send patterns at a rate. session: claimed for this test.

    Raises Unavailable 5201, Misconfigured 5103.
    """
    sender = OneWaySender(shape, lane, session, seal)
    pump = Pump(sender, link, Pacer(rate_bits_per_s))
    body = _body(shape)
    began, blocks = clock(), 0
    while (now := clock()) - began < seconds or not pump.idle:
        sender.tick(now)
        if now - began < seconds and not sender.ready and sender.pattern(body):
            blocks += 1
        wait_s = pump.push(now)
        if wait_s > 0:
            sleep(wait_s)
    return TrialSent(blocks, blocks * shape.symbols, clock() - began)


def receive_trial(
    link: ReceiveOnlyLink,
    shape: LaneShape,
    lane: int,
    seal: BlockSeal,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    on_progress: Callable[[int, int], None] | None = None,
) -> TrialResult:
    """Receive for up to `seconds`, or until the patterns end. Raises Unavailable 5202.

    on_progress: gets blocks received and blocks lost so far, at most once for each look at the link.
    """
    core, body = OneWayReceiver(shape, lane, seal), _body(shape)
    began = clock()
    first = last = None
    blocks = lost = damaged = 0
    while (now := clock()) - began < seconds and (last is None or now - last < _QUIET_S):
        for run in link.receive(0.05):
            core.take(run, now)
        core.tick(now)
        for happening in core.out:
            if isinstance(happening, Pattern):
                blocks += 1
                damaged += happening.body != body
                first, last = (now if first is None else first), now
            elif isinstance(happening, LostBlocks) and first is not None:
                lost += 0 if happening.before_contact else happening.blocks
            elif isinstance(happening, Cargo):
                core.release(happening)
        core.out.clear()
        if on_progress is not None:
            on_progress(blocks, lost)
    took = (last or 0.0) - (first or 0.0)
    rate = (blocks - 1) * shape.block_bytes * 8 / took / 1e9 if took > 0 else 0.0
    counts = core.counts
    return TrialResult(
        blocks,
        lost,
        counts["frames"],
        counts["repaired"],
        damaged,
        counts["malformed"] + link.malformed,
        rate,
        took,
    )


def _body(shape: LaneShape) -> bytes:
    room = shape.block_bytes - SEAL_BYTES
    return (_PATTERN * (room // len(_PATTERN) + 1))[:room]
