"""The receiving guard's work on one unit: received -> verified -> inspected anew -> admitted.

Believes nothing that the sending side says: its own policy, its own readers, its own scanners.
What passes is read from the queue `admitted` as Admitted, and from nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from gateway.errors import Field, Refused
from gateway.guard.judgement import decision_fields, judge
from gateway.guard.outcome import Exit, Outcome, Passed, Wait
from gateway.inspection.chain import Inspector, file_body
from gateway.policy.evaluate import Result
from gateway.policy.model import PolicySet
from gateway.receiving.verify import Opener
from gateway.spool.model import Entry, Taken
from gateway.unit.encode import encode_manifest
from gateway.unit.model import Lane, Manifest, Stage
from gateway.unit.stages import Body

NO_POLICY_WAIT_S: Final = 2.0


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
    staging: folder of the next queue for opened large bodies.
    Safe to call from several threads for different units.
    """

    def __init__(
        self,
        lane: Lane,
        policy: Callable[[], PolicySet | None],
        opener: Opener,
        inspector: Inspector,
        staging: Path,
    ) -> None:
        self._lane = lane
        self._policy = policy
        self._opener = opener
        self._inspector = inspector
        self._staging = staging

    def use(self, opener: Opener) -> None:
        """Open with this one from the next unit on; a unit under way is finished by the one before."""
        self._opener = opener

    def __call__(self, taken: Taken) -> Outcome:
        """Verify and judge one received unit. Raises Unavailable 33xx (scanners) and Refused."""
        policy = self._policy()
        if policy is None:
            return Wait(NO_POLICY_WAIT_S, 1050)
        target = self._staging / str(taken.number)
        try:
            manifest, body = self._opened(taken, target)
        except Refused as error:
            target.unlink(missing_ok=True)
            return Exit(Stage.CORRUPT, error.number, fields=error.fields)
        outcome = self._judged(taken, manifest, body, policy)
        if not isinstance(outcome, Passed):
            target.unlink(missing_ok=True)
        return outcome

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

    def _judged(self, taken: Taken, manifest: Manifest, body: Body, policy: PolicySet) -> Outcome:
        said = _as_the_sender_said(manifest)
        channel = policy.channels.get(manifest.channel)
        if (
            channel is None
            or channel.lane is not self._lane
            or channel.carries is not manifest.kind
        ):
            return Exit(
                Stage.REFUSED, 1051, manifest.channel, {"channel": manifest.channel, **said}
            )
        captured_at = datetime.fromtimestamp(manifest.captured_at_ns / 1e9, UTC)
        judgement = judge(
            self._inspector, channel, body, manifest.body.name, captured_at, at_receiver=True
        )
        fields = decision_fields(manifest.body.name, judgement, policy.digest) | said
        verdict = judgement.verdict
        if verdict.result is Result.HELD:
            # The sending side holds for people; here only what nobody may release can differ.
            return Exit(Stage.HELD, verdict.number, channel.name, fields)
        if verdict.result is not Result.PASSES:
            return Exit(Stage.REFUSED, verdict.number, channel.name, fields)
        content = body.path if body.path is not None else body.read()
        entry = Entry(taken.number, encode_manifest(manifest), content)
        return Passed(entry, channel.name, fields)


def _as_the_sender_said(manifest: Manifest) -> dict[str, Field]:
    """The other host's half of the story, kept as what it is: somebody's word, but signed."""
    return {
        "sha256": manifest.body_sha256.hex(),
        "captured_at_ns": manifest.captured_at_ns,
        "cleared_at_ns": manifest.cleared_at_ns,
        "sender_policy": manifest.policy_digest[:12],
    }
