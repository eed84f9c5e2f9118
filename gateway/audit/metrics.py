"""Status of the processes as Prometheus text (exposition format 0.0.4). Values only, no I/O.

    run/PROCESS.json --read_status--> ProcessStatus --prometheus_text--> ferrygate_units_total{...} 412

Base units, `_total` for counters, no unit number and no person in a label. Labels of channels come from
the policy (gateway.audit.tally), so that the number of series is bounded whatever a sender does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Final, Protocol

from gateway.audit.status import Condition, ProcessStatus
from gateway.audit.tally import BOUNDS_S, PASSED, UnitCount, UnitTimes
from gateway.errors import Field

# Names of gauges and counters that are one family with a label; the rest keep their names.
_FAMILIES: Final = tuple(
    (re.compile(pattern), family, label)
    for pattern, family, label in (
        (r"queue_(\w+)_units", "queue_units", "queue"),
        (r"queue_(\w+)_deferred", "queue_deferred_units", "queue"),
        (r"queue_(\w+)_oldest_(?:age_)?(?:s|seconds)", "queue_oldest_seconds", "queue"),
        (r"lane_(blocks)_total", "lane_blocks_total", "result"),
        (r"(?:blocks|lane)_(lost|before_contact|forged)_total", "lane_blocks_total", "result"),
        (r"lane_repaired_total", "lane_repaired_symbols_total", ""),
        (r"lane_(late|replayed|unproven)_total", "lane_frames_dropped_total", "result"),
        (r"(lane_bytes_per)_s", "\\1_second", ""),
        (r"scanner_(\w+)_age_seconds", "scanner_signatures_age_seconds", "scanner"),
        (r"scanner_(\w+)", "scanner", "scanner"),
        (r"(\w+)_s", "\\1_seconds", ""),
    )
)
# Words of a counter's name that are another word as a label.
_RESULTS: Final = {"blocks": "verified"}
# Counters of whole processes that units_total tells by channel.
_TALLIED: Final = re.compile(
    r"units_(captured|cleared|sent|received|admitted|delivered|refused|held|corrupt|deferred)(_total)?"
)
# What a process makes of a unit at either end of a lane: where a unit that it refuses does not come to.
_SENDS: Final[Mapping[str, str]] = {"edge": "captured", "guard": "cleared", "ferry": "sent"}
_RECEIVES: Final[Mapping[str, str]] = {
    "ferry": "received",
    "guard": "admitted",
    "edge": "delivered",
}
_SENDER_STAGES: Final = ("captured", "cleared", "sent")
_SENDER: Final[Mapping[str, str]] = {"import": "outer", "export": "inner"}
# Text gauges whose text has a label of its own name; any other has it in `value`.
_TEXT_LABELS: Final = {"policy": "digest"}
_LANE: Final = "import"
_EXPORT: Final = "export"
# Before the names of the export lane's gauges and counters (gateway.management.lane_status).
_EXPORT_PREFIX: Final = "export_"
# The channels of the export lane, as a process of a two-way gate says them: one text, with blanks.
EXPORT_CHANNELS: Final = "export_channels"
_HELP: Final[Mapping[str, str]] = {
    "process_up": "1 while the process runs and says so.",
    "process_start_timestamp_seconds": "When the process began.",
    "build_info": "The version that runs.",
    "alarm": "1 for each alarm that stands, by its FG number.",
    "units_total": "Units since the start of the process, by stage and result; deferred ones come again.",
    "counted_hits_total": "What lines of counted_if found in units that went on, by the line's word.",
    "unit_seconds": "From capture to the stage, by the clocks of both hosts.",
    "queue_units": "Units that wait in a queue.",
    "queue_oldest_seconds": "Age of the oldest unit that waits in a queue.",
    "lane_blocks_total": "Blocks of the lane by what became of them.",
    "lane_heartbeat_age_seconds": "Time since anything of the sender was last verified.",
    "lane_repaired_symbols_total": "Symbols that did not arrive and were repaired.",
    "lane_frames_dropped_total": "Frames of the lane that were of no use, by why.",
    "lane_bytes_per_second": "Bytes of units over the lane, as of the last second.",
    "lane_queues_percent": "What queues may have of the lane: below 100 while requests lack processors.",
    "scanner_signatures_age_seconds": "Age of a scanner's signatures.",
    "audit_checkpoint_age_seconds": "Time since the last signed checkpoint.",
    "journal_seq": "Sequence number of the last event on disk.",
    "audit_checkpoint_number": "Number of the last signed checkpoint.",
    "audit_checkpoint_timestamp_seconds": "Time of the last signed checkpoint.",
}
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

Labels = dict[str, str]


def prometheus_text(hosts: Mapping[str, Iterable[ProcessStatus]]) -> str:
    """The metrics of these processes, by side of the gate (`outer`, `inner`); ends with a newline.

    A text value (a digest) is a sample of value 1 with the text in the label `value`. Names that
    are no metric names are left out. A process that is not running says that it is not, and nothing of the
    work of the past.
    """
    families: dict[str, list[str]] = {}

    def add(name: str, labels: Labels, value: float, part: str = "") -> None:
        shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        families.setdefault(name, []).append(f"ferrygate_{name}{part}{{{shown}}} {_number(value)}")

    for side, statuses in hosts.items():
        for status in statuses:
            _add_process(add, side, status)
    return "".join(_family(name, samples) for name, samples in sorted(families.items()))


class _Add(Protocol):
    def __call__(self, name: str, labels: Labels, value: float, part: str = "") -> None: ...


def _add_process(add: _Add, side: str, status: ProcessStatus) -> None:
    process = {"side": side, "process": status.process}
    add("process_up", process, status.condition is Condition.RUNNING)
    if status.condition not in (Condition.RUNNING, Condition.STALE):
        return
    add("process_start_timestamp_seconds", process, status.started_at_ns / 1e9)
    add("build_info", process | {"version": status.version}, 1)
    for alarm in status.alarms:
        add("alarm", process | {"number": f"FG-{alarm.number}"}, 1)
    exported = frozenset(str(status.gauges.get(EXPORT_CHANNELS, "")).split())
    for name, value in status.gauges.items():
        if name == EXPORT_CHANNELS:
            continue
        _add_value(add, name, process, value)
    signed_at_s = status.gauges.get("audit_checkpoint_timestamp_seconds")
    if isinstance(signed_at_s, int | float) and status.flushed_at_ns:
        age_s = max(status.flushed_at_ns / 1e9 - signed_at_s, 0.0)
        add("audit_checkpoint_age_seconds", process, round(age_s, 3))
    for name, count in status.counters.items():
        if not _TALLIED.fullmatch(name):
            _add_value(add, name if name.endswith("_total") else f"{name}_total", process, count)
    for units in status.units:
        add("units_total", process | _unit_labels(process, units, exported), units.units)
    for hits in status.hits:
        lane = _EXPORT if hits.channel in exported else _LANE
        labels = {"lane": lane, "channel": hits.channel, "word": hits.word}
        add("counted_hits_total", process | labels, hits.hits)
    for times in status.times:
        _add_times(add, process | _unit_labels(process, times, exported), times)


def _unit_labels(
    process: Labels, counted: UnitCount | UnitTimes, exported: frozenset[str]
) -> Labels:
    """An empty label is none (Prometheus, data model): a ferry opens no unit and knows no channel.

    exported: the channels of the export lane; of a unit without one the stage says which lane it is on.
    """
    passed, side = counted.what in PASSED, process["side"]
    lane = _EXPORT if counted.channel in exported else _LANE
    if passed and (side == _SENDER[lane]) != (counted.what in _SENDER_STAGES):
        lane = _EXPORT if lane == _LANE else _LANE
    stages = _SENDS if side == _SENDER[lane] else _RECEIVES
    stage = counted.what if passed else stages.get(process["process"], "")
    labels = {"lane": lane, "channel": counted.channel, "stage": stage}
    if isinstance(counted, UnitCount):
        labels["result"] = "passed" if passed else counted.what
    return labels


def _add_times(add: _Add, labels: Labels, times: UnitTimes) -> None:
    bounds = [*map(_number, BOUNDS_S), "+Inf"]
    for bound, count in zip(bounds, accumulate(times.counts), strict=False):
        add("unit_seconds", labels | {"le": bound}, count, "_bucket")
    add("unit_seconds", labels, times.sum_s, "_sum")
    add("unit_seconds", labels, sum(times.counts), "_count")


def _add_value(add: _Add, name: str, process: Labels, value: Field) -> None:
    if not _NAME.fullmatch(name):
        return
    family, labels = _named(name)
    if isinstance(value, str):
        add(f"{family}_info", process | labels | {_TEXT_LABELS.get(name, "value"): value}, 1)
    else:
        add(family, process | labels, value)


def _named(said: str) -> tuple[str, Labels]:
    name = said.removeprefix(_EXPORT_PREFIX)
    lane = _LANE if name == said else _EXPORT
    for pattern, family, label in _FAMILIES:
        if match := pattern.fullmatch(name):
            labels = {label: _RESULTS.get(match[1], match[1])} if label else {}
            return _with_lane(match.expand(family), labels, lane)
    return _with_lane(name, {}, lane)


def _with_lane(family: str, labels: Labels, lane: str) -> tuple[str, Labels]:
    """What is not of the lane itself has the label on the export lane only: a one-way gate has it never."""
    is_labelled = family.startswith("lane_") or lane == _EXPORT
    return family, {"lane": lane, **labels} if is_labelled else labels


def _family(name: str, samples: list[str]) -> str:
    kind = "counter" if name.endswith("_total") else "gauge"
    if name == "unit_seconds":
        kind = "histogram"
    about = f"# HELP ferrygate_{name} {_HELP[name]}\n" if name in _HELP else ""
    return f"{about}# TYPE ferrygate_{name} {kind}\n" + "\n".join(samples) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
