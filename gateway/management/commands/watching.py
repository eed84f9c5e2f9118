"""What `top` shows: status files read anew at each look, journals read on from where the last look ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Refused
from gateway.management.commands.command import Data
from gateway.management.commands.state import status_data
from gateway.management.layout import HostFolder, Role
from gateway.management.terminal.figures import stamp
from gateway.messages import describe
from gateway.unit.model import Side
from gateway.unit.number import MAX_NUMBER, speak

if TYPE_CHECKING:
    from gateway.audit.record import Record

# Counts by channel go back so far when top starts; then they grow.
BACK_NS: Final = 3_600_000_000_000
_MINUTE_NS: Final = 60_000_000_000
_LAST_KEPT: Final = 50
_COUNTED: Final = ("captured", "cleared", "delivered", "refused", "held")
_SHOWN: Final = frozenset({"refused", "held", "corrupt"})


class Watch:
    """One sitting before the screen. look() gives all that a frame shows."""

    def __init__(self, hosts: Mapping[Side, HostFolder]) -> None:
        self._hosts = dict(hosts)
        self._tails = [
            _Tail(side, host.journal(role)) for side, host in hosts.items() for role in Role
        ]
        self._sent: dict[str, tuple[int, int]] = {}
        self._channels: dict[str, dict[str, int]] = {}
        self._recent: deque[tuple[int, str]] = deque()
        self._last: deque[tuple[Side, Record]] = deque(maxlen=_LAST_KEPT)

    def look(self, now_ns: int, language: str) -> Data:
        """The state of the hosts, counts by channel, and what was refused or held last."""
        for tail in self._tails:
            for record in tail.news(now_ns - BACK_NS):
                self._take(tail.side, record)
        while self._recent and self._recent[0][0] < now_ns - _MINUTE_NS:
            self._recent.popleft()
        status = status_data(self._hosts, now_ns, language)
        for host in status["hosts"]:
            self._add_rate(host["side"], host["lane"]["figures"], now_ns)
        return {**status, "channels": self._channel_data(), "last": self._last_data(language)}

    def _add_rate(self, side: str, figures: dict[str, Any], now_ns: int) -> None:
        """What the ferry has sent since the look before, per second."""
        sent, before = figures.get("lane_bytes"), self._sent.get(side)
        if sent is None:
            return
        self._sent[side] = (now_ns, int(sent))
        if before is not None and now_ns > before[0] and sent >= before[1]:
            figures["bytes_per_s"] = round((sent - before[1]) * 1e9 / (now_ns - before[0]))

    def _take(self, side: Side, record: Record) -> None:
        if record.what in _SHOWN:
            self._last.append((side, record))
        if record.channel and record.what in _COUNTED:
            counts = self._channels.setdefault(record.channel, dict.fromkeys(_COUNTED, 0))
            counts[record.what] += 1
        if record.channel and record.what in self._entry_words():
            self._recent.append((record.at_ns, record.channel))

    def _entry_words(self) -> tuple[str, ...]:
        # A unit is counted once a minute where both hosts are at hand: when it comes in.
        return ("captured",) if Side.OUTER in self._hosts else ("admitted", "refused")

    def _channel_data(self) -> list[dict[str, Any]]:
        minute = [channel for _, channel in self._recent]
        return [
            {"channel": name, "per_min": minute.count(name), **counts}
            for name, counts in sorted(self._channels.items())
        ]

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


class _Tail:
    """The place reached in one journal."""

    def __init__(self, side: Side, folder: Path) -> None:
        self.side = side
        self._folder = folder
        self._segment: Path | None = None
        self._offset = 0

    def news(self, since_ns: int) -> Iterator[Record]:
        """Records written since the last call; at the first those since `since_ns`."""
        from gateway.audit.record import decode_line
        from gateway.audit.segment import blocks, segments

        if not self._folder.is_dir():
            return
        for segment in segments(self._folder):
            if self._segment is not None and segment.path < self._segment:
                continue
            if self._segment is None and segment.path.stat().st_mtime_ns < since_ns:
                continue
            if segment.path != self._segment:
                self._segment, self._offset = segment.path, 0
            with segment.path.open("rb") as file:
                for block in blocks(file, self._offset):
                    if not block.ended:
                        break
                    self._offset = block.end_bytes
                    for line in block.lines:
                        try:
                            record = decode_line(line)[0]
                        except Refused:
                            continue
                        if record.at_ns >= since_ns:
                            yield record
