"""Requests and answers in a ferry of a two-way gate: one socket for each lane, and nothing between them.

guard --out.sock--> TransientLane --> Dispatcher --> link
guard <--in.sock--- TransientArrivals <-- Acceptor <-- link of the other lane
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.errors import Refused
from gateway.exchange.frames import FrameKind
from gateway.exchange.line import Calling
from gateway.exchange.sockets import owner_of
from gateway.identity.clearance import ClearanceFile
from gateway.identity.lane_files import clearance_file
from gateway.management.host import Desk
from gateway.management.layout import Role
from gateway.sending.transient_lane import TransientLane
from gateway.unit.model import Lane


def transient_out(desk: Desk, lane: Lane) -> tuple[TransientLane, Callable[[], None]]:
    """What the guard seals goes on this lane; and what closes it."""
    folder, status = desk.host.folder, desk.status(lane)
    check = ClearanceFile(clearance_file(folder.keys, lane), lane)
    going = TransientLane(check.holds, status)
    guard = owner_of(folder.journal(Role.GUARD))
    line = Calling(
        folder.to_ferry_socket, guard, frozenset({FrameKind.SEALED}), going.take, _alarms(desk)
    )
    return going, line.close


def transient_in(
    desk: Desk, lane: Lane
) -> tuple[Callable[[Sequence[bytes]], None], Callable[[], None]]:
    """What comes on this lane goes to the guard; and what closes it."""
    from gateway.receiving.transient_lane import TransientArrivals

    folder = desk.host.folder
    guard = owner_of(folder.journal(Role.GUARD))
    alarms, arrivals = _alarms(desk), list[TransientArrivals]()

    def trouble(refused: Refused | None) -> None:
        alarms(refused)
        if refused is None:
            for one in arrivals:
                one.guard_is_there()

    line = Calling(folder.from_ferry_socket, guard, frozenset(), on_trouble=trouble)
    arrivals.append(TransientArrivals(line.send, desk.status(lane)))
    return arrivals[0], line.close


def _alarms(desk: Desk) -> Callable[[Refused | None], None]:
    def trouble(refused: Refused | None) -> None:
        if refused is not None:
            desk.board.raise_alarm(refused.number, **refused.fields)
            return
        for number in (5767, 5781):
            desk.board.clear_alarm(number)

    return trouble
