"""Transient units from the lane to the guard's socket: the receiving ferry's part. No link, no disk.

    listening thread --> frames --> the guard's socket
                                       | not there: kept a moment, until it is back
                                       | takes nothing, or had some of it: dropped; the caller's clock tells

What the header of a sealed unit says of its number is believed by nobody: the guard opens and sees.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from gateway.audit.event import Status
from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.exchange.frames import FrameKind, encode_frame
from gateway.identity.layout import MAX_HEAD_BYTES
from gateway.receiving.head import parse_head

# A guard that has ended is back within seconds. What is older goes to nobody: its callers have been told.
KEPT_S: Final = 1.5
KEPT_BYTES: Final = 8 << 20
_NOT_THERE: Final = 5768


class TransientArrivals:
    """send: to the guard; raises as a line does. clock: monotonic, in seconds."""

    def __init__(
        self,
        send: Callable[[Sequence[bytes]], None],
        status: Status,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send, self._status, self._clock = send, status, clock
        self._kept: deque[tuple[float, bytes]] = deque()
        self._kept_bytes = 0
        # A guard that comes between a send that failed and the keeping would never get what is kept.
        self._lock = threading.Lock()

    def __call__(self, units: Sequence[bytes]) -> None:
        """Whole units as they came. Waits for nothing but a call to the socket."""
        frames = []
        for untrusted in units:
            try:
                number = parse_head(untrusted[:MAX_HEAD_BYTES], len(untrusted)).number
            except Refused:
                self._status.count("transient_malformed_total")
                continue
            frames.append(encode_frame(FrameKind.SEALED, number, untrusted))
        if frames:
            with self._lock:
                self._hand_over(frames, self._clock())

    def guard_is_there(self) -> None:
        """What was kept goes now. From the thread that has called the guard, once a connection."""
        with self._lock:
            now_s = self._clock()
            young = [frame for since_s, frame in self._kept if now_s - since_s <= KEPT_S]
            self._status.count("transient_not_taken_total", len(self._kept) - len(young))
            self._kept.clear()
            self._kept_bytes = 0
            if young:
                self._hand_over(young, now_s)

    def _hand_over(self, frames: Sequence[bytes], now_s: float) -> None:
        try:
            self._send(frames)
        except Unavailable as error:
            kept = self._keep(frames, now_s) if error.number == _NOT_THERE else 0
            self._status.count("transient_not_taken_total", len(frames) - kept)
        except StateUncertain:
            self._status.count("transient_not_taken_total", len(frames))
        else:
            self._status.count("transient_received_total", len(frames))

    def _keep(self, frames: Sequence[bytes], now_s: float) -> int:
        """Gives how many of them there was room for."""
        dropped = 0
        while self._kept and now_s - self._kept[0][0] > KEPT_S:
            self._kept_bytes -= len(self._kept.popleft()[1])
            dropped += 1
        self._status.count("transient_not_taken_total", dropped)
        kept = 0
        for frame in frames:
            if self._kept_bytes + len(frame) <= KEPT_BYTES:
                self._kept.append((now_s, frame))
                self._kept_bytes += len(frame)
                kept += 1
        return kept
