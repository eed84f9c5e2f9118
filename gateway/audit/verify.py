"""Is a host's record what was written? Offline: copied folders and public keys are enough.

    checkpoints, in order of their numbers, from every place where they are kept
        |  signature right? hash of the note before right? the same note in each place?
        v
    each head --> walk that journal up to it --> same hash?      rewritten, cut, put back
                     |
                     each record: reads, counts on, hash right?  edited, removed, out of order

One pass, one block of each journal in memory. Nothing here writes, and nothing raises but for a
folder that is not there.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from gateway.audit.append import word
from gateway.audit.note import Head, Note
from gateway.audit.notefile import Found, note_files, notes_of
from gateway.audit.report import Finding, Report
from gateway.audit.segment import segments
from gateway.audit.walk import Walk
from gateway.errors import Field, Refused

# Whether a signature is right: key id, what was signed, the signature.
Check = Callable[[str, bytes, bytes], bool]
# A running guard signs the first checkpoint within seconds; after this somebody must ask why there is none.
FIRST_CHECKPOINT_NS: Final = 300_000_000_000

# Bytes read so far, bytes in all.
Progress = Callable[[int, int], None]

CHECKPOINTS: Final = "checkpoints"


class _Placed(NamedTuple):
    """A note with the place that it was kept in: 0 is the host's own."""

    number: int
    place: int
    name: str
    note: Note


class _Place:
    """The notes of one place, each checked against the one before."""

    def __init__(self, folder: Path, index: int, check: Check, report: Report) -> None:
        self._folder = folder
        self.index = index
        self._check = check
        self._report = report
        self.last: Note | None = None
        # As of now: what a running gate adds meanwhile is not asked of journals listed later.
        self._files: list[tuple[Path, int]] = []
        try:
            if folder.is_dir() or index > 0:
                self._files = [(path, path.stat().st_size) for path in note_files(folder)]
        except OSError as error:
            self._add_unreadable(error)

    def notes(self) -> Iterator[_Placed]:
        half: Found | None = None
        try:
            for found in self._found():
                if half is not None:
                    self._add(6029, self._after, half)
                half = None if found.note else found
                if found.note and self._right(found, found.note):
                    number = found.note.checkpoint.number
                    yield _Placed(number, self.index, found.name, found.note)
        except OSError as error:
            self._add_unreadable(error)
        if half is not None:
            # At the very end: a copy taken while it was being written, or a crash.
            self._add(6033, self._after, half)

    @property
    def _after(self) -> int:
        return self.last.checkpoint.number + 1 if self.last else 1

    def _found(self) -> Iterator[Found]:
        for path, size_bytes in self._files:
            yield from notes_of(path, size_bytes)

    def _add_unreadable(self, error: OSError) -> None:
        fields: dict[str, Field] = {"reason": word(error)}
        self._report.add(Finding(6035, "", 0, 0, str(self._folder), 0, fields))

    def _right(self, found: Found, note: Note) -> bool:
        last, after = self.last, self._after
        number = note.checkpoint.number
        if not self._check(note.key_id, note.text, note.signature):
            self._add(6028, number, found, key=note.key_id)
            return False
        self.last = note
        if last is None:
            if number > 1 and self.index == 0:
                self._add(6040, 1, found, number - 1)
        elif number > after:
            self._add(6040, after, found, number - 1)
        elif note.checkpoint.previous != last.hash or number < after:
            self._add(6029, number, found)
        if last is not None:
            self._compare(last, note, found)
        for one in note.checkpoint.breaks if self.index == 0 else ():
            fields: dict[str, Field] = {"checkpoint": number, "finding": one.number}
            self._report.add(Finding(6037, one.process, one.seq, one.seq, fields=fields))
        return True

    def _compare(self, last: Note, note: Note, found: Found) -> None:
        number = note.checkpoint.number
        if note.key_id != last.key_id and self.index == 0:
            self._add(6031, number, found, key=note.key_id, before=last.key_id)
        if note.checkpoint.host != last.checkpoint.host:
            self._add(6029, number, found)
        if note.checkpoint.at_ns < last.checkpoint.at_ns and self.index == 0:
            step_s = (last.checkpoint.at_ns - note.checkpoint.at_ns) / 1e9
            self._add(6030, number, found, count=1, step_s=round(step_s, 3))
        before = {head.process: head.seq for head in last.checkpoint.heads}
        for head in note.checkpoint.heads:
            if head.seq < before.get(head.process, 0):
                fields: dict[str, Field] = {"checkpoint": number}
                top = before[head.process]
                self._report.add(Finding(6027, head.process, head.seq + 1, top, fields=fields))

    def _add(self, number: int, seq: int, found: Found, last_seq: int = 0, **fields: Field) -> None:
        where = f"{self._folder.name}/{found.name}"
        span = (seq, max(seq, last_seq))
        self._report.add(Finding(number, "", *span, where, found.offset_bytes, fields))


def verify(
    root: Path,
    check: Check,
    also: Sequence[Path] = (),
    progress: Progress | None = None,
    now_ns: int | None = None,
    *,
    own: bool = True,
) -> Report:
    """Verify the journals of one host.

    root: the journal folder (a copy will do) with a folder for each process and `checkpoints`.
    check: whether a signature is right under the public key of that id; False for an unknown key.
    also: further folders of checkpoints, kept elsewhere: these show that an older copy of everything
    was put back. progress: called with bytes read and bytes in all. now_ns: wall clock, for records that
    have no checkpoint at all: young ones of a host's own journal are a note (6043), else a finding (6039).
    own: whether this is the journal of a host that is running here, and no copy.

    Raises Refused 6038 (no journal there) and nothing else.
    """
    if not root.is_dir():
        raise Refused(6038, folder=str(root))
    report = Report()
    folders = enumerate([root / CHECKPOINTS, *also])
    places = [_Place(folder, index, check, report) for index, folder in folders]
    processes = _processes(root)
    if not processes and not (root / CHECKPOINTS).is_dir():
        raise Refused(6038, folder=str(root))
    _Run(root, processes, report, progress).run(places)
    if report.checkpoints == 0:
        report.add(_without_checkpoint(report, time.time_ns() if now_ns is None else now_ns, own))
    return report


def _without_checkpoint(report: Report, now_ns: int, own: bool) -> Finding:
    """What it means that no checkpoint is there: a gate that just began, or a record without witness."""
    began = [one.first_at_ns for one in report.journals.values() if one.first_at_ns]
    age_ns = now_ns - min(began, default=0)
    # Records of the future are no younger than those of the past; those of a copy may be anybody's.
    if not own or abs(age_ns) > FIRST_CHECKPOINT_NS:
        return Finding(6039, "", 0, 0)
    return Finding(6043, "", 0, 0, fields={"age_s": round(age_ns / 1e9)})


class _Run:
    """One verification: the walks of all journals, driven by the checkpoints."""

    def __init__(
        self, root: Path, processes: Sequence[str], report: Report, progress: Progress | None
    ) -> None:
        self._root = root
        self._report = report
        self._progress = progress
        self._done_bytes = 0
        self._walks = {process: self._walk(process) for process in processes}
        self._total_bytes = sum(walk.total_bytes for walk in self._walks.values())

    def run(self, places: Sequence[_Place]) -> None:
        before: _Placed | None = None
        for placed in heapq.merge(*(place.notes() for place in places), key=lambda one: one.number):
            if before is not None and before.number == placed.number:
                if before.note.data != placed.note.data:
                    where = f"{before.name}, {placed.name}"
                    self._report.add(Finding(6041, "", placed.number, placed.number, where))
                    self._compare(placed.note)
                continue
            before = placed
            self._compare(placed.note)
        for walk in self._walks.values():
            walk.finish()
        self._rolled_back(places)

    def _compare(self, note: Note) -> None:
        report, at_ns = self._report, note.checkpoint.at_ns
        report.checkpoints += 1
        report.first_checkpoint_at_ns = report.first_checkpoint_at_ns or at_ns
        report.last_checkpoint_at_ns, report.last_words = at_ns, note.words
        if note.key_id not in report.keys:
            report.keys.append(note.key_id)
        for head in note.checkpoint.heads:
            self._head(head, at_ns)

    def _head(self, head: Head, at_ns: int) -> None:
        if head.process not in self._walks:
            self._walks[head.process] = self._walk(head.process)
        self._walks[head.process].compare(head, at_ns)

    def _walk(self, process: str) -> Walk:
        return Walk(self._root / process, process, self._report, self._read_bytes)

    def _read_bytes(self, count: int) -> None:
        self._done_bytes += count
        if self._progress is not None:
            self._progress(self._done_bytes, self._total_bytes)

    def _rolled_back(self, places: Sequence[_Place]) -> None:
        """Whether another place knows later checkpoints than the host itself."""
        own = places[0].last
        known = own.checkpoint.number if own else 0
        for place in places[1:]:
            if place.last is not None and place.last.checkpoint.number > known:
                at = place.last.checkpoint.number
                self._report.add(Finding(6042, "", known + 1, at))


def _processes(root: Path) -> list[str]:
    return sorted(
        path.name
        for path in root.iterdir()
        if path.name != CHECKPOINTS and path.is_dir() and segments(path)
    )
