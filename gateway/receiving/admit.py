"""The receiving guard's work on one unit: received -> verified -> inspected anew -> admitted.

Believes nothing that the sending side says: its own policy, its own readers, its own scanners.
What passes is read from the queue `admitted` as Admitted, and from nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from gateway.errors import Field, Refused, Unavailable
from gateway.guard.counters import Counter
from gateway.guard.judgement import Judgement, decision_fields, judge
from gateway.guard.outcome import Exit, Outcome, Passed, Wait
from gateway.inspection.chain import Inspector, file_body
from gateway.policy.evaluate import Result, Verdict
from gateway.policy.model import Channel, PolicySet, Section
from gateway.receiving.verify import Opener
from gateway.spool.model import Entry, Taken
from gateway.unit.encode import encode_manifest
from gateway.unit.model import Kind, Lane, Manifest, Stage
from gateway.unit.stages import Body

if TYPE_CHECKING:
    from gateway.guard.durable_requests import Judged
    from gateway.guard.rewriting import Rewriter, Rewritten

NO_POLICY_WAIT_S: Final = 2.0
NOT_HELD_THERE: Final = 1058
# The queue `admitted` does not know whether it had the unit: people decide, or its sender brings it anew.
MAY_HAVE_BEEN_HELD: Final = 6515
MAY_HAVE_BEEN_REFUSED: Final = 6516
# The event of a unit that the sending guard let pass and this one does not, by the same policy.
_DISAGREED: Final = "sides.disagreed"


@dataclass(frozen=True, slots=True)
class _Opened:
    """A verified body in memory."""

    content: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    @property
    def path(self) -> None:
        return None

    def open(self) -> BinaryIO:
        return BytesIO(self.content)

    def read(self) -> bytes:
        return self.content


class Admit:
    """Verifies and judges received units of one lane.

    policy: gives the set in force, None where there is none (then every unit waits).
    staging: folder of the next queue for opened large bodies. rewriter: of the inner host.
    holds: whether people decide on this host. Where they do not, they have decided on the sending one, as
    long as it judged by this same set; by another one, what a line here holds is refused.
    of_requests: judges requests and answers that come through the queue, by rules of their own; None refuses
    them. forgot: of the next queue; what it may have had and does not know waits for people, who see in the
    journal whether it was there, or is refused where no people decide. counter: of the edge over there.
    Safe to call from several threads for different units.
    """

    def __init__(
        self,
        lane: Lane,
        policy: Callable[[], PolicySet | None],
        opener: Opener,
        inspector: Inspector,
        staging: Path,
        rewriter: Rewriter | None = None,
        *,
        holds: bool = True,
        of_requests: Callable[[Manifest, Body], Judged] | None = None,
        forgot: Callable[[int], bool] = lambda _: False,
        counter: Counter | None = None,
    ) -> None:
        self._counter = counter or Counter()
        self._holds = holds
        self._forgot = forgot
        self._of_requests = of_requests
        self._lane = lane
        self._policy = policy
        self._opener = opener
        self._inspector = inspector
        self._staging = staging
        self._rewriter = rewriter

    def use(self, opener: Opener) -> None:
        """Open with this one from the next unit on; a unit under way is finished by the one before."""
        self._opener = opener

    def __call__(self, taken: Taken) -> Outcome:
        """Verify and judge one received unit. Raises Unavailable 33xx (scanners) and Refused."""
        return self._work(taken, is_released=False)

    def release(self, taken: Taken) -> Outcome:
        """The same for a unit that people have released: what would hold it does not, and whatever
        refuses it now does. Raises as a call does."""
        return self._work(taken, is_released=True)

    def channel_of(self, taken: Taken) -> str:
        """Whose unit it is by its manifest, verified; "" where it does not open, or is of no channel here.

        Names without end would each have a turn before those that are known.
        """
        policy = self._policy()
        try:
            name = self._look(taken).channel
        except (Refused, Unavailable):
            return ""
        return name if policy is not None and name in policy.channels else ""

    def _look(self, taken: Taken) -> Manifest:
        if taken.body.path is None:
            return self._opener.look_bytes(taken.body.read())
        return self._opener.look_file(taken.body.path)

    def _work(self, taken: Taken, *, is_released: bool) -> Outcome:
        policy = self._policy()
        if policy is None:
            return Wait(NO_POLICY_WAIT_S, 1050)
        if not self._counter.is_near(taken.number) and (far := self._far(taken)) is not None:
            return far
        target = self._staging / str(taken.number)
        try:
            manifest, body = self._opened(taken, target)
        except Refused as error:
            target.unlink(missing_ok=True)
            return Exit(Stage.CORRUPT, error.number, fields=error.fields)
        outcome = self._judged(taken, manifest, body, policy, is_released)
        if not isinstance(outcome, Passed):
            target.unlink(missing_ok=True)
        return outcome

    def _far(self, taken: Taken) -> Exit | None:
        """What becomes of a unit whose number is too far ahead; its body is not opened, so that none lies in
        staging for as long as it waits. None: it is opened for what else is wrong with it."""
        try:
            manifest = self._look(taken)
        except Refused as error:
            # Opened a moment later it could be in order, its number asked by nobody.
            return Exit(Stage.CORRUPT, error.number, fields=error.fields)
        try:
            self._counter.check(manifest.number, manifest.captured_at_ns, taken.attempt)
        except Refused as error:
            fields = {**_as_the_sender_said(manifest), **error.fields}
            return Exit(Stage.REFUSED, error.number, manifest.channel, fields)
        return None

    def _opened(self, taken: Taken, target: Path) -> tuple[Manifest, Body]:
        """Signature, seal and digest hold, and it is the unit that it came as."""
        if taken.body.path is None:
            manifest, content = self._opener.open_bytes(taken.body.read())
            body: Body = _Opened(content)
        else:
            target.unlink(missing_ok=True)
            manifest = self._opener.open_file(taken.body.path, target)
            body = file_body(target)
        if manifest.number != taken.number or manifest.lane is not self._lane:
            raise Refused(4190, unit=manifest.number, came_as=taken.number)
        return manifest, body

    def _judged(
        self,
        taken: Taken,
        manifest: Manifest,
        body: Body,
        policy: PolicySet,
        is_released: bool,
    ) -> Outcome:
        said = _as_the_sender_said(manifest)
        if manifest.kind is Kind.REQUESTS and self._of_requests is not None:
            return self._exchanged(taken, manifest, body, self._of_requests)
        channel = policy.channels.get(manifest.channel)
        if (
            channel is None
            or channel.lane is not self._lane
            or channel.carries is not manifest.kind
            # Without those who judge requests by their own rules none passes.
            or manifest.kind is Kind.REQUESTS
        ):
            return Exit(
                Stage.REFUSED, 1051, manifest.channel, {"channel": manifest.channel, **said}
            )
        captured_at = datetime.fromtimestamp(manifest.captured_at_ns / 1e9, UTC)
        judgement = judge(
            self._inspector, channel, body, manifest.file.name, captured_at, at_receiver=True
        )
        fields = decision_fields(manifest.file.name, judgement, policy.digest) | said
        verdict = judgement.verdict
        passes = verdict.result in (Result.PASSES, Result.HELD)
        if passes and not is_released and self._forgot(taken.number):
            if self._holds:
                return Exit(Stage.HELD, MAY_HAVE_BEEN_HELD, channel.name, fields)
            return Exit(Stage.REFUSED, MAY_HAVE_BEEN_REFUSED, channel.name, fields)
        if verdict.result is Result.HELD and not is_released:
            if self._holds:
                return Exit(Stage.HELD, verdict.number, channel.name, fields)
            if manifest.policy_digest != policy.digest:
                return Exit(Stage.REFUSED, NOT_HELD_THERE, channel.name, fields)
            fields["held_at"] = self._lane.sender.value
        if not passes:
            beside = _DISAGREED if _disagree(manifest, policy, verdict) else ""
            return Exit(Stage.REFUSED, verdict.number, channel.name, fields, beside)
        try:
            rewritten = self._rewritten(taken, channel, judgement, body, is_released)
        except Refused as error:
            return Exit(Stage.REFUSED, error.number, channel.name, {**fields, **error.fields})
        content = body.path if body.path is not None else body.read()
        if rewritten is not None:
            manifest, content = self._anew(taken, manifest, rewritten)
            fields |= rewritten.fields
        entry = Entry(taken.number, encode_manifest(manifest), content)
        return Passed(entry, channel.name, fields)

    def _exchanged(
        self,
        taken: Taken,
        manifest: Manifest,
        body: Body,
        judged_by: Callable[[Manifest, Body], Judged],
    ) -> Outcome:
        said = _as_the_sender_said(manifest)
        try:
            judged = judged_by(manifest, body)
        except Refused as error:
            fields = {**said, **error.fields}
            return Exit(Stage.REFUSED, error.number, manifest.channel, fields)
        content: bytes | Path
        content = judged.body.path if judged.body.path is not None else judged.body.read()
        if judged.body is not body:
            # Another one goes on, in memory: the one that came ends here.
            (self._staging / str(taken.number)).unlink(missing_ok=True)
            digest = hashlib.sha256(judged.body.read()).digest()
            manifest = replace(manifest, body=judged.head, body_sha256=digest)
        entry = Entry(taken.number, encode_manifest(manifest), content)
        return Passed(entry, manifest.channel, said | judged.fields)

    def _rewritten(
        self, taken: Taken, channel: Channel, judgement: Judgement, body: Body, is_released: bool
    ) -> Rewritten | None:
        if self._rewriter is None:
            return None
        facts, target = judgement.facts, self._staging / f"{taken.number}.changed"
        return self._rewriter(
            channel, facts, body, facts.at, target, at_receiver=True, is_released=is_released
        )

    def _anew(
        self, taken: Taken, manifest: Manifest, rewritten: Rewritten
    ) -> tuple[Manifest, bytes | Path]:
        """What goes on is the new body, under the number of the unit; the old one ends here."""
        changed = rewritten.changed
        content, target = changed.content, self._staging / str(taken.number)
        if isinstance(content, Path):
            content = content.replace(target)
        else:
            target.unlink(missing_ok=True)
        body = replace(manifest.file, size_bytes=changed.size_bytes)
        return replace(manifest, body=body, body_sha256=changed.sha256), content


def _disagree(manifest: Manifest, policy: PolicySet, verdict: Verdict) -> bool:
    """Whether two readings of one file differ: the sender judged by this same set, and let it pass.

    Lines that only the receiver asks, and the answers of its scanners, are no difference of reading.
    """
    deciding = verdict.deciding
    return (
        manifest.policy_digest == policy.digest
        and deciding is not None
        and deciding.section is not Section.ALSO_AT_RECEIVER
        and deciding.word != "malware"
    )


def _as_the_sender_said(manifest: Manifest) -> dict[str, Field]:
    """The other host's half of the story, kept as what it is: somebody's word, but signed."""
    return {
        "sha256": manifest.body_sha256.hex(),
        "captured_at_ns": manifest.captured_at_ns,
        "cleared_at_ns": manifest.cleared_at_ns,
        "sender_policy": manifest.policy_digest[:12],
    }
