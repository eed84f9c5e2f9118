"""The checkpointing process: reads the journals of its host, checks them, and signs how far they go.

    journals --read what is new--> chain holds? --no--> alarm 6006 or 6007, a `break` line in the note
                                       |
                                   heads --sign--> checkpoints file --copy--> a second place

The guard does this, since it holds the keys; signing comes in as a callable. A checkpoint is written
at most a second after an event while there are any, and once a minute when there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.audit.append import word
from gateway.audit.chain import Break
from gateway.audit.event import Event, Recorder, Status
from gateway.audit.follow import Follower
from gateway.audit.note import MAX_BREAKS, ChainBreak, Checkpoint, Head, Note, text_of
from gateway.audit.notefile import (
    Differs,
    append_note,
    copy_new,
    cut_torn_note,
    last_note,
    note_file_name,
    note_files,
)
from gateway.errors import Field, Misconfigured, Unavailable

# What a thief of the tail can take unseen is what happened in the last second.
BUSY_NS: Final = 1_000_000_000
IDLE_NS: Final = 60_000_000_000

# A journal that is shorter than a checkpoint, or begins behind it: cut, or an older copy put back.
_SHORTER: Final = frozenset({6021, 6025})


class Checkpointer:
    """Follows the journals of a host and signs checkpoints over their heads."""

    def __init__(
        self,
        journal_folders: Mapping[str, Path],
        targets: Sequence[Path],
        sign: Callable[[bytes], bytes],
        key_id: str,
        *,
        host: str,
        recorder: Recorder | None = None,
        status: Status | None = None,
    ) -> None:
        """journal_folders: by process. targets: the folder of checkpoints (made if absent), then the
        places that get a copy (never made). host: the side.

        Raises Misconfigured 6009 (the first target cannot be used) and nothing else.
        """
        self._targets = targets
        self._sign = sign
        self._key_id = key_id
        self._host = host
        self._recorder = recorder
        self._status = status
        try:
            targets[0].mkdir(mode=0o750, parents=True, exist_ok=True)
            cut_torn_note(targets[0])
            self._last: Note | None = last_note(targets[0])
            self._file_name = max((path.name for path in note_files(targets[0])), default="")
        except OSError as error:
            raise Misconfigured(6009, folder=str(targets[0]), reason=word(error)) from error
        known = {head.process: head for head in self._last.checkpoint.heads} if self._last else {}
        self._followers = {
            process: Follower(folder, process, known.get(process))
            for process, folder in journal_folders.items()
        }
        self._breaks: list[ChainBreak] = []
        self._read_at_ns: int | None = None
        self._copied = len(targets) < 2

    @property
    def last(self) -> Note | None:
        """The newest checkpoint."""
        return self._last

    def step(self, now_ns: int) -> Note | None:
        """Read on, and write a checkpoint if one is due. now_ns: wall clock.

        Gives the checkpoint that was written. Raises Unavailable 6009 while the first target cannot
        be written (what was read stays read; the next step tries again) and nothing else.
        """
        if self._read_at_ns is not None and abs(now_ns - self._read_at_ns) < BUSY_NS:
            return None
        self._read_at_ns = now_ns
        reached = [self._follow(process, now_ns) for process in self._followers]
        if not all(reached) or not self._due(now_ns):
            if not self._copied:
                self._copy()
            return None
        note = self._write(now_ns)
        self._copy()
        return note

    def close(self) -> None:
        for follower in self._followers.values():
            follower.close()

    def _follow(self, process: str, now_ns: int) -> bool:
        follower = self._followers[process]
        try:
            breaks = follower.turn()
        except OSError as error:
            self._raise_alarm(6002, folder=process, reason=word(error))
            return follower.caught_up
        for one in breaks:
            self._tell(process, one, now_ns)
        return follower.caught_up

    def _tell(self, process: str, one: Break, now_ns: int) -> None:
        if len(self._breaks) >= MAX_BREAKS:
            return
        self._breaks.append(ChainBreak(process, one.seq, one.number))
        fields: dict[str, Field] = {"journal": process, "seq": one.seq, "finding": one.number}
        number = 6007 if one.number in _SHORTER else 6006
        self._raise_alarm(number, **fields)
        self._record(Event("journal.broken", now_ns, number=number, fields=fields))

    def _due(self, now_ns: int) -> bool:
        if self._last is None:
            return bool(self._heads())
        last = self._last.checkpoint
        changed = bool(self._breaks) or self._heads() != last.heads
        return changed or abs(now_ns - last.at_ns) >= IDLE_NS

    def _heads(self) -> tuple[Head, ...]:
        heads = (self._followers[process].head for process in sorted(self._followers))
        return tuple(head for head in heads if head is not None)

    def _write(self, now_ns: int) -> Note:
        last = self._last
        checkpoint = Checkpoint(
            host=self._host,
            number=last.checkpoint.number + 1 if last else 1,
            at_ns=now_ns,
            heads=self._heads(),
            breaks=tuple(self._breaks),
            previous=last.hash if last else "",
        )
        text = text_of(checkpoint)
        # The files stay in the order of their notes even when the clock goes back.
        name = max(self._file_name, note_file_name(now_ns))
        try:
            for follower in self._followers.values():
                follower.sync()
            note = Note(checkpoint, text, self._key_id, self._sign(text))
            append_note(self._targets[0], name, note.data)
        except OSError as error:
            where: dict[str, Field] = {"folder": str(self._targets[0]), "reason": word(error)}
            self._raise_alarm(6009, **where)
            raise Unavailable(6009, **where) from error
        self._clear_alarm(6009)
        if last is None or self._file_name != name or last.key_id != self._key_id:
            # Once a day and once a key, not each time: else the journals would never be idle.
            fields: dict[str, Field] = {
                "checkpoint": checkpoint.number,
                "key": self._key_id,
                "words": note.words,
            }
            self._record(Event("journal.checkpoint", now_ns, fields=fields))
        self._last, self._file_name = note, name
        self._breaks = []
        self._show(checkpoint)
        return note

    def _copy(self) -> None:
        whole = True
        for copy in self._targets[1:]:
            try:
                whole = copy_new(self._targets[0], copy) and whole
                self._clear_alarm(6008)
            except OSError as error:
                whole = False
                self._raise_alarm(6008, folder=str(copy), reason=word(error))
            except Differs as differs:
                self._raise_alarm(6010, folder=str(copy), file=differs.name)
        self._copied = whole

    def _record(self, event: Event) -> None:
        # A full journal does not stop this: the alarm stands and the note's break line is signed.
        if self._recorder is not None:
            with suppress(Unavailable):
                self._recorder.record(event)

    def _show(self, checkpoint: Checkpoint) -> None:
        if self._status is not None:
            self._status.gauge("audit_checkpoint_number", checkpoint.number)
            self._status.gauge("audit_checkpoint_timestamp_seconds", checkpoint.at_ns / 1e9)

    def _raise_alarm(self, number: int, **fields: Field) -> None:
        if self._status is not None:
            self._status.raise_alarm(number, **fields)

    def _clear_alarm(self, number: int) -> None:
        if self._status is not None:
            self._status.clear_alarm(number)
