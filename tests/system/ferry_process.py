"""One ferry as a process of its own, for tests in network namespaces: real link, real files, fake queue.

ferry_process.py send|receive udp|ethernet FOLDER RATE_MBIT UNITS SIZE
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from pathlib import Path

from gateway.ferry.link.ethernet import EthernetReceiver, EthernetSender
from gateway.ferry.link.udp_receiver import UdpReceiver
from gateway.ferry.link.udp_sender import UdpSender
from gateway.ferry.shape import shape_for
from gateway.receiving.accept import Acceptor, AcceptSettings
from gateway.sending.dispatch import Dispatcher, DispatchSettings
from gateway.spool.model import Entry
from tests.gateway.ferry.harness import KEY
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue

OUTER_MAC, INNER_MAC = "02:00:00:00:0f:01", "02:00:00:00:0f:02"
PORT = 17_600


def body_of(number: int, size: int) -> bytes:
    return hashlib.shake_128(number.to_bytes(8, "big")).digest(4096) * (size // 4096 + 1)


def main(role: str, kind: str, folder: Path, rate_mbit: int, units: int, size: int) -> None:
    stop = threading.Event()

    def wait() -> None:
        sys.stdin.readline()
        stop.set()

    threading.Thread(target=wait, daemon=True).start()
    shape = shape_for(1500, 28 if kind == "udp" else 0)
    (send if role == "send" else receive)(shape, kind, folder, rate_mbit * 10**6, units, size, stop)


def send(shape, kind, folder, rate, units, size, stop) -> None:  # type: ignore[no-untyped-def]
    link = (
        UdpSender(shape, "10.78.0.2", PORT)
        if kind == "udp"
        else EthernetSender(shape, "fgto", OUTER_MAC, INNER_MAC)
    )
    queue, recorder = MemoryQueue(), ListRecorder()
    queue.put([Entry(n, b"", body_of(n, size)[:size]) for n in range(1, units + 1)])
    settings = DispatchSettings(folder / "outer", folder / "control", rate)
    dispatcher = Dispatcher(
        queue, link, shape, 1, 1, KEY, lambda head: True, recorder, BoardOfOne(), settings
    )
    print("ready", flush=True)
    dispatcher.run(stop)
    print(json.dumps({"acked": len(queue.acknowledged), "sent": recorder.names().count("sent")}))


def receive(shape, kind, folder, rate, units, size, stop) -> None:  # type: ignore[no-untyped-def]
    link = (
        UdpReceiver(shape, "10.78.0.2", PORT, rate_bits_per_s=rate, stall_s=0.02)
        if kind == "udp"
        else EthernetReceiver(shape, "fgti", OUTER_MAC, rate_bits_per_s=rate, stall_s=0.02)
    )
    queue, recorder, status = MemoryQueue(), ListRecorder(), BoardOfOne()
    acceptor = Acceptor(
        link,
        queue,
        shape,
        1,
        KEY,
        recorder,
        status,
        AcceptSettings(folder / "inner", inline_bytes=1 << 20),
    )
    print("ready", flush=True)
    began = time.monotonic()
    acceptor.run(stop)
    right = [n for n, e in queue.entries.items() if e.body == body_of(n, size)[:size]]
    lost = [e for e in recorder.events if e.what == "unit.lost"]
    print(
        json.dumps(
            {
                "right": len(right),
                "all": len(queue.entries),
                "highest": max(queue.entries, default=0),
                "lost": sorted({e.unit for e in lost if e.unit is not None}),
                "gaps": recorder.names().count("lane.gap"),
                "counters": status.counters,
                "seconds": time.monotonic() - began,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *(int(word) for word in sys.argv[4:7]))
