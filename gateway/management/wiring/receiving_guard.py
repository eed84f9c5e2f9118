"""The guard of a lane's receiver: received units verified, inspected anew and judged into `admitted`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.guard.hop import Hop
from gateway.guard.outcome import AnyWork
from gateway.guard.patience import Patience
from gateway.identity.epoch_keys import EpochKeys
from gateway.identity.lane_files import epochs_folder
from gateway.inspection.chain import Inspector
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.management.guarding import ScannerWatch, open_inspector
from gateway.management.host import Desk, Host, Hourly, QueueStep
from gateway.management.set_aside import keep_aside
from gateway.management.wiring.decided import Decided
from gateway.management.wiring.durable_guard import DurableWay
from gateway.management.wiring.half import Half, loading
from gateway.receiving.admit import Admit
from gateway.receiving.verify import Opener
from gateway.spool.reader import open_reader
from gateway.spool.writer import open_writer
from gateway.unit.model import Lane, Stage


@dataclass(frozen=True, slots=True)
class Admitting:
    """The half, and the readers and scanners that requests of this lane use too."""

    half: Half
    inspector: Inspector


def admitting(desk: Desk, lane: Lane, sandbox: Sandbox, way: DurableWay) -> Admitting:
    """A lane's received units opened, verified and judged; way: of requests among them.

    On the inner host people decide on what is held, and what a channel wants written anew is written anew
    before it is admitted.
    """
    host, status = desk.host, desk.status(lane)
    settings, folder = host.settings, host.folder
    received = open_reader(
        folder.queue(lane, Stage.RECEIVED),
        keep_aside=keep_aside(settings, desk.journal, status),
    )
    admitted = open_writer(
        folder.queue(lane, Stage.ADMITTED),
        inline_limit_bytes=settings.inline_bytes,
        reserve_bytes=settings.reserve_bytes,
    )
    inspector = open_inspector(desk, sandbox, lane)
    opener = _opener(host, lane)
    decided = Decided(desk, lane, inspector)
    admit = Admit(
        lane, desk.policy.current, opener, inspector, admitted.staging(), decided.rewriter,
        holds=decided.holds, of_requests=way.admitter(lane, inspector, admitted.forgot),
        forgot=admitted.forgot, counter=way.counter(lane, admitted),
    )  # fmt: skip
    work = decided.work(admit, Stage.RECEIVED, admitted, Stage.ADMITTED)
    purging = _Purging(opener)
    users: list[Callable[[Opener], None]] = [admit.use, purging.use]
    work_on: AnyWork = work
    if settings.is_two_way:
        from gateway.management.wiring.outcomes import hearing, refusals

        decided.steps.append(refusals(desk, lane.opposite, admitted, status))
        heard = hearing(desk, work, opener)
        work_on = heard
        users.append(heard.use)
    hop = Hop(
        received,
        admitted,
        work_on,
        desk.recorder(lane),
        status,
        stage=Stage.ADMITTED,
        threads=settings.guard_threads,
        patience=Patience(lambda: inspector.answered),
        channel_of=admit.channel_of,
    )

    half = Half(
        steps=[
            hop,
            *decided.steps,
            QueueStep(Stage.RECEIVED, received, status),
            Hourly(purging.purge),
        ],
        watches=[ScannerWatch(inspector, status)],
        closing=[hop.close, *decided.closing, received.close, admitted.close],
        load_keys=[loading(lambda: _opener(host, lane), users)],
    )
    return Admitting(half, inspector)


class _Purging:
    """Lets the keys of past epochs go, of the opener that is in use."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener

    def use(self, opener: Opener) -> None:
        self._opener = opener

    def purge(self, now_ns: int) -> None:
        self._opener.purge(now_ns)


def _opener(host: Host, lane: Lane) -> Opener:
    """The opener of the keys and of the trust that lie on disk now. Raises Misconfigured 40xx."""
    return Opener(lane, host.trust(), EpochKeys(epochs_folder(host.folder.keys)))
