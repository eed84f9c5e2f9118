"""A unit that passed, written anew where its channel says so, and judged again before it goes on.

    judged: passes --> changed: ... ? --no--> as it is
                           | yes
                           v
                   written anew --> judged again, persons sought --passes--> the new file
                                                                 --else----> refused (FG-3832)

The guard of the inner host does this, whatever the direction: there are the rules' key and the trust.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import Field, Refused
from gateway.guard.judgement import judge
from gateway.inspection.chain import Inspector, bytes_body, file_body
from gateway.policy.evaluate import Result
from gateway.policy.facts import FileFacts
from gateway.policy.filetypes import FORMATS
from gateway.policy.masking import MASKABLE, MASKING_FILE, Masking
from gateway.policy.model import Channel, Condition, IdentifiersRule, Section
from gateway.unit.stages import Body

if TYPE_CHECKING:
    from gateway.inspection.changing.output import Changed

    # As changing.changer.Changer has it: type, channel, body, masking, path for a long one, name.
    Change = Callable[[str, str, Body, Masking | None, Path, str], Changed]

_FORMAT_OF: Final = {kind: word for word, kinds in FORMATS.items() for kind in kinds}


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new body, and the fields of the unit's event."""

    changed: Changed
    fields: Mapping[str, Field]


class Rewriter:
    """Writes units anew and judges them again. Safe to call from several threads for different units."""

    def __init__(self, inspector: Inspector, changer: Change) -> None:
        self._inspector, self._changer = inspector, changer
        self._after: dict[str, tuple[Channel, Channel]] = {}

    def __call__(
        self,
        channel: Channel,
        facts: FileFacts,
        body: Body,
        at: datetime,
        target: Path,
        *,
        at_receiver: bool,
        is_released: bool = False,
    ) -> Rewritten | None:
        """The new file, None where the channel changes nothing of this unit.

        facts: of the body, which passed, or was held and is_released by people. target: a path of no
        file, for a large one. Raises Refused,
        Unavailable 33xx, 3834, 3835, 398x; then nothing stays under `target`.
        """
        if not channel.changes:
            return None
        kind = facts.leaves[0].type
        word = _FORMAT_OF.get(kind, "")
        _refuse_what_stays(channel, facts, word)
        if word not in channel.rebuilt and channel.masking is None:
            return None
        changed = self._changer(kind, channel.name, body, channel.masking, target, facts.name)
        try:
            self._judge(
                channel, changed, facts, at, at_receiver=at_receiver, is_released=is_released
            )
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return Rewritten(changed, _fields(channel, word, changed))

    def _judge(
        self,
        channel: Channel,
        changed: Changed,
        facts: FileFacts,
        at: datetime,
        *,
        at_receiver: bool,
        is_released: bool,
    ) -> None:
        content = changed.content
        body = bytes_body(content) if isinstance(content, bytes) else file_body(content)
        again = judge(
            self._inspector, self._after_of(channel), body, facts.name, at,
            at_receiver=at_receiver, peer=facts.peer,
        )  # fmt: skip
        deciding = again.verdict.deciding
        taken = (Result.PASSES, Result.HELD) if is_released else (Result.PASSES,)
        if again.verdict.result not in taken:
            found = again.verdict.number
            word = deciding.word if deciding is not None else ""
            where = str(deciding.fields.get("where", "")) if deciding is not None else ""
            raise Refused(3832, word=word, found=found, where=where)

    def _after_of(self, channel: Channel) -> Channel:
        known = self._after.get(channel.name)
        if known is None or known[0] is not channel:
            known = self._after[channel.name] = (channel, after_change(channel))
        return known[1]


def after_change(channel: Channel) -> Channel:
    """The same channel, which takes nothing any more that its rules about persons should have masked."""
    masking = channel.masking
    if masking is None or not masking.in_text:
        return channel
    rule = IdentifiersRule(masking.in_text)
    text = ", ".join(sorted(masking.in_text))
    line = Condition(
        Section.REFUSED_IF, "identifiers", text, MASKING_FILE, masking.in_text_line, rule
    )
    sought = replace(channel.sought, identifiers=channel.sought.identifiers | masking.in_text)
    # Under a name of its own: what is prepared for a channel is kept by its name.
    name = f"{channel.name} (changed)"
    return replace(channel, name=name, conditions=(*channel.conditions, line), sought=sought)


def _refuse_what_stays(channel: Channel, facts: FileFacts, word: str) -> None:
    """Files inside cannot be written anew, nor files whose fields nobody can name."""
    if channel.masking is not None and word not in MASKABLE:
        raise Refused(3830, type=facts.leaves[0].type)
    for leaf in (*facts.leaves[1:], *facts.parts):
        if channel.masking is not None or _FORMAT_OF.get(leaf.type) in channel.rebuilt:
            raise Refused(3829, where=leaf.path, type=leaf.type)


def _fields(channel: Channel, word: str, changed: Changed) -> dict[str, Field]:
    done = [f"{word}: rebuilt"]
    if channel.masking is not None:
        done.append("persons: masked")
    fields: dict[str, Field] = {
        "changed": ", ".join(done),
        "changed_sha256": changed.sha256.hex(),
        "changed_size_bytes": changed.size_bytes,
    }
    if changed.masked:
        fields["masked"] = ", ".join(f"{name} {n}" for name, n in sorted(changed.masked.items()))
    return fields
