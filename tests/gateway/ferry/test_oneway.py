"""Both halves of a one-way lane over a gap in memory: what arrives, what is given up, what is refused."""

from __future__ import annotations

import os
import random
import resource

import pytest

from gateway.ferry.frame import encode_header
from gateway.ferry.link.memory import Weather
from gateway.ferry.link.model import FrameRun
from gateway.ferry.oneway.happenings import Index, LostBlocks, Replayed
from gateway.ferry.oneway.receiver import OneWayReceiver
from gateway.ferry.oneway.window import Known
from gateway.ferry.shape import HEADER_BYTES, LaneShape, shape_for
from tests.gateway.ferry.harness import KEY, SMALL, Cores


def run_of(frames: list[bytes]) -> FrameRun:
    headers = b"".join(frame[:HEADER_BYTES] for frame in frames)
    return FrameRun(len(frames), headers, memoryview(b"".join(f[HEADER_BYTES:] for f in frames)))


@pytest.mark.parametrize(
    "weather",
    [
        Weather(),
        Weather(loss=0.01),
        Weather(repeat=0.2),
        Weather(reorder=0.1, delay_frames=10),
        Weather(loss=0.01, repeat=0.05, reorder=0.003, delay_frames=5),
    ],
)
def test_units_of_all_sizes_arrive(weather: Weather) -> None:
    cores = Cores(weather, shape_for(1500, 28), seed=3)
    bodies = {
        n: os.urandom(size) for n, size in enumerate([1, 100, 5000, 70_000, 300_000, 900_000] * 5)
    }
    for number, body in bodies.items():
        cores.put(number, body)
        cores.move(0.001)
    cores.sender.flush()
    cores.move()
    cores.move(2.0)
    assert cores.of(LostBlocks) == []
    assert all(cores.body(number) == body for number, body in bodies.items())


def test_a_lost_block_holds_nothing_up_and_is_given_up_when_only_heartbeats_follow() -> None:
    cores = Cores()
    cores.put(1, b"a" * 3000)
    cores.sender.flush()
    cores.move()
    cores.gap.weather = Weather(loss=1.0)
    cores.put(2, b"b" * 3000)
    cores.sender.flush()
    cores.move()
    cores.gap.weather = Weather()
    cores.put(3, b"c" * 3000)
    cores.sender.flush()
    cores.move()
    assert cores.body(3) == b"c" * 3000
    for _ in range(8):
        cores.move(0.25)
    assert [(lost.first, lost.last) for lost in cores.of(LostBlocks)] == [(4, 4)]
    assert cores.body(2) == b""


def test_each_sending_is_named_in_three_separate_index_blocks() -> None:
    cores = Cores()
    cores.put(77, b"x" * 100)
    cores.sender.flush()
    for _ in range(12):
        cores.move(0.25)
    naming = [i for i in cores.of(Index) if any(e.number == 77 for e in i.entries)]
    assert len(naming) == 3
    assert [s.number for s in cores.sender.announced] == [77]


def test_recorded_frames_are_refused_in_the_same_session_and_in_a_later_one() -> None:
    cores = Cores()
    cores.gap.recorded = []
    for number in range(5):
        cores.put(number, os.urandom(2000))
    cores.sender.flush()
    cores.move()
    recorded = cores.gap.recorded
    same = OneWayReceiver(SMALL, 1, KEY, Known(5, cores.receiver.highest))
    later = OneWayReceiver(SMALL, 1, KEY, Known(6, 0))
    for receiver in (same, later):
        for at in range(0, len(recorded), 50):
            receiver.take(run_of(recorded[at : at + 50]), 0.0)
        receiver.tick(0.0)
        assert receiver.counts["replayed"] == len(recorded)
        assert receiver.counts["blocks"] == 0
        assert any(isinstance(h, Replayed) for h in receiver.out)


def test_a_forged_session_changes_nothing() -> None:
    cores = Cores()
    cores.move()
    forger = Cores(session=2**63)
    forger.sender._seal = type(KEY)(bytes(32))
    forger.gap.recorded = []
    for number in range(50):
        forger.put(number, os.urandom(3000))
        forger.move(0.3)
    before = (cores.receiver.session, cores.receiver.highest, len(cores.receiver.assembly.free))
    # The first blocks were sealed with the real key before it was taken away.
    for frame in forger.gap.recorded[15:]:
        cores.receiver.take(run_of([frame]), cores.now_s)
    assert (
        cores.receiver.session,
        cores.receiver.highest,
        len(cores.receiver.assembly.free),
    ) == before
    assert cores.receiver.counts["forged"] > 0
    assert cores.receiver.counts["unproven"] > 0
    cores.put(1, b"still here")
    cores.sender.flush()
    cores.move()
    assert cores.body(1) == b"still here"


def test_a_hundred_thousand_hostile_frames_do_no_harm_and_take_no_memory() -> None:
    cores = Cores()
    cores.gap.recorded = []
    cores.put(1, os.urandom(200_000))
    cores.sender.flush()
    cores.move()
    real, receiver, chance = cores.gap.recorded, cores.receiver, random.Random(7)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for batch in range(2000):
        cores.now_s += 0.001
        receiver.take(run_of([_hostile(chance, real, batch) for _ in range(50)]), cores.now_s)
        receiver.tick(cores.now_s)
        cores._collect()
    assert receiver.session == 5
    assert len(receiver.assembly.open_blocks) + len(receiver.assembly.free) == 64
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 32 * 1024
    cores.put(2, b"after all that")
    cores.sender.flush()
    cores.move()
    assert cores.body(2) == b"after all that"


def _hostile(chance: random.Random, real: list[bytes], batch: int) -> bytes:
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(SMALL.frame_bytes)
    frame = bytearray(chance.choice(real))
    if kind == 1:
        frame[chance.randrange(len(frame))] ^= 1 << chance.randrange(8)
    elif kind == 2:
        at = chance.choice((3, 4, 5, 6, 7, 8, 16, 24, 28))
        frame[at] = chance.randrange(256)
    else:
        frame[8:24] = chance.randbytes(8) + (batch * 3).to_bytes(8, "big")
        frame[HEADER_BYTES:] = chance.randbytes(SMALL.symbol_bytes)
    return bytes(frame)


def test_blocks_that_never_complete_give_their_memory_back() -> None:
    cores = Cores()
    cores.move()
    header = cores.sender.shape
    assert header is SMALL
    from gateway.ferry.frame import BlockKind, Header

    for block in range(cores.receiver.highest + 1, cores.receiver.highest + 1000):
        frame = encode_header(Header(1, BlockKind.CARGO, 5, block, 20, 4, 20 * 480)) + bytes(480)
        cores.receiver.take(run_of([frame]), 1.0)
    assert len(cores.receiver.assembly.open_blocks) == 64
    cores.receiver.tick(4.0)
    assert len(cores.receiver.assembly.free) == 64


def test_bursts_hit_interleaved_blocks_a_little_each() -> None:
    from gateway.ferry.pacing import Pacer
    from gateway.ferry.pump import Pump

    for depth, lost in ((1, True), (4, False)):
        cores = Cores(shape=LaneShape(512, 40, 6))
        cores.move()
        pump = Pump(cores.sender, cores.link, Pacer(10**12), depth)
        for number in range(4):
            cores.put(number, os.urandom(18_000))
        cores.sender.flush()
        pump.push(0.0, 1000)
        frames = list(cores.gap.waiting)
        cores.gap.waiting.clear()
        # A burst of 18 frames, three times what one block can lose.
        cores.gap.waiting.extend(frames[:24] + frames[42:])
        cores.hear()
        assert (cores.receiver.counts["blocks"] < cores.sender.next_block) is lost
