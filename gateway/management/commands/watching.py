"""What `top` and `status` show: status files read anew at each look, journals read on from the last look.

    journals --JournalTail--> counts by channel, of the last minute, times of crossing, last refusals
    run/*.json -------------> host_state

Times of crossing are from `captured` (the outer host's clock) to `delivered` (the inner host's clock): a
difference of the clocks goes into them in full.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Refused
from gateway.management.commands.command import Data
from gateway.management.commands.host_state import status_data
from gateway.management.commands.journal_tail import JournalTail
from gateway.management.layout import HostFolder, Role
from gateway.management.terminal.figures import stamp
from gateway.messages import describe
from gateway.unit.model import Side
from gateway.unit.number import MAX_NUMBER, speak

if TYPE_CHECKING:
    from gateway.audit.record import Record

# Counts by channel go back so far when top starts; then they grow.
BACK_NS: Final = 3_600_000_000_000
MINUTE_NS: Final = 60_000_000_000
_LAST_KEPT: Final = 50
_COUNTED: Final = ("captured", "cleared", "delivered", "refused", "held")
_SHOWN: Final = frozenset({"refused", "held", "corrupt"})
# Units on their way whose moment of capture is remembered; more than a minute of the fastest traffic.
_UNDER_WAY: Final = 100_000


class Watch:
    """One sitting before the screen. look() gives all that is shown.

    most_bytes: read at the end of each journal at the first look, 0 for all since back_ns.
    """

    def __init__(
        self, hosts: Mapping[Side, HostFolder], back_ns: int = BACK_NS, most_bytes: int = 0
    ) -> None:
        self._hosts, self._back_ns = dict(hosts), back_ns
        self._tails = [
            (side, JournalTail(host.journal(role), most_bytes))
            for side, host in hosts.items()
            # What a guard admitted is known before what an edge delivered.
            for role in (Role.GUARD, Role.EDGE, Role.FERRY)
        ]
        self._channels: dict[str, dict[str, int]] = {}
        # Of the last minute: when, and which channel or how many seconds it took.
        self._passed: list[tuple[int, str]] = []
        self._refused: list[tuple[int, str]] = []
        self._took: list[tuple[int, float]] = []
        self._captured: OrderedDict[int, int] = OrderedDict()
        self._last: deque[tuple[Side, Record]] = deque(maxlen=_LAST_KEPT)
        # A unit is counted once where both hosts are at hand: at the last step that can be seen.
        self._passes = "delivered" if Side.INNER in hosts else "cleared"

    def look(self, now_ns: int, language: str) -> Data:
        """The state of the hosts, counts by channel, and what was refused or held last."""
        for side, tail in self._tails:
            for record in tail.news(now_ns - self._back_ns):
                self._take(side, record, now_ns - MINUTE_NS)
        since_ns = now_ns - MINUTE_NS
        self._passed = [one for one in self._passed if one[0] >= since_ns]
        self._refused = [one for one in self._refused if one[0] >= since_ns]
        self._took = [one for one in self._took if one[0] >= since_ns]
        return {
            **status_data(self._hosts, now_ns, language),
            "channels": self._channel_data(now_ns),
            "crossing": self._crossing(now_ns),
            "last": self._last_data(language),
        }

    def _take(self, side: Side, record: Record, minute_ago_ns: int) -> None:
        if record.what in _SHOWN:
            self._last.append((side, record))
        if record.channel and record.what in _COUNTED:
            counts = self._channels.setdefault(record.channel, dict.fromkeys(_COUNTED, 0))
            counts[record.what] += 1
        self._time(record)
        if record.at_ns < minute_ago_ns:
            return
        if record.what == "refused":
            self._refused.append((record.at_ns, record.channel))
        elif record.what == self._passes:
            self._passed.append((record.at_ns, record.channel))

    def _time(self, record: Record) -> None:
        if record.unit is None:
            return
        said = record.fields.get("captured_at_ns")
        if record.what == "admitted" and isinstance(said, int):
            self._captured[record.unit] = said
            if len(self._captured) > _UNDER_WAY:
                self._captured.popitem(last=False)
        elif record.what == "delivered" and "again" not in record.fields:
            captured_at_ns = self._captured.pop(record.unit, None)
            if captured_at_ns is not None:
                took_s = max(record.at_ns - captured_at_ns, 0) / 1e9
                self._took.append((record.at_ns, took_s))

    def _crossing(self, now_ns: int) -> Data:
        """Units of the last minute, and their times; None where none was seen from end to end."""
        took = sorted(took_s for _, took_s in self._took)
        return {
            "per_min": self._per_min(len(self._passed), now_ns),
            "p50_s": round(took[len(took) // 2], 4) if took else None,
            "p99_s": round(took[min(len(took) * 99 // 100, len(took) - 1)], 4) if took else None,
        }

    def _channel_data(self, now_ns: int) -> list[dict[str, Any]]:
        from gateway.management.commands.at_hand import channel_names

        names = {name for host in self._hosts.values() for name in channel_names(host.policies)}
        passed = [channel for _, channel in self._passed]
        refused = [channel for _, channel in self._refused]
        none = dict.fromkeys(_COUNTED, 0)
        return [
            {
                "channel": name,
                "per_min": self._per_min(passed.count(name), now_ns),
                "refused_per_min": self._per_min(refused.count(name), now_ns),
                **self._channels.get(name, none),
            }
            for name in sorted(names | self._channels.keys())
        ]

    def _per_min(self, seen: int, now_ns: int) -> int:
        """Where a journal was read for less than a minute back, as much again for the rest of it."""
        since_ns = max((tail.cut_at_ns for _, tail in self._tails), default=0)
        covered_ns = min(max(now_ns - since_ns, 1_000_000_000), MINUTE_NS)
        return round(seen * MINUTE_NS / covered_ns)

    def _last_data(self, language: str) -> list[dict[str, Any]]:
        newest = sorted(self._last, key=lambda one: one[1].at_ns, reverse=True)
        return [
            {
                "at": stamp(record.at_ns),
                "side": side.value,
                "unit": speak(record.unit)
                if record.unit is not None and record.unit <= MAX_NUMBER
                else None,
                "channel": record.channel,
                "result": record.what,
                "word": record.fields.get("word"),
                "rule": record.fields.get("rule"),
                "number": record.number,
                "text": describe(Refused(record.number, **record.fields), language),
            }
            for side, record in newest
        ]
