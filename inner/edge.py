"""The inner edge: what the import lane delivers, and what is captured for the export lane."""

from __future__ import annotations

from typing import Final

from gateway.management.host import Host, open_desk
from gateway.management.layout import Role
from gateway.management.process import Process
from gateway.management.wiring.half import joined
from gateway.management.wiring.one_way_sink import OneWaySink
from gateway.management.wiring.receiving_edge import delivering
from gateway.unit.model import Lane

RECEIVES: Final = Lane.IMPORT
SENDS: Final = Lane.EXPORT


def edge(host: Host) -> Process:
    """Speaks the protocols of the inner network. No keys, no link."""
    desk = open_desk(host, Role.EDGE)
    if host.settings.is_two_way:
        from gateway.management.wiring.sending_edge import unit_numbers
        from gateway.management.wiring.two_way_edge import two_way

        return joined(desk, two_way(desk, SENDS, RECEIVES, unit_numbers(desk)))
    requests = OneWaySink(desk)
    deliver = delivering(desk, RECEIVES, requests.take_queue)
    return joined(desk, [requests.half(), deliver])
