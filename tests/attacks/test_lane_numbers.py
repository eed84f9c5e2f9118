"""A peer with the lane key that says extreme things, and one without it."""

from __future__ import annotations

import random

import pytest

from gateway.ferry.block import CHUNK, BlockSeal, new_header, seal_block
from gateway.ferry.buffer import BlockBuffer
from gateway.ferry.frame import FIRST_TRANSIENT_BLOCK, SEAL_BYTES, BlockKind
from gateway.ferry.link.model import FrameRun
from gateway.ferry.oneway.happenings import Cargo
from gateway.ferry.oneway.receiver import OneWayReceiver
from gateway.ferry.oneway.records import Heartbeat, encode_heartbeat
from gateway.ferry.oneway.window import Known
from gateway.ferry.repair import Coder
from gateway.identity.lane_key import LaneKey
from tests.gateway.ferry.harness import KEY, SMALL

LAST = (1 << 64) - 1
LAST_BLOCK = FIRST_TRANSIENT_BLOCK - 1
OTHER_KEY = LaneKey(bytes(reversed(range(32))))


def block(
    session: int, number: int, body: bytes, kind: BlockKind = BlockKind.CARGO, key: BlockSeal = KEY
) -> FrameRun:
    """The frames of one block as they come over the link."""
    buffer = BlockBuffer(SMALL)
    header = new_header(SMALL, 1, kind, session, number, SEAL_BYTES + len(body))
    buffer.view[SEAL_BYTES : SEAL_BYTES + len(body)] = body
    sealed = seal_block(buffer, header, SMALL, key, Coder(SMALL))
    step = SMALL.symbol_bytes
    symbols = memoryview(bytes(buffer.view[: sealed.frames * step]))
    return FrameRun(sealed.frames, bytes(buffer.headers[: sealed.frames * 32]), symbols)


def beat(session: int, number: int, key: BlockSeal = KEY) -> FrameRun:
    return block(session, number, encode_heartbeat(Heartbeat(0, 0, 0, 0)), BlockKind.HEARTBEAT, key)


def chunk(number: int) -> bytes:
    return CHUNK.pack(number, number, 0, 4, 0, 4) + b"abcd"


def units_in(receiver: OneWayReceiver) -> list[int]:
    return [c.number for one in receiver.out if isinstance(one, Cargo) for c in one.chunks]


@pytest.mark.parametrize(
    ("session", "number", "stands", "arrived"),
    [
        (LAST, 0, (LAST, 7, 1), [1]),
        (LAST, LAST_BLOCK, (LAST, LAST_BLOCK, LAST_BLOCK + 1), []),
        (6, LAST_BLOCK, (6, LAST_BLOCK, LAST_BLOCK + 1), []),
        (0, LAST_BLOCK, (5, 100, 101), []),
        # Numbers of transient blocks, which a heartbeat has not.
        (5, LAST_BLOCK + 1, (5, 100, 101), []),
        (5, LAST, (5, 100, 101), []),
    ],
)
def test_extreme_numbers_with_the_key_end_nothing(
    session: int, number: int, stands: tuple[int, int, int], arrived: list[int]
) -> None:
    receiver = OneWayReceiver(SMALL, 1, KEY, Known(5, 100))
    receiver.take(beat(session, number), 1.0)
    for at in range(4):
        receiver.tick(2.0 + at)
    receiver.take(block(session, 7, chunk(1)), 7.0)
    receiver.tick(9.0)
    assert (receiver.session, receiver.highest, receiver.floor) == stands
    assert units_in(receiver) == arrived
    assert len(receiver.out) < 10, "however many blocks are given up, they are told as ranges"


@pytest.mark.parametrize(("session", "number"), [(LAST, LAST), (6, 0), (5, 101), (5, LAST), (4, 3)])
def test_nobody_without_the_key_moves_the_session_or_the_window(session: int, number: int) -> None:
    receiver = OneWayReceiver(SMALL, 1, KEY, Known(5, 100))
    receiver.take(beat(session, number, OTHER_KEY), 1.0)
    receiver.take(block(session, number, bytes(3000), key=OTHER_KEY), 1.0)
    receiver.tick(2.0)
    assert (receiver.session, receiver.highest) == (5, 100)


def test_forged_frames_hold_no_more_buffers_than_the_pool_has() -> None:
    receiver = OneWayReceiver(SMALL, 1, KEY, Known(5, 100), pool=16)
    for number in range(101, 1101):
        receiver.take(block(5, number, bytes(3000), key=OTHER_KEY), 1.0)
        run = block(5, number, bytes(3000), key=OTHER_KEY)
        receiver.take(FrameRun(1, run.headers[:32], run.symbols[: SMALL.symbol_bytes]), 1.0)
    assert len(receiver.assembly.open_blocks) <= 16


def test_more_small_blocks_than_there_are_buffers_end_nothing() -> None:
    """F22: a verified block without a buffer is taken back out of the window, which may then be empty."""
    receiver = OneWayReceiver(SMALL, 1, KEY, Known(5, 100), pool=16)
    # Block 101 does not come. The shell has released nothing yet; then the only later block finds no room.
    for number in range(200, 216):
        receiver.take(block(6, number, chunk(number)), 1.0)
    receiver.tick(3.0)  # the hole below is given up, all done blocks are settled
    receiver.take(block(6, 300, chunk(300)), 3.1)  # undone: no buffer
    for at in range(4):
        receiver.tick(4.0 + at)
    assert len([one for one in receiver.out if isinstance(one, Cargo)]) == 16


def test_any_frames_at_all_raise_nothing() -> None:
    chance = random.Random(7)
    receiver = OneWayReceiver(SMALL, 1, KEY, Known(5, 100), pool=16)
    good = block(5, 101, chunk(1))
    for at in range(3000):
        headers = bytearray(good.headers)
        for _ in range(chance.randrange(1, 5)):
            headers[chance.randrange(len(headers))] = chance.randrange(256)
        receiver.take(FrameRun(good.frames, bytes(headers), good.symbols), at / 1000)
        if at % 100 == 0:
            receiver.tick(at / 1000)
    for happening in receiver.out:
        if isinstance(happening, Cargo):
            receiver.release(happening)
    assert (receiver.session, receiver.highest) == (5, 101)
    assert receiver.counts["frames"] == 3000 * good.frames
    assert len(receiver.assembly.open_blocks) <= 16
    receiver.take(block(5, 102, chunk(2)), 4.0)
    assert units_in(receiver) == [1, 2], "each honest block once"


def test_a_session_heard_again_after_a_restart_takes_nothing_twice() -> None:
    first = OneWayReceiver(SMALL, 1, KEY, None)
    recorded = [block(5, number, chunk(number)) for number in range(20)]
    for run in recorded:
        first.take(run, 1.0)
    assert first.session is not None
    again = OneWayReceiver(SMALL, 1, KEY, Known(first.session, first.highest))
    for run in recorded:
        again.take(run, 2.0)
    assert not [one for one in again.out if isinstance(one, Cargo)]
    assert again.counts["replayed"] + again.counts["late"] > 0
