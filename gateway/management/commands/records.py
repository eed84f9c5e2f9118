"""Reads the journals of a host for `units`, `life`, `explain` and `audit search`: newest or oldest first.

Looks only; the chain is `audit verify`'s. A line that is no record is passed over here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import Refused
from gateway.management.layout import HostFolder, Role
from gateway.unit.model import Side

if TYPE_CHECKING:
    from gateway.audit.record import Record


@dataclass(frozen=True, slots=True)
class Entry:
    """One record with the journal that it stands in."""

    side: Side
    role: Role
    record: Record


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; None and 0 are no condition. what: exact, or a prefix ending with a dot."""

    unit: int | None = None
    channel: str | None = None
    what: str | None = None
    number: int | None = None
    since_ns: int = 0
    until_ns: int | None = None

    def takes(self, record: Record) -> bool:
        return (
            (self.unit is None or record.unit == self.unit)
            and (self.channel is None or record.channel == self.channel)
            and (self.number is None or record.number == self.number)
            and self.since_ns <= record.at_ns
            and (self.until_ns is None or record.at_ns < self.until_ns)
            and (self.what is None or _fits(record.what, self.what))
        )


def _fits(what: str, wanted: str) -> bool:
    return what.startswith(wanted) if wanted.endswith(".") else what == wanted


def entries(hosts: Iterable[tuple[Side, HostFolder]], wanted: Wanted) -> list[Entry]:
    """All records that are wanted, of every journal of these hosts, by time. May raise OSError."""
    found = [
        Entry(side, role, record)
        for side, host in hosts
        for role in Role
        for record in _of_journal(host, role, wanted)
    ]
    return sorted(found, key=lambda entry: (entry.record.at_ns, entry.record.seq))


def _of_journal(host: HostFolder, role: Role, wanted: Wanted) -> Iterator[Record]:
    from gateway.audit.segment import blocks, segments

    folder = host.journal(role)
    if not folder.is_dir():
        return
    # A unit's number stands in a line as JSON writes it: lines without it are not decoded.
    needle = b"" if wanted.unit is None else b'"unit":%d,' % wanted.unit
    for segment in segments(folder):
        if wanted.since_ns and segment.path.stat().st_mtime_ns < wanted.since_ns:
            continue
        with segment.path.open("rb") as file:
            for block in blocks(file):
                for line in block.lines:
                    if needle and needle not in line:
                        continue
                    if (record := _decoded(line)) is not None and wanted.takes(record):
                        yield record


def _decoded(line: bytes) -> Record | None:
    from gateway.audit.record import decode_line

    try:
        return decode_line(line)[0]
    except Refused:
        return None
