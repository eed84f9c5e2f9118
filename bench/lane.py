"""Figures of the lane: memory to memory over a veth pair between two network namespaces.

The sender's segmentation offload is off, so that every frame exists as a frame on the link; the receiving
end keeps what a network card's driver would have (NAPI GRO). The ceiling is plain UDP with segmentation
over the same link in the same run: the same calls, with no core, no repair and no seal.

    .venv/bin/python -m bench.lane          both figures as JSON; needs root (ip, ethtool)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from gateway.ferry.link.udp_receiver import UdpReceiver
from gateway.ferry.link.udp_sender import UdpSender
from gateway.ferry.oneway.happenings import Cargo, LostBlocks
from gateway.ferry.oneway.receiver import OneWayReceiver
from gateway.ferry.oneway.sender import OneWaySender
from gateway.ferry.pacing import Pacer
from gateway.ferry.pump import Pump
from gateway.ferry.shape import UDP4_OVERHEAD_BYTES, LaneShape, shape_for
from gateway.identity.lane_key import LaneKey

_PORT: Final = 17_500
_SECONDS: Final = 3.0
_UNIT_BYTES: Final = 64 << 20
_RATES: Final = {1500: (5.0, 5.7, 6.2, 7.0, 8.0), 9000: (7.6, 9.0, 11.0, 13.0)}
# "gso off" alone leaves the veth the right to take a whole UDP call as one packet.
_OFFLOADS: Final = ("tso", "off", "gso", "off", "tx-udp-segmentation", "off")
# A receiver on two busy cores may be kept waiting for this long without losing a frame.
_STALL_S: Final = 0.1


def lane_mtu1500() -> dict[str, Any]:
    """The record lane.mtu1500: goodput in Gbit/s at the highest rate without loss."""
    return _measure("lane.mtu1500", 1500)


def lane_mtu9000() -> dict[str, Any]:
    """The record lane.mtu9000."""
    return _measure("lane.mtu9000", 9000)


def _measure(name: str, mtu: int) -> dict[str, Any]:
    with _namespaces(mtu) as (outer, inner):
        ceiling = max(_run(outer, inner, mtu, "plain", 0.0)["gbit_per_s"] for _ in range(2))
        best: dict[str, Any] | None = None
        tried = []
        for rate in _RATES[mtu]:
            found = _run(outer, inner, mtu, "lane", rate)
            if found["lost_frames"] or found["lost_blocks"]:
                found = _run(outer, inner, mtu, "lane", rate)
            tried.append({"rate_gbit": rate, **found})
            if found["lost_frames"] or found["lost_blocks"]:
                break
            if best is None or found["gbit_per_s"] > best["gbit_per_s"]:
                best = {"rate_gbit": rate, **found}
    value = best["gbit_per_s"] if best else 0.0
    shape = shape_for(mtu, UDP4_OVERHEAD_BYTES)
    parameters = {
        "mtu": mtu,
        "data_symbols": shape.data_symbols,
        "repair_symbols": shape.repair_symbols,
        "sender_offload": "tso off, gso off, tx-udp-segmentation off",
        "link_packets_per_frame": tried[0]["link_packets_per_frame"],
        "receiver_offload": "gro on (NAPI), UDP_GRO",
        "cores": os.cpu_count(),
        "seconds": _SECONDS,
        "paced_gbit_per_s": best["rate_gbit"] if best else 0.0,
        "loss": "none",
        "tried": tried,
    }
    return {
        "name": name,
        "value": round(value, 3),
        "unit": "Gbit/s",
        "parameters": parameters,
        "ceiling": round(ceiling, 3),
        "ratio": round(value / ceiling, 3) if ceiling else 0.0,
    }


@contextmanager
def _namespaces(mtu: int) -> Iterator[tuple[str, str]]:
    """Two namespaces joined by a veth pair; both are removed at the end."""
    outer, inner = f"fgb-o{os.getpid()}", f"fgb-i{os.getpid()}"
    names = (("fgbo", outer, "10.77.0.1/24"), ("fgbi", inner, "10.77.0.2/24"))
    try:
        for space in (outer, inner):
            _sh("ip", "netns", "add", space)
        _sh(
            "ip", "-n", outer, "link", "add", "fgbo", "type", "veth", "peer", "fgbi", "netns", inner
        )
        for device, space, address in names:
            _sh("ip", "-n", space, "addr", "add", address, "dev", device)
            _sh("ip", "-n", space, "link", "set", device, "mtu", str(mtu), "up")
        _sh("ip", "netns", "exec", outer, "ethtool", "-K", "fgbo", *_OFFLOADS)
        _sh("ip", "netns", "exec", inner, "ethtool", "-K", "fgbi", "gro", "on")
        yield outer, inner
    finally:
        for space in (outer, inner):
            subprocess.run(("ip", "netns", "del", space), check=False, capture_output=True)


def _sh(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _run(outer: str, inner: str, mtu: int, what: str, rate_gbit: float) -> dict[str, Any]:
    """One receiver and one sender, each in its namespace; gives what both counted."""

    def command(space: str, role: str) -> list[str]:
        here = [sys.executable, "-m", "bench.lane", role, what, str(mtu), str(rate_gbit)]
        return ["ip", "netns", "exec", space, *here]

    before = _packets(inner)
    receiver = subprocess.Popen(command(inner, "receive"), stdout=subprocess.PIPE)
    time.sleep(0.7)
    sender = subprocess.run(command(outer, "send"), stdout=subprocess.PIPE, check=True)
    received = json.loads(receiver.communicate(timeout=60)[0])
    packets = _packets(inner) - before
    share = round(packets / max(1, received["received_frames"]), 2)
    return {**json.loads(sender.stdout), **received, "link_packets_per_frame": share}


def _packets(space: str) -> int:
    """Packets that the receiving device has taken from the link so far."""
    shown = subprocess.run(
        ("ip", "-n", space, "-j", "-s", "link", "show", "fgbi"), check=True, capture_output=True
    )
    return int(json.loads(shown.stdout)[0]["stats64"]["rx"]["packets"])


def _send(what: str, shape: LaneShape, rate_gbit: float) -> dict[str, Any]:
    link = UdpSender(shape, "10.77.0.2", _PORT)
    sender = OneWaySender(shape, 1, 1, LaneKey(bytes(32)))
    began, cpu = time.monotonic(), time.process_time()
    plain = what == "plain"
    frames = _send_plain(sender, link) if plain else _send_lane(sender, link, rate_gbit)
    took = time.monotonic() - began
    return {
        ("sent_frames" if what == "plain" else "sent_blocks"): frames,
        "sender_cpu": round((time.process_time() - cpu) / took, 2),
    }


def _send_plain(sender: OneWaySender, link: UdpSender) -> int:
    shape = sender.shape
    unit = sender.begin(1, shape.block_bytes, 0)
    room = sender.room(unit, shape.block_bytes)
    if room is None:
        raise RuntimeError("no buffer")
    sender.commit(unit, 0, len(room))
    sender.flush()
    block, frames = sender.ready[-1], 0
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        link.send(block, 0, block.frames)
        frames += block.frames
    return frames


def _send_lane(sender: OneWaySender, link: UdpSender, rate_gbit: float) -> int:
    source = memoryview(os.urandom(1 << 20) * (_UNIT_BYTES >> 20))
    pump = Pump(sender, link, Pacer(int(rate_gbit * 1e9)))
    number = 0
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        number += 1
        unit = sender.begin(number, _UNIT_BYTES, 0)
        at = 0
        while at < _UNIT_BYTES:
            room = sender.room(unit, _UNIT_BYTES - at)
            if room is not None:
                length = len(room)
                room[:] = source[at : at + length]
                sender.commit(unit, at, length)
                at += length
            _push(sender, pump)
        sender.end(unit)
    sender.flush()
    while not pump.idle:
        _push(sender, pump)
    return sender.next_block


def _push(sender: OneWaySender, pump: Pump) -> None:
    now = time.monotonic()
    sender.tick(now)
    while True:
        wait_s = pump.push(time.monotonic())
        if sender.can_take or pump.idle:
            return
        if wait_s > 0:
            time.sleep(wait_s)


def _receive(what: str, shape: LaneShape, rate_gbit: float) -> dict[str, Any]:
    link = UdpReceiver(
        shape, "10.77.0.2", _PORT, rate_bits_per_s=int((rate_gbit or 10) * 1e9), stall_s=_STALL_S
    )
    receiver = OneWayReceiver(shape, 1, LaneKey(bytes(32)))
    memory = memoryview(bytearray(_UNIT_BYTES))
    frames = size = lost = 0
    first = last = cpu = 0.0
    while True:
        runs = link.receive(0.05)
        now = time.monotonic()
        if not runs:
            if first and now - last > 1.5:
                break
            receiver.tick(now)
            continue
        if not first:
            first, cpu = now, time.process_time()
        for run in runs:
            frames += run.frames
            if what == "lane":
                receiver.take(run, now)
            else:
                size += len(run.symbols)
        for happening in receiver.out:
            if isinstance(happening, Cargo):
                for chunk in happening.chunks:
                    memory[chunk.offset : chunk.offset + len(chunk.data)] = chunk.data
                    size += len(chunk.data)
                last = now
                receiver.release(happening)
            elif isinstance(happening, LostBlocks):
                lost += happening.last - happening.first + 1
        if what != "lane":
            last = now
        if receiver.out:
            receiver.out.clear()
            receiver.tick(now)
    took = last - first
    counts = receiver.counts
    return {
        "gbit_per_s": round(size * 8 / took / 1e9, 3),
        "lost_frames": counts["repaired"],
        "lost_blocks": lost,
        "received_frames": frames,
        "receiver_cpu": round((time.process_time() - cpu) / took, 2),
        "counts": dict(counts),
    }


def _main(arguments: list[str]) -> None:
    if not arguments:
        print(json.dumps([lane_mtu1500(), lane_mtu9000()], indent=1))
        return
    role, what, mtu, rate = arguments
    shape = shape_for(int(mtu), UDP4_OVERHEAD_BYTES)
    work = _send if role == "send" else _receive
    print(json.dumps(work(what, shape, float(rate))))


if __name__ == "__main__":
    _main(sys.argv[1:])
