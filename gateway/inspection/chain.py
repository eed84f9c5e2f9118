"""The entry point of inspection: a body in, facts out, for guards and for the command line.

    examine   type, leaves, problems            our own readers, no scanner asked
    scan      the same walk, every scanner      about the whole and about every leaf

Which readers look depends on the role; which limits hold comes with each call from the policy.
Nothing here judges. No content makes it raise: only what is out of order around it does.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, assert_never

from gateway.errors import Unavailable
from gateway.inspection.content import Content, bytes_body, file_body
from gateway.inspection.malware.opening import open_scanners
from gateway.inspection.malware.scanner import Scanner, ScannerState
from gateway.inspection.names import judge_unit_name
from gateway.inspection.receiving import structure
from gateway.inspection.receiving import unpack as receiving_unpack
from gateway.inspection.sending import types
from gateway.inspection.sending import unpack as sending_unpack
from gateway.inspection.unsound import Role
from gateway.inspection.walk import CONTAINER_WORDS, Members, ReadType, Walk
from gateway.policy.facts import Detection, FileFacts, MalwareFacts, UnpackLimits
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
        self._read_type, self._members = _readers(role)
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
    ) -> FileFacts:
        """What a body is and holds. Raises Unavailable 3310, 3311, 3313 and nothing else.

        wanted: the types that can pass; any other is not taken apart. thorough: False stops at the
        first problem that refuses. What decides is the same either way.

        Reads heads and tails; the whole only of containers, and of images up to 16 MiB.
        """
        walk = Walk(self._read_type, self._members, limits, self._scratch, None, wanted, thorough)
        _walk(walk, body, name)
        for fault in judge_unit_name(name):
            walk.complain(fault, name)
        leaves, problems = tuple(walk.leaves), tuple(walk.problems)
        size_bytes = body.size_bytes
        return FileFacts(name, size_bytes, at, leaves, problems, None, peer, address)

    def scan(self, body: Body, facts: FileFacts, limits: UnpackLimits) -> FileFacts:
        """The same facts with what every scanner says about the whole and every leaf.

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

        if facts.leaves and facts.leaves[0].type in CONTAINER_WORDS:
            walk = Walk(self._read_type, self._members, limits, self._scratch, ask)
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


def _readers(role: Role) -> tuple[ReadType, Members]:
    match role:
        case Role.SENDING:
            return types.read_type, sending_unpack.members
        case Role.RECEIVING:
            return structure.read_type, receiving_unpack.members
        case _:
            assert_never(role)
