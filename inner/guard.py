"""The inner guard: admits what comes on the import lane, and clears the export lane."""

from __future__ import annotations

from typing import Final

from gateway.inspection.unsound import Role as Reading
from gateway.management.host import Host, open_desk
from gateway.management.layout import Role
from gateway.management.process import Process
from gateway.management.sandboxes import Sandboxes
from gateway.management.wiring.durable_guard import DurableWay
from gateway.management.wiring.guards import guard_of
from gateway.management.wiring.receiving_guard import admitting
from gateway.unit.model import Lane

RECEIVES: Final = Lane.IMPORT
SENDS: Final = Lane.EXPORT


def guard(host: Host, sandboxes: Sandboxes) -> Process:
    """Inspects and judges; holds the keys, and what people decide about. No network, no link. Waits until
    all sandboxes are closed off."""
    desk = open_desk(host, Role.GUARD)
    way = DurableWay(desk)
    admit = admitting(desk, RECEIVES, sandboxes.of(Reading.RECEIVING), way)
    halves = [admit.half]
    if host.settings.is_two_way:
        from gateway.management.wiring.sending_guard import clearing
        from gateway.management.wiring.transient_guard import exchanging

        clear = clearing(desk, SENDS, sandboxes.of(Reading.SENDING), way)
        inspectors = clear.inspector, admit.inspector
        passing = exchanging(desk, SENDS, RECEIVES, *inspectors, way.remove, way.counters)
        halves = [passing, admit.half, clear.half, way.half()]
    process = guard_of(desk, halves)
    sandboxes.in_force(desk.board)
    return process
