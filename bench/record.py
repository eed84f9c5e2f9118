"""What a figure is on its way to bench/results.json. Measures nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Record = dict[str, Any]
# What a figure tells while it is measured: (label, done, total).
Tell = Callable[[str, int, int], None]

_DIGITS: Final = 4


def record(
    name: str,
    value: float,
    unit: str,
    parameters: Mapping[str, Any],
    *,
    peer: tuple[str, float] | None = None,
    ratio: float | None = None,
    without_sandbox: float | None = None,
    wanted: float | None = None,
) -> Record:
    """One record. peer: what was measured beside it, by name, in the same unit. ratio: value to
    peer, where it is not simply that. without_sandbox: the same work without, in the same unit; wanted:
    how much of that it is to be at least."""
    made: Record = {"name": name, "value": _short(value), "unit": unit, "parameters": parameters}
    if peer is not None:
        made["peer"] = {"name": peer[0], "value": _short(peer[1])}
        made["ratio"] = _short(ratio if ratio is not None else value / peer[1])
    if without_sandbox is not None:
        beside = {"value": _short(without_sandbox), "ratio": _short(value / without_sandbox)}
        made["without_sandbox"] = beside | ({} if wanted is None else {"wanted": wanted})
    return made


def as_record(measured: Mapping[str, Any], ceiling: str) -> Record:
    """The record of another module's dict. ceiling: what its bare number of a ceiling is."""
    made = {**measured, "value": _short(measured["value"])}
    found = made.get("ceiling")
    if isinstance(found, int | float):
        found = {"name": ceiling, "value": found}
    if found is not None:
        made["ceiling"] = {**found, "value": _short(found["value"])}
        made["ratio"] = _short(made["ratio"])
    return made


def not_measured(name: str, unit: str, reason: str) -> Record:
    """The record of a figure that this machine or user cannot take."""
    return {"name": name, "value": None, "unit": unit, "parameters": {}, "not_measured": reason}


def _short(value: float) -> float:
    """Four digits: nothing here is measured better."""
    return float(f"{value:.{_DIGITS}g}")
