"""What the receiving ferry says of its lane: events for the journal, alarms and gauges for people.

    gap, lost units, replays, new session   -> journal (lane.gap, unit.lost, replay.refused, lane.session)
    missing units, replays, silence         -> alarms 5602, 5604, 5605
    frames, blocks, heartbeat age           -> gauges and counters

Decides nothing about units: what is lost is named by gateway.ferry.oneway.account.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Field
from gateway.ferry.oneway.account import Account, Lost, MissingUnit
from gateway.ferry.oneway.happenings import LostBlocks, NewSession, Replayed
from gateway.ferry.oneway.receiver import OneWayReceiver
from gateway.ferry.throughput import Throughput
from gateway.unit.number import speak

# Replays come in floods: one event this often, with the count.
_REPLAY_EVENT_S: Final = 5.0
# The alarm stands this long after the last replayed frame.
_REPLAY_ALARM_S: Final = 60.0
# Ranges shown in one event; all of them stand in the reconcile list.
_RANGES_SHOWN: Final = 8
_COUNTS: Final = (
    "frames",
    "blocks",
    "repaired",
    "before_contact",
    "late",
    "forged",
    "replayed",
    "unproven",
)


@dataclass(frozen=True, slots=True)
class Heard:
    """malformed: frames that the link itself dropped. received_bytes: of units, as they came."""

    malformed: int
    received_bytes: int


class LaneNews:
    """Speaks for one receiving lane. silence_s: without a heartbeat for so long the lane is silent."""

    def __init__(self, recorder: Recorder, status: Status, silence_s: float) -> None:
        self._recorder, self._status, self._silence_s = recorder, status, silence_s
        self._replay_event_s = -_REPLAY_EVENT_S
        self._replay_frames = 0
        self._replay_place = (0, 0)
        self._replay_seen_s: float | None = None
        self._shown: dict[str, int] = {}
        self._throughput = Throughput()

    def gap(self, gap: LostBlocks) -> None:
        """Blocks were given up. Those from before the first contact are told apart: no loss by themselves."""
        fields: dict[str, Field] = {
            "session": gap.session,
            "first": gap.first,
            "last": gap.last,
            "blocks": gap.blocks,
        }
        if gap.before_contact:
            self._record("lane.joined", None, 0, fields)
            return
        self._record("lane.gap", None, 5601, fields)
        self._status.count("blocks_lost_total", gap.blocks)

    def lost(self, lost: list[Lost]) -> None:
        """Units, or sendings of which not even the number is known, are missing."""
        for item in lost:
            if isinstance(item, MissingUnit):
                fields: dict[str, Field] = {
                    "spoken": speak(item.number),
                    "ranges": " ".join(
                        f"{first}-{end - 1}" for first, end in item.ranges[:_RANGES_SHOWN]
                    ),
                    "missing_bytes": sum(end - first for first, end in item.ranges),
                    "total_bytes": item.total_bytes,
                }
                self._record("unit.lost", item.number, 5602, fields)
                self._status.count("units_lost_total")
            else:
                fields = {"session": item.session, "first": item.first, "last": item.last}
                self._record("unit.lost", None, 5603, fields)
                self._status.count("units_lost_total", item.last - item.first + 1)

    def replayed(self, replayed: Replayed, now_s: float) -> None:
        """Old frames were refused."""
        self._replay_frames += replayed.frames
        self._replay_seen_s = now_s
        self._replay_place = (replayed.session, replayed.block)
        self._status.raise_alarm(5604, session=replayed.session, block=replayed.block)
        self._tell_replays(now_s)

    def _tell_replays(self, now_s: float) -> None:
        if not self._replay_frames or now_s - self._replay_event_s < _REPLAY_EVENT_S:
            return
        session, block = self._replay_place
        fields = {"session": session, "block": block, "frames": self._replay_frames}
        self._record("replay.refused", None, 5604, fields)
        self._replay_event_s, self._replay_frames = now_s, 0

    def new_session(self, started: NewSession) -> None:
        """The sender began anew."""
        before = -1 if started.before is None else started.before
        self._record("lane.session", None, 0, {"session": started.session, "before": before})

    def _record(
        self, what: str, unit: int | None, number: int, fields: Mapping[str, Field]
    ) -> None:
        self._recorder.record(Event(what, time.time_ns(), unit, "", number, fields))

    def show(
        self, core: OneWayReceiver, account: Account, link: Heard, started_s: float, now_s: float
    ) -> None:
        """Alarms and gauges as they stand now."""
        self._tell_replays(now_s)
        if self._replay_seen_s is not None and now_s - self._replay_seen_s > _REPLAY_ALARM_S:
            self._status.clear_alarm(5604)
            self._replay_seen_s = None
        self._watch_silence(core.heard_s, started_s, now_s)
        self._show_counts(core, link.malformed)
        self._show_bytes(link.received_bytes, now_s)
        self._show_missing(account)

    def _watch_silence(self, heard_s: float | None, started_s: float, now_s: float) -> None:
        if heard_s is not None:
            self._status.gauge("lane_heartbeat_age_s", round(max(now_s - heard_s, 0.0), 1))
        if now_s - (started_s if heard_s is None else heard_s) > self._silence_s:
            self._status.raise_alarm(5605, silence_s=int(self._silence_s))
        else:
            self._status.clear_alarm(5605)

    def _show_counts(self, core: OneWayReceiver, malformed: int) -> None:
        for name in _COUNTS:
            grown = core.counts[name] - self._shown.get(name, 0)
            if grown:
                self._shown[name] = core.counts[name]
                self._status.count(f"lane_{name}_total", grown)
        self._status.gauge("lane_malformed_frames", core.counts["malformed"] + malformed)
        self._status.gauge("lane_session", core.session or 0)
        self._status.gauge("lane_block", core.highest)

    def _show_bytes(self, received_bytes: int, now_s: float) -> None:
        self._status.gauge("lane_received_bytes", received_bytes)
        self._status.gauge("lane_bytes_per_s", self._throughput.per_s(received_bytes, now_s))

    def _show_missing(self, account: Account) -> None:
        self._status.gauge("units_missing", len(account.units))
        self._status.gauge("units_partial", len(account.partials))
        # Both stay 0 with an honest sender: what it says is not believed, or finds no room.
        self._status.gauge("index_entries_ignored", account.ignored)
        self._status.gauge("sendings_unlisted", account.unlisted)
        sequences = sum(item.last - item.first + 1 for item in account.sequences)
        missing = len(account.units) + sequences + account.unlisted
        if missing:
            self._status.raise_alarm(5602, missing=missing)
        else:
            self._status.clear_alarm(5602)
