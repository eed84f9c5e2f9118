"""The edge of a lane's sender: watched folders to the queue `captured`. No keys, no link."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from gateway.connectors.file.folder_source import FolderSource, WatchedFolder
from gateway.connectors.numbering import UnitNumbers
from gateway.management.host import Desk, Reloaded
from gateway.management.layout import Role
from gateway.management.wiring.half import Half
from gateway.policy.model import Channel
from gateway.sending.capture import Capturer
from gateway.spool.model import QueueWriter
from gateway.spool.writer import open_writer
from gateway.unit.model import Lane, Side, Stage


def unit_numbers(desk: Desk) -> UnitNumbers:
    """The counter of this host: made once a process, whatever takes numbers from it.

    Both hosts of a two-way gate count: the outer one gives even numbers, the inner one odd ones.
    """
    settings = desk.host.settings
    return UnitNumbers(
        desk.host.folder.state_of(Role.EDGE) / "unit-numbers",
        time.time_ns,
        every=2 if settings.is_two_way else 1,
        place=1 if settings.is_two_way and settings.side is Side.INNER else 0,
    )


def capturing(
    desk: Desk,
    lane: Lane,
    numbers: UnitNumbers,
    also: Callable[[QueueWriter], None] | None = None,
) -> Half:
    """Watched folders of a lane's channels to its queue `captured`. also: is given the queue's end, for the
    requests of this process; closed before this half."""
    settings, status = desk.host.settings, desk.status(lane)
    queue = open_writer(
        desk.host.folder.queue(lane, Stage.CAPTURED),
        inline_limit_bytes=settings.inline_bytes,
        reserve_bytes=settings.reserve_bytes,
    )

    if also is not None:
        also(queue)

    def capturer() -> Capturer:
        policy = desk.policy.current()
        channels = policy.of_lane(lane) if policy is not None else ()
        sources = {channel.name: _source(channel) for channel in channels}
        return Capturer(sources, queue, numbers.next, desk.journal, status)

    step = Reloaded(capturer, desk.policy)
    return Half(steps=[step], closing=[step.close, queue.close], reloads=[step.reload])


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
