"""The lane between two network namespaces, with every frame from inner dropped at its own egress.

Two real ferries as processes; the receiver is stopped at full rate; a capture watches for frames from inner.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.ferry.reconcile import request_resend
from gateway.ferry.statefile import missing_list
from tests.system.ferry_process import INNER_MAC, OUTER_MAC

ROOT = Path(__file__).parents[2]
PROCESS = str(Path(__file__).with_name("ferry_process.py"))
NEEDS = ("ip", "nft", "tcpdump")
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        os.geteuid() != 0 or any(shutil.which(tool) is None for tool in NEEDS),
        reason="needs root, ip, nft and tcpdump",
    ),
]


def sh(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@dataclass
class Gap:
    """Two namespaces and the processes started in them."""

    outer: str
    inner: str
    folder: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, space: str, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            ["ip", "netns", "exec", space, sys.executable, PROCESS, *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        self.started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def ferries(self, kind: str, rate_mbit: int, units: int, size: int) -> tuple[Any, Any]:
        words = (kind, str(self.folder), str(rate_mbit), str(units), str(size))
        receiver = self.start(self.inner, "receive", *words)
        return self.start(self.outer, "send", *words), receiver

    def finish(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        answer, _ = process.communicate("stop\n", timeout=60)
        assert process.returncode == 0
        result: dict[str, Any] = json.loads(answer)
        return result


@pytest.fixture
def gap(tmp_path: Path) -> Iterator[Gap]:
    outer, inner = f"fgt-o{os.getpid()}", f"fgt-i{os.getpid()}"
    made = Gap(outer, inner, tmp_path)
    try:
        for space in (outer, inner):
            sh("ip", "netns", "add", space)
        sh("ip", "-n", outer, "link", "add", "fgto", "type", "veth", "peer", "fgti", "netns", inner)
        for space, device, mac, address in (
            (outer, "fgto", OUTER_MAC, "10.78.0.1/24"),
            (inner, "fgti", INNER_MAC, "10.78.0.2/24"),
        ):
            sh("ip", "-n", space, "link", "set", device, "address", mac)
            sh("ip", "-n", space, "addr", "add", address, "dev", device)
        hook = "type filter hook egress device fgti priority 0;"
        table = f"table netdev gap {{\nchain out {{\n{hook}\ndrop\n}}\n}}\n"
        sh("ip", "netns", "exec", inner, "nft", table)
        for space, device in ((outer, "fgto"), (inner, "fgti")):
            sh("ip", "-n", space, "link", "set", device, "up")
        sh(
            "ip",
            "-n",
            outer,
            "neigh",
            "replace",
            "10.78.0.2",
            "lladdr",
            INNER_MAC,
            "dev",
            "fgto",
            "nud",
            "permanent",
        )
        yield made
    finally:
        for process in made.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        for space in (outer, inner):
            subprocess.run(("ip", "netns", "del", space), check=False, capture_output=True)


@pytest.mark.parametrize("kind", ["udp", "ethernet"])
def test_units_cross_and_not_one_frame_comes_back(gap: Gap, kind: str) -> None:
    capture = gap.folder / "from-inner.pcap"
    watcher = subprocess.Popen(
        ["ip", "netns", "exec", gap.outer, "tcpdump", "-i", "fgto", "-Z", "root", "-U", "-w", str(capture),
         "ether", "src", INNER_MAC],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watcher.stderr is not None
    while "listening" not in (line := watcher.stderr.readline()):
        assert line
    sender, receiver = gap.ferries(kind, 200, 100, 40_000)
    time.sleep(4)
    received, sent = gap.finish(receiver), gap.finish(sender)
    watcher.send_signal(signal.SIGINT)
    watcher.wait()
    assert (received["right"], sent["acked"]) == (100, 100)
    # A pcap file without a packet is its 24-byte header.
    assert capture.stat().st_size == 24


@pytest.mark.parametrize("stall_s", [0.05, 0.3])
def test_a_stopped_receiver_at_full_rate_costs_units_by_name_and_nothing_else(
    gap: Gap, stall_s: float
) -> None:
    sender, receiver = gap.ferries("udp", 1000, 8000, 20_000)
    time.sleep(0.4)
    os.kill(receiver.pid, signal.SIGSTOP)
    time.sleep(stall_s)
    os.kill(receiver.pid, signal.SIGCONT)
    time.sleep(5.0)
    state = gap.folder / "inner" / "state.json"
    named = {unit.number for unit in missing_list(state, 0.0).units}
    # A busy machine may lose a block of what is sent again: its units stay on the list for the next round.
    for _ in range(3):
        if (wanted := missing_list(state, 0.0)).empty:
            break
        request_resend(gap.folder / "control", wanted)
        time.sleep(4.0)
    received = gap.finish(receiver)
    gap.finish(sender)
    if stall_s > 0.1:
        assert named
    assert received["gaps"] < 50
    assert set(received["lost"]) == named
    assert received["right"] == received["all"] == 8000
    assert missing_list(state, 0.0).empty
