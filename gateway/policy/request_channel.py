"""What a channel that carries requests has besides a name and an owner: its ends, operations and limits.

    caller --> RequestSource --> Operation (one of those listed) --> RequestSink --> peer
                                     |
                                     +-- Answer (one of those listed) --> caller, on the other lane

Values only. A channel of this kind has no folder: gateway.policy.model.Channel.requests holds this instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Final

from gateway.policy.operations import Operation
from gateway.policy.values import Rate
from gateway.unit.model import Lane

if TYPE_CHECKING:
    from gateway.policy.request_trials import RequestTrial

# Time for an answer where the channel says nothing: longer than a person at a screen waits.
ANSWER_WITHIN_S: Final = 10.0

# A submitted request whose peer is away: longer than a weekend with holidays around it.
PERFORMED_WITHIN_S: Final = 7.0 * 24 * 3600

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class RequestSource:
    """Where callers come. tls: https. callers: subjects (`CN=portal-01`) and keys (`key portal-01`).

    addresses: networks that callers may come from; empty for any. signed: every request carries key,
    time, nonce and digest of its body under a signature.
    """

    tls: bool
    host: str
    port: int
    callers: tuple[str, ...]
    addresses: tuple[Network, ...]
    signed: bool


@dataclass(frozen=True, slots=True)
class RequestSink:
    """The peer. secret: name of what the sink's own host keeps for it, "" for none.

    base_path: stands before the path of every call, "" or `/x/y`.
    """

    tls: bool
    host: str
    port: int
    secret: str
    base_path: str


@dataclass(frozen=True, slots=True)
class Share:
    """What one caller, or all of them, may ask: a rate and how many at once. None: no bound of its own."""

    rate: Rate | None = None
    at_once: int | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """`response.subject.display: removed`. place: keys from the outermost one in; lists are gone through."""

    place: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class RequestChannel:
    """answer_lane: what answers go on, None for a channel of submit without one. submit: answered 202 with
    a receipt, performed later. waits_s: so old a submitted request may become while its peer is away.
    in_order: submitted requests are performed one by one, in the order of their numbers.

    operations_line: where `operations` stands. lines: file lines of `callers`, `addresses`, `answer_within`
    and of other words that judge, where the file says them.
    """

    answer_lane: Lane | None
    source: RequestSource
    sink: RequestSink
    operations: Mapping[str, Operation]
    operations_line: int
    per_caller: Share = field(default=Share())
    whole_channel: Share = field(default=Share())
    answer_within_s: float = ANSWER_WITHIN_S
    submit: bool = False
    waits_s: float = PERFORMED_WITHIN_S
    in_order: bool = True
    removed: tuple[Removal, ...] = ()
    tests: tuple[RequestTrial, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)

    def goes_by_queue(self, operation: Operation) -> bool:
        """Whether calls of it are durable units: all of a channel of submit, and what is no transient's size.

        Edges and both guards ask it, on either way: what goes by one is refused on the other, so that
        nobody has one sealed request performed by both.
        """
        return self.submit or operation.is_large
