"""Both guards of a two-way gate in one process: requests and answers as their queues hand them over."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gateway.guard.asked_file import AskedFile
from gateway.guard.durable_requests import Table, Tables
from gateway.guard.outcome import Exit, Outcome, Passed
from gateway.guard.requests import RequestJudge
from gateway.identity.device import load_guard_identity
from gateway.identity.epoch_keys import EpochKeys, load_peer_epochs
from gateway.identity.lane_files import epochs_folder, peer_epochs_file
from gateway.identity.provision import provision
from gateway.identity.trust import load_trust
from gateway.inspection.chain import Role
from gateway.inspection.changing.here import hand_out_here
from gateway.inspection.changing.removed_places import Remover
from gateway.inspection.here import inspector_here
from gateway.policy.model import Channel, PolicySet
from gateway.policy.operations import Operation
from gateway.receiving.admit import Admit
from gateway.receiving.durable_requests import DurableAdmitter
from gateway.receiving.verify import Opener
from gateway.sending.durable_requests import durable_clearer
from gateway.sending.judge import Judge
from gateway.sending.seal import Sealer
from gateway.spool.bodies import FileBody, InlineBody
from gateway.spool.model import Taken
from gateway.unit.decode import decode_manifest
from gateway.unit.encode import encode_captured
from gateway.unit.model import CapturedUnit, Kind, Lane, Manifest, Side, UnitBody
from gateway.unit.request import MAX_CONTENT_BYTES, RequestBody, ResponseBody
from gateway.unit.stages import Body
from tests.gateway.policy.request_text import request_channel
from tests.support.requests import CALLER, CHANNEL, JSON, POLICY, request

SENDS = {Side.OUTER: Lane.IMPORT, Side.INNER: Lane.EXPORT}
RECEIVES = {Side.OUTER: Lane.EXPORT, Side.INNER: Lane.IMPORT}


def large(channel: Channel) -> Channel:
    """Its answers may be so large that its calls go by queue."""
    requests = channel.requests
    assert requests is not None

    def larger(operation: Operation) -> Operation:
        answers = {
            status: replace(
                answer, content=replace(answer.content, most_bytes=MAX_CONTENT_BYTES + 1)
            )
            if answer.content is not None
            else answer
            for status, answer in operation.answers.items()
        }
        return replace(operation, answers=answers)

    operations = {name: larger(one) for name, one in requests.operations.items()}
    return replace(channel, requests=replace(requests, operations=operations))


def submitted(channel: Channel) -> Channel:
    assert channel.requests is not None
    return replace(channel, requests=replace(channel.requests, submit=True))


@dataclass
class Guard:
    judge: Judge
    admit: Admit
    tables: Tables


@dataclass
class DurableWorld:
    """made: what becomes of the channel of tests. two_way: a guard of one lane knows of no answers."""

    folder: Path
    made: Callable[[Channel], Channel] = large
    two_way: bool = True
    guards: dict[Side, Guard] = field(default_factory=dict)

    def __post_init__(self) -> None:
        provision(self.folder / "gate", "hospital-a", "two-way", now_ns=time.time_ns(), epochs=3)
        channel = self.made(request_channel(POLICY))
        self.policy = PolicySet({channel.name: channel}, "ab" * 32, ())
        for side in Side:
            self.guards[side] = self._guard(side)

    def start_anew(self, side: Side) -> None:
        """A guard was killed: what it holds in memory is gone."""
        self.guards[side] = self._guard(side)

    def _guard(self, side: Side) -> Guard:
        keys = self.folder / "gate" / side.value / "keys"
        identity = load_guard_identity(keys / "guard")
        trust = load_trust(keys / "trust", identity.name.peer())
        scratch, staging = self.folder / "scratch", self.folder / f"staging-{side.value}"
        scratch.mkdir(exist_ok=True)
        staging.mkdir(exist_ok=True)
        files = [AskedFile(self.folder / f"{side.value}-{name}") for name in ("asked", "let-in")]
        tables = Tables(*map(Table, files))
        known = tables if self.two_way else None
        readers = {role: inspector_here(role, (), scratch) for role in Role}
        remove = Remover(hand_out_here)
        asked = {
            role: RequestJudge(side, lambda: self.policy, readers[role], remove) for role in Role
        }
        sealer = Sealer(identity, load_peer_epochs(peer_epochs_file(keys), trust), SENDS[side])
        opener = Opener(RECEIVES[side], trust, EpochKeys(epochs_folder(keys)))
        clear = durable_clearer(SENDS[side], asked[Role.SENDING], known)
        let_in = DurableAdmitter(RECEIVES[side], asked[Role.RECEIVING], known)
        judge = Judge(
            SENDS[side], lambda: self.policy, readers[Role.SENDING], sealer, staging,
            holds=False, of_requests=clear,
        )  # fmt: skip
        admit = Admit(
            RECEIVES[side], lambda: self.policy, opener, readers[Role.RECEIVING], staging,
            of_requests=let_in,
        )  # fmt: skip
        return Guard(judge, admit, tables)

    def cleared(
        self, side: Side, number: int, body: UnitBody, content: bytes | Path, **changed: Any
    ) -> Outcome:
        """A unit of an edge at its guard."""
        caller = CALLER if isinstance(body, RequestBody) else ""
        unit = CapturedUnit(number, CHANNEL, Kind.REQUESTS, time.time_ns(), body, caller)
        header = encode_captured(replace(unit, **changed))
        return self.guards[side].judge(Taken(number, header, held(content), 1))

    def admitted(self, side: Side, cleared: Outcome) -> Outcome:
        """The same at the other guard."""
        assert isinstance(cleared, Passed), cleared
        entry = cleared.entry
        return self.guards[side].admit(Taken(entry.number, entry.header, held(entry.body), 1))

    def across(
        self, side: Side, number: int, body: UnitBody, content: bytes | Path
    ) -> tuple[Manifest, bytes | Path]:
        """What the far edge finds of it."""
        other = Side.INNER if side is Side.OUTER else Side.OUTER
        outcome = self.admitted(other, self.cleared(side, number, body, content))
        assert isinstance(outcome, Passed), outcome
        manifest = decode_manifest(outcome.entry.header)
        found = outcome.entry.body
        read = found.read_bytes() if isinstance(found, Path) else found
        assert manifest.body_sha256 == hashlib.sha256(read).digest()
        return manifest, found


def held(content: bytes | Path) -> Body:
    if isinstance(content, Path):
        return FileBody(content, content.stat().st_size)
    return InlineBody(content)


def refused(outcome: Outcome) -> int:
    assert isinstance(outcome, Exit), outcome
    return outcome.number


def order(content: bytes = b'{"a":1}') -> RequestBody:
    return request("order", "one", content, 5000)


def answer(request_number: int, content: bytes = b'{"b":2}', status: int = 200) -> ResponseBody:
    return ResponseBody(request_number, "order", status, (), JSON if content else "", len(content))
