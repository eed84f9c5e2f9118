"""A hostile link and a hostile sender: replay, malformed frames, units that no guard has judged."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.connectors.numbering import UnitNumbers
from gateway.identity.device import load_guard_identity
from gateway.identity.epoch_keys import load_peer_epochs
from gateway.identity.names import host_name
from gateway.identity.trust import load_trust
from gateway.management.demo.cases import hostile_cases
from gateway.management.layout import Role
from gateway.management.trial import Trial
from gateway.sending.seal import Sealer
from gateway.spool.model import Entry
from gateway.spool.writer import open_writer
from gateway.unit.model import CapturedUnit, FileBody, Kind, Lane, Side, Stage
from gateway.unit.stages import Cleared
from tests.support.clamav import find_clamd, running_clamd
from tests.support.fakes import MemoryBody
from tests.support.gate import SMALL, Gate, big_table, gate, policy_digest, queue, settings, table

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

# What a test in Python can carry and keep beside six processes.
RATE = "100 Mbit/s"
MALFORMED = 100_000
PEAK_MIB = 300


class Wire:
    """The link as somebody sees it who sits on it: passes each datagram on, and keeps it."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.port: int = self._socket.getsockname()[1]
        self.recorded: list[bytes] = []
        self._to = ("127.0.0.1", 0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._pass_on)

    def between(self, trial: Trial) -> None:
        """Outer sends to us, and we to inner."""
        text = trial.host(Side.INNER).settings.read_text()
        self._to = ("127.0.0.1", int(text.partition("udp: 127.0.0.1:")[2].split()[0]))
        settings(trial, Side.OUTER, link_udp=f"127.0.0.1:{self.port}")

    def send(self, frame: bytes) -> None:
        self._socket.sendto(frame, self._to)

    def _pass_on(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                frame = self._socket.recv(65_536)
                self.recorded.append(frame)
                self.send(frame)

    @contextlib.contextmanager
    def working(self) -> Iterator[Wire]:
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join()
            self._socket.close()


def test_frames_recorded_and_replayed_after_a_restart_are_refused_and_audited(
    tmp_path: Path,
) -> None:
    files = {f"f{n}.csv": table(3000, n) for n in range(60)} | {"large.csv": big_table(900_000, 1)}
    with Wire().working() as wire, gate(tmp_path, rate=RATE, prepare=wire.between) as running:
        for name, content in files.items():
            running.drop(name, content)
        running.until_inside(set(files))
        # Until all is announced and acknowledged; what comes later is heartbeats.
        time.sleep(3.0)
        recorded = list(wire.recorded)
        delivered = len(running.events(Side.INNER, "delivered"))
        running.stop()
        # Somebody took the files away: a second delivery would be seen.
        for name in files:
            (running.trial.arrivals(SMALL) / name).unlink()
        running.start()
        for count, frame in enumerate(recorded):
            wire.send(frame)
            if count % 50 == 0:
                time.sleep(0.005)
        running.until(lambda: running.events(Side.INNER, "replay.refused"), "audited", 15)
        running.until(lambda: 5604 in running.alarms(Side.INNER), "an alarm", 5)
        time.sleep(2.0)
        assert running.inside() == set()
        assert len(running.events(Side.INNER, "delivered")) == delivered
        running.drop("after.csv", table(2000, 99))
        running.until_inside({"after.csv"})
        assert running.inside() == {"after.csv"}


def malformed(genuine: list[bytes], chance: random.Random) -> Iterator[bytes]:
    """Noise, cut frames, frames with bits turned, headers that promise anything."""
    while True:
        frame = bytearray(chance.choice(genuine))
        kind = chance.randrange(7)
        if kind == 0:
            yield chance.randbytes(chance.choice((0, 1, 31, 32, 33, 1471, len(frame))))
        elif kind == 1:
            yield bytes(frame[: chance.randrange(len(frame))])
        elif kind == 2:
            for _ in range(chance.randrange(1, 9)):
                frame[chance.randrange(len(frame))] ^= 1 << chance.randrange(8)
            yield bytes(frame)
        elif kind == 3:
            # The right beginning, then a header at random over a whole symbol.
            yield bytes(frame[:3]) + chance.randbytes(29) + bytes(frame[32:])
        elif kind == 4:
            # Another block far ahead, or of another session: nothing may be kept of it.
            frame[8:20] = chance.randbytes(12)
            yield bytes(frame)
        elif kind == 5:
            frame[4:8] = chance.randbytes(4)
            yield bytes(frame)
        else:
            yield bytes(frame) + chance.randbytes(chance.randrange(1, 64))


def test_a_hundred_thousand_malformed_frames_cost_no_crash_and_no_memory_and_files_arrive(
    tmp_path: Path,
) -> None:
    chance = random.Random(7)
    files = {f"f{n}.csv": table(3000, n) for n in range(200)} | {
        "large.csv": big_table(3_000_000, 1)
    }
    with Wire().working() as wire, gate(tmp_path, rate=RATE, prepare=wire.between) as running:
        running.drop("first.csv", big_table(400_000, 2))
        running.until_inside({"first.csv"})
        genuine = wire.recorded[:300]
        before = running.pid(Side.INNER, Role.FERRY)
        waiting = list(files.items())
        for count, frame in zip(range(MALFORMED), malformed(genuine, chance), strict=False):
            wire.send(frame)
            if count % 400 == 0:
                if waiting:
                    running.drop(*waiting.pop())
                time.sleep(0.01)
        assert not waiting
        # A frame forged into a block that is under way can spoil it: its units are named.
        rounds = running.bring_all(set(files))
        peaks = running.peak_mib()
        print(f"lists {rounds}, peaks {peaks}\n{running.shown()}")
        assert running.pid(Side.INNER, Role.FERRY) == before
        assert peaks["inner ferry"] < PEAK_MIB
        assert running.inside() == {*files, "first.csv"}
        assert running.differing(files) == []


def sealed(trial: Trial, name: str, content: bytes, number: int, sealer: Sealer) -> Entry:
    """A unit as a guard makes it that lets everything pass."""
    unit = CapturedUnit(
        number, SMALL, Kind.FILES, time.time_ns(), FileBody(name, len(content), time.time_ns())
    )
    cleared = Cleared(unit, MemoryBody(content), policy_digest(trial), time.time_ns())
    return Entry(number, b"", sealer.seal_bytes(cleared)[0])


@pytest.mark.skipif(find_clamd() is None, reason="needs clamd")
def test_units_of_a_sender_whose_inspection_is_off_are_refused_by_the_receiver_each_by_its_rule(
    tmp_path: Path,
) -> None:
    cases = [case for case in hostile_cases() if case.channel == SMALL]
    assert len(cases) > 10
    with (
        running_clamd(tmp_path / "clamd") as clamd,
        gate(tmp_path, clamd=str(clamd.socket)) as running,
    ):
        running.drop("before.csv", table(1000))
        running.until_inside({"before.csv"})
        running.stop()
        trial = running.trial
        put_sealed_units(trial, {case.name: case.content for case in cases})
        running.start()
        running.drop("after.csv", table(1000, 1))
        running.until_inside({"after.csv"})
        # What went before the receiving ferry was up is named by it: no unit gets away.
        for _ in range(10):
            if len(ends(running)) < len(cases):
                time.sleep(2.0)
                running.carry_list()
        assert len(ends(running)) == len(cases), running.shown()
        time.sleep(1.0)
        assert running.inside() == {"before.csv", "after.csv"}
        wrong = {
            case.name: (case.rule, ends(running)[case.name])
            for case in cases
            if ends(running).get(case.name) != case.rule
        }
        assert wrong == {}
        # By the same policy set another reading: the audit says so beside, but for what scanners find.
        told = {str(r.fields["name"]) for r in running.events(Side.INNER, "sides.disagreed")}
        assert told == {case.name for case in cases if case.rule != "malware"}


def ends(running: Gate) -> dict[str, str]:
    """What the inner guard refused, with the word of the policy that did."""
    refused = running.events(Side.INNER, "refused", "corrupt")
    return {str(r.fields.get("name", r.unit)): str(r.fields.get("word", r.number)) for r in refused}


def put_sealed_units(trial: Trial, bad: dict[str, bytes]) -> None:
    """Into outer's queue `cleared`, with outer's own keys, as a guard taken over could."""
    host = trial.host(Side.OUTER)
    trust = load_trust(host.keys / "trust", host_name("trial", Side.INNER))
    bundle = load_peer_epochs(host.keys / "guard" / "peer-epochs.bundle", trust)
    sealer = Sealer(load_guard_identity(host.keys / "guard"), bundle, Lane.IMPORT)
    numbers = UnitNumbers(host.state / "edge" / "unit-numbers", time.time_ns)
    writer = open_writer(queue(trial, Side.OUTER, Stage.CLEARED), inline_limit_bytes=128 << 10)
    try:
        entries = []
        for name, content in bad.items():
            entry = sealed(trial, name, content, numbers.next(), sealer)
            body = entry.body
            if isinstance(body, bytes) and len(body) > 64 << 10:
                file = writer.staging() / str(entry.number)
                file.write_bytes(body)
                os.chmod(file, 0o640)
                entry = Entry(entry.number, entry.header, file)
            entries.append(entry)
        writer.put(entries)
    finally:
        writer.close()
