"""On a slow lane what gives way loses nothing: a receiver awaits a block for a second behind a later one."""

from __future__ import annotations

import pytest

from gateway.ferry.giving_way import GivingWay
from gateway.ferry.oneway.happenings import LostBlocks
from gateway.ferry.oneway.sender import OneWaySender
from gateway.ferry.oneway.transient import TransientSender
from gateway.ferry.pacing import FRAME_OVERHEAD_BYTES, Pacer
from gateway.ferry.pump import Pump
from tests.gateway.ferry.harness import KEY, SMALL, Cores

DEPTH = 12
TOGETHER_BYTES = DEPTH * SMALL.symbols * (SMALL.frame_bytes + FRAME_OVERHEAD_BYTES)


class SlowLane:
    """A large unit and requests on a host that lacks processors; blocks go in turns, in so many seconds."""

    def __init__(self, seconds: float) -> None:
        rate = int(TOGETHER_BYTES * 8 / seconds)
        self.cores = Cores()
        self.sender = self.cores.sender = OneWaySender(SMALL, 1, 5, KEY, buffers=6 + 2 * DEPTH)
        self.urgent = TransientSender(SMALL, 1, 5, KEY)
        self.way = GivingWay(rate, lambda: self.cores.now_s / 2, TOGETHER_BYTES)
        link = self.cores.link
        self.pump = Pump(self.sender, link, Pacer(rate), DEPTH, self.urgent, self.way)
        self.unit, self.at, self.total_bytes = self.sender.begin(1, 1 << 30, 0), 0, 1 << 30

    def pass_s(self, seconds: float) -> None:
        cores, until_s, request_s = self.cores, self.cores.now_s + seconds, 0.0
        while cores.now_s < until_s:
            self.sender.tick(cores.now_s)
            if cores.now_s >= request_s:
                request_s = cores.now_s + 0.5
                assert self.urgent.put(7, b"request")
            while (room := self.sender.room(self.unit, self.total_bytes - self.at)) is not None:
                self.sender.commit(self.unit, self.at, len(room))
                self.at += len(room)
            wait_s = self.pump.push(cores.now_s)
            cores.hear()
            cores.now_s += min(max(wait_s, 0.001), 0.02)


@pytest.mark.parametrize("seconds", [0.3, 1.2])
def test_what_gives_way_on_a_slow_lane_is_not_given_up_by_its_receiver(seconds: float) -> None:
    lane = SlowLane(seconds)
    lane.pass_s(20.0)
    assert lane.cores.of(LostBlocks) == []
    assert lane.cores.receiver.highest > 100


@pytest.mark.parametrize(("seconds", "share"), [(0.1, 0.5), (0.25, 0.5), (0.4, 0.8), (0.6, 1.0)])
def test_what_is_sent_in_turns_goes_within_half_a_second(seconds: float, share: float) -> None:
    lane = SlowLane(seconds)
    lane.pass_s(5.0)
    assert lane.way.share == pytest.approx(share, abs=0.001)
