"""Names at hand without opening anything slow: channels by their files, units by the ends of journals.

For screens and completion: a wrong file shows no name here; what is wrong with it, `policy check` says.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from gateway.management.commands.journal_tail import JournalTail
from gateway.management.layout import HostFolder, Role
from gateway.unit.model import Side
from gateway.unit.number import MAX_NUMBER, speak

# The name stands near the top of a file; policy files are a few kilobytes.
_HEAD_BYTES: Final = 16_384
_CHANNEL: Final = re.compile(
    rb"^channel:[ ]*([a-z0-9][a-z0-9-]{0,63})[ \r]*(?:#.*)?$", re.MULTILINE
)
_JOURNAL_BYTES: Final = 64 << 10
_UNITS: Final = 200


def channel_names(policies: Path) -> list[str]:
    """Names of the channels of a folder of policy files, sorted. Reads files; raises nothing."""
    names: set[str] = set()
    for path in policies.glob("*.yaml"):
        try:
            with path.open("rb") as file:
                found = _CHANNEL.search(file.read(_HEAD_BYTES))
        except OSError:
            continue
        if found:
            names.add(found[1].decode("ascii"))
    return sorted(names)


def unit_numbers(hosts: Mapping[Side, HostFolder]) -> list[str]:
    """Spoken numbers of the units that moved last, newest first, at most 200. Raises nothing."""
    moved: dict[int, int] = {}
    for at_ns, number in _moves(hosts):
        moved[number] = max(at_ns, moved.get(number, 0))
    newest = sorted(moved, key=lambda number: moved[number], reverse=True)
    return [speak(number) for number in newest[:_UNITS]]


def _moves(hosts: Mapping[Side, HostFolder]) -> Iterator[tuple[int, int]]:
    month_ago_ns = time.time_ns() - 31 * 86_400 * 1_000_000_000
    for host in hosts.values():
        for role in Role:
            try:
                for record in JournalTail(host.journal(role), _JOURNAL_BYTES).news(month_ago_ns):
                    if record.unit is not None and record.unit <= MAX_NUMBER:
                        yield record.at_ns, record.unit
            except OSError:
                continue
