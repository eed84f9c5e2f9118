"""`ferrygate link test` on a host: patterns over its own link, with its own lane key, at its own rate.

The ferry of the host must not run meanwhile: the link has one opener. A test claims a session like
any other sender, so that it can neither be replayed nor make the next session look old.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Final

from gateway.ferry.trial import receive_trial, send_trial
from gateway.management.commands.command import Data
from gateway.management.host import Host, open_host
from gateway.management.lane import LANE_NUMBERS, lane_key, lane_shape
from gateway.management.layout import HostFolder, Role
from gateway.management.receiving_end import open_receiving
from gateway.management.sending_end import open_sending
from gateway.spool.epoch import claim_epoch
from gateway.unit.model import Lane

# Blocks of a test that may be lost and the link still be called good: none.
_GOOD_LOSS: Final = 0


def send(folder: HostFolder, lane: Lane, seconds: float) -> Data:
    """Send patterns over a lane for `seconds`. What arrived is known on the other host only."""
    host = open_host(folder, lane.sender)
    shape = lane_shape(host.settings.links[lane])
    link = open_sending(host.settings.links[lane], shape)
    try:
        sent = send_trial(
            link,
            shape,
            LANE_NUMBERS[lane],
            claim_epoch(
                folder.state_of(Role.FERRY),
                f"{lane.value}-session",
                at_least=int(time.time()),
            ),
            lane_key(host, lane),
            rate_bits_per_s=host.settings.links[lane].rate_bits_per_s,
            seconds=seconds,
        )
    finally:
        link.close()
    return {"end": "sends", **_link(host, lane), **dataclasses.asdict(sent)}


def receive(folder: HostFolder, lane: Lane, seconds: float, at: Callable[[int, int], None]) -> Data:
    """Receive for up to `seconds`. at: gets the blocks received and all that should have come."""
    host = open_host(folder, lane.receiver)
    shape = lane_shape(host.settings.links[lane])
    link = open_receiving(host.settings.links[lane], shape)
    try:
        result = receive_trial(
            link,
            shape,
            LANE_NUMBERS[lane],
            lane_key(host, lane),
            seconds=seconds,
            on_progress=lambda received, lost: at(received, received + lost),
        )
    finally:
        link.close()
    good = result.blocks > 0 and result.lost_blocks <= _GOOD_LOSS and not result.damaged
    return {"end": "receives", "good": good, **_link(host, lane), **dataclasses.asdict(result)}


def _link(host: Host, lane: Lane) -> Data:
    link = host.settings.links[lane]
    return {"link": link.kind.value, "rate_bits_per_s": link.rate_bits_per_s, "mtu": link.mtu_bytes}
