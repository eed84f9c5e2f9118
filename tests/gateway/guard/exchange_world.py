"""Both guards of a two-way gate in one process, with real keys and readers, and no lane between them.

outer.clear --sealed--> inner.admit --> (performed) --> inner.clear --sealed--> outer.admit
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gateway.exchange.frames import Frame, FrameKind, FrameReader, encode_frame
from gateway.guard.ending import Endings
from gateway.guard.letting_go import Done
from gateway.guard.outstanding import Outstanding
from gateway.guard.requests import RequestJudge
from gateway.guard.seen import Seen
from gateway.guard.sessions import Sessions
from gateway.guard.together import alone
from gateway.identity.device import load_guard_identity
from gateway.identity.epoch_keys import EpochKeys, load_peer_epochs
from gateway.identity.lane_files import epochs_folder, peer_epochs_file
from gateway.identity.provision import provision
from gateway.identity.trust import load_trust
from gateway.inspection.chain import Role
from gateway.inspection.changing.here import hand_out_here
from gateway.inspection.changing.removed_places import Remover
from gateway.inspection.here import inspector_here
from gateway.policy.model import PolicySet
from gateway.receiving.live import LiveAdmitter
from gateway.receiving.transient import TransientAdmitter
from gateway.receiving.verify import Opener
from gateway.sending.live import LiveClearer
from gateway.sending.seal import Sealer
from gateway.sending.transient import TransientClearer
from gateway.sending.transient_seal import TransientSealer
from gateway.unit.decode import decode_manifest
from gateway.unit.encode import encode_captured
from gateway.unit.model import CapturedUnit, Kind, Lane, Manifest, Side, UnitBody
from gateway.unit.request import RequestBody, ResponseBody
from tests.gateway.policy.request_text import request_channel
from tests.support.requests import CALLER, CHANNEL, JSON, POLICY, request

ALL = frozenset(FrameKind)
SENDS = {Side.OUTER: Lane.IMPORT, Side.INNER: Lane.EXPORT}
RECEIVES = {Side.OUTER: Lane.EXPORT, Side.INNER: Lane.IMPORT}


@dataclass
class Guard:
    """One guard: what its edge and its ferry hand it, by hand."""

    clearer: TransientClearer
    admitter: TransientAdmitter
    asked: Outstanding
    let_in: Outstanding
    seal: TransientSealer
    live_clearer: LiveClearer
    sessions: Sessions
    endings: Endings
    heard: list[Done]

    def clear(self, frame: Frame) -> Done:
        (done,) = self.cleared(frame)
        return self.gone(done)

    def admit(self, frame: Frame) -> Done:
        (done,) = self.admitted(frame)
        return self.gone(done)

    def cleared(self, frame: Frame) -> list[Done]:
        return [alone(one) for one in self.clearer(frame)]

    def admitted(self, frame: Frame) -> list[Done]:
        return [alone(one) for one in self.admitter(frame)]

    def say(self, frame: Frame) -> list[Done]:
        """What the edge says of a session."""
        return list(self.live_clearer(frame))

    def hear(self, frame: Frame) -> list[Done]:
        """What the far side has sealed of a session, or of several."""
        self.heard.clear()
        self.admitted(frame)
        return list(self.heard)

    def gone(self, done: Done) -> Done:
        """As it is let go: what is for the ferry is sealed."""
        if done.unsealed is None:
            return done
        (frame,) = self.seal([done.unsealed])
        return replace(done, frame=frame)


@dataclass
class World:
    """policy: of each side; change it as a reload would."""

    folder: Path
    text: str = POLICY
    policy: dict[Side, PolicySet | None] = field(default_factory=dict)
    guards: dict[Side, Guard] = field(default_factory=dict)

    def __post_init__(self) -> None:
        provision(self.folder / "gate", "hospital-a", "two-way", now_ns=time.time_ns(), epochs=3)
        channel = request_channel(self.text)
        for side in Side:
            self.policy[side] = PolicySet({channel.name: channel}, "ab" * 32, ())
            self.start(side)

    def start(self, side: Side, floor: int = -1) -> None:
        """A guard as it starts: it knows nothing but what its journal says."""
        keys = self.folder / "gate" / side.value / "keys"
        identity = load_guard_identity(keys / "guard")
        trust = load_trust(keys / "trust", identity.name.peer())
        (self.folder / "scratch").mkdir(exist_ok=True)
        judges = {
            role: RequestJudge(
                side,
                lambda: self.policy[side],
                inspector_here(role, (), self.folder / "scratch"),
                Remover(hand_out_here),
            )
            for role in (Role.SENDING, Role.RECEIVING)
        }
        sealer = Sealer(identity, load_peer_epochs(peer_epochs_file(keys), trust), SENDS[side])
        opener = Opener(RECEIVES[side], trust, EpochKeys(epochs_folder(keys)))
        asked, let_in = Outstanding(), Outstanding()
        clear = TransientClearer(SENDS[side], judges[Role.SENDING], asked, let_in)
        sessions, heard = Sessions(), list[Done]()
        endings = Endings(sessions, judges[Role.SENDING], SENDS[side], RECEIVES[side])
        live_clear = LiveClearer(
            SENDS[side], judges[Role.SENDING], sessions, endings, let_in, clear.failed
        )
        live_admit = LiveAdmitter(RECEIVES[side], judges[Role.RECEIVING], sessions, endings, asked)
        admit = TransientAdmitter(
            RECEIVES[side], judges[Role.RECEIVING], opener, asked, let_in, Seen(floor), clear.failed,
            lambda *unit: heard.extend(live_admit(*unit)),
        )  # fmt: skip
        self.guards[side] = Guard(
            clear, admit, asked, let_in, TransientSealer(SENDS[side], sealer), live_clear, sessions,
            endings, heard,
        )  # fmt: skip

    @property
    def outer(self) -> Guard:
        return self.guards[Side.OUTER]

    @property
    def inner(self) -> Guard:
        return self.guards[Side.INNER]

    def asked(self, number: int = 2, content: bytes = b'{"a":1}', **changed: Any) -> Done:
        """A request of the outer edge at its guard. changed: fields of its head."""
        head = replace(request("order", "one", content, 5000), **changed)
        return self.outer.clear(captured(number, head, content))

    def let_in(self, number: int = 2) -> Manifest:
        """A request that both guards have let pass."""
        return admitted(self.inner.admit(frame_of(self.asked(number))))[0]

    def answered(
        self,
        request_number: int = 2,
        content: bytes = b'{"b":2}',
        number: int = 3,
        **changed: Any,
    ) -> Done:
        """An answer of the inner edge at its guard. changed: fields of its head."""
        head = ResponseBody(request_number, "order", 200, (), JSON, len(content))
        return self.inner.clear(captured(number, replace(head, **changed), content))


def captured(number: int, body: UnitBody, content: bytes, **changed: Any) -> Frame:
    """What an edge hands over."""
    caller = CALLER if isinstance(body, RequestBody) else ""
    unit = CapturedUnit(number, CHANNEL, Kind.REQUESTS, time.time_ns(), body, caller)
    head = encode_captured(replace(unit, **changed))
    return _read(encode_frame(FrameKind.CAPTURED, number, content, head))


def frame_of(done: Done) -> Frame:
    """What is let go."""
    return _read(done.frame)


def admitted(done: Done) -> tuple[Manifest, bytes]:
    frame = frame_of(done)
    assert frame.kind is FrameKind.ADMITTED, frame
    return decode_manifest(frame.head), frame.content


def _read(data: bytes) -> Frame:
    (frame,) = FrameReader(ALL).take(data)
    return frame
