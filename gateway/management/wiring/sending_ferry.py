"""The ferry of a lane's sender: sealed units from `cleared` onto the link. Opens no unit, receives none."""

from __future__ import annotations

import time
from dataclasses import dataclass

from gateway.identity.clearance import ClearanceFile
from gateway.identity.lane_files import clearance_file
from gateway.management.host import Desk
from gateway.management.lane import LANE_NUMBERS, lane_key, lane_shape
from gateway.management.layout import Role
from gateway.management.sending_end import open_sending
from gateway.management.set_aside import keep_aside
from gateway.management.wiring.half import Half
from gateway.sending.dispatch import Dispatcher, DispatchSettings
from gateway.sending.two_way import MakeReturning, Urgent
from gateway.spool.epoch import claim_epoch
from gateway.spool.reader import open_reader
from gateway.unit.model import Lane, Stage


@dataclass(frozen=True, slots=True)
class Sending:
    """The half, and what in it a two-way side hands things over to."""

    half: Half
    dispatcher: Dispatcher


def dispatching(
    desk: Desk,
    lane: Lane,
    transient: Urgent | None = None,
    returning: MakeReturning | None = None,
) -> Sending:
    """A lane's queue `cleared` onto its link, which this process alone opens. transient, returning: of
    two ways."""
    host, status = desk.host, desk.status(lane)
    settings, folder, link = host.settings, host.folder, host.settings.links[lane]
    cleared = open_reader(
        folder.queue(lane, Stage.CLEARED),
        keep_age_s=settings.keep_sent_s,
        keep_bytes=settings.keep_sent_bytes,
        keep_aside=keep_aside(settings, desk.journal, status),
    )
    shape = lane_shape(link)
    check = ClearanceFile(clearance_file(folder.keys, lane), lane)
    dispatcher = Dispatcher(
        cleared,
        open_sending(link, shape),
        shape,
        LANE_NUMBERS[lane],
        claim_epoch(
            folder.state_of(Role.FERRY), f"{lane.value}-session", at_least=int(time.time())
        ),
        lane_key(host, lane),
        check.holds,
        desk.journal,
        status,
        DispatchSettings(
            folder=folder.state_of(Role.FERRY),
            control=folder.control(Role.FERRY),
            rate_bits_per_s=link.rate_bits_per_s,
            interleave_blocks=link.interleave_blocks,
        ),
        transient,
        returning,
    )
    half = Half(loops=[dispatcher], closing=[dispatcher.close, cleared.close])
    return Sending(half, dispatcher)
