"""The gap between two network namespaces: files cross, and nothing comes back. Root only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.management.trial import Trial
from gateway.unit.model import Side
from tests.support.gate import Gate, big_table, gate, settings, table
from tests.system.spaces import (
    EMPTY_CAPTURE_BYTES,
    INNER_ADDRESS,
    INNER_MAC,
    OUTER_ADDRESS,
    OUTER_MAC,
    PORT,
    Spaces,
    needs_namespaces,
    spaces,
)

pytestmark = [pytest.mark.system, needs_namespaces]

UDP = f"udp: {INNER_ADDRESS}:{PORT}"
ETHERNET = f"ethernet: fgto to {INNER_MAC}"
# Below an inline body, above one, several blocks, more than one segment of the seal.
SIZES = (300, 4096, 70_000, 1_500_000, 12_000_000)


def inner_end(trial: Trial) -> None:
    """With raw frames each end names its own interface and the other's address."""
    if "ethernet:" in trial.host(Side.INNER).settings.read_text():
        settings(trial, Side.INNER, link_ethernet=f"fgti to {OUTER_MAC}")


def send_files_of_all_sizes(running: Gate) -> None:
    files = {
        f"{size}.csv": big_table(size, size) if size > 50_000 else table(size) for size in SIZES
    }
    files |= {f"small-{n}.csv": table(2000, n) for n in range(100)}
    for name, content in files.items():
        running.drop(name, content)
    running.until_inside(set(files))
    assert running.differing(files) == []
    assert running.inside() == set(files)


def nothing_is_open(net: Spaces) -> None:
    """A scan of every TCP port and of some UDP ports of the link's address, from outer's end."""
    quick = ("nmap", "-n", "-Pn", "--send-ip", "--disable-arp-ping", "--max-retries", "0")
    tcp = net.outside(*quick, "-sS", "-p-", "--min-rate", "9000", INNER_ADDRESS)
    udp = net.outside(*quick, "-sU", "-p", f"53,67,123,161,514,{PORT}", INNER_ADDRESS)
    for scan in (tcp, udp):
        assert scan.returncode == 0, scan.stderr
        assert "1 host up" in scan.stdout
        assert not re.search(r"^\d+/\w+\s+open\s", scan.stdout, re.MULTILINE), scan.stdout


@pytest.mark.parametrize("link", [UDP, ETHERNET], ids=["udp", "ethernet"])
def test_files_of_all_sizes_cross_and_a_capture_holds_not_one_frame_from_inner(
    tmp_path: Path, link: str
) -> None:
    with spaces() as net, net.capture() as captured:
        net.drop_what_inner_sends()
        with gate(tmp_path, link=link, within=net.within(), prepare=inner_end) as running:
            send_files_of_all_sizes(running)
            nothing_is_open(net)
        assert captured.stat().st_size == EMPTY_CAPTURE_BYTES
        # The capture is not blind: with the rule away, a datagram from inner (or its ARP) is in it.
        assert net.inside("nft", "flush", "ruleset").returncode == 0

        def seen() -> bool:
            # Again and again: while the kernel ends a vain search for outer's address it drops them.
            net.inside("bash", "-c", f"echo x > /dev/udp/{OUTER_ADDRESS}/9")
            return captured.stat().st_size > EMPTY_CAPTURE_BYTES

        running.until(seen, "a frame is seen", 15)


def test_over_raw_frames_inner_sends_nothing_even_where_nothing_drops_it(tmp_path: Path) -> None:
    with spaces(addresses=False) as net, net.capture() as captured:
        with gate(tmp_path, link=ETHERNET, within=net.within(), prepare=inner_end) as running:
            send_files_of_all_sizes(running)
        assert captured.stat().st_size == EMPTY_CAPTURE_BYTES


def test_over_udp_a_running_inner_sends_nothing_even_where_nothing_drops_it(tmp_path: Path) -> None:
    with (
        spaces() as net,
        gate(tmp_path, link=UDP, within=net.within()) as running,
        net.capture() as captured,
    ):
        send_files_of_all_sizes(running)
        assert captured.stat().st_size == EMPTY_CAPTURE_BYTES
