"""Both edges around a stand-in for what lies between them, so that one process can be killed anywhere.

    in/ --Capturer--> queue captured --carry--> queue admitted --Deliverer--> out/

Run as a program it works until it is killed or nothing is left: edge_world.py FOLDER CHANNEL...
"""

from __future__ import annotations

import sys
import time
from hashlib import sha256
from pathlib import Path

from gateway.connectors.file.folder_sink import DestinationFolder, FolderSink
from gateway.connectors.file.folder_source import FolderSource, WatchedFolder
from gateway.connectors.numbering import UnitNumbers
from gateway.receiving.admitted import read_admitted
from gateway.receiving.deliver import Deliverer
from gateway.sending.capture import Capturer
from gateway.spool import open_reader, open_writer
from gateway.spool.model import Entry
from gateway.unit.decode import decode_captured
from gateway.unit.encode import encode_manifest
from gateway.unit.model import Lane, Manifest
from tests.support.fakes import BoardOfOne, ListRecorder

BATCH = 64


class EdgeWorld:
    """One run of both edges over the folders below `place`; as many runs as there are crashes."""

    def __init__(
        self, place: Path, channels: list[str], *, kept: str = "", poll_s: float = 0.002
    ) -> None:
        for name in ("state", *(f"{end}/{c}" for end in ("in", "out") for c in channels)):
            (place / name).mkdir(parents=True, exist_ok=True)
        self.journal, self.board = ListRecorder(), BoardOfOne()
        self.captured = open_writer(place / "captured", reserve_bytes=0)
        self.from_captured = open_reader(place / "captured")
        self.admitted = open_writer(place / "admitted", reserve_bytes=0)
        self.from_admitted = open_reader(place / "admitted")
        numbers = UnitNumbers(place / "state" / "numbers", time.time_ns)
        sources = {
            c: FolderSource(WatchedFolder(c, place / "in" / c, poll_s=poll_s, move_to=kept))
            for c in channels
        }
        self.capturer = Capturer(sources, self.captured, numbers.next, self.journal, self.board)
        sinks = {
            c: FolderSink(DestinationFolder(c, place / "out" / c, place / "state" / f"{c}.sink"))
            for c in channels
        }
        self.deliverer = Deliverer(
            self.from_admitted, sinks, read_admitted, self.journal, self.board
        )
        self._sources = list(sources.values())

    def carry(self) -> bool:
        """What guard and ferry do, without judging."""
        taken = self.from_captured.take(BATCH, 16 << 20)
        entries = []
        for one in taken:
            with one.body.open() as stream:
                content = stream.read()
            unit = decode_captured(one.header)
            digest = sha256(content).digest()
            manifest = Manifest(
                unit.number, unit.channel, unit.kind, Lane.IMPORT, 1, 2, "0" * 64, unit.body, digest
            )
            entries.append(Entry(unit.number, encode_manifest(manifest), content))
        if entries:
            self.admitted.put(entries)
            self.from_captured.ack([one.number for one in taken])
        return bool(taken)

    def step(self) -> bool:
        """Everything once; whether anything moved."""
        now_s, before = time.monotonic(), len(self.journal.events)
        self.capturer.step(now_s)
        carried = self.carry()
        self.deliverer.step(now_s)
        return carried or len(self.journal.events) > before

    def finish(self) -> None:
        """Until nothing moves, although held-back files had their time."""
        # By the clock, and by looks: a loaded machine may stop us for all of that time.
        quiet_since_s, looks = time.monotonic(), 0
        while time.monotonic() - quiet_since_s < 0.3 or looks < 100:
            looks += 1
            if self.step():
                quiet_since_s, looks = time.monotonic(), 0

    def close(self) -> None:
        """What the end of a process does: descriptors are closed, nothing else is written."""
        for source in self._sources:
            source.close()
        for end in (self.captured, self.from_captured, self.admitted, self.from_admitted):
            end.close()


if __name__ == "__main__":
    world = EdgeWorld(Path(sys.argv[1]), sys.argv[2:])
    print("ready", flush=True)
    while True:
        if not world.step():
            time.sleep(0.002)
