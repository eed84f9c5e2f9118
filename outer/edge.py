"""The outer edge: watched folders to the queue `captured`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from gateway.connectors.file.folder_source import FolderSource, WatchedFolder
from gateway.connectors.numbering import UnitNumbers
from gateway.management.host import (
    Host,
    Reloaded,
    open_desk,
)
from gateway.management.layout import Role
from gateway.management.process import Process
from gateway.policy.model import Channel
from gateway.sending.capture import Capturer
from gateway.spool.writer import open_writer
from gateway.unit.model import Lane, Stage

LANE: Final = Lane.IMPORT


def edge(host: Host) -> Process:
    """Watched folders to the queue `captured`. No keys, no link."""
    desk = open_desk(host, Role.EDGE)
    settings = host.settings
    queue = open_writer(
        host.folder.queue(LANE, Stage.CAPTURED),
        inline_limit_bytes=settings.inline_bytes,
        reserve_bytes=settings.reserve_bytes,
    )
    numbers = UnitNumbers(host.folder.state_of(Role.EDGE) / "unit-numbers", time.time_ns)

    def capturer() -> Capturer:
        policy = desk.policy.current()
        channels = policy.of_lane(LANE) if policy is not None else ()
        sources = {channel.name: _source(channel) for channel in channels}
        return Capturer(sources, queue, numbers.next, desk.journal, desk.board)

    step = Reloaded(capturer, desk.policy)
    return Process(
        "edge",
        [step],
        desk.board,
        desk.journal,
        closing=[step.close, queue.close, desk.close],
        reload=step.reload,
    )


def _source(channel: Channel) -> FolderSource:
    source = channel.source
    return FolderSource(
        WatchedFolder(
            channel=channel.name,
            folder=Path(source.folder),
            names=source.names,
            writers=source.writers,
            settle_s=source.whole_when.unchanged_s,
            move_to=source.afterwards.move_to,
        )
    )
