"""Each of the six processes killed under callers over HTTPS: all told in time, nothing performed twice."""

from __future__ import annotations

import http.client
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from gateway.management.layout import Role
from gateway.unit.model import Side
from tests.support.http_gate import ORDERS, HttpGate, http_gate

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

CALLERS = 8
# As the policy of the channel says; how long a caller may be left beyond it; until the gate is whole.
WITHIN_S = 2.0
BEYOND_S = 1.0
WHOLE_AGAIN_S = 3.0
WHOLE_AT_ALL_S = 15.0


@pytest.fixture(scope="module")
def g(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpGate]:
    with http_gate(tmp_path_factory.mktemp("http-kills")) as made:
        made.device("portal-01")
        yield made


@dataclass
class Callers:
    """Threads that post orders with a name of their own, each again as soon as it has been told."""

    g: HttpGate
    round: str
    statuses: Counter[int] = field(default_factory=Counter)
    answered: set[str] = field(default_factory=set)
    answered_at_s: list[float] = field(default_factory=list)
    longest_s: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)

    def call(self, place: int) -> None:
        count = 0
        with self.g.portal(channel=ORDERS, again_s=0) as portal:
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


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("side", list(Side))
def test_a_killed_process_leaves_no_caller_waiting_and_nothing_is_performed_twice(
    g: HttpGate, side: Side, role: Role
) -> None:
    g.service.seen.clear()
    callers = Callers(g, f"{side.value}-{role.value}")
    threads = [threading.Thread(target=callers.call, args=(n,)) for n in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        g.gate.until(lambda: len(callers.answered) > 5 * CALLERS, "callers are answered", 20)
        assert g.gate.signal(side, role, signal.SIGKILL)
        killed_s = time.monotonic()
        # What was under way in the next moment may have been answered before the end.
        g.gate.until(lambda: len(callers.since(killed_s + 0.2)) > 2 * CALLERS, "they are again", 20)
        whole_s = callers.since(killed_s + 0.2)[0] - killed_s
        time.sleep(0.5)
    finally:
        callers.stop.set()
        for thread in threads:
            thread.join()
    performed = Counter(one.raw.rpartition("/")[2] for one in g.service.seen)
    print(f"{side.value} {role.value}: whole after {whole_s:.2f} s, {dict(callers.statuses)}")
    assert [name for name, times in performed.items() if times > 1] == []
    assert callers.answered <= set(performed)
    assert set(callers.statuses) <= {200, 502, 503, 504} | ({0} if role is Role.EDGE else set())
    assert callers.longest_s < WITHIN_S + BEYOND_S
    assert whole_s < WHOLE_AT_ALL_S
    if whole_s >= WHOLE_AGAIN_S:
        # A guard starts two sandboxes, one after the other: 2 to 4 s on two cores that others use too.
        pytest.xfail(f"whole again after {whole_s:.1f} s, not {WHOLE_AGAIN_S:.0f} s")
