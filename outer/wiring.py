"""The outer host's three processes of a one-way gate: capture, judge and seal, dispatch."""

from __future__ import annotations

import time
from pathlib import Path

from gateway.connectors.file.folder_source import FolderSource, WatchedFolder
from gateway.connectors.numbering import UnitNumbers
from gateway.guard.hop import Hop
from gateway.guard.patience import Patience
from gateway.identity.clearance import ClearanceFile
from gateway.identity.device import load_guard_identity
from gateway.identity.epoch_keys import load_peer_epochs
from gateway.inspection.chain import Role as Reading
from gateway.management.host import (
    Host,
    QueueStep,
    Reloaded,
    ScannerWatch,
    checkpointer,
    open_desk,
    open_inspector,
)
from gateway.management.lane import LANE_NUMBERS, lane_key, lane_shape, open_sending
from gateway.management.layout import Role
from gateway.management.process import Process, in_turn
from gateway.management.renewal import ExpiryWatch, KeysInForce
from gateway.management.set_aside import keep_aside
from gateway.policy.model import Channel
from gateway.sending.capture import Capturer
from gateway.sending.dispatch import Dispatcher, DispatchSettings
from gateway.sending.judge import Judge
from gateway.sending.seal import Sealer
from gateway.spool.epoch import claim_epoch
from gateway.spool.reader import open_reader
from gateway.spool.writer import open_writer
from gateway.unit.model import Lane, Stage

LANE = Lane.IMPORT


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


def guard(host: Host) -> Process:
    """Captured units inspected, judged and sealed into `cleared`. No network, no link."""
    desk = open_desk(host, Role.GUARD)
    settings, folder = host.settings, host.folder
    captured = open_reader(
        folder.queue(LANE, Stage.CAPTURED),
        keep_aside=keep_aside(settings, desk.journal, desk.board),
    )
    cleared = open_writer(
        folder.queue(LANE, Stage.CLEARED),
        inline_limit_bytes=settings.inline_bytes * 2,
        reserve_bytes=settings.reserve_bytes,
    )
    inspector = open_inspector(desk, Reading.SENDING)
    judge = Judge(LANE, desk.policy.current, inspector, _sealer(host), cleared.staging())
    keys = KeysInForce(lambda: judge.use(_sealer(host)), desk.journal, desk.board)
    expiry = ExpiryWatch(folder.keys, desk.board)
    hop = Hop(
        captured,
        cleared,
        judge,
        desk.journal,
        desk.board,
        stage=Stage.CLEARED,
        threads=settings.guard_threads,
        patience=Patience(lambda: inspector.answered),
    )
    return Process(
        "guard",
        [hop, QueueStep(Stage.CAPTURED, captured, desk.board), checkpointer(desk), expiry],
        desk.board,
        desk.journal,
        watches=[ScannerWatch(inspector, desk.board)],
        closing=[hop.close, inspector.close, captured.close, cleared.close, desk.close],
        reload=in_turn(desk.policy.reload, keys.reload, expiry.look),
    )


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


def _sealer(host: Host) -> Sealer:
    """The sealer of the keys that lie on disk now. Raises Misconfigured 40xx."""
    keys = host.folder.keys / "guard"
    identity = load_guard_identity(keys)
    return Sealer(identity, load_peer_epochs(keys / "peer-epochs.bundle", host.trust()), LANE)


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
