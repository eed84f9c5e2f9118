"""The UDP link on loopback: offload or not, IPv4 and IPv6, wrong datagrams, a buffer too small."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import pytest

from gateway.errors import Misconfigured
from gateway.ferry.link.ethernet import EthernetReceiver, mac_bytes
from gateway.ferry.link.receive_buffer import fit_receive_buffer
from gateway.ferry.link.udp_receiver import UdpReceiver
from gateway.ferry.link.udp_sender import UdpSender
from gateway.ferry.oneway.happenings import Cargo
from gateway.ferry.oneway.receiver import OneWayReceiver
from gateway.ferry.oneway.sender import OneWaySender
from gateway.ferry.shape import shape_for
from tests.gateway.ferry.harness import KEY

SHAPE = shape_for(1500, 48)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("segmentation", [True, False])
def test_units_cross_loopback(host: str, segmentation: bool) -> None:
    ear = UdpReceiver(SHAPE, host, 0, rate_bits_per_s=100_000_000)
    link = UdpSender(SHAPE, host, ear.port, segmentation=segmentation)
    sender, receiver = OneWaySender(SHAPE, 1, 1, KEY), OneWayReceiver(SHAPE, 1, KEY)
    body = os.urandom(700_000)
    sending, at, got = sender.begin(1, len(body), 0), 0, {}
    while at < len(body) or sender.ready:
        if at < len(body) and (room := sender.room(sending, len(body) - at)) is not None:
            length = len(room)
            room[:] = body[at : at + length]
            sender.commit(sending, at, length)
            at += length
            if at == len(body):
                sender.end(sending)
                sender.flush()
        while sender.ready:
            block = sender.ready.popleft()
            link.send(block, 0, block.frames)
            sender.reuse(block)
            while runs := ear.receive(0.01):
                for run in runs:
                    receiver.take(run, 0.0)
    for happening in receiver.out:
        if isinstance(happening, Cargo):
            got.update({chunk.offset: bytes(chunk.data) for chunk in happening.chunks})
    assert b"".join(got[offset] for offset in sorted(got)) == body
    link.close()
    ear.close()


def test_datagrams_of_another_length_are_counted_and_dropped() -> None:
    ear = UdpReceiver(SHAPE, "127.0.0.1", 0, rate_bits_per_s=1_000_000)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        for length in (0, 1, 31, SHAPE.frame_bytes - 1, SHAPE.frame_bytes + 1, 40_000):
            plain.sendto(bytes(length), ("127.0.0.1", ear.port))
    frames = sum(run.frames for _ in range(10) for run in ear.receive(0.01))
    assert (frames, ear.malformed) == (0, 6)
    ear.close()


def test_a_buffer_that_does_not_fit_the_rate_says_what_to_set() -> None:
    class Stingy(socket.socket):
        def setsockopt(self, *arguments: object) -> None:
            if arguments[1] == 33:
                raise PermissionError

    with (
        Stingy(socket.AF_INET, socket.SOCK_DGRAM) as receiving,
        pytest.raises(Misconfigured) as raised,
    ):
        fit_receive_buffer(receiving, 10_000_000_000, 0.5)
    assert raised.value.number == 5204
    assert int(raised.value.fields["sysctl_bytes"]) >= 10_000_000_000 / 8 * 0.5 / 2
    assert 0 < int(raised.value.fields["fitting_rate_mbit"]) < 10_000


@pytest.mark.parametrize(
    ("attempt", "number"),
    [
        (lambda: UdpSender(SHAPE, "no address", 5), 5203),
        (lambda: UdpReceiver(SHAPE, "203.0.113.7", 5, rate_bits_per_s=1000), 5203),
        (lambda: EthernetReceiver(SHAPE, "nosuchdevice", rate_bits_per_s=1000), 5206),
        (lambda: mac_bytes("02:00:00:00:00"), 5205),
        (lambda: mac_bytes("02:00:00:00:00:100"), 5205),
    ],
)
def test_a_wrong_link_setting_does_not_start(attempt: Callable[[], object], number: int) -> None:
    with pytest.raises(Misconfigured) as raised:
        attempt()
    assert raised.value.number == number


def test_the_sending_ends_have_no_way_to_receive() -> None:
    from gateway.ferry.link.ethernet import EthernetSender
    from gateway.ferry.link.memory import MemorySender

    for kind in (UdpSender, EthernetSender, MemorySender, OneWaySender):
        assert not [
            name for name in dir(kind) if "recei" in name or "recv" in name or "take_frame" in name
        ]
