"""Takes a content apart, level by level, counting while it reads.

    unit --read_type--> leaf, problems
      \\--members--> member --name, bytes--> leaf --read_type--> ... down to the limit of levels

A real archive's members are leaves to a policy. The parts of a document (docx, xlsx, pptx, ofd) are
counted and looked at in the same way, but a policy sees one document; they are told as its parts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.format_reader import FormatReader
from gateway.inspection.formats.contract import Text
from gateway.inspection.leaf import Room, collect
from gateway.inspection.names import judge_member_name
from gateway.inspection.unsound import Fault, Member, Reading, TooMuch, Unsound, Word
from gateway.policy.facts import Leaf, Problem, UnpackLimits
from gateway.policy.filetypes import CONTAINER_WORDS, DOCUMENT_WORDS, FORMATS

# What lies in these is a part of them, and to a policy they are one thing.
CARRYING_WORDS: Final = DOCUMENT_WORDS.union(*FORMATS.values())
# What taking apart one unit may take of a processor: 1 GiB of honest reports needs a few seconds.
MAX_PROCESSOR_S: Final = 20.0
# Small files are allowed to shrink as much as they like: a page of blanks is no bomb.
_FREE_RATIO_BYTES: Final = 256 << 10
# More would only hide the first ones.
_MAX_PROBLEMS: Final = 100
_RUNS: Final = frozenset(
    ["elf program", "windows program", "mach-o program", "script", "java class"]
)
# Parts of these content types make an OOXML document one with macros, whatever they are called.
_MACRO_TYPES: Final = (b"macroenabled", b"vnd.ms-office.vbaproject")

ReadType = Callable[[Content], Reading]
Members = Callable[[str, Content, str, int], Iterator[Member]]
Visit = Callable[[Content, str], None]
TakeText = Callable[[Text], None]


class _Enough(Exception):
    """What was found refuses the unit; nothing further of it is taken apart."""


@dataclass(slots=True)
class Budget:
    """What taking apart one unit may still cost."""

    limits: UnpackLimits
    unit_bytes: int
    files: int = 0
    produced_bytes: int = 0
    begun_s: float = field(default_factory=time.thread_time)
    # On the monotonic clock: before it the share cannot be used up, and the kernel need not be asked.
    look_at_s: float = field(default_factory=lambda: time.monotonic() + MAX_PROCESSOR_S)

    def count_member(self) -> None:
        self.files += 1
        self.check_time()
        if self.files > self.limits.files:
            raise TooMuch(3222, count=self.files, limit=self.limits.files)

    def metered(self, chunks: Iterator[bytes], meter: Meter) -> Iterator[bytes]:
        """The same chunks, counted before anybody holds them. Raises TooMuch 3223, 3224."""
        for chunk in chunks:
            self.produced_bytes += len(chunk)
            meter.produced_bytes += len(chunk)
            if self.produced_bytes > self.limits.total_bytes:
                raise TooMuch(3223, limit_bytes=self.limits.total_bytes)
            self.check_time()
            self._check_ratio(meter.produced_bytes, meter.packed_bytes)
            self._check_ratio(self.produced_bytes, self.unit_bytes)
            yield chunk

    def check_time(self) -> None:
        """Raises TooMuch 3226 where the unit has had its share of the processor."""
        now_s = time.monotonic()
        if now_s < self.look_at_s:
            return
        left_s = self.begun_s + MAX_PROCESSOR_S - time.thread_time()
        if left_s < 0:
            raise TooMuch(3226, limit_s=MAX_PROCESSOR_S)
        self.look_at_s = now_s + left_s

    def _check_ratio(self, produced_bytes: int, packed_bytes: int) -> None:
        if produced_bytes > max(_FREE_RATIO_BYTES, packed_bytes * self.limits.ratio):
            raise TooMuch(3224, limit=self.limits.ratio)


@dataclass(slots=True)
class Meter:
    """What one container has given so far."""

    packed_bytes: int
    produced_bytes: int = 0


@dataclass(slots=True)
class Walk:
    """One pass over a unit. leaves, parts and problems are its result.

    visit: called with each content that is not empty (the unit first) and its path; what it raises
    goes through. read_unit: reads the type of the unit itself, None where it is read like all
    that lies in it. wanted: types that are worth taking apart, None for all: any other is refused anyway.
    thorough: go on behind a fault that refuses, to tell of every other. formats: reads what is inside
    formats, None for nothing; take_text: called with each text that is found there.
    """

    read_type: ReadType
    members: Members
    limits: UnpackLimits
    room: Room
    visit: Visit | None = None
    wanted: frozenset[str] | None = None
    thorough: bool = True
    formats: FormatReader | None = None
    take_text: TakeText | None = None
    read_unit: ReadType | None = None
    leaves: list[Leaf] = field(default_factory=list)
    parts: list[Leaf] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def unit(self, content: Content, name: str) -> None:
        """Walk a whole unit. Raises OSError (reading it), Unavailable 3310, 3313 and visit's."""
        budget = Budget(self.limits, content.size_bytes)
        word = self._look(content, name, "", self.read_unit or self.read_type)
        self.leaves.append(Leaf(name, word, content.size_bytes))
        if self.wanted is not None and word not in self.wanted:
            return
        try:
            self._inside(content, name, word, budget, 1)
            self._apart(content, name, word, budget, 1)
        except TooMuch as error:
            self.complain(error.fault, name)
        except _Enough:
            pass

    def complain(self, fault: Fault, where: str) -> None:
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(Problem(fault.word.value, fault.number, where, fault.fields))

    def _stop_if_refused(self) -> None:
        """Encrypted parts may be held for people; any other problem refuses, whatever comes behind it."""
        if not self.thorough and any(one.word != Word.ENCRYPTED for one in self.problems):
            raise _Enough

    def _look(self, content: Content, path: str, document: str, read_type: ReadType) -> str:
        reading = read_type(content)
        for fault in reading.faults:
            self.complain(fault, path)
        if document and reading.word in _RUNS:
            fields = {"document": document, "type": reading.word}
            self.complain(Fault(Word.TYPE, 3117, fields), path)
        if self.visit is not None and content.size_bytes:
            self.visit(content, path)
        return reading.word

    def _apart(
        self,
        content: Content,
        path: str,
        word: str,
        budget: Budget,
        level: int,
        document: str = "",
    ) -> bool:
        """Whether a container was taken apart to its end; anything else is not tried.

        document: the word of the document around it; what lies in an archive within a document is a
        part of the document, however deep.
        """
        if word not in CONTAINER_WORDS:
            return False
        self._stop_if_refused()
        try:
            if level > self.limits.depth:
                raise TooMuch(3221, limit=self.limits.depth)
            meter = Meter(content.size_bytes)
            inside = self.members(word, content, path.rpartition(" > ")[2], budget.limits.files)
            for member in inside:
                budget.count_member()
                self._member(member, path, document or word, meter, budget, level)
                self._stop_if_refused()
        except TooMuch:
            raise
        except Unsound as error:
            self.complain(error.fault, path)
            return False
        return True

    def _inside(
        self, content: Content, path: str, word: str, budget: Budget, level: int, document: str = ""
    ) -> None:
        """A format to its end: what is wrong with it, what is packed in it, what it says."""
        if self.formats is None or self.formats.wants_nothing:
            return
        self._stop_if_refused()
        if level > self.limits.depth:
            raise TooMuch(3221, limit=self.limits.depth)
        meter = Meter(content.size_bytes)
        try:
            for item in self.formats.items(content, word):
                budget.check_time()
                if isinstance(item, Fault):
                    self.complain(item, path)
                    self._stop_if_refused()
                elif isinstance(item, Member):
                    budget.count_member()
                    self._member(item, path, document or word, meter, budget, level)
                elif self.take_text is not None:
                    where = f"{path} > {item.where}" if item.where else path
                    self.take_text(Text(where, item.text))
        except TooMuch:
            raise
        except Unsound as error:
            self.complain(error.fault, path)

    def _member(
        self, member: Member, outer: str, word: str, meter: Meter, budget: Budget, level: int
    ) -> None:
        path = f"{outer} > {member.name}"
        for fault in (*judge_member_name(member.name), *member.faults):
            self.complain(fault, path)
        document = word if word in CARRYING_WORDS else ""
        if member.encrypted:
            if not document:
                self.leaves.append(Leaf(path, "unknown", 0))
            return
        chunks = budget.metered(member.chunks, meter)
        if member.name.endswith("/"):
            if any(chunks):
                raise Unsound(3203, member=member.name, offset=0)
            return
        with collect(chunks, self.room) as leaf:
            self._leaf(leaf, path, document, budget, level)

    def _leaf(self, leaf: Content, path: str, document: str, budget: Budget, level: int) -> None:
        word = self._look(leaf, path, document, self.read_type)
        one = Leaf(path, word, leaf.size_bytes)
        if document:
            self.parts.append(one)
            self._check_macros(leaf, path, document)
        else:
            self.leaves.append(one)
        self._inside(leaf, path, word, budget, level + 1, document)
        if self._apart(leaf, path, word, budget, level + 1, document):
            # What an inner archive held has been counted; the archive itself is not content.
            budget.produced_bytes -= leaf.size_bytes

    def _check_macros(self, part: Content, path: str, document: str) -> None:
        name = path.rpartition(" > ")[2].lower()
        declared = name == "[content_types].xml" and any(
            word in part.read_at(0, 1 << 20).lower() for word in _MACRO_TYPES
        )
        if declared or name.endswith("vbaproject.bin"):
            self.complain(Fault(Word.TYPE, 3116, {"type": document}), path)
