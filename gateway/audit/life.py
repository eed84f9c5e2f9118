"""The story of units, read from the journals: what state each is in, and one unit's whole life.

    sending host    captured  cleared  sent      |  receiving host   received  admitted  delivered
                    exits: refused, deferred, held, corrupt on either

Each host tells its own half. The receiving host also knows what the sender's manifest said of the
first half; the sending host of a one-way gate knows nothing of the second, and that is said.
Structures only; how they are printed is management's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Final

from gateway.audit.record import Record
from gateway.audit.search import Found, Query, search
from gateway.errors import Field
from gateway.unit.model import Lane, Side, Stage

STAGES: Final = frozenset(stage.value for stage in Stage)
SENDER_STAGES: Final = (Stage.CAPTURED, Stage.CLEARED, Stage.SENT)
RECEIVER_STAGES: Final = (Stage.RECEIVED, Stage.ADMITTED, Stage.DELIVERED)
_RANK: Final = {stage: rank for rank, stage in enumerate(SENDER_STAGES + RECEIVER_STAGES)}
# Units remembered while looking for last states: about 100 MiB at most.
MAX_UNITS: Final = 1_000_000


class Source(Enum):
    """How a half of a life is known."""

    OWN = auto()  # from the journals of that host
    SENDER_SAID = auto()  # from the manifest: signed by the sender, believed by nobody
    NOT_KNOWN_HERE = auto()


@dataclass(frozen=True, slots=True)
class Receipt:
    """One stage or exit of a unit. process and seq: its place in the journal, "" and 0 if only said.

    number: the reason, 0 where all is as it should be.
    """

    stage: Stage
    at_ns: int
    process: str
    seq: int
    number: int
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Half:
    """What is known of a unit on one host. Receipts stand in the order of that host's clock."""

    side: Side
    source: Source
    receipts: tuple[Receipt, ...] = ()
    events: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """One unit. stage: the last state known, by stage and never by clock between the hosts.

    events of a half are those that are no stage (`resend.sent`, `unit.lost`).
    """

    number: int
    channel: str
    lane: Lane
    stage: Stage | None
    sender: Half
    receiver: Half


@dataclass(frozen=True, slots=True)
class UnitState:
    """The last known state of a unit on one host."""

    number: int
    channel: str
    stage: Stage
    at_ns: int
    process: str
    reason: int
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Units:
    """Units, newest first. whole: whether all that match are here (else there are older ones)."""

    states: tuple[UnitState, ...]
    whole: bool


def units(
    journals: Mapping[str, Path],
    *,
    channel: str = "",
    stages: frozenset[Stage] = frozenset(),
    since_ns: int = 0,
    until_ns: int = 1 << 63,
    limit: int = 100,
) -> Units:
    """The last known state of each unit on this host, newest first. May raise OSError.

    stages: only units whose last state is one of these. At most MAX_UNITS are looked at.
    """
    seen: set[int] = set()
    states: list[UnitState] = []
    query = Query(what=STAGES, channel=channel, since_ns=since_ns, until_ns=until_ns)
    for found in search(journals, query):
        record = found.record
        if record.unit is None or record.unit in seen:
            continue
        if len(states) == limit or len(seen) == MAX_UNITS:
            return Units(tuple(states), whole=False)
        seen.add(record.unit)
        stage = Stage(record.what)
        if not stages or stage in stages:
            states.append(_state(record.unit, stage, found))
    return Units(tuple(states), whole=True)


def life(
    number: int, hosts: Mapping[Side, Mapping[str, Path]], lane: Lane = Lane.IMPORT
) -> Life | None:
    """The story of one unit from the journals at hand: those of one host, or of both.

    hosts: by side, the journals (by process). None if no journal knows the unit. May raise OSError.
    """
    known = {
        side: list(search(journals, Query(unit=number), oldest_first=True))
        for side, journals in hosts.items()
    }
    every = [found for events in known.values() for found in events]
    if not every:
        return None
    receiver = _own(lane.receiver, known.get(lane.receiver, []))
    sender = _own(lane.sender, known.get(lane.sender, []))
    if sender.source is not Source.OWN and receiver.source is Source.OWN:
        sender = _as_said(lane.sender, known[lane.receiver])
    channel = next((found.record.channel for found in every if found.record.channel), "")
    stage = _last_stage(receiver) or _last_stage(sender)
    return Life(number, channel, lane, stage, sender, receiver)


def _own(side: Side, events: list[Found]) -> Half:
    if not events:
        return Half(side, Source.NOT_KNOWN_HERE)
    receipts = [_receipt(found) for found in events if found.record.what in STAGES]
    others = tuple(found for found in events if found.record.what not in STAGES)
    return Half(side, Source.OWN, tuple(sorted(receipts, key=_order)), others)


def _as_said(side: Side, events: list[Found]) -> Half:
    """The sender's half from the fields of `admitted` (or an exit), which come from its manifest."""
    for found in events:
        receipts = _said(found.record)
        if receipts:
            return Half(side, Source.SENDER_SAID, receipts)
    return Half(side, Source.NOT_KNOWN_HERE)


def _said(record: Record) -> tuple[Receipt, ...]:
    receipts = []
    for stage in (Stage.CAPTURED, Stage.CLEARED):
        at_ns = record.fields.get(f"{stage.value}_at_ns")
        if isinstance(at_ns, int):
            policy = record.fields.get("sender_policy") or record.fields.get("policy_digest", "")
            fields = {"policy": policy} if stage is Stage.CLEARED and policy else {}
            receipts.append(Receipt(stage, at_ns, "", 0, 0, fields))
    return tuple(receipts)


def _receipt(found: Found) -> Receipt:
    record = found.record
    return Receipt(
        Stage(record.what), record.at_ns, found.process, record.seq, record.number, record.fields
    )


def _order(receipt: Receipt) -> tuple[int, int]:
    # Events of one batch bear one time: then the order of the stages decides, exits last.
    return receipt.at_ns, _RANK.get(receipt.stage, len(_RANK))


def _last_stage(half: Half) -> Stage | None:
    return half.receipts[-1].stage if half.source is Source.OWN and half.receipts else None


def _state(number: int, stage: Stage, found: Found) -> UnitState:
    record = found.record
    return UnitState(
        number, record.channel, stage, record.at_ns, found.process, record.number, record.fields
    )
