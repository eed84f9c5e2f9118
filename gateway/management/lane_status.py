"""How each lane of a two-way process is, on one board.

    import lane   lane_block           as in a one-way gate
    export lane   export_lane_block    units of both lanes are counted together: journals tell them apart

An alarm stands while either lane has it.
"""

from __future__ import annotations

import threading
from typing import Final

from gateway.audit.event import Status
from gateway.errors import Field
from gateway.unit.model import Lane

# Before the names of gauges and counters of the export lane.
EXPORT_PREFIX: Final = f"{Lane.EXPORT.value}_"
_UNITS: Final = "units_"


def lane_name(lane: Lane, name: str) -> str:
    """The name of a gauge or counter of a lane on the board of a process."""
    return name if lane is Lane.IMPORT else f"{EXPORT_PREFIX}{name}"


def lane_and_name(name: str) -> tuple[Lane, str]:
    """The lane of a gauge or counter of a board, and its name as the import lane has it."""
    bare = name.removeprefix(EXPORT_PREFIX)
    return (Lane.IMPORT if bare == name else Lane.EXPORT), bare


class LaneStatuses:
    """Gives the Status of each lane. Safe to use from several threads."""

    def __init__(self, board: Status) -> None:
        self._board = board
        self._standing: dict[int, set[Lane]] = {}
        self._lock = threading.Lock()

    def of(self, lane: Lane) -> Status:
        return _LaneStatus(self, self._board, lane)

    def raise_alarm(self, lane: Lane, number: int, fields: dict[str, Field]) -> None:
        with self._lock:
            self._standing.setdefault(number, set()).add(lane)
        self._board.raise_alarm(number, **fields)

    def clear_alarm(self, lane: Lane, number: int) -> None:
        with self._lock:
            lanes = self._standing.get(number, set())
            lanes.discard(lane)
            stands = bool(lanes)
        if not stands:
            self._board.clear_alarm(number)


class _LaneStatus:
    """The Status of one lane."""

    def __init__(self, lanes: LaneStatuses, board: Status, lane: Lane) -> None:
        self._lanes, self._board, self._lane = lanes, board, lane

    def gauge(self, name: str, value: Field) -> None:
        self._board.gauge(lane_name(self._lane, name), value)

    def count(self, name: str, by: int = 1) -> None:
        self._board.count(name if name.startswith(_UNITS) else lane_name(self._lane, name), by)

    def raise_alarm(self, number: int, **fields: Field) -> None:
        self._lanes.raise_alarm(self._lane, number, fields)

    def clear_alarm(self, number: int) -> None:
        self._lanes.clear_alarm(self._lane, number)
