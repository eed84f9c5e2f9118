"""Status of the processes as Prometheus text (exposition format 0.0.4). Values only, no I/O.

Base units, `_total` for counters, no unit number and no person in a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from gateway.audit.status import Condition, ProcessStatus
from gateway.errors import Field

# Names of gauges and counters that are one family with a label; the rest keep their names.
_FAMILIES: Final = tuple(
    (re.compile(pattern), family, label)
    for pattern, family, label in (
        (r"queue_(\w+)_units", "queue_units", "queue"),
        (r"queue_(\w+)_deferred", "queue_deferred_units", "queue"),
        (r"queue_(\w+)_oldest_(?:age_)?(?:s|seconds)", "queue_oldest_seconds", "queue"),
        (r"units_(\w+)_total", "units_total", "stage"),
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
# Text gauges whose text has a label of its own name; any other has it in `value`.
_TEXT_LABELS: Final = {"policy": "digest"}
_LANE: Final = "import"
_HELP: Final[Mapping[str, str]] = {
    "process_up": "1 while the process runs and says so.",
    "process_start_timestamp_seconds": "When the process began.",
    "build_info": "The version that runs.",
    "alarm": "1 for each alarm that stands, by its FG number.",
    "units_total": "Units by the stage or side exit that they reached in this process.",
    "queue_units": "Units that wait in a queue.",
    "queue_oldest_seconds": "Age of the oldest unit that waits in a queue.",
    "lane_blocks_total": "Blocks of the lane by what became of them.",
    "lane_heartbeat_age_seconds": "Time since anything of the sender was last verified.",
    "lane_repaired_symbols_total": "Symbols that did not arrive and were repaired.",
    "lane_frames_dropped_total": "Frames of the lane that were of no use, by why.",
    "lane_bytes_per_second": "Bytes of units over the lane, as of the last second.",
    "scanner_signatures_age_seconds": "Age of a scanner's signatures.",
    "audit_checkpoint_age_seconds": "Time since the last signed checkpoint.",
    "journal_seq": "Sequence number of the last event on disk.",
    "audit_checkpoint_number": "Number of the last signed checkpoint.",
    "audit_checkpoint_timestamp_seconds": "Time of the last signed checkpoint.",
}
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def prometheus_text(statuses: Iterable[ProcessStatus]) -> str:
    """The text of /metrics for these processes; ends with a newline.

    A text value (a digest) is a sample of value 1 with the text in the label `value`. Names that
    are no metric names are left out.
    """
    families: dict[str, list[str]] = {}

    def add(name: str, labels: dict[str, str], value: float) -> None:
        shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        families.setdefault(name, []).append(f"ferrygate_{name}{{{shown}}} {_number(value)}")

    for status in statuses:
        process = {"process": status.process}
        add("process_up", process, status.condition is Condition.RUNNING)
        if status.condition is Condition.UNREADABLE:
            continue
        add("process_start_timestamp_seconds", process, status.started_at_ns / 1e9)
        add("build_info", process | {"version": status.version}, 1)
        for alarm in status.alarms:
            add("alarm", process | {"number": f"FG-{alarm.number}"}, 1)
        for name, value in status.gauges.items():
            _add_value(add, name, process, value)
        signed_at_s = status.gauges.get("audit_checkpoint_timestamp_seconds")
        if isinstance(signed_at_s, int | float) and status.flushed_at_ns:
            age_s = max(status.flushed_at_ns / 1e9 - signed_at_s, 0.0)
            add("audit_checkpoint_age_seconds", process, round(age_s, 3))
        for name, count in status.counters.items():
            whole = name if name.endswith("_total") else f"{name}_total"
            _add_value(add, whole, process, count)
    return "".join(_family(name, samples) for name, samples in sorted(families.items()))


class _Add(Protocol):
    def __call__(self, name: str, labels: dict[str, str], value: float) -> None: ...


def _add_value(add: _Add, name: str, process: dict[str, str], value: Field) -> None:
    if not _NAME.fullmatch(name):
        return
    family, labels = _named(name)
    if isinstance(value, str):
        add(f"{family}_info", process | labels | {_TEXT_LABELS.get(name, "value"): value}, 1)
    else:
        add(family, process | labels, value)


def _named(name: str) -> tuple[str, dict[str, str]]:
    for pattern, family, label in _FAMILIES:
        if match := pattern.fullmatch(name):
            labels = {label: _RESULTS.get(match[1], match[1])} if label else {}
            return _with_lane(match.expand(family), labels)
    return _with_lane(name, {})


def _with_lane(family: str, labels: dict[str, str]) -> tuple[str, dict[str, str]]:
    return family, {"lane": _LANE, **labels} if family.startswith("lane_") else labels


def _family(name: str, samples: list[str]) -> str:
    kind = "counter" if name.endswith("_total") else "gauge"
    about = f"# HELP ferrygate_{name} {_HELP[name]}\n" if name in _HELP else ""
    return f"{about}# TYPE ferrygate_{name} {kind}\n" + "\n".join(samples) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
