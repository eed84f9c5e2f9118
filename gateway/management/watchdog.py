"""Tells systemd that a process is ready and that its loop still goes round (sd_notify(3)).

    NOTIFY_SOCKET    where to say it; not set, nothing is said
    WATCHDOG_USEC    how long systemd waits for the next WATCHDOG=1

Only the loops that move data say it: a thread that hangs is silent whatever the others do.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress


def notify(message: bytes, environment: Mapping[str, str] = os.environ) -> None:
    """Send one datagram to systemd. Raises nothing: without it, systemd ends the process by itself."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect(b"\0" + address[1:].encode() if address[0] == "@" else address)
        out.send(message)


class Pulse(threading.Event):
    """The stop flag of the loops: each asks it every round, and so it knows that they go round."""

    def __init__(self, stop: threading.Event, environment: Mapping[str, str] = os.environ) -> None:
        super().__init__()
        self._stop, self._environment = stop, environment
        # Three times within the time that systemd waits.
        self._every_s = int(environment.get("WATCHDOG_USEC", "0") or "0") / 3e6
        self._asked: dict[int, float] = {}
        self._said_s = 0.0

    def is_set(self) -> bool:
        """Whether to stop. Says WATCHDOG=1 when it is time and every loop has asked lately."""
        if self._every_s:
            now_s = time.monotonic()
            self._asked[threading.get_ident()] = now_s
            oldest_s = min(list(self._asked.values()))
            if now_s - self._said_s >= self._every_s and now_s - oldest_s < self._every_s:
                self._said_s = now_s
                notify(b"WATCHDOG=1", self._environment)
        return self._stop.is_set()

    def set(self) -> None:
        self._stop.set()

    def wait(self, timeout: float | None = None) -> bool:
        return self._stop.wait(timeout)
