"""The outer ferry: sends on the import lane, and receives on the export lane."""

from __future__ import annotations

from typing import Final

from gateway.management.host import Host, open_desk
from gateway.management.layout import Role
from gateway.management.process import Process
from gateway.management.wiring.half import joined
from gateway.management.wiring.sending_ferry import dispatching
from gateway.unit.model import Lane

SENDS: Final = Lane.IMPORT
RECEIVES: Final = Lane.EXPORT


def ferry(host: Host) -> Process:
    """The only opener of the links; sees sealed bytes only. In a one-way gate nothing here receives."""
    desk = open_desk(host, Role.FERRY)
    if host.settings.is_two_way:
        from gateway.management.wiring.both_ferries import both_ways

        return both_ways(desk, SENDS, RECEIVES)
    return joined(desk, [dispatching(desk, SENDS).half])
