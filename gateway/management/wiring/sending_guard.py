"""The guard of a lane's sender: captured units inspected, judged and sealed into `cleared`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.guard.hop import Hop
from gateway.guard.kept_back import KEPT_BACK_BYTES, NextQueue
from gateway.guard.patience import Patience
from gateway.identity.device import load_guard_identity
from gateway.identity.epoch_keys import load_peer_epochs
from gateway.identity.lane_files import peer_epochs_file
from gateway.inspection.chain import Inspector
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.management.guarding import ScannerWatch, open_inspector
from gateway.management.host import Desk, Host, QueueStep
from gateway.management.set_aside import keep_aside
from gateway.management.wiring.decided import Decided
from gateway.management.wiring.durable_guard import DurableWay
from gateway.management.wiring.half import Half, loading
from gateway.sending.judge import RANKS, Judge, rank
from gateway.sending.seal import Sealer
from gateway.spool.reader import open_reader
from gateway.spool.unanswered import Unanswered
from gateway.spool.writer import open_writer
from gateway.unit.model import Lane, Stage

# What is sent is answered when it has been announced three times (2 s), with the next commit of the ferry
# (0.25 s), and seen a quarter of a second later: till then it is counted as if it were still to be sent. The
# rest is for the next ones to be sealed. 5 GB at 10 Gbit/s.
_ENOUGH_S: Final = 4.0
# On a slow lane: small against a disk, and more than two threads seal in a second.
_ENOUGH_BYTES: Final = 512 << 20


@dataclass(frozen=True, slots=True)
class Clearing:
    """The half, and the readers and scanners that requests of this lane use too."""

    half: Half
    inspector: Inspector


def clearing(desk: Desk, lane: Lane, sandbox: Sandbox, way: DurableWay) -> Clearing:
    """A lane's captured units judged and sealed; way: of requests among them.

    On the inner host people decide on what is held, and what a channel wants written anew is written anew
    before it is sealed.
    """
    host, status = desk.host, desk.status(lane)
    settings, folder = host.settings, host.folder
    captured = open_reader(
        folder.queue(lane, Stage.CAPTURED),
        keep_aside=keep_aside(settings, desk.journal, status),
    )
    enough_bytes = _enough_bytes(settings.links[lane].rate_bits_per_s)
    unanswered = Unanswered(folder.queue(lane, Stage.CLEARED), KEPT_BACK_BYTES, RANKS, rank)
    cleared = open_writer(
        folder.queue(lane, Stage.CLEARED),
        inline_limit_bytes=settings.inline_bytes * 2,
        reserve_bytes=settings.reserve_bytes,
        unanswered=unanswered,
    )
    inspector = open_inspector(desk, sandbox, lane)
    decided = Decided(desk, lane, inspector)
    sealer = _sealer(host, lane)
    judge = Judge(
        lane,
        desk.policy.current,
        inspector,
        sealer,
        cleared.staging(),
        holds=decided.holds,
        rewriter=decided.rewriter,
        of_requests=way.clearer(lane, inspector),
        counter=way.counter(lane, cleared),
    )
    hop = Hop(
        captured,
        cleared,
        decided.work(judge, Stage.CAPTURED, cleared, Stage.CLEARED),
        desk.recorder(lane),
        status,
        stage=Stage.CLEARED,
        threads=settings.guard_threads,
        patience=Patience(lambda: inspector.answered),
        channel_of=judge.channel_of,
        next_queue=NextQueue(unanswered.figures, enough_bytes, RANKS, judge.rank_of),
    )

    users: list[Callable[[Sealer], None]] = [judge.use]
    if settings.is_two_way:
        from gateway.management.wiring.outcomes import telling

        teller = telling(desk, cleared, sealer, status)
        decided.steps.append(teller)
        users.append(teller.use)

    half = Half(
        steps=[hop, *decided.steps, QueueStep(Stage.CAPTURED, captured, status)],
        watches=[ScannerWatch(inspector, status)],
        closing=[hop.close, *decided.closing, captured.close, cleared.close],
        load_keys=[loading(lambda: _sealer(host, lane), users)],
    )
    return Clearing(half, inspector)


def _enough_bytes(rate_bits_per_s: int) -> int:
    """What the lane needs behind what it sends, so that it never runs dry."""
    return max(_ENOUGH_BYTES, int(rate_bits_per_s / 8 * _ENOUGH_S))


def _sealer(host: Host, lane: Lane) -> Sealer:
    """The sealer of the keys that lie on disk now. Raises Misconfigured 40xx."""
    keys = host.folder.keys
    identity = load_guard_identity(keys / "guard")
    return Sealer(identity, load_peer_epochs(peer_epochs_file(keys), host.trust()), lane)
