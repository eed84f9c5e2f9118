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
from gateway.management.lane import (
    LANE_NUMBERS,
    lane_key,
    lane_shape,
    open_receiving,
    open_sending,
)
from gateway.management.layout import HostFolder, Role
from gateway.spool.epoch import claim_epoch
from gateway.unit.model import Lane

# Blocks of a test that may be lost and the link still be called good: none.
_GOOD_LOSS: Final = 0


def send(folder: HostFolder, seconds: float) -> Data:
    """Send patterns for `seconds`. What arrived is known on the other host only."""
    host = open_host(folder, Lane.IMPORT.sender)
    shape = lane_shape(host.settings.link)
    link = open_sending(host.settings.link, shape)
    try:
        sent = send_trial(
            link,
            shape,
            LANE_NUMBERS[Lane.IMPORT],
            claim_epoch(
                folder.state_of(Role.FERRY),
                f"{Lane.IMPORT.value}-session",
                at_least=int(time.time()),
            ),
            lane_key(host),
            rate_bits_per_s=host.settings.link.rate_bits_per_s,
            seconds=seconds,
        )
    finally:
        link.close()
    return {"end": "sends", **_link(host), **dataclasses.asdict(sent)}


def receive(folder: HostFolder, seconds: float, at: Callable[[int, int], None]) -> Data:
    """Receive for up to `seconds`. at: gets the blocks received and all that should have come."""
    host = open_host(folder, Lane.IMPORT.receiver)
    shape = lane_shape(host.settings.link)
    link = open_receiving(host.settings.link, shape)
    try:
        result = receive_trial(
            link,
            shape,
            LANE_NUMBERS[Lane.IMPORT],
            lane_key(host),
            seconds=seconds,
            on_progress=lambda received, lost: at(received, received + lost),
        )
    finally:
        link.close()
    good = result.blocks > 0 and result.lost_blocks <= _GOOD_LOSS and not result.damaged
    return {"end": "receives", "good": good, **_link(host), **dataclasses.asdict(result)}


def _link(host: Host) -> Data:
    link = host.settings.link
    return {"link": link.kind.value, "rate_bits_per_s": link.rate_bits_per_s, "mtu": link.mtu_bytes}
