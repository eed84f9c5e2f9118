"""The entry point of inspection: a body in, facts out, for guards and for the command line.

    examine   type, leaves, problems            our own readers, no scanner asked
    scan      the same walk, every scanner      about the whole and about every leaf

Which readers look depends on the role; which limits hold comes with each call from the policy.
Nothing here judges. No content makes it raise: only what is out of order around it does.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, assert_never

from gateway.errors import Unavailable
from gateway.inspection.content import Content, bytes_body, file_body
from gateway.inspection.looking import Check, Looking
from gateway.inspection.malware.opening import open_scanners
from gateway.inspection.malware.scanner import Scanner, ScannerState
from gateway.inspection.names import judge_unit_name
from gateway.inspection.receiving import checks as receiving_checks
from gateway.inspection.receiving import structure
from gateway.inspection.receiving import unpack as receiving_unpack
from gateway.inspection.sending import checks as sending_checks
from gateway.inspection.sending import types
from gateway.inspection.sending import unpack as sending_unpack
from gateway.inspection.unsound import Fault, Role, Word
from gateway.inspection.walk import CONTAINER_WORDS, Members, ReadType, Walk
from gateway.policy.facts import Detection, FileFacts, MalwareFacts, UnpackLimits
from gateway.policy.model import Channel
from gateway.unit.stages import Body

__all__ = [
    "Inspector",
    "Role",
    "Scanner",
    "ScannerState",
    "bytes_body",
    "file_body",
    "open_scanners",
]

# One is enough to refuse; a few more help whoever reads the story.
_MAX_DETECTIONS: Final = 16


class Inspector:
    """Looks at bodies with the readers of one role. Safe from several threads for different units.

    scratch: an existing folder for large leaves; nothing in it ever has a name for longer than it
    takes to unlink it. scanners: none means that `scan` cannot answer. answered: how many units the
    scanners have answered for; it only grows.
    """

    def __init__(self, role: Role, scanners: Sequence[Scanner], scratch: Path) -> None:
        self._read_type, self._members, self._checks = _readers(role)
        self._lookings: dict[str, tuple[Channel, Looking]] = {}
        self._scanners = tuple(scanners)
        self._scratch = scratch
        self._answers = itertools.count()
        self.answered = 0

    def examine(
        self,
        body: Body,
        name: str,
        at: datetime,
        limits: UnpackLimits,
        *,
        peer: str = "",
        address: str = "",
        wanted: frozenset[str] | None = None,
        thorough: bool = True,
        channel: Channel | None = None,
    ) -> FileFacts:
        """What a body is and holds. Raises Unavailable 3310, 3311, 3313 and nothing else.

        wanted: the types that can pass; any other is not taken apart. thorough: False stops at the
        first problem that refuses. What decides is the same either way. channel: whose lines ask for
        formats and texts, None for neither; prepared, or Misconfigured 39xx may come of its lists.

        Reads heads and tails; the whole only of containers, and of images up to 16 MiB.
        """
        looking = None if channel is None else self._looking_of(channel)
        search = None if looking is None else looking.search()
        walk = Walk(
            self._read_type, self._members, limits, self._scratch, None, wanted, thorough,
            looking, search,
        )  # fmt: skip
        _walk(walk, body, name)
        for fault in judge_unit_name(name):
            walk.complain(fault, name)
        hits = search.hits() if search is not None else ()
        if search is not None and search.overflowed:
            walk.complain(Fault(Word.TEXT, 3969, {}), name)
        return FileFacts(
            name,
            body.size_bytes,
            at,
            tuple(walk.leaves),
            tuple(walk.problems),
            None,
            peer,
            address,
            hits,
            None if looking is None or search is None else looking.sought,
            frozenset() if looking is None else looking.formats,
        )

    def prepare(self, channels: Iterable[Channel]) -> None:
        """Make ready what these channels want looked at. Raises Misconfigured 3951 to 3968."""
        made = {channel.name: (channel, Looking(channel, self._checks)) for channel in channels}
        self._lookings = made

    def _looking_of(self, channel: Channel) -> Looking:
        known = self._lookings.get(channel.name)
        if known is None or known[0] is not channel:
            known = self._lookings[channel.name] = (channel, Looking(channel, self._checks))
        return known[1]

    def scan(
        self,
        body: Body,
        facts: FileFacts,
        limits: UnpackLimits,
        *,
        channel: Channel | None = None,
    ) -> FileFacts:
        """The same facts with what every scanner says about the whole and every part.

        channel: the one that `examine` was given: what its formats carry in values is a part too.
        Raises Unavailable 33xx where a scanner cannot answer or there is none, and nothing else.
        """
        if not self._scanners:
            raise Unavailable(3312)
        detections: list[Detection] = []
        problems = facts.problems

        def ask(content: Content, path: str) -> None:
            for scanner in self._scanners:
                if len(detections) < _MAX_DETECTIONS:
                    signature = scanner.scan(content)
                    if signature is not None:
                        detections.append(Detection(scanner.name, signature, path))

        looking = None if channel is None else self._looking_of(channel)
        kind = facts.leaves[0].type if facts.leaves else ""
        if kind in CONTAINER_WORDS or (looking is not None and looking.reads(kind)):
            walk = Walk(self._read_type, self._members, limits, self._scratch, ask, looking=looking)
            _walk(walk, body, facts.name)
            # What stopped this walk and not the first (its time) left parts that no scanner saw.
            problems += tuple(one for one in walk.problems if one not in problems)
        elif body.size_bytes:
            try:
                with Content.of_body(body) as content:
                    ask(content, facts.name)
            except OSError as error:
                raise _unreadable(error) from error
        self.answered = next(self._answers) + 1
        said = tuple(scanner.describe() for scanner in self._scanners)
        malware = MalwareFacts(tuple(detections), said)
        return replace(facts, problems=problems, malware=malware)

    def scanners_state(self) -> tuple[ScannerState, ...]:
        """How each scanner is, asked now (two seconds at most each); raises nothing."""
        return tuple(scanner.state() for scanner in self._scanners)

    def close(self) -> None:
        """End the connections to the scanners."""
        for scanner in self._scanners:
            scanner.close()


def _walk(walk: Walk, body: Body, name: str) -> None:
    try:
        with Content.of_body(body) as content:
            walk.unit(content, name)
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: OSError) -> Unavailable:
    return Unavailable(
        3311, problem=os.strerror(error.errno) if error.errno else type(error).__name__
    )


def _readers(role: Role) -> tuple[ReadType, Members, Mapping[str, Check]]:
    match role:
        case Role.SENDING:
            return types.read_type, sending_unpack.members, sending_checks.CHECKS
        case Role.RECEIVING:
            return structure.read_type, receiving_unpack.members, receiving_checks.CHECKS
        case _:
            assert_never(role)
