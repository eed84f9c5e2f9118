"""The first permitted value of a channel, for what a test leaves out: tests never ask the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from gateway.policy.model import Channel, NameRule, Section, TimeRule
from gateway.policy.values import WEEK_MINUTES, TimeWindows

# A Monday in an ordinary week: minute 0 of the table of a week, in the channel's own zone.
_MONDAY: Final = datetime(2026, 1, 5)
_MUST: Final = (Section.PASSES_IF, Section.ALSO_AT_RECEIVER)


def first_time(channel: Channel) -> datetime:
    """The first minute that the channel permits, counted from the start of its first window."""
    must = list(_windows(channel, _MUST))
    must_not = list(_windows(channel, (Section.HELD_IF, Section.REFUSED_IF)))
    start = must[0].first if must else 0
    for step in range(WEEK_MINUTES):
        minute = (start + step) % WEEK_MINUTES
        if all(w.minutes[minute] for w in must) and not any(w.minutes[minute] for w in must_not):
            return (_MONDAY + timedelta(minutes=minute)).replace(tzinfo=channel.zone)
    return (_MONDAY + timedelta(minutes=start)).replace(tzinfo=channel.zone)


def first_name(channel: Channel) -> str:
    """A name that the channel takes, made from its first pattern."""
    for condition in channel.conditions:
        if isinstance(condition.rule, NameRule) and condition.section in (Section.FROM, *_MUST):
            return condition.rule.names.first
    return "sample"


def first_writer(channel: Channel) -> str:
    """A writer that the channel takes, "" where it takes any."""
    source = channel.from_folder
    return min(source.writers) if source is not None and source.writers else ""


def _windows(channel: Channel, sections: tuple[Section, ...]) -> Iterator[TimeWindows]:
    for condition in channel.conditions:
        if isinstance(condition.rule, TimeRule) and condition.section in sections:
            yield condition.rule.windows
