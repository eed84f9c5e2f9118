"""What a guard has once, however many lanes it has halves of: signing of journal heads, keys, their ends."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.management.guarding import checkpointer
from gateway.management.host import Desk
from gateway.management.process import Process
from gateway.management.renewal import ExpiryWatch, KeysInForce
from gateway.management.wiring.half import Half, joined


def guard_of(desk: Desk, halves: Sequence[Half]) -> Process:
    """The guard's process of these halves. Raises Misconfigured 40xx."""
    loads = [load for half in halves for load in half.load_keys]

    def take_keys() -> None:
        # All are read before one is put into use: wrong ones change nothing.
        for use in [load() for load in loads]:
            use()

    keys = KeysInForce(take_keys, desk.journal, desk.board)
    expiry = ExpiryWatch(desk.host.folder.keys, desk.board)
    own = Half(steps=[checkpointer(desk), expiry], reloads=[keys.reload, expiry.look])
    return joined(desk, [*halves, own])
