"""Takes blocks from the link and puts whole units into `received`: the receiving ferry's loop.

    link -> OneWayReceiver -> waiting -> desk: chunks to files, whole units in groups to the queue
    (thread: listen)                     (thread: desk)     gaps, losses, replays to journal and status

The listening thread touches no disk. While the desk is slow it leaves frames in the socket, and what the
socket cannot hold is lost, noticed, and named. How chunks become units is gathering.py, what is said of
the lane lane_news.py; here are the threads, the order of work, and the state that survives a restart.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, assert_never

from gateway.audit.event import Recorder, Status
from gateway.errors import Unavailable
from gateway.ferry.block import BlockSeal
from gateway.ferry.link.model import ReceiveOnlyLink
from gateway.ferry.oneway.account import Account
from gateway.ferry.oneway.happenings import (
    Answers,
    Beat,
    Cargo,
    Happening,
    Index,
    LostBlocks,
    NewSession,
    Pattern,
    Replayed,
    Returned,
    Settled,
    weight_bytes,
)
from gateway.ferry.oneway.receiver import OneWayReceiver
from gateway.ferry.shape import LaneShape
from gateway.ferry.statefile import ReceiverState, read_state, write_state
from gateway.receiving.gathering import Gathering
from gateway.receiving.lane_news import Heard, LaneNews
from gateway.receiving.two_way import OppositeLane
from gateway.spool.model import QueueWriter

# How often what is missing is judged and the state written; a killed receiver repeats this much.
_SETTLE_S: Final = 0.1
_SAVE_S: Final = 0.5
_RETRY_S: Final = 0.5
# How long the desk naps where there is nothing to do.
_SHORTEST_NAP_S: Final = 0.002
_LONGEST_NAP_S: Final = 0.01
# Beside the buffers of blocks: a sender with the key can send control blocks quicker than a desk works.
_WAITING_BYTES: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class AcceptSettings:
    """folder: for state.json and partial/, on the file system of the queue `received`.

    memory_bytes: for blocks in assembly or waiting for the disk. silence_s: without a heartbeat for
    so long the lane is called silent. retention_s: how long the bytes of incomplete units are kept.
    reserve_bytes: free disk that they leave.
    """

    folder: Path
    inline_bytes: int = 65_536
    memory_bytes: int = 96 << 20
    silence_s: float = 3.0
    retention_s: float = 14 * 86_400.0
    reserve_bytes: int = 256 << 20


class Acceptor:
    """Joins a link to the queue `received`.

    Raises StateUncertain 5502 (state file damaged) at start. on_pattern: gets the blocks of a link test.
    opposite: the other lane of a two-way gate. on_transient: gets its transient units, sealed, in the
    listening thread: it must not wait.
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
        opposite: OppositeLane | None = None,
        on_transient: Callable[[Sequence[bytes]], None] | None = None,
    ) -> None:
        self._on_transient = on_transient
        self._link, self._recorder, self._status = link, recorder, status
        self._on_pattern, self._opposite = on_pattern, opposite
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._state_path = state_path(settings.folder)
        self._saved = read_state(self._state_path, ReceiverState) or ReceiverState()
        pool = max(16, settings.memory_bytes // (shape.symbols * shape.symbol_bytes))
        self._core = OneWayReceiver(shape, lane, seal, self._saved.known, pool)
        self.account = Account(queue.has, self._saved.account)
        self._gathering = Gathering(
            queue,
            self.account,
            settings.folder / "partial",
            settings.inline_bytes,
            settings.retention_s,
            recorder,
            status,
            settings.reserve_bytes,
        )
        self._news = LaneNews(recorder, status, settings.silence_s)
        self._waiting: deque[Happening] = deque()
        # Counted apart, by the listening thread and by the desk's: what waits is the difference.
        self._came_bytes = self._gone_bytes = 0
        self._retry_s = self._settle_s = self._save_s = 0.0
        self._settled: Settled | None = None
        self._started_s: float | None = None

    # The listening side: link and core, no disk.

    def listen(self, now_s: float, wait_s: float = 0.0) -> bool:
        """Take what the link has, once; False where nothing had come. Raises Unavailable 5202."""
        if self._core.crowded or self._came_bytes - self._gone_bytes >= _WAITING_BYTES:
            # The disk is slower than the lane: the socket holds what it can.
            time.sleep(min(wait_s, 0.001))
            return False
        runs = self._link.receive(wait_s)
        for run in runs:
            self._core.take(run, now_s)
        self._core.tick(now_s)
        if self._core.passing:
            if self._on_transient is not None:
                self._on_transient(tuple(self._core.passing))
            self._core.passing.clear()
        if self._core.out:
            self._came_bytes += sum(map(weight_bytes, self._core.out))
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
            self._gathering.put()
            self._settle(now_s, self._started_s)
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
            nap_s = _SHORTEST_NAP_S
            while not stop.is_set():
                rest_s = self.desk(time.monotonic())
                if rest_s and not self._waiting:
                    # A lane that carries nothing for the queue is looked at less and less.
                    time.sleep(min(rest_s, nap_s))
                    nap_s = _SHORTEST_NAP_S if self._waiting else min(2 * nap_s, _LONGEST_NAP_S)
                elif rest_s:
                    stop.wait(rest_s)
            self.desk(time.monotonic())
            self._write_state()
        except BaseException as error:  # noqa: BLE001 handed to run(), which raises it
            failed.append(error)

    def close(self) -> None:
        """Note the partials and give the files back. The queue and the link are closed by who made them."""
        self._gathering.close()
        self._write_state()

    def _work_off(self, now_s: float) -> None:
        while self._waiting and not self._gathering.full:
            happening = self._waiting[0]
            self._happen(happening, now_s)
            self._waiting.popleft()
            self._gone_bytes += weight_bytes(happening)

    def _happen(self, happening: Happening, now_s: float) -> None:
        match happening:
            case Cargo():
                for chunk in happening.chunks:
                    self._gathering.take(chunk, happening.session, now_s)
                self._core.release(happening)
            case Beat():
                beat, at_ns = happening.heartbeat, time.time_ns()
                self._news.lost(self.account.heartbeat(happening.session, beat, at_ns))
            case Index():
                self.account.index(happening.session, happening.entries)
            case Answers():
                self._news.lost(self.account.resolved(happening.entries, time.time_ns()))
            case Settled():
                self._settled = happening
            case LostBlocks():
                self._news.gap(happening)
            case Replayed():
                self._news.replayed(happening, now_s)
            case NewSession():
                self._news.new_session(happening)
                self._save_s = 0.0
            case Pattern():
                if self._on_pattern is not None:
                    self._on_pattern(happening)
            case Returned():
                if self._opposite is not None:
                    self._opposite.heard(happening)
            case _:
                assert_never(happening)

    def _settle(self, now_s: float, started_s: float) -> None:
        if now_s < self._settle_s:
            return
        self._settle_s = now_s + _SETTLE_S
        if self._settled is not None:
            session, floor = self._settled.session, self._settled.floor
            self._news.lost(self.account.settle(session, floor, now_s, time.time_ns()))
        heard = Heard(self._link.malformed, self._gathering.received_bytes)
        self._news.show(self._core, self.account, heard, started_s, now_s)
        self._gathering.note(now_s)
        if self._opposite is not None:
            self._opposite.tell(self.account, self._core.session, now_s)

    def _save(self, now_s: float) -> None:
        if now_s < self._save_s:
            return
        self._save_s = now_s + _SAVE_S
        if self._state() != self._saved:
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
