"""Callers of a channel that performs each order once, and what they were told.

with posting(portal, "round") as callers:
    ...
assert callers.longest_s < 3
whole_s = until_whole_s(portal, "round")
assert whole_s < WHOLE_AGAIN_S * slowed()
"""

from __future__ import annotations

import contextlib
import http.client
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from client.ferrygate_client import Client

CALLERS = 8
# Until the gate is whole again behind a kill.
WHOLE_AGAIN_S = 3.0
_NEXT_S = 0.1


@dataclass
class OrderCallers:
    """Threads that post orders with a name of their own, each again as soon as it has been told.

    portal: a client for each. begin: called first in each thread.
    """

    portal: Callable[[], Client]
    round: str
    begin: Callable[[], None] = lambda: None
    statuses: Counter[int] = field(default_factory=Counter)
    answered: set[str] = field(default_factory=set)
    answered_at_s: list[float] = field(default_factory=list)
    longest_s: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)

    def call(self, place: int) -> None:
        count = 0
        self.begin()
        with self.portal() as portal:
            while not self.stop.is_set():
                count += 1
                name = f"{self.round}-{place}-{count}"
                begun_s = time.monotonic()
                try:
                    status = portal.call(
                        "POST", f"/orders/{name}", b'{"order":1}', "application/json"
                    ).status
                except (OSError, http.client.HTTPException):
                    # The edge that it spoke to has ended; nobody else could tell it.
                    status = 0
                    portal.close()
                ended_s = time.monotonic()
                self.longest_s = max(self.longest_s, ended_s - begun_s)
                self.statuses[status] += 1
                if status == 200:
                    self.answered.add(name)
                    self.answered_at_s.append(ended_s)
                else:
                    time.sleep(0.02)

    def since(self, at_s: float) -> list[float]:
        """When callers were answered after a moment."""
        return [one for one in self.answered_at_s if one > at_s]


@contextlib.contextmanager
def posting(
    portal: Callable[[], Client], name: str, begin: Callable[[], None] = lambda: None
) -> Iterator[OrderCallers]:
    """CALLERS threads that call until the end of the block."""
    callers = OrderCallers(portal, name, begin)
    threads = [threading.Thread(target=callers.call, args=(n,)) for n in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        yield callers
    finally:
        callers.stop.set()
        for thread in threads:
            thread.join()


def until_whole_s(
    portal: Callable[[], Client], name: str, begin: Callable[[], None] = lambda: None
) -> float:
    """Seconds from now until an order is answered that was begun from now on; inf where none is for long.

    One more caller every tenth of a second: those who came before the gate was whole may wait for theirs
    as long as they will.
    """
    begun_s, answered_s = time.monotonic(), list[float]()
    is_whole = threading.Event()

    def call(place: int) -> None:
        begin()
        with portal() as one, contextlib.suppress(OSError, http.client.HTTPException):
            path = f"/orders/{name}-whole-{place}"
            if one.call("POST", path, b'{"order":1}', "application/json").status == 200:
                answered_s.append(time.monotonic())
                is_whole.set()

    threads = list[threading.Thread]()
    while not is_whole.wait(_NEXT_S) and time.monotonic() < begun_s + 20:
        threads.append(threading.Thread(target=call, args=(len(threads),)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return min(answered_s, default=float("inf")) - begun_s


def slowed() -> float:
    """How many times longer than its own work another interpreter takes to start now: 1 where nobody else
    uses the processors. Measured while nobody calls."""
    begun_s = time.monotonic()
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", "import asyncio, ssl"], os.environ)
    used = os.wait4(pid, 0)[2]
    return max(1.0, (time.monotonic() - begun_s) / (used.ru_utime + used.ru_stime))
