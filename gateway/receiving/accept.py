"""Takes blocks from the link and puts whole units into `received`: the receiving ferry's loop.

    link -> OneWayReceiver -> waiting -> desk: chunks to files, whole units in groups to the queue
    (thread: listen)                     (thread: desk)     gaps, losses, replays to journal and status

The listening thread touches no disk. While the desk is slow it leaves frames in the socket, and what the
socket cannot hold is lost, noticed, and named. A unit that is here in part is kept until the rest is sent
again, or until its retention is over; it stays on the list of what is missing in both cases.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, assert_never

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Unavailable
from gateway.ferry.block import BlockSeal, Chunk
from gateway.ferry.link.model import ReceiveOnlyLink
from gateway.ferry.oneway.account import Account, Lost, MissingUnit, Partial
from gateway.ferry.oneway.receiver import (
    Answers,
    Beat,
    Cargo,
    Happening,
    Index,
    LostBlocks,
    NewSession,
    OneWayReceiver,
    Pattern,
    Replayed,
    Settled,
)
from gateway.ferry.partials import PartialFiles, sync_file
from gateway.ferry.shape import LaneShape
from gateway.ferry.statefile import ReceiverState, read_state, write_state
from gateway.spool.model import Entry, Put, QueueWriter
from gateway.unit.number import speak

# Units of one group commit: the rest waits in the link, and one fsync serves them all.
_GROUP_UNITS: Final = 256
_GROUP_BYTES: Final = 16 << 20
# How often what is missing is judged and the state written; a killed receiver repeats this much.
_SETTLE_S: Final = 0.1
_SAVE_S: Final = 0.5
# Partials younger than this are not noted: most are complete by then.
_NOTE_AFTER_S: Final = 1.0
_RETRY_S: Final = 0.5
# Replays come in floods: one event this often, with the count.
_REPLAY_EVENT_S: Final = 5.0
# The alarm stands this long after the last replayed frame.
_REPLAY_ALARM_S: Final = 60.0
# Bytes above which a complete unit is made durable beside the desk before its group commit.
_SYNC_BYTES: Final = 4 << 20
# A large unit under way goes to disk in pieces, so that its end does not wait for all of it.
_FLUSH_BYTES: Final = 64 << 20
# Ranges shown in one event; all of them stand in the reconcile list.
_RANGES_SHOWN: Final = 8
_COUNTS: Final = ("frames", "blocks", "repaired", "lost", "late", "forged", "replayed", "unproven")


@dataclass(frozen=True, slots=True)
class AcceptSettings:
    """folder: for state.json and partial/, on the file system of the queue `received`.

    memory_bytes: for blocks in assembly or waiting for the disk. silence_s: without a heartbeat for
    so long the lane is called silent. retention_s: how long the bytes of incomplete units are kept.
    """

    folder: Path
    inline_bytes: int = 65_536
    memory_bytes: int = 96 << 20
    silence_s: float = 3.0
    retention_s: float = 14 * 86_400.0


@dataclass(frozen=True, slots=True)
class _Ready:
    entry: Entry
    bytes: int


class Acceptor:
    """Joins a link to the queue `received`.

    Raises StateUncertain 5502 (state file damaged) at start. clock: monotonic seconds. on_pattern: gets
    the blocks of a link test.
    """

    def __init__(
        self,
        link: ReceiveOnlyLink,
        queue: QueueWriter,
        shape: LaneShape,
        lane: int,
        seal: BlockSeal,
        recorder: Recorder,
        status: Status,
        settings: AcceptSettings,
        on_pattern: Callable[[Pattern], None] | None = None,
    ) -> None:
        self._link, self._queue, self._settings = link, queue, settings
        self._recorder, self._status, self._on_pattern = recorder, status, on_pattern
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._state_path = settings.folder / "state.json"
        self._saved = read_state(self._state_path, ReceiverState) or ReceiverState()
        pool = max(16, settings.memory_bytes // (shape.symbols * shape.symbol_bytes))
        self._core = OneWayReceiver(shape, lane, seal, self._saved.known, pool)
        self.account = Account(queue.has, self._saved.account)
        self._files = PartialFiles(settings.folder / "partial")
        for partial in self._files.load():
            if queue.has(partial.number):
                self._files.discard(partial.number)
            else:
                self.account.restore(partial)
        self._waiting: deque[Happening] = deque()
        self._group: dict[int, _Ready] = {}
        self._group_bytes = 0
        self._retry_s = self._settle_s = self._save_s = 0.0
        self._replay_event_s = -_REPLAY_EVENT_S
        self._replay_frames = 0
        self._replay_place = (0, 0)
        self._replay_seen_s: float | None = None
        self._settled: Settled | None = None
        self._started_s: float | None = None
        self._noted: dict[int, float] = {}
        self._unflushed: dict[int, int] = {}
        self._syncer = ThreadPoolExecutor(1, "sync")
        self._syncing: deque[tuple[_Ready, Future[None]]] = deque()
        self._shown: dict[str, int] = {}

    # The listening side: link and core, no disk.

    def listen(self, now_s: float, wait_s: float = 0.0) -> bool:
        """Take what the link has, once; False where nothing had come. Raises Unavailable 5202."""
        if self._core.crowded:
            # The disk is slower than the lane: the socket holds what it can.
            time.sleep(min(wait_s, 0.001))
            return False
        runs = self._link.receive(wait_s)
        for run in runs:
            self._core.take(run, now_s)
        self._core.tick(now_s)
        if self._core.out:
            self._waiting.extend(self._core.out)
            self._core.out.clear()
        return bool(runs)

    # The desk: everything that lasts.

    def desk(self, now_s: float) -> float:
        """Work off what has come; gives the seconds until it wants to be called again.

        Raises StateUncertain as the queue does. Disk full is waited out, with an alarm.
        """
        if self._started_s is None:
            self._started_s = now_s
        try:
            self._work_off(now_s)
            self._collect()
            self._put()
            self._settle(now_s)
            self._save(now_s)
            self._recorder.commit()
        except Unavailable as error:
            self._status.raise_alarm(error.number, **error.fields)
            self._retry_s = now_s + _RETRY_S
            return _RETRY_S
        if self._retry_s:
            self._retry_s = 0.0
            for number in (5501, 5503, 6003, 6502):
                self._status.clear_alarm(number)
        return 0.0 if self._waiting else 0.01

    def step(self, now_s: float) -> float:
        """One round of both sides, for a loop of one thread; seconds until it wants to be called again."""
        came = self.listen(now_s)
        rest_s = self.desk(now_s)
        return 0.0 if came else rest_s

    def run(self, stop: threading.Event) -> None:
        """Both sides, each in its thread, until stop is set. Ends with what either of them raised."""
        failed: list[BaseException] = []
        writer = threading.Thread(target=self._desk_loop, args=(stop, failed), name="desk")
        writer.start()
        try:
            while not stop.is_set() and not failed:
                self.listen(time.monotonic(), 0.02)
        finally:
            stop.set()
            writer.join()
        if failed:
            raise failed[0]

    def _desk_loop(self, stop: threading.Event, failed: list[BaseException]) -> None:
        try:
            while not stop.is_set():
                rest_s = self.desk(time.monotonic())
                if rest_s and not self._waiting:
                    time.sleep(min(rest_s, 0.002))
                elif rest_s:
                    stop.wait(rest_s)
            self.desk(time.monotonic())
            self._write_state()
        except BaseException as error:  # noqa: BLE001 handed to run(), which raises it
            failed.append(error)

    def close(self) -> None:
        """Note the partials and give the files back. The queue and the link are closed by who made them."""
        for partial in self.account.partials.values():
            self._files.note(partial)
        self._write_state()
        self._syncer.shutdown()
        self._files.close()

    def _work_off(self, now_s: float) -> None:
        while (
            self._waiting and len(self._group) < _GROUP_UNITS and self._group_bytes < _GROUP_BYTES
        ):
            happening = self._waiting[0]
            self._happen(happening, now_s)
            self._waiting.popleft()

    def _happen(self, happening: Happening, now_s: float) -> None:
        match happening:
            case Cargo():
                for chunk in happening.chunks:
                    self._chunk(chunk, happening.session, now_s)
                self._core.release(happening)
            case Beat():
                self._lost(
                    self.account.heartbeat(happening.session, happening.heartbeat, time.time_ns())
                )
            case Index():
                self.account.index(happening.session, happening.entries)
            case Answers():
                self._lost(self.account.resolved(happening.entries, time.time_ns()))
            case Settled():
                self._settled = happening
            case LostBlocks():
                self._gap(happening)
            case Replayed():
                self._replayed(happening, now_s)
            case NewSession():
                self._new_session(happening)
            case Pattern():
                if self._on_pattern is not None:
                    self._on_pattern(happening)
            case _:
                assert_never(happening)

    def _chunk(self, chunk: Chunk, session: int, now_s: float) -> None:
        if self.account.is_here(chunk.number):
            self.account.seen_again(chunk.number, session, chunk.sequence)
            self._status.count("chunks_repeated_total")
            return
        body_bytes = chunk.total_bytes - chunk.trailer_bytes
        whole = len(chunk.data) == chunk.total_bytes
        if whole and body_bytes <= self._settings.inline_bytes:
            data = bytes(chunk.data)
            self._complete(
                chunk.number, session, chunk.sequence, data[body_bytes:], data[:body_bytes]
            )
            return
        before = self.account.partials.get(chunk.number)
        if before is not None and (before.total_bytes, before.trailer_bytes) != (
            chunk.total_bytes,
            chunk.trailer_bytes,
        ):
            self._status.count("chunks_contradicting_total")
            return
        self._files.write(chunk)
        self._flush_early(chunk.number, len(chunk.data))
        partial = self.account.chunk(chunk, session, now_s)
        if partial is not None and partial.complete:
            self._finish(partial)

    def _finish(self, partial: Partial) -> None:
        header, body = self._files.finish(partial, self._settings.inline_bytes)
        self._complete(partial.number, partial.session, partial.sequence, header, body)

    def _complete(
        self, number: int, session: int, sequence: int, header: bytes, body: bytes | Path
    ) -> None:
        size = len(body) if isinstance(body, bytes) else body.stat().st_size
        if number in self.account.partials:
            self._noted.pop(number, None)
            if isinstance(body, bytes):
                self._files.discard(number)
        self.account.complete(number, session, sequence)
        ready = _Ready(Entry(number, header, body), size)
        self._unflushed.pop(number, None)
        if isinstance(body, Path) and size > _SYNC_BYTES:
            self._syncing.append((ready, self._syncer.submit(sync_file, body)))
            return
        self._group[number] = ready
        self._group_bytes += len(body) if isinstance(body, bytes) else 0

    def _collect(self) -> None:
        """Large units that are on disk join the next group. Raises Unavailable 5503."""
        while self._syncing and self._syncing[0][1].done():
            ready, done = self._syncing[0]
            error = done.exception()
            if error is not None and isinstance(ready.entry.body, Path):
                self._syncing[0] = (ready, self._syncer.submit(sync_file, ready.entry.body))
                raise error
            self._syncing.popleft()
            self._group[ready.entry.number] = ready

    def _flush_early(self, number: int, size: int) -> None:
        grown = self._unflushed.get(number, 0) + size
        if grown >= _FLUSH_BYTES:
            self._syncer.submit(sync_file, self._files.path(number))
            grown = 0
        self._unflushed[number] = grown

    def _put(self) -> None:
        """One group commit. Raises Unavailable with the group still here."""
        if not self._group:
            return
        ready = list(self._group.values())
        answers = self._queue.put([item.entry for item in ready])
        # From here the lane may forget them.
        self._group.clear()
        self._group_bytes = 0
        at_ns = time.time_ns()
        for item, answer in zip(ready, answers, strict=True):
            number = item.entry.number
            was_missing = self.account.arrived(number)
            if answer is Put.DUPLICATE:
                self._files.discard(number)
                self._status.count("units_repeated_total")
                continue
            if isinstance(item.entry.body, Path):
                self._files.handed_over(number)
            fields = {"bytes": item.bytes, **({"was_missing": 1} if was_missing else {})}
            self._recorder.record(Event("received", at_ns, number, fields=fields))
        self._status.count("units_received_total", len(ready))

    def _gap(self, gap: LostBlocks) -> None:
        count = gap.last - gap.first + 1
        self._recorder.record(
            Event(
                "lane.gap",
                time.time_ns(),
                number=5601,
                fields={
                    "session": gap.session,
                    "first": gap.first,
                    "last": gap.last,
                    "blocks": count,
                },
            )
        )
        self._status.count("blocks_lost_total", count)

    def _lost(self, lost: list[Lost]) -> None:
        at_ns = time.time_ns()
        for item in lost:
            if isinstance(item, MissingUnit):
                ranges = " ".join(
                    f"{first}-{end - 1}" for first, end in item.ranges[:_RANGES_SHOWN]
                )
                missing = sum(end - first for first, end in item.ranges)
                fields: dict[str, str | int | float] = {
                    "spoken": speak(item.number),
                    "ranges": ranges,
                    "missing_bytes": missing,
                    "total_bytes": item.total_bytes,
                }
                self._recorder.record(Event("unit.lost", at_ns, item.number, "", 5602, fields))
                self._status.count("units_lost_total")
            else:
                fields = {"session": item.session, "first": item.first, "last": item.last}
                self._recorder.record(Event("unit.lost", at_ns, None, "", 5603, fields))
                self._status.count("units_lost_total", item.last - item.first + 1)

    def _replayed(self, replayed: Replayed, now_s: float) -> None:
        self._replay_frames += replayed.frames
        self._replay_seen_s = now_s
        self._replay_place = (replayed.session, replayed.block)
        self._status.raise_alarm(5604, session=replayed.session, block=replayed.block)
        self._tell_replays(now_s)

    def _tell_replays(self, now_s: float) -> None:
        if not self._replay_frames or now_s - self._replay_event_s < _REPLAY_EVENT_S:
            return
        session, block = self._replay_place
        fields = {"session": session, "block": block, "frames": self._replay_frames}
        self._recorder.record(Event("replay.refused", time.time_ns(), number=5604, fields=fields))
        self._replay_event_s, self._replay_frames = now_s, 0

    def _new_session(self, started: NewSession) -> None:
        before = -1 if started.before is None else started.before
        fields = {"session": started.session, "before": before}
        self._recorder.record(Event("lane.session", time.time_ns(), fields=fields))
        self._save_s = 0.0

    def _settle(self, now_s: float) -> None:
        if now_s < self._settle_s:
            return
        self._settle_s = now_s + _SETTLE_S
        if self._settled is not None:
            session, floor = self._settled.session, self._settled.floor
            self._lost(self.account.settle(session, floor, now_s, time.time_ns()))
        self._tell_replays(now_s)
        if self._replay_seen_s is not None and now_s - self._replay_seen_s > _REPLAY_ALARM_S:
            self._status.clear_alarm(5604)
            self._replay_seen_s = None
        self._watch_silence(now_s)
        self._show()
        missing = len(self.account.units) + sum(
            item.last - item.first + 1 for item in self.account.sequences
        )
        if missing:
            self._status.raise_alarm(5602, missing=missing)
        else:
            self._status.clear_alarm(5602)
        self._note(now_s)

    def _watch_silence(self, now_s: float) -> None:
        heard = self._core.heard_s if self._core.heard_s is not None else self._started_s
        if heard is not None and now_s - heard > self._settings.silence_s:
            self._status.raise_alarm(5605, silence_s=int(self._settings.silence_s))
        else:
            self._status.clear_alarm(5605)

    def _show(self) -> None:
        for name in _COUNTS:
            grown = self._core.counts[name] - self._shown.get(name, 0)
            if grown:
                self._shown[name] = self._core.counts[name]
                self._status.count(f"lane_{name}_total", grown)
        malformed = self._core.counts["malformed"] + self._link.malformed
        self._status.gauge("lane_malformed_frames", malformed)
        self._status.gauge("lane_session", self._core.session or 0)
        self._status.gauge("lane_block", self._core.highest)
        self._status.gauge("units_missing", len(self.account.units))
        self._status.gauge("units_partial", len(self.account.partials))

    def _note(self, now_s: float) -> None:
        """Partials that take long are noted, those past their retention are dropped."""
        for number, partial in list(self.account.partials.items()):
            if not partial.touched_s:
                partial.touched_s = now_s
            noted = self._noted.setdefault(number, partial.touched_s)
            if now_s - noted >= _NOTE_AFTER_S and partial.touched_s >= noted:
                self._files.note(partial)
                self._noted[number] = now_s
            if now_s - partial.touched_s > self._settings.retention_s:
                self._files.discard(number)
                del self.account.partials[number]
                self._noted.pop(number, None)

    def _save(self, now_s: float) -> None:
        if now_s < self._save_s:
            return
        self._save_s = now_s + _SAVE_S
        state = self._state()
        if state != self._saved:
            self._write_state()

    def _state(self) -> ReceiverState:
        # Blocks that still wait for the desk may be taken again after a crash: the queue notices.
        return ReceiverState(self._core.session, self._core.highest, self.account.dump())

    def _write_state(self) -> None:
        state = self._state()
        write_state(self._state_path, state)
        self._saved = state


def state_path(folder: Path) -> Path:
    """The receiving ferry's state file, for gateway.ferry.statefile.missing_list."""
    return Path(os.path.normpath(folder)) / "state.json"
