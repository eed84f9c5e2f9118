"""Conversations with the receiver of a lane: what is said to it, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.ferry.oneway.happenings import Happening, LostBlocks, NewSession
from tests.gateway.ferry.harness import Cores


@dataclass(frozen=True)
class Put:
    number: int


@dataclass(frozen=True)
class Lose:
    number: int


@dataclass(frozen=True)
class Wait:
    seconds: float


@dataclass(frozen=True)
class Has:
    number: int


class Play:
    """play >> what is done << what is seen; what is seen must be next, in this order."""

    def __init__(self) -> None:
        self.cores = Cores()
        self.seen = 0

    def __rshift__(self, step: Put | Lose | Wait) -> Play:
        cores = self.cores
        if isinstance(step, Wait):
            for _ in range(round(step.seconds / 0.25)):
                cores.move(0.25)
            return self
        cores.put(step.number, b"%d" % step.number)
        cores.sender.flush()
        if isinstance(step, Lose):
            # All frames of what is ready by now are thrown away.
            while cores.sender.ready:
                cores.sender.reuse(cores.sender.ready.popleft())
        cores.move()
        return self

    def __lshift__(self, expected: object) -> Play:
        if isinstance(expected, Has):
            assert self.cores.body(expected.number) == b"%d" % expected.number
            return self
        assert self.unsaid[0] == expected
        self.seen += 1
        return self

    @property
    def unsaid(self) -> list[Happening]:
        """What was seen of sessions and losses, and not yet expected."""
        matters = [h for h in self.cores.happened if isinstance(h, NewSession | LostBlocks)]
        return list(matters[self.seen :])

    @property
    def bodies(self) -> dict[int, bytes]:
        """All units that are there."""
        return {number: self.cores.body(number) for number in self.cores.bytes}


def test_a_unit_is_there_as_soon_as_it_was_sent() -> None:
    play = Play() >> Wait(0.25) << NewSession(5, None) >> Put(1) << Has(1)
    assert play.unsaid == []
    assert play.bodies == {1: b"1"}


def test_a_lost_unit_delays_no_other_and_is_given_up_by_heartbeats() -> None:
    play = Play() >> Wait(0.25) << NewSession(5, None)
    play >> Put(1) >> Lose(2) >> Put(3) << Has(1) << Has(3)
    first = play.cores.receiver.floor
    play >> Wait(1.5) << LostBlocks(5, first, first)
    assert play.unsaid == []
    assert play.bodies == {1: b"1", 3: b"3"}


def test_two_losses_apart_are_two_gaps() -> None:
    play = Play() >> Wait(0.25) << NewSession(5, None)
    play >> Lose(1) >> Put(2) >> Lose(3) >> Put(4)
    first = play.cores.receiver.floor
    play >> Wait(2.5) << LostBlocks(5, first, first) << LostBlocks(5, first + 2, first + 2)
    assert play.unsaid == []
    assert play.bodies == {2: b"2", 4: b"4"}
