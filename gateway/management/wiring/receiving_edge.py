"""The edge of a lane's receiver: admitted units into their destinations. No keys, no link."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gateway.connectors.file.folder_sink import DestinationFolder, FolderSink, OnClash
from gateway.management.host import Desk, QueueStep, Reloaded
from gateway.management.layout import Role
from gateway.management.set_aside import keep_aside
from gateway.management.wiring.half import Half
from gateway.policy.model import Channel
from gateway.receiving.admitted import read_admitted
from gateway.receiving.deliver import Deliverer, Others
from gateway.spool.model import QueueReader
from gateway.spool.reader import open_reader
from gateway.unit.model import Lane, Stage


def delivering(
    desk: Desk, lane: Lane, others: Callable[[QueueReader], Others] | None = None
) -> Half:
    """A lane's queue `admitted` into the destinations of its channels. others: is given the queue's end, for
    the units that are no files; closed before this half."""
    host, status = desk.host, desk.status(lane)
    admitted = open_reader(
        host.folder.queue(lane, Stage.ADMITTED),
        keep_aside=keep_aside(host.settings, desk.journal, status),
    )

    has_others = others(admitted) if others is not None else None

    def deliverer() -> Deliverer:
        policy = desk.policy.current()
        channels = policy.of_lane(lane) if policy is not None else ()
        sinks = {channel.name: _sink(desk, channel) for channel in channels}
        tries = {channel.name: channel.retry.times for channel in channels}
        return Deliverer(
            admitted, sinks, read_admitted, desk.journal, status, tries=tries, others=has_others
        )

    step = Reloaded(deliverer, desk.policy)
    return Half(
        steps=[step, QueueStep(Stage.ADMITTED, admitted, status)],
        closing=[step.close, admitted.close],
        reloads=[step.reload],
    )


def _sink(desk: Desk, channel: Channel) -> FolderSink:
    sink = channel.sink
    return FolderSink(
        DestinationFolder(
            channel=channel.name,
            folder=Path(sink.folder),
            ledger=desk.host.folder.state_of(Role.EDGE) / f"sink-{channel.name}",
            on_clash=OnClash(sink.on_clash.value),
            file_mode=sink.file_mode,
        )
    )
