"""Callers of a channel that performs each order once, and what they were told.

with posting(portal, "round") as callers:
    ...
assert callers.longest_s < 3
"""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from client.ferrygate_client import Client

CALLERS = 8


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
