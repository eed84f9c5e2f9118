"""The ferry of a side of a two-way gate: one lane sent, the other received, one thread a lane.

cleared --> Dispatcher --> link of the one lane
                ^
                | hand-over: values only, no link and no queue (docs/adr/0003)
                |
received <-- Acceptor <-- link of the other lane
"""

from __future__ import annotations

from gateway.management.host import Desk
from gateway.management.process import Process
from gateway.management.wiring.half import joined
from gateway.management.wiring.receiving_ferry import Receiving, accepting
from gateway.management.wiring.sending_ferry import Sending, dispatching
from gateway.unit.model import Lane


def both_ways(desk: Desk, sends: Lane, receives: Lane) -> Process:
    """Both lanes of a side. Raises what dispatching() and accepting() raise."""
    sending, receiving = dispatching(desk, sends), accepting(desk, receives)
    hand_over(sending, receiving)
    return joined(desk, [sending.half, receiving.half])


def hand_over(_sending: Sending, _receiving: Receiving) -> None:
    """What comes back on one lane about the other is joined here. Nothing does yet."""
