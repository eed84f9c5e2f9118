"""Requests beside a bulk transfer at full rate through the same gate: how much longer the slowest take.

    request.beside_bulk.p99    p99 beside large files that follow each other without a pause, as a multiple
                               of p99 without them; the median of runs of both in turn, each pair by itself,
                               so that other work on the machine is in both

The lane, the guards' processes and the machine's processors are shared. The files go as fast as lane and
disk take them; how fast stands in the parameters.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import os
import secrets
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.gate import used_of
from bench.http_requests import load_of, request_gate, service, until_answered
from bench.record import Record, Tell, record
from gateway.audit.status import read_status
from gateway.management.demo.cases import write_large
from gateway.management.layout import Role
from gateway.management.trial import Trial
from gateway.spool.disk import RealDisk
from gateway.spool.page_cache import WriteBehind, sync_and_let_go
from gateway.unit.model import Side

CALLERS: Final = 16
MANY: Final = 1_500
# Pairs differ threefold, by one stall of the disk or of the machine: the median of few is chance.
RUNS: Final = 21
FILE_BYTES: Final = 128 << 20
# As many are on their way at once: each stage has one, and none is dropped that the gate would only keep
# for later. Without a bound it was the copying of files into the drop folder, and the sealing of all that the
# lane had not taken yet, that was measured: 200 MB/s of each beside 50 MB/s on the lane.
UNDER_WAY: Final = 5
_PIECE_BYTES: Final = 1 << 20
_LOOK_S: Final = 0.05
_CHANNEL: Final = "image-archive"
# Of a trial: two processors that six processes, callers, service and disk share do not fill it.
RATE: Final = "1 Gbit/s"
# Until the first file is inside all parts of the way are at work.
_WITHIN_S: Final = 60.0


@dataclass
class Bulk:
    """Drops large files as long as it runs, and takes away what has arrived."""

    trial: Trial
    source: Path
    arrived_bytes: int = 0
    _dropped_bytes: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _failure: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        drop, arrivals = self.trial.drop(_CHANNEL), self.trial.arrivals(_CHANNEL)
        size_bytes = self.source.stat().st_size
        names = (f"bulk-{os.getpid()}-{count}.dcm" for count in itertools.count())
        try:
            while not self._stop.wait(_LOOK_S):
                self._take_away(arrivals)
                while self._dropped_bytes - self.arrived_bytes < UNDER_WAY * size_bytes:
                    # A name beside it first: a file that is there is whole. A second name would not do:
                    # the gate takes no file that somebody else may still hold.
                    new = self.source.with_name("next.dcm")
                    _copy(self.source, new)
                    new.rename(drop / next(names))
                    self._dropped_bytes += size_bytes
                    self._take_away(arrivals)
            self._drain(arrivals)
        except BaseException as error:  # noqa: BLE001 handed to running()
            self._failure.append(error)

    def _take_away(self, arrivals: Path) -> None:
        for one in arrivals.glob("*.dcm"):
            self.arrived_bytes += one.stat().st_size
            # The room of a whole one given back at once would hold up the gate's syncs, and be nobody's work.
            RealDisk().discard(one)

    def _drain(self, arrivals: Path) -> None:
        """Until nothing of it is under way: what follows begins with an idle gate."""
        until_s = time.monotonic() + _WITHIN_S
        while self.arrived_bytes < self._dropped_bytes:
            if time.monotonic() > until_s:
                raise RuntimeError("large files stay on their way")
            self._take_away(arrivals)
            time.sleep(_LOOK_S)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """From the arrival of the first file to the end of the block."""
        self._stop.clear()
        before = self.arrived_bytes
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            until_s = time.monotonic() + _WITHIN_S
            while self.arrived_bytes == before and not self._failure:
                if time.monotonic() > until_s:
                    raise RuntimeError("no large file arrives")
                time.sleep(_LOOK_S)
            yield
        finally:
            self._stop.set()
            thread.join()
        if self._failure:
            raise self._failure[0]


def _copy(source: Path, target: Path) -> None:
    """As a file comes from another machine: in pieces, on the disk, and no longer in memory. What a new page
    costs on a virtual machine is then the gate's own."""
    with source.open("rb") as come, target.open("wb", buffering=0) as going:
        with WriteBehind(going.fileno()) as written:
            while piece := come.read(_PIECE_BYTES):
                going.write(piece)
                written.wrote(len(piece))
            written.finish()
        sync_and_let_go(going.fileno(), target.stat().st_size)


def _lane_bytes(trial: Trial) -> int:
    """Of units that the import lane has sent, as the sending ferry shows it once a second. Files arrive
    whole, few in the time of a run."""
    shown = read_status(trial.host(Side.OUTER).run)
    return sum(int(one.gauges["lane_bytes"]) for one in shown if one.process == Role.FERRY)


def beside(
    tell: Tell,
    callers: int = CALLERS,
    many: int = MANY,
    runs: int = RUNS,
    file_bytes: int = FILE_BYTES,
) -> Record:
    """The ratio, the median over pairs of runs."""
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    alone_ms, beside_ms, rates, gbit = list[float](), list[float](), list[float](), list[float]()
    shares: dict[str, float] = {}
    with service() as peer, request_gate(peer, secret, RATE) as (trial, port):
        source = trial.root.parent / "large.dcm"
        for _ in write_large(source, file_bytes):
            pass
        bulk = Bulk(trial, source)
        until_answered(port, secret)
        load_of(port, callers, many // 4, secret)
        for run in range(runs):
            alone = load_of(port, callers, many, secret)
            alone_ms.append(alone.share(0.99))
            with bulk.running():
                sent, begun_s, before = _lane_bytes(trial), time.perf_counter(), used_of(trial)
                load = load_of(port, callers, many, secret)
                took_s, after = time.perf_counter() - begun_s, used_of(trial)
                gbit.append((_lane_bytes(trial) - sent) * 8 / took_s / 1e9)
            beside_ms.append(load.share(0.99))
            rates += [alone.rate, load.rate]
            shares = {
                name: round((used.cpu_s - before[name].cpu_s) / took_s, 2)
                for name, used in sorted(after.items())
                if name in before
            }
            tell("requests beside bulk", run + 1, runs)
    parameters: dict[str, Any] = {
        "callers": callers,
        "requests": many,
        "runs": runs,
        "file_bytes": file_bytes,
        "files_under_way": UNDER_WAY,
        "lane": RATE,
        "p99_ms_alone": [round(one, 1) for one in alone_ms],
        "p99_ms_beside": [round(one, 1) for one in beside_ms],
        "rates_alone": [round(one) for one in rates[::2]],
        "rates_beside": [round(one) for one in rates[1::2]],
        "bulk_gbit_per_s": [round(one, 2) for one in gbit],
        "processors_used_beside": shares,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }
    without = ("ms without the files", statistics.median(alone_ms))
    ratio = statistics.median(slow / quick for slow, quick in zip(beside_ms, alone_ms, strict=True))
    return record("request.beside_bulk.p99", ratio, "times", parameters, peer=without, ratio=ratio)
