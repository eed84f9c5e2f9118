"""The inner ferry: receives on the import lane, and sends on the export lane."""

from __future__ import annotations

from typing import Final

from gateway.management.host import Host, open_desk
from gateway.management.layout import Role
from gateway.management.process import Process
from gateway.management.wiring.half import joined
from gateway.management.wiring.receiving_ferry import accepting
from gateway.unit.model import Lane

RECEIVES: Final = Lane.IMPORT
SENDS: Final = Lane.EXPORT


def ferry(host: Host) -> Process:
    """The only opener of the links; sees sealed bytes only. In a one-way gate nothing here sends."""
    desk = open_desk(host, Role.FERRY)
    if host.settings.is_two_way:
        from gateway.management.wiring.both_ferries import both_ways

        return both_ways(desk, SENDS, RECEIVES)
    return joined(desk, [accepting(desk, RECEIVES).half])
