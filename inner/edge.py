"""The inner edge: admitted units into their destinations."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gateway.connectors.file.folder_sink import DestinationFolder, FolderSink, OnClash
from gateway.management.host import (
    Host,
    QueueStep,
    Reloaded,
    open_desk,
)
from gateway.management.layout import Role
from gateway.management.process import Process
from gateway.management.set_aside import keep_aside
from gateway.policy.model import Channel
from gateway.receiving.admitted import read_admitted
from gateway.receiving.deliver import Deliverer
from gateway.spool.reader import open_reader
from gateway.unit.model import Lane, Stage

LANE: Final = Lane.IMPORT


def edge(host: Host) -> Process:
    """Admitted units into their destinations. No keys, no link."""
    desk = open_desk(host, Role.EDGE)
    admitted = open_reader(
        host.folder.queue(LANE, Stage.ADMITTED),
        keep_aside=keep_aside(host.settings, desk.journal, desk.board),
    )

    def deliverer() -> Deliverer:
        policy = desk.policy.current()
        channels = policy.of_lane(LANE) if policy is not None else ()
        sinks = {channel.name: _sink(host, channel) for channel in channels}
        tries = {channel.name: channel.retry.times for channel in channels}
        return Deliverer(admitted, sinks, read_admitted, desk.journal, desk.board, tries=tries)

    step = Reloaded(deliverer, desk.policy)
    return Process(
        "edge",
        [step, QueueStep(Stage.ADMITTED, admitted, desk.board)],
        desk.board,
        desk.journal,
        closing=[step.close, admitted.close, desk.close],
        reload=step.reload,
    )


def _sink(host: Host, channel: Channel) -> FolderSink:
    sink = channel.sink
    return FolderSink(
        DestinationFolder(
            channel=channel.name,
            folder=Path(sink.folder),
            ledger=host.folder.state_of(Role.EDGE) / f"sink-{channel.name}",
            on_clash=OnClash(sink.on_clash.value),
            file_mode=sink.file_mode,
        )
    )
