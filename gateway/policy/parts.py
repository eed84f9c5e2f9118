"""The sections of a policy file as such, and the words that later versions bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.policy.model import Section


@dataclass(frozen=True, slots=True)
class Part:
    """A section as such: whether it must stand there, and what it is for."""

    section: Section
    en: str
    zh: str
    obligatory: bool = False


PARTS: Final[tuple[Part, ...]] = (
    Part(Section.FROM, "Where units come from: used by the sending host.", "来源:发送侧使用。", True),
    Part(Section.TO, "Where units go: used by the receiving host.", "去向:接收侧使用。", True),
    Part(
        Section.PASSES_IF, "Every line must hold, or the unit is refused.", "每一行都须成立,否则拒绝。", True
    ),
    Part(Section.HELD_IF, "Any line that holds sets a unit aside for people.", "任一行成立即转待审批。"),
    Part(
        Section.REFUSED_IF,
        "Any line that holds refuses, whatever stands elsewhere.",
        "任一行成立即拒绝,优先于其他各节。",
    ),
    Part(
        Section.COUNTED_IF,
        "What is found is counted in the record, and the unit goes on. A line that cannot be answered"
        " refuses.",
        "所发现的内容仅在审计记录中计数,单元照常继续;无法判定的行拒绝。",
    ),
    Part(
        Section.ALSO_AT_RECEIVER,
        "As `passes_if`, asked by the receiving host besides. It can only be stricter.",
        "同 passes_if,仅由接收侧另行要求;只能更严。",
    ),
    Part(
        Section.CHANGED,
        "What the inner host's guard writes anew before a unit goes on; it is then judged again.",
        "内侧守卫在放行前重新写出的内容;写出后再次判定。",
    ),
    Part(Section.LIMITS, "How much, how often, how soon.", "数量、重试与优先级。"),
    Part(
        Section.TESTS,
        "Tests of this channel: `ferrygate policy check` runs them.",
        "本通道的测试,由 ferrygate policy check 运行。",
    ),
)  # fmt: skip

# Words of kinds and conditions that later versions bring: known, and refused as such.
LATER: Final[Mapping[Section, frozenset[str]]] = {
    Section.CHANNEL: frozenset(
        {"quality", "delivery", "listed"}
    ),
    Section.FROM: frozenset(
        {"drop_box", "peer", "secret", "at", "database", "tables", "together", "mqtt", "topics",
         "quality_of_service", "share", "host"}
    ),
    Section.TO: frozenset(
        {"drop_box", "peer", "addresses", "at", "database", "verbs", "conflict", "bad_row", "mqtt",
         "topics", "retain", "share", "host"}
    ),
    Section.PASSES_IF: frozenset({"peer", "address"}),
    Section.HELD_IF: frozenset({"malware"}),
    Section.REFUSED_IF: frozenset({"peer", "address"}),
    Section.COUNTED_IF: frozenset(),
    Section.ALSO_AT_RECEIVER: frozenset({"archive"}),
    Section.CHANGED: frozenset({"ofd", "response", "payload"}),
    Section.LIMITS: frozenset(
        {"schema_change", "silent_for"}
    ),
    Section.TESTS: frozenset({"topic", "json", "person_id"}),
    Section.TRY: frozenset({"peer", "address", "table", "row", "verb", "topic", "json", "age"}),
}  # fmt: skip
