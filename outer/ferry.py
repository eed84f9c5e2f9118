"""The outer ferry: sealed units from `cleared` onto the link."""

from __future__ import annotations

import time
from typing import Final

from gateway.identity.clearance import ClearanceFile
from gateway.management.host import (
    Host,
    open_desk,
)
from gateway.management.lane import LANE_NUMBERS, lane_key, lane_shape, open_sending
from gateway.management.layout import Role
from gateway.management.process import Process
from gateway.management.set_aside import keep_aside
from gateway.sending.dispatch import Dispatcher, DispatchSettings
from gateway.spool.epoch import claim_epoch
from gateway.spool.reader import open_reader
from gateway.unit.model import Lane, Stage

LANE: Final = Lane.IMPORT


def ferry(host: Host) -> Process:
    """Sealed units from `cleared` onto the link. The only opener of the link; opens no unit."""
    desk = open_desk(host, Role.FERRY)
    settings, folder = host.settings, host.folder
    cleared = open_reader(
        folder.queue(LANE, Stage.CLEARED),
        keep_age_s=settings.keep_sent_s,
        keep_bytes=settings.keep_sent_bytes,
        keep_aside=keep_aside(settings, desk.journal, desk.board),
    )
    shape = lane_shape(settings.link)
    check = ClearanceFile(folder.keys / "ferry" / "clearance.pub", LANE)
    dispatcher = Dispatcher(
        cleared,
        open_sending(settings.link, shape),
        shape,
        LANE_NUMBERS[LANE],
        claim_epoch(
            folder.state_of(Role.FERRY), f"{LANE.value}-session", at_least=int(time.time())
        ),
        lane_key(host),
        check.holds,
        desk.journal,
        desk.board,
        DispatchSettings(
            folder=folder.state_of(Role.FERRY),
            control=folder.control(Role.FERRY),
            rate_bits_per_s=settings.link.rate_bits_per_s,
            interleave_blocks=settings.link.interleave_blocks,
        ),
    )
    return Process(
        "ferry",
        [],
        desk.board,
        desk.journal,
        loop=dispatcher,
        closing=[dispatcher.close, cleared.close, desk.close],
    )
