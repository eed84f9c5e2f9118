"""Sealing of requests, answers and failures that a guard lets pass: small ones of a channel as one.

    judged units --> by channel and policy, up to 32 and 64 KiB --> one batch --> one seal, one clearance
                           +--> alone, or large                         --> sealed as any unit

A signature and its two checks (own ferry, other guard) are most of the price of a small unit; a batch pays
them once. What is in it was judged one by one, and is judged one by one again on the other side.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence

from gateway.exchange.frames import FrameKind, encode_frame
from gateway.guard.requests import Unsealed
from gateway.inspection.chain import bytes_body
from gateway.sending.seal import Sealer
from gateway.unit.encode import encode_batch
from gateway.unit.model import CapturedUnit, Lane, Manifest
from gateway.unit.request import MAX_BATCH_BYTES, MAX_BATCH_UNITS, BatchBody
from gateway.unit.stages import Cleared

# What a manifest takes beside the content of a small unit, at most about.
_HEAD_BYTES = 1_024


class TransientSealer:
    """Seals for one lane. Safe to call from several threads."""

    def __init__(self, lane: Lane, sealer: Sealer) -> None:
        self._lane, self._sealer = lane, sealer

    def use(self, sealer: Sealer) -> None:
        """Seal with this one from the next unit on."""
        self._sealer = sealer

    def __call__(self, units: Sequence[Unsealed]) -> list[bytes]:
        """Frames for the ferry. Raises Unavailable and Refused as Sealer.seal_bytes; none is sealed then."""
        sealer, now_ns = self._sealer, time.time_ns()
        return [_sealed(sealer, self._lane, group, now_ns) for group in _groups(units)]


def _groups(units: Sequence[Unsealed]) -> Iterator[list[Unsealed]]:
    """What goes under one seal: in their order, of one channel under one policy set."""
    open_groups: dict[tuple[str, str], tuple[list[Unsealed], int]] = {}
    for one in units:
        key = (one.unit.channel, one.let.policy_digest)
        size_bytes = one.let.body.size_bytes + _HEAD_BYTES
        group, total_bytes = open_groups.pop(key, ([], 0))
        if group and (len(group) == MAX_BATCH_UNITS or total_bytes + size_bytes > MAX_BATCH_BYTES):
            yield group
            group, total_bytes = [], 0
        open_groups[key] = ([*group, one], total_bytes + size_bytes)
    for group, _ in open_groups.values():
        yield group


def _sealed(sealer: Sealer, lane: Lane, group: Sequence[Unsealed], now_ns: int) -> bytes:
    first = group[0]
    unit, body = first.unit, first.let.body
    if len(group) > 1:
        content = encode_batch([_described(one, lane, now_ns) for one in group])
        body = bytes_body(content)
        batch = BatchBody(len(group), len(content))
        unit = CapturedUnit(unit.number, unit.channel, unit.kind, unit.captured_at_ns, batch)
    sealed, _ = sealer.seal_bytes(Cleared(unit, body, first.let.policy_digest, now_ns))
    return encode_frame(FrameKind.SEALED, unit.number, sealed)


def _described(one: Unsealed, lane: Lane, now_ns: int) -> tuple[Manifest, bytes]:
    unit, content = one.unit, one.let.body.read()
    manifest = Manifest(
        unit.number, unit.channel, unit.kind, lane, unit.captured_at_ns, now_ns,
        one.let.policy_digest, unit.body, hashlib.sha256(content).digest(),
    )  # fmt: skip
    return manifest, content
