"""The ferry of a side of a two-way gate: one lane sent, the other received, one thread a lane.

cleared --> Dispatcher --> link of the one lane
                ^
                | hand-over: values only, no link and no queue (docs/adr/0003)
                |
received <-- Acceptor <-- link of the other lane
"""

from __future__ import annotations

from typing import Final

from gateway.ferry.frame import SEAL_BYTES
from gateway.ferry.sentlog import SentLog
from gateway.ferry.twoway.telling import Telling
from gateway.management.host import Desk
from gateway.management.lane import LANE_NUMBERS, lane_shape
from gateway.management.process import Process
from gateway.management.wiring.half import Half, joined
from gateway.management.wiring.receiving_ferry import accepting
from gateway.management.wiring.sending_ferry import Sending, dispatching
from gateway.management.wiring.transient_ferry import transient_in, transient_out
from gateway.receiving.opposite import Opposite
from gateway.sending.returned import Returned, limits_of
from gateway.sending.two_way import MakeReturning
from gateway.unit.model import Lane

# A unit's size, at most, that goes again so; then people decide.
RESEND_TIMES: Final = 32


def both_ways(desk: Desk, sends: Lane, receives: Lane) -> Process:
    """Both lanes of a side. Raises what dispatching() and accepting() raise."""
    going, end_going = transient_out(desk, sends)
    arriving, end_arriving = transient_in(desk, receives)
    sending = dispatching(desk, sends, going, returning(desk, sends))
    opposite = hand_over(desk, sending, sends, receives)
    receiving = accepting(desk, receives, opposite, arriving)
    sockets = Half(closing=[end_going, end_arriving])
    return joined(desk, [sockets, sending.half, receiving.half])


def returning(desk: Desk, lane: Lane) -> MakeReturning:
    """Makes what goes again because the receiver of this lane asks for it over the opposite one."""
    link = desk.host.settings.links[lane]

    def make(log: SentLog, buffered_bytes: int) -> Returned:
        limits = limits_of(link.rate_bits_per_s, link.resend_share, RESEND_TIMES, buffered_bytes)
        return Returned(LANE_NUMBERS[lane], log, desk.journal, desk.status(lane), limits)

    return make


def hand_over(desk: Desk, sending: Sending, sends: Lane, receives: Lane) -> Opposite:
    """What is missing of the lane that is received goes on the lane that is sent, and what comes about the
    latter goes to who sends it."""
    link = desk.host.settings.links[sends]
    body_bytes = lane_shape(link).block_bytes - SEAL_BYTES
    return Opposite(
        Telling(LANE_NUMBERS[receives], link.rate_bits_per_s, body_bytes),
        sending.dispatcher.say,
        sending.dispatcher.hear,
    )
