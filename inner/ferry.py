"""The inner ferry: what comes over the link into `received`."""

from __future__ import annotations

from typing import Final

from gateway.management.host import (
    Host,
    open_desk,
)
from gateway.management.lane import LANE_NUMBERS, lane_key, lane_shape, open_receiving
from gateway.management.layout import Role
from gateway.management.process import Process
from gateway.receiving.accept import Acceptor, AcceptSettings
from gateway.spool.writer import open_writer
from gateway.unit.model import Lane, Stage

LANE: Final = Lane.IMPORT


def ferry(host: Host) -> Process:
    """What comes over the link into `received`. The only opener of the link; opens no unit."""
    desk = open_desk(host, Role.FERRY)
    settings, folder = host.settings, host.folder
    received = open_writer(
        folder.queue(LANE, Stage.RECEIVED),
        inline_limit_bytes=settings.inline_bytes * 2,
        reserve_bytes=settings.reserve_bytes,
    )
    shape = lane_shape(settings.link)
    acceptor = Acceptor(
        open_receiving(settings.link, shape),
        received,
        shape,
        LANE_NUMBERS[LANE],
        lane_key(host),
        desk.journal,
        desk.board,
        AcceptSettings(
            folder=folder.state_of(Role.FERRY),
            inline_bytes=settings.inline_bytes * 2,
            retention_s=settings.keep_partial_s,
            reserve_bytes=settings.reserve_bytes,
        ),
    )
    return Process(
        "ferry",
        [],
        desk.board,
        desk.journal,
        loop=acceptor,
        closing=[acceptor.close, received.close, desk.close],
    )
