"""The outer edge: what is captured for the import lane, and what the export lane delivers."""

from __future__ import annotations

from typing import Final

from gateway.management.host import Host, open_desk
from gateway.management.layout import Role
from gateway.management.process import Process
from gateway.management.wiring.half import joined
from gateway.management.wiring.one_way_source import OneWaySource
from gateway.management.wiring.sending_edge import capturing, unit_numbers
from gateway.unit.model import Lane

SENDS: Final = Lane.IMPORT
RECEIVES: Final = Lane.EXPORT


def edge(host: Host) -> Process:
    """Speaks the protocols of the outer network. No keys, no link."""
    desk = open_desk(host, Role.EDGE)
    numbers = unit_numbers(desk)
    if host.settings.is_two_way:
        from gateway.management.wiring.two_way_edge import two_way

        return joined(desk, two_way(desk, SENDS, RECEIVES, numbers))
    requests = OneWaySource(desk, numbers)
    capture = capturing(desk, SENDS, numbers, requests.take_queue)
    return joined(desk, [requests.half(), capture])
