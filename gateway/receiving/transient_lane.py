"""Transient units from the lane to the guard's socket: the receiving ferry's part. No link, no disk.

    listening thread --> frames --> the guard's socket
                                       | not there, takes nothing: dropped, counted; the caller's clock tells

What the header of a sealed unit says of its number is believed by nobody: the guard opens and sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.audit.event import Status
from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.exchange.frames import FrameKind, encode_frame
from gateway.identity.layout import MAX_HEAD_BYTES
from gateway.receiving.head import parse_head


class TransientArrivals:
    """send: to the guard; raises as a line does."""

    def __init__(self, send: Callable[[Sequence[bytes]], None], status: Status) -> None:
        self._send, self._status = send, status

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
        if not frames:
            return
        try:
            self._send(frames)
        except (Unavailable, StateUncertain):
            self._status.count("transient_not_taken_total", len(frames))
        else:
            self._status.count("transient_received_total", len(frames))
