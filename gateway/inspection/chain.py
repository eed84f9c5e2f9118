"""The entry point of inspection: a body in, facts out, for guards and for the command line.

    examine   type, leaves, problems            our own readers, no scanner asked
    scan      the same walk, every scanner      about the whole and about every part

Which readers look, and in which process, is the business of whoever takes apart (here, sandboxed); which
limits hold comes with each call from the policy. Nothing here judges. No content makes it raise: only
what is out of order around it does.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from gateway.errors import Misconfigured, Unavailable
from gateway.inspection.content import Content, bytes_body, file_body
from gateway.inspection.formats.contract import Text
from gateway.inspection.looking import Looking
from gateway.inspection.malware.opening import open_scanners
from gateway.inspection.malware.scanner import Scanner, ScannerState
from gateway.inspection.names import judge_unit_name
from gateway.inspection.order import Found, Order, TakeApart
from gateway.inspection.read_types import reads
from gateway.inspection.unsound import Fault, Role, Word
from gateway.policy.facts import Detection, FileFacts, MalwareFacts, Problem, UnpackLimits
from gateway.policy.filetypes import CONTAINER_WORDS
from gateway.policy.model import Channel
from gateway.unit.stages import Body

if TYPE_CHECKING:
    from gateway.inspection.texts_sought import Search

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
# A file of each format that may have a schema, to see whether it can be built.
_SAMPLES: Final[Mapping[str, bytes]] = {"json": b'{"a": 1}', "xml": b"<a>b</a>"}
_OF_SCHEMAS: Final = range(3520, 3530)


class Inspector:
    """Looks at bodies. Safe from several threads for different units.

    take_apart: the readers of one role. scanners: none means that `scan` cannot answer. answered: how
    many units the scanners have answered for; it only grows. closing: what else ends with it.
    """

    def __init__(
        self,
        take_apart: TakeApart,
        scanners: Sequence[Scanner],
        closing: Sequence[Callable[[], object]] = (),
    ) -> None:
        self._closing = tuple(closing)
        self._take_apart = take_apart
        self._lookings: dict[str, tuple[Channel, Looking]] = {}
        self._scanners = tuple(scanners)
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
        """What a body is and holds. Raises Unavailable 3310, 3311, 3313, 398x and nothing else.

        at: when it was captured, with a zone; codes must be valid on that day. wanted: the types that
        can pass; any other is not taken apart. thorough: False stops at the first problem that refuses.
        What decides is the same either way. channel: whose lines ask for formats and texts, None for
        neither; prepared, or Misconfigured 39xx may come of its lists.

        Reads heads and tails; the whole only of containers, and of images up to 16 MiB.
        """
        looking = None if channel is None else self._looking_of(channel)
        listener = _Searching(lambda: None if looking is None else looking.search(at))
        order = _order(name, limits, looking, wanted, thorough=thorough)
        found = self._take_apart(order, body, listener)
        problems = _problems_of(found, name)
        search = listener.search
        hits = search.hits() if search is not None else ()
        if search is not None and search.overflowed:
            problems.append(_problem(Fault(Word.TEXT, 3969, {}), name))
        return FileFacts(
            name,
            body.size_bytes,
            at,
            found.leaves,
            tuple(problems),
            None,
            peer,
            address,
            hits,
            None if looking is None or search is None else looking.sought,
            frozenset() if looking is None else frozenset(looking.demands),
            found.parts,
        )

    def examine_together(
        self,
        bodies: Sequence[Body],
        name: str,
        ats: Sequence[datetime],
        limits: UnpackLimits,
        *,
        wanted: frozenset[str] | None,
        channel: Channel,
    ) -> list[FileFacts] | None:
        """The same facts of several small bodies, which cost less together; as many ats as bodies.

        None where they cannot go together (texts are wanted) or did not: then each is examined by itself.
        Raises nothing else.
        """
        looking = self._looking_of(channel)
        if looking.texts or looking.values:
            return None
        order = _order(name, limits, looking, wanted, thorough=False)
        founds = self._take_apart.together(order, bodies)
        if founds is None:
            return None
        demands = frozenset(looking.demands)
        return [
            FileFacts(
                name, body.size_bytes, at, found.leaves, tuple(_problems_of(found, name)), None, "", "",
                (), None, demands, found.parts,
            )
            for found, body, at in zip(founds, bodies, ats, strict=True)
        ]  # fmt: skip

    def prepare(self, channels: Iterable[Channel]) -> None:
        """Make ready what these channels want looked at.

        Raises Misconfigured 3951 to 3967 (lists), 3520 to 3529 (schemas of their own).
        """
        made = {channel.name: (channel, Looking(channel)) for channel in channels}
        for channel, _ in made.values():
            for word, demand in channel.formats.items():
                if demand.schema is not None:
                    self._try_schema(channel, word)
        self._lookings = made

    def _try_schema(self, channel: Channel, word: str) -> None:
        """The readers build the schema for a small file; where there are none now, units find out."""
        sample = bytes_body(_SAMPLES[word])
        order = Order("sample", channel.name, UnpackLimits(), demands=dict(channel.formats))
        try:
            found = self._take_apart(order, sample, _Searching(lambda: None))
        except Unavailable:
            return
        for problem in found.problems:
            if problem.number in _OF_SCHEMAS:
                raise Misconfigured(problem.number, **problem.fields)

    def _looking_of(self, channel: Channel) -> Looking:
        known = self._lookings.get(channel.name)
        if known is None or known[0] is not channel:
            known = self._lookings[channel.name] = (channel, Looking(channel))
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
        listener = _Scanning(self._scanners)
        problems = facts.problems
        looking = None if channel is None else self._looking_of(channel)
        if _has_parts(facts, looking):
            order = replace(
                _order(facts.name, limits, looking), texts=False, values=False, visits=True
            )
            found = self._take_apart(order, body, listener)
            # What stopped this walk and not the first (its time) left parts that no scanner saw.
            problems += tuple(one for one in found.problems if one not in problems)
        elif body.size_bytes:
            try:
                with Content.of_body(body) as content:
                    listener.visit(content, facts.name)
            except OSError as error:
                raise unreadable(error) from error
        self.answered = next(self._answers) + 1
        said = tuple(scanner.describe() for scanner in self._scanners)
        malware = MalwareFacts(tuple(listener.detections), said)
        return replace(facts, problems=problems, malware=malware)

    def beside(self, within_s: float | None = None) -> Inspector:
        """Another with the same readers and scanners, which makes ready for channels of its own. Ends with
        this one; it is not closed itself. within_s: for each unit, by the clock; None for the usual."""
        take_apart = self._take_apart if within_s is None else self._take_apart.within(within_s)
        return Inspector(take_apart, self._scanners)

    def scanners_state(self) -> tuple[ScannerState, ...]:
        """How each scanner is, asked now (two seconds at most each); raises nothing."""
        return tuple(scanner.state() for scanner in self._scanners)

    def close(self) -> None:
        """End the connections to the scanners, and what ends with this."""
        for scanner in self._scanners:
            scanner.close()
        for close in self._closing:
            close()


class _Searching:
    """Takes texts while a unit is examined."""

    def __init__(self, start: Callable[[], Search | None]) -> None:
        self._start = start
        self.search: Search | None = None

    def begin(self) -> None:
        self.search = self._start()

    def text(self, text: Text) -> None:
        if self.search is not None:
            self.search.add(text)

    def visit(self, content: Content, path: str) -> None:
        """Nothing is scanned before the policy has had its say."""


class _Scanning:
    """Asks the scanners about each content."""

    def __init__(self, scanners: Sequence[Scanner]) -> None:
        self._scanners = scanners
        self.detections: list[Detection] = []

    def begin(self) -> None:
        self.detections.clear()

    def text(self, text: Text) -> None:
        """Texts were searched before."""

    def visit(self, content: Content, path: str) -> None:
        for scanner in self._scanners:
            if len(self.detections) < _MAX_DETECTIONS:
                signature = scanner.scan(content)
                if signature is not None:
                    self.detections.append(Detection(scanner.name, signature, path))


def _order(
    name: str,
    limits: UnpackLimits,
    looking: Looking | None,
    wanted: frozenset[str] | None = None,
    *,
    thorough: bool = True,
) -> Order:
    if looking is None:
        return Order(name, "", limits, wanted, thorough, {})
    return looking.order(name, limits, wanted, thorough=thorough)


def _has_parts(facts: FileFacts, looking: Looking | None) -> bool:
    """Whether there may be contents in it that a scanner must be asked about by themselves."""
    kind = facts.leaves[0].type if facts.leaves else ""
    inside = looking is not None and reads(kind, looking.demands, texts=looking.texts)
    return inside or kind in CONTAINER_WORDS


def _problems_of(found: Found, name: str) -> list[Problem]:
    return [*found.problems, *(_problem(one, name) for one in judge_unit_name(name))]


def _problem(fault: Fault, where: str) -> Problem:
    return Problem(fault.word.value, fault.number, where, fault.fields)


def unreadable(error: OSError) -> Unavailable:
    """The body cannot be read now."""
    return Unavailable(
        3311, problem=os.strerror(error.errno) if error.errno else type(error).__name__
    )
