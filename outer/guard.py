"""The outer guard: captured units inspected, judged and sealed into `cleared`."""

from __future__ import annotations

from typing import Final

from gateway.guard.hop import Hop
from gateway.guard.patience import Patience
from gateway.identity.device import load_guard_identity
from gateway.identity.epoch_keys import load_peer_epochs
from gateway.inspection.chain import Role as Reading
from gateway.management.guarding import ScannerWatch, checkpointer, open_inspector
from gateway.management.host import (
    Host,
    QueueStep,
    open_desk,
)
from gateway.management.layout import Role
from gateway.management.process import Process, in_turn
from gateway.management.renewal import ExpiryWatch, KeysInForce
from gateway.management.set_aside import keep_aside
from gateway.sending.judge import Judge
from gateway.sending.seal import Sealer
from gateway.spool.reader import open_reader
from gateway.spool.writer import open_writer
from gateway.unit.model import Lane, Stage

LANE: Final = Lane.IMPORT


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
    judge = Judge(
        LANE, desk.policy.current, inspector, _sealer(host), cleared.staging(), holds=False
    )
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


def _sealer(host: Host) -> Sealer:
    """The sealer of the keys that lie on disk now. Raises Misconfigured 40xx."""
    keys = host.folder.keys / "guard"
    identity = load_guard_identity(keys)
    return Sealer(identity, load_peer_epochs(keys / "peer-epochs.bundle", host.trust()), LANE)
