"""The inner guard: received units verified, inspected anew and judged into `admitted`."""

from __future__ import annotations

from typing import Final

from gateway.guard.hop import Hop
from gateway.guard.patience import Patience
from gateway.identity.epoch_keys import EpochKeys
from gateway.inspection.chain import Role as Reading
from gateway.management.guarding import (
    ScannerWatch,
    checkpointer,
    open_inspector,
)
from gateway.management.host import (
    Desk,
    Host,
    Hourly,
    QueueStep,
    open_desk,
)
from gateway.management.layout import Role
from gateway.management.process import Process, in_turn
from gateway.management.renewal import ExpiryWatch, KeysInForce
from gateway.management.rewriting import open_rewriter
from gateway.management.set_aside import keep_aside
from gateway.receiving.admit import Admit
from gateway.receiving.held_desk import HeldDesk
from gateway.receiving.held_inbox import Inbox
from gateway.receiving.held_judging import Reopening
from gateway.receiving.held_noting import Noting, approval_of
from gateway.receiving.held_page import Pages
from gateway.receiving.held_watch import HeldWatch
from gateway.receiving.verify import Opener
from gateway.spool.held import HeldFolder
from gateway.spool.model import QueueWriter
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
    rewriter, handing_out = open_rewriter(desk, inspector)
    opener = _opener(host)
    admit = Admit(LANE, desk.policy.current, opener, inspector, admitted.staging(), rewriter)

    def take_keys() -> None:
        nonlocal opener
        opener = _opener(host)
        admit.use(opener)

    keys = KeysInForce(take_keys, desk.journal, desk.board)
    expiry = ExpiryWatch(folder.keys, desk.board)
    pages = Pages(folder.held)
    hop = Hop(
        received,
        admitted,
        Noting(admit, pages, desk.policy.current),
        desk.journal,
        desk.board,
        stage=Stage.ADMITTED,
        threads=settings.guard_threads,
        patience=Patience(lambda: inspector.answered),
    )
    held = _held_desk(desk, admit, pages, admitted)
    return Process(
        "guard",
        [
            hop,
            held,
            QueueStep(Stage.RECEIVED, received, desk.board),
            checkpointer(desk),
            Hourly(lambda now_ns: opener.purge(now_ns)),
            expiry,
        ],
        desk.board,
        desk.journal,
        watches=[ScannerWatch(inspector, desk.board)],
        closing=[
            hop.close,
            held.close,
            inspector.close,
            handing_out.close,
            received.close,
            admitted.close,
            desk.close,
        ],
        reload=in_turn(desk.policy.reload, keys.reload, expiry.look),
    )


def _held_desk(desk: Desk, admit: Admit, pages: Pages, admitted: QueueWriter) -> HeldDesk:
    """What people decide about held units, done. Raises StateUncertain 6501."""
    policy, folder = desk.policy.current, desk.host.folder
    units = HeldFolder(folder.queue(LANE, Stage.RECEIVED))
    return HeldDesk(
        units,
        pages,
        Inbox(
            folder.approvals,
            units,
            pages,
            lambda channel: approval_of(policy(), channel),
            desk.journal,
            desk.board,
        ),
        HeldWatch(units, pages, desk.board),
        Reopening(admit, admit.release, admitted.staging()),
        admitted,
        policy,
        desk.journal,
        desk.board,
    )


def _opener(host: Host) -> Opener:
    """The opener of the keys and of the trust that lie on disk now. Raises Misconfigured 40xx."""
    return Opener(LANE, host.trust(), EpochKeys(host.folder.keys / "guard" / "epochs"))
