"""The journals of the hosts at hand, asked for `units`, `life`, `explain` and `audit search`.

Looks only; the chain is `audit verify`'s. Newest first, so that a bound cuts what is old.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from gateway.management.layout import HostFolder, Role
from gateway.unit.model import Side

if TYPE_CHECKING:
    from gateway.audit.record import Record

# What one answer may hold in memory: about 200 MB of events; more is said to be more.
MAX_ENTRIES: Final = 200_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One record with the journal that it stands in."""

    side: Side
    role: Role
    record: Record


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; None is no condition. what: exact, or a prefix ending with a dot."""

    unit: int | None = None
    channel: str | None = None
    what: str | None = None
    number: int | None = None
    text: str | None = None
    since_ns: int = 0
    until_ns: int | None = None


def newest_first(hosts: Iterable[tuple[Side, HostFolder]], wanted: Wanted) -> Iterator[Entry]:
    """The records that are wanted, of every journal of these hosts. May raise OSError."""
    streams = [_of_host(side, host, wanted) for side, host in hosts]
    return heapq.merge(*streams, key=lambda entry: entry.record.at_ns, reverse=True)


def entries(
    hosts: Iterable[tuple[Side, HostFolder]], wanted: Wanted, limit: int = MAX_ENTRIES
) -> list[Entry]:
    """The newest `limit` records that are wanted, oldest first. May raise OSError."""
    return list(islice(newest_first(hosts, wanted), limit))[::-1]


def _of_host(side: Side, host: HostFolder, wanted: Wanted) -> Iterator[Entry]:
    from gateway.audit.search import Query, journals_of, search

    root = host.root / "journal"
    if not root.is_dir():
        return
    query = Query(
        unit=wanted.unit,
        channel=wanted.channel or "",
        what=frozenset([wanted.what]) if wanted.what else frozenset(),
        number=wanted.number,
        text=wanted.text or "",
        since_ns=wanted.since_ns,
        until_ns=1 << 63 if wanted.until_ns is None else wanted.until_ns,
    )
    roles = {role.value for role in Role}
    journals = {name: path for name, path in journals_of(root).items() if name in roles}
    for found in search(journals, query):
        yield Entry(side, Role(found.process), found.record)
