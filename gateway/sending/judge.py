"""The sending guard's work on one unit: captured -> judged -> cleared -> sealed.

The only maker of Cleared: whoever holds one holds a unit that the policy in force lets pass.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import Field, Refused
from gateway.guard.counters import Counter
from gateway.guard.held_file import Marks, hold, marks
from gateway.guard.judgement import Judgement, decision_fields, judge
from gateway.guard.outcome import Exit, Outcome, Passed, Wait
from gateway.inspection.chain import Inspector, bytes_body, file_body
from gateway.policy.evaluate import Result
from gateway.policy.model import Channel, PolicySet, Priority
from gateway.policy.rate import TokenBucket
from gateway.sending.seal import Sealer
from gateway.spool.model import Entry, Taken
from gateway.unit.decode import decode_captured
from gateway.unit.model import CapturedUnit, FileBody, Kind, Lane, Stage
from gateway.unit.stages import Body, Cleared

if TYPE_CHECKING:
    from gateway.guard.durable_requests import Judged
    from gateway.guard.rewriting import Rewriter, Rewritten

# Without a policy set nothing is judged; the set may come at any moment by a reload.
NO_POLICY_WAIT_S: Final = 2.0
# An edge takes one attempt to let go of a file; whoever writes for longer is not done with it.
CHANGES_ALLOWED: Final = 3
CHANGED_WAIT_S: Final = 0.5
# Read at once to hash a body.
_PIECE_BYTES: Final = 1 << 20
# The queue header of a cleared unit, which the ferry reads: most urgent first.
_PRIORITY: Final = {Priority.HIGH: b"\0", Priority.NORMAL: b"\1", Priority.LOW: b"\2"}
RANKS: Final = len(_PRIORITY)


def rank(cleared: Entry) -> int:
    """How urgent a cleared unit is: 0 goes first, RANKS - 1 last."""
    return int.from_bytes(cleared.header[:1])


class Judge:
    """Judges captured units of one lane and seals those that pass.

    policy: gives the set in force, None where there is none (then every unit waits).
    staging: gives a new path for the sealed file of a large unit, by number.
    holds: whether people can release on this host what a line holds. Where they cannot, it goes on to
    the receiving guard, which judges by itself and holds; all that refuses refuses here as well.
    rewriter: of the inner host, which writes units anew before they are sealed.
    of_requests: judges requests and answers that come through the queue, by rules of their own; None refuses
    them. counter: of the edge whose units these are. Safe to call from several threads for different units.
    """

    def __init__(
        self,
        lane: Lane,
        policy: Callable[[], PolicySet | None],
        inspector: Inspector,
        sealer: Sealer,
        staging: Path,
        *,
        holds: bool,
        rewriter: Rewriter | None = None,
        of_requests: Callable[[CapturedUnit, Body], Judged] | None = None,
        counter: Counter | None = None,
    ) -> None:
        self._lane, self._holds = lane, holds
        self._counter = counter or Counter()
        self._rewriter = rewriter
        self._of_requests = of_requests
        self._policy = policy
        self._inspector = inspector
        self._sealer = sealer
        self._staging = staging
        self._buckets: dict[tuple[str, str], TokenBucket] = {}
        self._buckets_lock = threading.Lock()

    def use(self, sealer: Sealer) -> None:
        """Seal with this one from the next unit on; a unit under way is finished by the one before."""
        self._sealer = sealer

    def __call__(self, taken: Taken) -> Outcome:
        """Judge and seal one captured unit. Raises Unavailable 33xx (scanners) and Refused."""
        return self._work(taken, is_released=False)

    def release(self, taken: Taken) -> Outcome:
        """The same for a unit that people have released: what would hold it does not, and whatever
        refuses it now does. Raises as a call does."""
        return self._work(taken, is_released=True)

    def channel_of(self, taken: Taken) -> str:
        """Whose unit it says it is; "" where that is no channel here.

        Names without end would each have a turn before those that are known.
        """
        policy = self._policy()
        try:
            name = decode_captured(taken.header).channel
        except Refused:
            return ""
        return name if policy is not None and name in policy.channels else ""

    def rank_of(self, channel: str) -> int:
        """How urgent what it sends is, as rank() has it for a cleared unit; NORMAL for no channel here."""
        policy = self._policy()
        known = policy.channels.get(channel) if policy is not None else None
        return _PRIORITY[known.priority if known is not None else Priority.NORMAL][0]

    def _work(self, taken: Taken, *, is_released: bool) -> Outcome:
        unit = decode_captured(taken.header)
        policy = self._policy()
        if policy is None:
            return Wait(NO_POLICY_WAIT_S, 1050, unit.channel)
        try:
            self._counter.check(taken.number, unit.captured_at_ns, taken.attempt)
        except Refused as error:
            return Exit(Stage.REFUSED, error.number, unit.channel, error.fields)
        if unit.kind is Kind.REQUESTS and self._of_requests is not None:
            return self._exchanged(taken, unit, self._of_requests)
        channel = policy.channels.get(unit.channel)
        fits = channel is not None and channel.lane is self._lane and channel.carries is unit.kind
        # Without those who judge requests by their own rules none passes.
        if channel is None or not fits or unit.kind is Kind.REQUESTS:
            return Exit(Stage.REFUSED, 1051, unit.channel, {"channel": unit.channel})
        if unit.number != taken.number:
            return Exit(Stage.CORRUPT, 1052, unit.channel)
        bucket = self._bucket(policy, channel)
        if bucket is not None and (delay_s := bucket.wait_s(time.monotonic())) > 0:
            return Wait(delay_s, 0, unit.channel)
        with hold(taken.body) as body:
            held = replace(taken, body=body)
            return self._judged(held, unit, policy, channel, bucket, is_released)

    def _judged(
        self,
        taken: Taken,
        unit: CapturedUnit,
        policy: PolicySet,
        channel: Channel,
        bucket: TokenBucket | None,
        is_released: bool,
    ) -> Outcome:
        before = marks(taken.body)
        captured_at = datetime.fromtimestamp(unit.captured_at_ns / 1e9, UTC)
        judgement = judge(
            self._inspector,
            channel,
            taken.body,
            unit.file.name,
            captured_at,
            at_receiver=False,
            peer=unit.brought_by,
        )
        fields = decision_fields(unit.file.name, judgement, policy.digest)
        verdict = judgement.verdict
        if verdict.result is Result.HELD and not is_released:
            if self._holds:
                fields["sha256"] = _sha256(taken.body)
                return Exit(Stage.HELD, verdict.number, unit.channel, fields)
            fields["held_at"] = self._lane.receiver.value
        elif verdict.result not in (Result.PASSES, Result.HELD):
            return Exit(Stage.REFUSED, verdict.number, unit.channel, fields)
        if channel.rehearse:
            return Exit(Stage.REFUSED, 1053, unit.channel, fields)
        try:
            rewritten = self._rewritten(taken, channel, judgement, is_released)
        except Refused as error:
            return Exit(Stage.REFUSED, error.number, unit.channel, {**fields, **error.fields})
        body = taken.body
        if rewritten is not None:
            unit, body = _anew(unit, rewritten)
            fields |= {"sha256": _sha256(taken.body), **rewritten.fields}
        cleared = Cleared(unit, body, policy.digest, time.time_ns())
        if bucket is not None:
            bucket.spend(time.monotonic())
        try:
            return self._sealed(taken, cleared, fields, before, channel.priority)
        finally:
            if body is not taken.body and body.path is not None:
                body.path.unlink(missing_ok=True)

    def _exchanged(
        self, taken: Taken, unit: CapturedUnit, judged_by: Callable[[CapturedUnit, Body], Judged]
    ) -> Outcome:
        if unit.number != taken.number:
            return Exit(Stage.CORRUPT, 1052, unit.channel)
        try:
            with hold(taken.body) as body:
                before = marks(body)
                judged = judged_by(unit, body)
                told = replace(unit, body=judged.head)
                cleared = Cleared(told, judged.body, judged.policy_digest, time.time_ns())
                held = replace(taken, body=body)
                return self._sealed(held, cleared, judged.fields, before, Priority.NORMAL)
        except Refused as error:
            return Exit(Stage.REFUSED, error.number, unit.channel, error.fields)

    def _rewritten(
        self, taken: Taken, channel: Channel, judgement: Judgement, is_released: bool
    ) -> Rewritten | None:
        if self._rewriter is None:
            return None
        facts, target = judgement.facts, self._staging / f"{taken.number}.changed"
        return self._rewriter(
            channel, facts, taken.body, facts.at, target, at_receiver=False, is_released=is_released
        )

    def _sealed(
        self,
        taken: Taken,
        cleared: Cleared,
        fields: dict[str, Field],
        before: Marks,
        priority: Priority,
    ) -> Outcome:
        sealed: bytes | Path
        if cleared.body.path is None:
            sealed, manifest = self._sealer.seal_bytes(cleared)
        else:
            sealed = self._staging / str(taken.number)
            manifest = self._sealer.seal_file(cleared, sealed)
        if marks(taken.body) != before:
            if isinstance(sealed, Path):
                sealed.unlink(missing_ok=True)
            return _changed(taken, cleared.unit)
        # Of what was captured, also where another body goes on.
        fields.setdefault("sha256", manifest.body_sha256.hex())
        entry = Entry(taken.number, _PRIORITY[priority], sealed)
        return Passed(entry, cleared.unit.channel, fields)

    def _bucket(self, policy: PolicySet, channel: Channel) -> TokenBucket | None:
        if channel.rate is None:
            return None
        key = (policy.digest, channel.name)
        with self._buckets_lock:
            if key not in self._buckets:
                if len(self._buckets) > len(policy.channels):
                    self._buckets.clear()
                self._buckets[key] = TokenBucket(channel.rate)
            return self._buckets[key]


def _sha256(body: Body) -> str:
    digest = hashlib.sha256()
    with body.open() as stream:
        while piece := stream.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _anew(unit: CapturedUnit, rewritten: Rewritten) -> tuple[CapturedUnit, Body]:
    """What goes on is the new body, under the number and the name of the unit."""
    changed = rewritten.changed
    content = changed.content
    body = bytes_body(content) if isinstance(content, bytes) else file_body(content)
    return replace(unit, body=replace(unit.file, size_bytes=changed.size_bytes)), body


def _changed(taken: Taken, unit: CapturedUnit) -> Outcome:
    """The file changed between inspection and sealing: looked at anew, and refused if it goes on.

    Once is no offence: the edge lets go of its own name of a handed-over file in this time.
    """
    if taken.attempt < CHANGES_ALLOWED:
        return Wait(CHANGED_WAIT_S, 0, unit.channel)
    raise Refused(1054, name=unit.file.name if isinstance(unit.body, FileBody) else "content")
