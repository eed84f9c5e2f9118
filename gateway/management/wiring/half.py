"""What one lane adds to a process, and the process that halves make together. No part of any lane is here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gateway.management.host import Desk
from gateway.management.layout import Role
from gateway.management.process import Loop, Process, Step, in_turn

LoadKeys = Callable[[], Callable[[], None]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Half:
    """One lane's part of a process. Fields as Process has them; reloads come after the policies'.

    load_keys: each reads keys of this lane as they lie on disk and gives what puts them into use; raises
    Misconfigured 40xx and changes nothing.
    """

    steps: Sequence[Step] = ()
    loops: Sequence[Loop] = ()
    watches: Sequence[Callable[[], None]] = ()
    closing: Sequence[Callable[[], None]] = ()
    reloads: Sequence[Callable[[], None]] = ()
    load_keys: Sequence[LoadKeys] = ()


def loading(load: Callable[[], T], users: Sequence[Callable[[T], None]]) -> LoadKeys:
    """What load() makes of the keys, for all its users at once."""

    def load_keys() -> Callable[[], None]:
        loaded = load()

        def use() -> None:
            for one in users:
                one(loaded)

        return use

    return load_keys


def joined(desk: Desk, halves: Sequence[Half]) -> Process:
    """One process of these halves, closed in their order and the desk last."""
    reloads = [reload for half in halves for reload in half.reloads]
    return Process(
        desk.role.value,
        [step for half in halves for step in half.steps],
        desk.board,
        desk.journal,
        loops=[loop for half in halves for loop in half.loops],
        watches=[watch for half in halves for watch in half.watches],
        closing=[*(close for half in halves for close in half.closing), desk.close],
        # A ferry reads no policy.
        reload=None if desk.role is Role.FERRY else in_turn(desk.policy.reload, *reloads),
    )
