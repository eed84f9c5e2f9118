"""Requests and answers in a guard of a two-way gate: both directions, in threads of their own.

    edge  --captured-->  judge, seal   --sealed-->  ferry       (the lane that this side sends on)
    edge  <--admitted--  open, judge   <--sealed--  ferry       (the lane that this side receives)

The threads are not those of the files, and the sandbox has children for them all, so that a large file
delays no request. Both directions share what they know of requests under way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.audit.event import Event, Status
from gateway.errors import Refused
from gateway.exchange.frames import Frame, FrameKind, encode_failed
from gateway.exchange.line import Listening, Trouble
from gateway.exchange.sockets import owner_of
from gateway.guard.counters import Counter
from gateway.guard.let_in import LetIn
from gateway.guard.letting_go import Done, LettingGo
from gateway.guard.outstanding import Outstanding
from gateway.guard.passing import Passing
from gateway.guard.requests import Remove, RequestJudge
from gateway.guard.seen import Seen
from gateway.guard.session_turns import SessionTurns
from gateway.identity.device import load_guard_identity
from gateway.identity.epoch_keys import EpochKeys, load_peer_epochs
from gateway.identity.lane_files import epochs_folder, peer_epochs_file
from gateway.inspection.chain import Inspector
from gateway.management.host import Desk, Host
from gateway.management.layout import Role
from gateway.management.wiring.half import Half, loading
from gateway.management.wiring.live_guard import session_turns
from gateway.policy.content_channel import content_channels
from gateway.policy.model import Channel
from gateway.receiving.transient import TransientAdmitter
from gateway.receiving.verify import Opener
from gateway.sending.seal import Sealer
from gateway.sending.transient import TransientClearer, unanswered
from gateway.sending.transient_seal import TransientSealer
from gateway.unit.counted import is_of
from gateway.unit.model import Lane
from gateway.unit.request import Consequence

# Numbers of the two hosts are even and odd (gateway.management.wiring.sending_edge).
HOSTS: Final = 2
_EXPIRE_S: Final = 0.25
# A message of a session by the clock, twice at most: all sessions wait for it, and what the far side has not
# heard of for long is over there (gateway.guard.sessions.SILENT_S).
MESSAGE_S: Final = 4.0


def exchanging(
    desk: Desk,
    sends: Lane,
    receives: Lane,
    sending: Inspector,
    receiving: Inspector,
    remove: Remove,
    counters: Mapping[Lane, Counter],
) -> Half:
    """The half of a guard for requests and answers: closed before those of the files, whose readers and
    scanners it uses. remove: takes places out of answers. counters: of the lanes' edges, shared with those.

    Raises Misconfigured 40xx, 5780, StateUncertain 5778.
    """
    host, status = desk.host, desk.status(sends)
    out, inn = _beside(desk, sending), _beside(desk, receiving)
    asked, let_in = Outstanding(), Outstanding()
    side, policy = host.settings.side, desk.policy.current
    seal = TransientSealer(sends, _sealer(host, sends))
    judges = RequestJudge(side, policy, out, remove), RequestJudge(side, policy, inn, remove)
    clearer = TransientClearer(sends, judges[0], asked, let_in, counters[sends])
    let_in_ever = _let_in(host, sends, receives)
    counters[sends].reached(let_in_ever.sent)
    seen = Seen(let_in_ever.floor, HOSTS)
    lines = _Lines(desk, status)
    in_time = (
        RequestJudge(side, policy, _beside(desk, sending, MESSAGE_S), remove),
        RequestJudge(side, policy, _beside(desk, receiving, MESSAGE_S), remove),
    )
    live = session_turns(
        sends, receives, in_time, (asked, let_in), clearer.failed,
        LettingGo(lines.to_edge, lines.to_ferry, seal, desk.journal, status), status,
    )  # fmt: skip
    admitter = TransientAdmitter(
        receives, judges[1], _opener(host, receives), asked, let_in, seen, clearer.failed,
        live.of_far_side, counters[receives],
    )  # fmt: skip
    letting_go = LettingGo(lines.to_edge, lines.to_ferry, seal, desk.journal, status)
    passing = Passing(host.settings.guard_threads, letting_go, _crowded)
    edge = _Edge(clearer, passing, live, letting_go, asked, let_in)
    lines.open(edge.came, lambda frames: passing.take(admitter, frames), edge.ended)

    def remember() -> None:
        let_in_ever.step(time.monotonic(), admitter.highest_seen, lambda: clearer.highest)
        live.step()

    return Half(
        steps=[_Expiring(passing, letting_go, (asked, let_in), status, remember)],
        closing=[lines.close, live.close, passing.close],
        load_keys=[
            loading(lambda: _sealer(host, sends), [seal.use]),
            loading(lambda: _opener(host, receives), [admitter.use]),
        ],
    )


def _let_in(host: Host, sends: Lane, receives: Lane) -> LetIn:
    return LetIn(
        host.folder.journal(Role.GUARD),
        host.folder.state_of(Role.GUARD) / "let-in.json",
        lambda number: is_of(number, receives.sender),
        lambda number: is_of(number, sends.sender),
    )


@dataclass(frozen=True, slots=True)
class _Edge:
    """What this side's edge has sent, and its end. asked, let_in: requests under way, of either side."""

    clearer: TransientClearer
    passing: Passing
    live: SessionTurns
    letting_go: LettingGo
    asked: Outstanding
    let_in: Outstanding

    def came(self, frames: list[Frame]) -> None:
        if captured := [frame for frame in frames if frame.kind is FrameKind.CAPTURED]:
            self.passing.take(self.clearer, captured)
        if of_sessions := [frame for frame in frames if frame.kind is FrameKind.LIVE]:
            self.live.of_edge(of_sessions)

    def ended(self) -> None:
        # Whoever performed has ended, and whoever waited: what comes now is for nobody. Both at once, so
        # that nothing of the next edge is among them.
        self.live.edge_ended()
        performing, waiting = self.let_in.give_up(), self.asked.give_up()
        done = [self.clearer.unanswered(one) for one in performing]
        self.letting_go.finish([*done, *(Done((unanswered(one, 5771),)) for one in waiting)])


class _Lines:
    """The three sockets of a guard."""

    def __init__(self, desk: Desk, status: Status) -> None:
        self._folder, self._status = desk.host.folder, status
        self._edge: Listening | None = None
        self._ferry: Listening | None = None
        self._open: list[Listening] = []

    def open(
        self,
        of_edge: Callable[[list[Frame]], None],
        of_ferry: Callable[[list[Frame]], None],
        edge_ended: Callable[[], None],
    ) -> None:
        """Listen. Raises Misconfigured 5780."""
        folder, ferry = self._folder, owner_of(self._folder.journal(Role.FERRY))
        edge, captured = (
            owner_of(folder.journal(Role.EDGE)),
            frozenset({FrameKind.CAPTURED, FrameKind.LIVE}),
        )
        self._edge = Listening(
            folder.edge_socket, edge, captured, of_edge, alarms(self._status), edge_ended
        )
        self._open.append(self._edge)
        self._ferry = Listening(
            folder.to_ferry_socket, ferry, frozenset(), on_trouble=alarms(self._status)
        )
        self._open.append(self._ferry)
        sealed = frozenset({FrameKind.SEALED})
        self._open.append(
            Listening(folder.from_ferry_socket, ferry, sealed, of_ferry, alarms(self._status))
        )

    def to_edge(self, frames: Iterable[bytes]) -> None:
        if self._edge is not None:
            self._edge.send(tuple(frames))

    def to_ferry(self, frames: Iterable[bytes]) -> None:
        if self._ferry is not None:
            self._ferry.send(tuple(frames))

    def close(self) -> None:
        for line in self._open:
            line.close()


def alarms(status: Status) -> Trouble:
    """Shows who was cut off, until a good neighbour comes."""

    def trouble(refused: Refused | None) -> None:
        if refused is not None:
            status.raise_alarm(refused.number, **refused.fields)
            return
        for number in (5767, 5781):
            status.clear_alarm(number)

    return trouble


class _Expiring:
    """Tells the journal of requests whose time is over, and ends the process with its threads.

    remember: keeps which requests were let in."""

    def __init__(
        self,
        passing: Passing,
        letting_go: LettingGo,
        tables: Iterable[Outstanding],
        status: Status,
        remember: Callable[[], None],
    ) -> None:
        self._passing, self._letting_go = passing, letting_go
        self._tables, self._status = tuple(tables), status
        self._remember = remember

    def step(self, _now_s: float) -> float:
        self._passing.step()
        self._remember()
        for table in self._tables:
            late = table.expire(time.monotonic())
            if late:
                self._letting_go.finish([Done((unanswered(one, 5763),)) for one in late])
        self._status.gauge("requests_under_way", sum(map(len, self._tables)))
        return _EXPIRE_S


def _crowded(frame: Frame) -> Done:
    """There is no room for it: the edge is told, and nobody else can be."""
    event = Event("request.refused", time.time_ns(), frame.number, number=5760)
    if frame.kind is not FrameKind.CAPTURED:
        return Done((event,))
    return Done((event,), encode_failed(frame.number, 5760, Consequence.UNAVAILABLE))


def _beside(desk: Desk, files: Inspector, within_s: float | None = None) -> Inspector:
    """The same readers and scanners for contents of requests and answers; within_s: of messages."""
    inspector = files.beside(within_s)
    desk.policy.prepare_with(
        lambda channels: inspector.prepare(
            view
            for channel in channels
            if within_s is None or _has_sessions(channel)
            for view in content_channels(channel)
        )
    )
    return inspector


def _has_sessions(channel: Channel) -> bool:
    operations = channel.requests.operations if channel.requests is not None else {}
    return any(one.live is not None for one in operations.values())


def _sealer(host: Host, lane: Lane) -> Sealer:
    keys = host.folder.keys
    identity = load_guard_identity(keys / "guard")
    return Sealer(identity, load_peer_epochs(peer_epochs_file(keys), host.trust()), lane)


def _opener(host: Host, lane: Lane) -> Opener:
    return Opener(lane, host.trust(), EpochKeys(epochs_folder(host.folder.keys)))
