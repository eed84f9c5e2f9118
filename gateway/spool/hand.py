"""What the reader has handed out or put off: plain values, no I/O, time comes in.

        give                      settle
(queue) ----> out ---------------------------> (answered)
               |  ^
    put_off    v  | next_ready, give
             waiting                            units taken again enter here, due at once
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

from gateway.spool.segment import Head


@dataclass(slots=True)
class Slot:
    """One unit outside the ordinary order. segment, offset: where its record stands.

    due_s: when a waiting one may be taken; entries of the heaps that say otherwise are stale.
    """

    head: Head
    segment: int
    offset: int
    is_out: bool = False
    due_s: float = 0.0


class Hand:
    """Units by number; every number at most once."""

    def __init__(self) -> None:
        self._slots: dict[int, Slot] = {}
        self._later: list[tuple[float, int, int]] = []  # due at (s), ordinal, number
        self._ready: list[tuple[int, int]] = []  # ordinal, number
        self.waiting = 0

    def __contains__(self, number: int) -> bool:
        return number in self._slots

    def find(self, number: int) -> Slot | None:
        """The slot of a number, out or waiting."""
        return self._slots.get(number)

    def require_out(self, number: int) -> Slot:
        """The slot of a number that is out. RuntimeError if it is not."""
        slot = self._slots.get(number)
        if slot is None or not slot.is_out:
            raise RuntimeError(f"unit {number} was not taken")
        return slot

    def give(self, slot: Slot) -> None:
        """It is out now."""
        if slot.head.number in self._slots:
            self.waiting -= 1
        self._slots[slot.head.number] = slot
        slot.is_out = True

    def put_off(self, slot: Slot, due_s: float) -> None:
        """It waits until due_s; a slot that is not known yet (a unit taken again) may wait too."""
        slot.is_out, slot.due_s = False, due_s
        self._slots[slot.head.number] = slot
        self.waiting += 1
        heappush(self._later, (due_s, slot.head.ordinal, slot.head.number))

    def is_waiting(self, number: int) -> bool:
        """Whether it is put off."""
        slot = self._slots.get(number)
        return slot is not None and not slot.is_out

    def hurry(self, number: int, now_s: float) -> None:
        """A waiting one is due now."""
        slot = self._slots[number]
        slot.due_s = now_s
        heappush(self._later, (now_s, slot.head.ordinal, slot.head.number))

    def settle(self, number: int) -> Slot | None:
        """It is answered; gives its slot, None for a number that is neither out nor waiting."""
        slot = self._slots.pop(number, None)
        if slot is not None and not slot.is_out:
            self.waiting -= 1
        return slot

    def next_ready(self, now_s: float) -> Slot | None:
        """The waiting unit that is due and came first; it stays waiting until it is given."""
        while self._later and self._later[0][0] <= now_s:
            _, ordinal, number = heappop(self._later)
            heappush(self._ready, (ordinal, number))
        while self._ready:
            ordinal, number = self._ready[0]
            slot = self._slots.get(number)
            is_waiting = slot is not None and not slot.is_out and slot.head.ordinal == ordinal
            if slot is not None and is_waiting and slot.due_s <= now_s:
                return slot
            heappop(self._ready)  # answered or handed out in the meantime
        return None

    def deferred(self, now_s: float) -> int:
        """How many wait for a time that has not come."""
        return sum(not slot.is_out and slot.due_s > now_s for slot in self._slots.values())

    def oldest_ns(self) -> int | None:
        """When the oldest of them was put, None if there is none."""
        return min((slot.head.put_at_ns for slot in self._slots.values()), default=None)
