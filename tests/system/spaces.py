"""Two network namespaces joined by a veth pair, the gap of a gate under test; root only.

    outer namespace [fgto 10.78.0.1] ------- [fgti 10.78.0.2] inner namespace

Made for one test and removed after it, whatever happens.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from gateway.unit.model import Side

OUTER_MAC: Final = "02:00:00:00:0e:01"
INNER_MAC: Final = "02:00:00:00:0e:02"
OUTER_ADDRESS: Final = "10.78.0.1"
INNER_ADDRESS: Final = "10.78.0.2"
PORT: Final = 47_000
# A pcap file without a packet is its header.
EMPTY_CAPTURE_BYTES: Final = 24
_CLONE_NEWNET: Final = 0x4000_0000
_NEEDS: Final = ("ip", "nft", "tcpdump", "nmap", "ethtool")
_absent = [
    tool for tool in _NEEDS if shutil.which(tool, path="/usr/sbin:/usr/bin:/sbin:/bin") is None
]

needs_namespaces = pytest.mark.skipif(
    os.geteuid() != 0 or bool(_absent),
    reason=f"needs root to make network namespaces, and {', '.join(_NEEDS)} (absent: {_absent})",
)


_Run = Callable[..., subprocess.CompletedProcess[str]]


def enter(name: str) -> None:
    """This thread makes its sockets in a namespace from here on (setns(2)); the others do not."""
    with Path("/run/netns", name).open("rb") as space:
        if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {name}")


@dataclass(frozen=True)
class Spaces:
    """The two namespaces, by name."""

    outer: str
    inner: str

    def within(self) -> dict[Side, Sequence[str]]:
        """For trial.start: the words before a side's command."""
        return {
            Side.OUTER: ["ip", "netns", "exec", self.outer],
            Side.INNER: ["ip", "netns", "exec", self.inner],
        }

    def outside(self, *command: str) -> subprocess.CompletedProcess[str]:
        return self._run(self.outer, command)

    def inside(self, *command: str) -> subprocess.CompletedProcess[str]:
        return self._run(self.inner, command)

    def _run(self, space: str, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ("ip", "netns", "exec", space, *command), capture_output=True, text=True, timeout=120
        )

    def drop_what_inner_sends(self) -> None:
        """Every frame of inner ends at its own egress, as systemd/ installs it."""
        hook = "type filter hook egress device fgti priority 0;"
        table = f"table netdev gap {{\nchain out {{\n{hook}\ndrop\n}}\n}}\n"
        made = self.inside("nft", table)
        assert made.returncode == 0, made.stderr

    def lose(self, percent: int) -> None:
        """Random loss at inner's end, packet by packet: outer sends nothing as one large packet."""
        self._lose(self.outside, "fgto", self.inside, "fgti", percent)

    def lose_back(self, percent: int) -> None:
        """The same the other way, at outer's end."""
        self._lose(self.inside, "fgti", self.outside, "fgto", percent)

    def _lose(self, sends: _Run, sender: str, receives: _Run, receiver: str, percent: int) -> None:
        off = ("tso", "off", "gso", "off", "tx-udp-segmentation", "off")
        made = sends("ethtool", "-K", sender, *off)
        assert made.returncode == 0, made.stderr
        hook = f"type filter hook ingress device {receiver} priority 0;"
        rule = f"numgen random mod 100 < {percent} counter drop"
        made = receives("nft", f"table netdev loss {{\nchain in {{\n{hook}\n{rule}\n}}\n}}\n")
        assert made.returncode == 0, made.stderr

    def lost(self) -> int:
        """Packets that lose() has dropped by now."""
        shown = self.inside("nft", "list", "table", "netdev", "loss").stdout
        return int(shown.partition("counter packets ")[2].split()[0])

    @contextmanager
    def capture(self) -> Iterator[Path]:
        """A capture of every frame from inner's address at outer's end; it ends with the block."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "from-inner.pcap"
            watcher = subprocess.Popen(
                ("ip", "netns", "exec", self.outer, "tcpdump", "-i", "fgto", "-Z", "root",
                 "--immediate-mode", "-U", "-w", str(file), "ether", "src", INNER_MAC),
                stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            try:
                assert watcher.stderr is not None
                while "listening" not in (line := watcher.stderr.readline()):
                    assert line, "tcpdump did not start"
                yield file
            finally:
                watcher.send_signal(signal.SIGINT)
                try:
                    watcher.wait(10)
                except subprocess.TimeoutExpired:
                    watcher.kill()
                    watcher.wait()


@contextmanager
def spaces(*, addresses: bool = True) -> Iterator[Spaces]:
    """Two namespaces and the veth between them, up. addresses: with IPv4 and a static neighbour."""
    made = Spaces(f"fg-outer-{os.getpid()}", f"fg-inner-{os.getpid()}")
    try:
        for name in (made.outer, made.inner):
            _sh("ip", "netns", "add", name)
            # The kernel speaks by itself where it has IPv6: this link carries frames of ours only.
            _sh("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
            _sh(
                "ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"
            )
        _sh("ip", "-n", made.outer, "link", "add", "fgto", "type", "veth",
            "peer", "fgti", "netns", made.inner)  # fmt: skip
        for name, device, mac, address in (
            (made.outer, "fgto", OUTER_MAC, OUTER_ADDRESS),
            (made.inner, "fgti", INNER_MAC, INNER_ADDRESS),
        ):
            _sh("ip", "-n", name, "link", "set", device, "address", mac)
            if addresses:
                _sh("ip", "-n", name, "addr", "add", f"{address}/24", "dev", device)
            _sh("ip", "-n", name, "link", "set", "lo", "up")
            _sh("ip", "-n", name, "link", "set", device, "up")
        if addresses:
            _sh("ip", "-n", made.outer, "neigh", "replace", INNER_ADDRESS, "lladdr", INNER_MAC,
                "dev", "fgto", "nud", "permanent")  # fmt: skip
        yield made
    finally:
        for name in (made.outer, made.inner):
            subprocess.run(("ip", "netns", "del", name), check=False, capture_output=True)


def _sh(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
