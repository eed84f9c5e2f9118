"""`ferrygate link test` on a host: opens the one end that this host may open, and hands patterns to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from gateway.errors import Misconfigured
from gateway.ferry.trial import receive_trial, send_trial
from gateway.management.commands.boards import read_boards
from gateway.management.host import Host
from gateway.management.lane import LANE_NUMBERS, lane_key, lane_shape, open_receiving, open_sending
from gateway.management.layout import HostFolder, Role
from gateway.management.settings import load_settings
from gateway.unit.model import Lane

# A ferry must see a session that is newer than its own, and a test must not use up its numbers: the
# session of a test is its second, far below the sessions of a ferry, which count in nanoseconds.
_NS: int = 1_000_000_000


def send(folder: HostFolder, seconds: float) -> dict[str, Any]:
    """Send patterns. Raises Misconfigured 7021 (the ferry has the link) and what opening raises."""
    host = _idle(folder)
    shape, key = lane_shape(host.settings.link), lane_key(host)
    link = open_sending(host.settings.link, shape)
    try:
        sent = send_trial(
            link,
            shape,
            LANE_NUMBERS[Lane.IMPORT],
            time.time_ns() // _NS,
            key,
            rate_bits_per_s=host.settings.link.rate_bits_per_s,
            seconds=seconds,
        )
    finally:
        link.close()
    return {"end": "sends", **asdict(sent)}


def receive(
    folder: HostFolder, seconds: float, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Wait for patterns until they end, at least so long. Raises as send does."""
    host = _idle(folder)
    shape, key = lane_shape(host.settings.link), lane_key(host)
    link = open_receiving(host.settings.link, shape)
    # The other side is started by hand a little later, and the patterns take their time.
    until_s = 6 * seconds + 60
    began_s = time.monotonic()

    def shown(_blocks: int, _lost: int) -> None:
        progress(int(time.monotonic() - began_s), int(until_s))

    try:
        result = receive_trial(
            link, shape, LANE_NUMBERS[Lane.IMPORT], key, seconds=until_s, on_progress=shown
        )
    finally:
        link.close()
    good = result.blocks > 0 and not result.lost_blocks and not result.damaged
    return {"end": "receives", "good": good, **asdict(result)}


def _idle(folder: HostFolder) -> Host:
    """The host, where its ferry does not run. Raises Misconfigured 7021."""
    ferry = read_boards(folder).get(Role.FERRY)
    if ferry is not None and ferry.alive:
        raise Misconfigured(7021, pid=ferry.pid)
    return Host(folder, load_settings(folder.settings))
