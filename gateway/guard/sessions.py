"""Sessions that a guard knows: their places in order, their times, their end. Pure: time comes in.

    begin() --> open --out(), arrived()--> ... --end()--> ended (remembered to be told from unknown)
                 |
                 +-- due(): a place that stayed empty, silence over there, idle, over

    from the edge    the next place and no other: it comes over a socket, nothing can be lost or overtake
    from the lane    places may come in any order: early ones wait here, bounded, until the gap is filled or
                     too old; then the session ends. None is ever passed over.

Both guards of a gate have one table, each for what it has seen itself. One thread calls it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import Field, Refused, Unavailable
from gateway.policy.live import LiveRule, MessageRule
from gateway.policy.rate import TokenBucket
from gateway.policy.values import Rate
from gateway.unit.model import Manifest
from gateway.unit.session import Ending

MAX_SESSIONS: Final = 1_024
# Ended ones are kept only to say of a further message that it is late.
_ENDED_KEPT: Final = 4_096
# What overtook a lost block waits for its repair: a few blocks of messages, and of all sessions together.
MAX_EARLY: Final = 64
MAX_EARLY_BYTES: Final = 16 << 20
# A block is repaired or given up within a second (docs/LANE.md).
GAP_S: Final = 2.0
# Said by each guard of each session; a side that has not said it three times is gone.
ALIVE_S: Final = 5.0
SILENT_S: Final = 16.0

# So many times of a rate may go by while a process stands still.
_STALLS: Final = 10

Item = tuple[Manifest, bytes]


@dataclass(slots=True)
class Way:
    """Messages of one way. next: the place that comes next. bucket: a backstop behind the edge's own pace."""

    next: int
    bucket: TokenBucket
    count: int = 0
    size_bytes: int = 0


@dataclass(slots=True)
class Held:
    """One session. is_asker: a caller of this side has opened it. early: what came before its turn.

    Times in seconds of the monotonic clock: heard_s of the far side, said_s to it, moved_s of any message.
    """

    number: int
    channel: str
    operation: str
    is_asker: bool
    live: LiveRule
    began_s: float
    out: Way
    back: Way
    heard_s: float
    said_s: float
    moved_s: float
    is_open: bool = False
    gap_since_s: float | None = None
    known_next: int = 0
    early: dict[int, Item] = field(default_factory=dict)

    def passed(self, way: Way, size_bytes: int, now_s: float) -> None:
        """One message has been let pass."""
        way.count += 1
        way.size_bytes += size_bytes
        self.moved_s = now_s


@dataclass(frozen=True, slots=True)
class Due:
    """A session that is to end. number: of the reason."""

    held: Held
    ending: Ending
    number: int
    fields: dict[str, Field]


class Sessions:
    """The table."""

    def __init__(self, most: int = MAX_SESSIONS) -> None:
        self._most = most
        self._held: dict[int, Held] = {}
        self._ended: OrderedDict[int, None] = OrderedDict()
        self._early_bytes = 0

    def __len__(self) -> int:
        return len(self._held)

    def all(self) -> list[Held]:
        return list(self._held.values())

    def begin(
        self,
        number: int,
        channel: str,
        operation: str,
        live: LiveRule,
        now_s: float,
        *,
        is_asker: bool,
    ) -> Held:
        """A session from here on. Raises Unavailable 5790 (too many), Refused 5793 (it came before)."""
        if number in self._held or number in self._ended:
            raise Refused(5793, sequence=0, wanted=1)
        same = sum((h.channel, h.operation) == (channel, operation) for h in self._held.values())
        if len(self._held) >= self._most or same >= live.in_all:
            raise Unavailable(5790, most=min(self._most, live.in_all))
        # The way back of whoever asked begins with "opened", at place 0.
        out = _way(live.rule(from_caller=is_asker), 1)
        back = _way(live.rule(from_caller=not is_asker), 0 if is_asker else 1)
        held = Held(
            number, channel, operation, is_asker, live, now_s, out, back, now_s, now_s, now_s
        )
        self._held[number] = held
        return held

    def find(self, number: int, channel: str, operation: str) -> Held:
        """Raises Refused 5791 (unknown), 5792 (ended), 5794 (of another channel or operation)."""
        held = self._held.get(number)
        if held is None:
            raise Refused(5792 if number in self._ended else 5791)
        if (held.channel, held.operation) != (channel, operation):
            raise Refused(5794)
        return held

    def get(self, number: int) -> Held | None:
        """The session of this number, if it goes on."""
        return self._held.get(number)

    def out(self, held: Held, sequence: int) -> None:
        """A message of the edge takes its place. Raises Refused 5793: it is another's."""
        if sequence != held.out.next:
            raise Refused(5793, sequence=sequence, wanted=held.out.next)
        held.out.next += 1

    def arrived(self, held: Held, sequence: int, item: Item, now_s: float) -> list[Item]:
        """What is in turn now that this has come. Raises Refused 5793: twice, or too far ahead."""
        held.heard_s = now_s
        size_bytes = len(item[1])
        ahead = sequence - held.back.next
        has_room = self._early_bytes + size_bytes <= MAX_EARLY_BYTES
        if ahead < 0 or ahead > MAX_EARLY or sequence in held.early or (ahead and not has_room):
            if ahead > 0:
                self._known(held, sequence, now_s)
            raise Refused(5793, sequence=sequence, wanted=held.back.next)
        self._keep(held, sequence, item)
        turn: list[Item] = []
        while (found := held.early.pop(held.back.next, None)) is not None:
            self._early_bytes -= len(found[1])
            turn.append(found)
            held.back.next += 1
        if turn:
            held.gap_since_s = None
        if held.early:
            self._known(held, min(held.early), now_s)
        elif held.known_next > held.back.next:
            self._known(held, held.known_next, now_s)
        return turn

    def alive(self, held: Held, sequence: int, now_s: float) -> None:
        """The far guard knows the session, and has let pass all before this place."""
        held.heard_s = now_s
        self._known(held, sequence, now_s)

    def due(self, now_s: float) -> list[Due]:
        """Sessions to be ended now, each with why; they stand until end()."""
        return [one for held in self._held.values() if (one := _due(held, now_s)) is not None]

    def unsaid(self, now_s: float) -> list[Held]:
        """Open sessions of which the far side is to hear now; it is taken as said."""
        found = [h for h in self._held.values() if h.is_open and now_s - h.said_s >= ALIVE_S]
        for held in found:
            held.said_s = now_s
        return found

    def end(self, held: Held) -> bool:
        """Forget it but for its number. False: it has ended before."""
        if self._held.pop(held.number, None) is None:
            return False
        self._early_bytes -= sum(len(content) for _, content in held.early.values())
        held.early.clear()
        self._ended[held.number] = None
        while len(self._ended) > _ENDED_KEPT:
            self._ended.popitem(last=False)
        return True

    def _keep(self, held: Held, sequence: int, item: Item) -> None:
        held.early[sequence] = item
        self._early_bytes += len(item[1])

    def _known(self, held: Held, next_: int, now_s: float) -> None:
        """Something before this place has not come, unless it has."""
        held.known_next = max(held.known_next, next_)
        if held.known_next > held.back.next and held.gap_since_s is None:
            held.gap_since_s = now_s


def pace(way: Way, now_s: float) -> None:
    """One more message of this way. Raises Refused 5799."""
    if way.bucket.wait_s(now_s) > 0:
        raise Refused(5799)
    way.bucket.spend(now_s)


def _way(rule: MessageRule | None, next_: int) -> Way:
    rate = Rate(1, 1.0)
    if rule is not None:
        # Twice what the edge lets through, in the long run: what was held up on the way comes at once.
        rate = Rate(2 * _STALLS * rule.rate.amount, _STALLS * rule.rate.per_s)
    return Way(next_, TokenBucket(rate))


def _due(held: Held, now_s: float) -> Due | None:
    if held.gap_since_s is not None and now_s - held.gap_since_s > GAP_S:
        return Due(held, Ending.LOST, 5795, {"sequence": held.back.next})
    if now_s - held.heard_s > SILENT_S:
        return Due(held, Ending.LOST, 5796, {"seconds": SILENT_S})
    live = held.live
    if now_s - held.moved_s > live.idle_s:
        return Due(held, Ending.IDLE, 5797, {"seconds": live.idle_s})
    if now_s - held.began_s > live.longest_s:
        return Due(held, Ending.OVER, 5798, {"seconds": live.longest_s})
    return None
