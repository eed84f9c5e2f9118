"""What of an outer caller can be seen on the link and on the inner network: captured, and searched."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.management.trial import make_trial
from tests.gateway.connectors.request.certificates import Authority
from tests.support.gate import Gate
from tests.support.http_gate import add_orders
from tests.system.spaces import INNER_ADDRESS, OUTER_ADDRESS, Spaces, needs_namespaces, spaces

pytestmark = [pytest.mark.system, pytest.mark.timeout(180), needs_namespaces]

PORT, CALLER, CALLER_PORT = 18_443, "127.0.0.77", "45451"
# What the peer is meant to get: it shows that the search finds what is there.
ORDER = '{"order":"meant-for-the-peer-3391"}'
MARKERS = {
    "cookie": b"caller-cookie-7781",
    "header": b"outer-trace-5512",
    "forwarded": b"198.51.100.77",
    "agent": b"outer-agent-9",
    "host": b"localhost:18443",
    "address": CALLER.encode(),
    "address, packed": socket.inet_aton(CALLER),
    "port": CALLER_PORT.encode(),
    "name": b"portal-01",
}


@contextlib.contextmanager
def captured(space: str, device: str, file: Path) -> Iterator[None]:
    watcher = subprocess.Popen(
        ("ip", "netns", "exec", space, "tcpdump", "-i", device, "-Z", "root", "--immediate-mode",
         "-s", "0", "-U", "-w", str(file)),
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert watcher.stderr is not None
        while "listening" not in (line := watcher.stderr.readline()):
            assert line, "tcpdump did not start"
        yield
    finally:
        watcher.send_signal(signal.SIGINT)
        try:
            watcher.wait(10)
        except subprocess.TimeoutExpired:
            watcher.kill()
            watcher.wait()


@contextlib.contextmanager
def peer(space: str) -> Iterator[int]:
    process = subprocess.Popen(
        ["ip", "netns", "exec", space, sys.executable, "-m", "bench.http_ends", "peer"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def call(made: Spaces, authority: Authority) -> subprocess.CompletedProcess[str]:
    certificate, key = authority.folder / "portal-01.pem", authority.folder / "portal-01.key"
    return made.outside(
        "curl", "-sS", "--max-time", "5", "--cacert", str(authority.ca), "--cert", str(certificate),
        "--key", str(key), "--interface", CALLER, "--local-port", CALLER_PORT,
        "-A", "outer-agent-9", "-H", "Content-Type: application/json",
        "-H", "Cookie: session=caller-cookie-7781", "-H", "X-Trace: outer-trace-5512",
        "-H", "X-Forwarded-For: 198.51.100.77", "--data-binary", ORDER,
        f"https://localhost:{PORT}/orders/1",
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_nothing_of_the_outer_caller_is_on_the_link_or_the_inner_network(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    authority.device("portal-01")
    link, inside = tmp_path / "link.pcap", tmp_path / "inside.pcap"
    with spaces() as made, peer(made.inner) as peer_port:
        trial = make_trial(
            tmp_path / "gate", "two-way", rate="200 Mbit/s",
            link=f"udp: {INNER_ADDRESS}:47000", back=f"udp: {OUTER_ADDRESS}:47001",
        )  # fmt: skip
        add_orders(trial, authority, PORT, peer_port)
        running = Gate(trial, made.within())
        try:
            running.start()
            running.until(lambda: call(made, authority).stdout == ORDER, "a call is answered", 30)
            with captured(made.inner, "fgti", link), captured(made.inner, "lo", inside):
                answered = call(made, authority)
            assert answered.stdout == ORDER, answered.stderr
        finally:
            running.stop()
    on_link, on_inside = link.read_bytes(), inside.read_bytes()
    # The searches can find: the order is read in clear at the peer, and sealed blocks were on the link.
    assert ORDER.encode() in on_inside
    assert len(on_link) > 2_000 and ORDER.encode() not in on_link
    for place_, content in (("link", on_link), ("inner network", on_inside)):
        found = [name for name, marker in MARKERS.items() if marker in content]
        assert found == [], f"{place_}: {found}"
