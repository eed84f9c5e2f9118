"""The inner host's three processes of a one-way gate: accept, verify and admit, deliver."""

from __future__ import annotations

from pathlib import Path

from gateway.connectors.file.folder_sink import DestinationFolder, FolderSink, OnClash
from gateway.guard.hop import Hop
from gateway.guard.patience import Patience
from gateway.identity.epoch_keys import EpochKeys
from gateway.inspection.chain import Role as Reading
from gateway.management.host import (
    Host,
    Hourly,
    QueueStep,
    Reloaded,
    ScannerWatch,
    checkpointer,
    open_desk,
    open_inspector,
)
from gateway.management.lane import LANE_NUMBERS, lane_key, lane_shape, open_receiving
from gateway.management.layout import Role
from gateway.management.process import Process, in_turn
from gateway.management.renewal import ExpiryWatch, KeysInForce
from gateway.management.set_aside import keep_aside
from gateway.policy.model import Channel
from gateway.receiving.accept import Acceptor, AcceptSettings
from gateway.receiving.admit import Admit, read_admitted
from gateway.receiving.deliver import Deliverer
from gateway.receiving.verify import Opener
from gateway.spool.reader import open_reader
from gateway.spool.writer import open_writer
from gateway.unit.model import Lane, Stage

LANE = Lane.IMPORT


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


def guard(host: Host) -> Process:
    """Received units verified, inspected anew and judged into `admitted`. No network, no link."""
    desk = open_desk(host, Role.GUARD)
    settings, folder = host.settings, host.folder
    received = open_reader(
        folder.queue(LANE, Stage.RECEIVED),
        keep_aside=keep_aside(settings, desk.journal, desk.board),
    )
    admitted = open_writer(
        folder.queue(LANE, Stage.ADMITTED),
        inline_limit_bytes=settings.inline_bytes,
        reserve_bytes=settings.reserve_bytes,
    )
    inspector = open_inspector(desk, Reading.RECEIVING)
    opener = _opener(host)
    admit = Admit(LANE, desk.policy.current, opener, inspector, admitted.staging())

    def take_keys() -> None:
        nonlocal opener
        opener = _opener(host)
        admit.use(opener)

    keys = KeysInForce(take_keys, desk.journal, desk.board)
    expiry = ExpiryWatch(folder.keys, desk.board)
    hop = Hop(
        received,
        admitted,
        admit,
        desk.journal,
        desk.board,
        stage=Stage.ADMITTED,
        threads=settings.guard_threads,
        patience=Patience(lambda: inspector.answered),
    )
    return Process(
        "guard",
        [
            hop,
            QueueStep(Stage.RECEIVED, received, desk.board),
            checkpointer(desk),
            Hourly(lambda now_ns: opener.purge(now_ns)),
            expiry,
        ],
        desk.board,
        desk.journal,
        watches=[ScannerWatch(inspector, desk.board)],
        closing=[hop.close, inspector.close, received.close, admitted.close, desk.close],
        reload=in_turn(desk.policy.reload, keys.reload, expiry.look),
    )


def _opener(host: Host) -> Opener:
    """The opener of the keys and of the trust that lie on disk now. Raises Misconfigured 40xx."""
    return Opener(LANE, host.trust(), EpochKeys(host.folder.keys / "guard" / "epochs"))


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
