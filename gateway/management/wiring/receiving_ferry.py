"""The ferry of a lane's receiver: what comes over the link into `received`. Opens no unit, sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.management.host import Desk
from gateway.management.lane import LANE_NUMBERS, lane_key, lane_shape
from gateway.management.layout import Role
from gateway.management.receiving_end import open_receiving
from gateway.management.wiring.half import Half
from gateway.receiving.accept import Acceptor, AcceptSettings
from gateway.receiving.two_way import OppositeLane
from gateway.spool.writer import open_writer
from gateway.unit.model import Lane, Stage


@dataclass(frozen=True, slots=True)
class Receiving:
    """The half, and what in it a two-way side hands things over from."""

    half: Half
    acceptor: Acceptor


def accepting(
    desk: Desk,
    lane: Lane,
    opposite: OppositeLane | None = None,
    on_transient: Callable[[Sequence[bytes]], None] | None = None,
) -> Receiving:
    """A lane's link, which this process alone opens, into its queue `received`.

    opposite: the other lane of a two-way gate, for what comes back."""
    host, status = desk.host, desk.status(lane)
    settings, folder, link = host.settings, host.folder, host.settings.links[lane]
    received = open_writer(
        folder.queue(lane, Stage.RECEIVED),
        inline_limit_bytes=settings.inline_bytes * 2,
        reserve_bytes=settings.reserve_bytes,
    )
    shape = lane_shape(link)
    acceptor = Acceptor(
        open_receiving(link, shape),
        received,
        shape,
        LANE_NUMBERS[lane],
        lane_key(host, lane),
        desk.journal,
        status,
        AcceptSettings(
            folder=folder.state_of(Role.FERRY),
            inline_bytes=settings.inline_bytes * 2,
            retention_s=settings.keep_partial_s,
            reserve_bytes=settings.reserve_bytes,
        ),
        opposite=opposite,
        on_transient=on_transient,
    )
    half = Half(loops=[acceptor], closing=[acceptor.close, received.close])
    return Receiving(half, acceptor)
