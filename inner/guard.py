"""The inner guard: received units verified, inspected anew and judged into `admitted`."""

from __future__ import annotations

from typing import Final

from gateway.guard.hop import Hop
from gateway.guard.patience import Patience
from gateway.identity.epoch_keys import EpochKeys
from gateway.inspection.chain import Role as Reading
from gateway.management.guarding import ScannerWatch, checkpointer, open_inspector
from gateway.management.host import (
    Host,
    Hourly,
    QueueStep,
    open_desk,
)
from gateway.management.layout import Role
from gateway.management.process import Process, in_turn
from gateway.management.renewal import ExpiryWatch, KeysInForce
from gateway.management.set_aside import keep_aside
from gateway.receiving.admit import Admit
from gateway.receiving.verify import Opener
from gateway.spool.reader import open_reader
from gateway.spool.writer import open_writer
from gateway.unit.model import Lane, Stage

LANE: Final = Lane.IMPORT


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
