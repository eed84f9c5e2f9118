"""Each of the six processes killed under callers over HTTPS: all told in time, nothing performed twice."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from gateway.management.layout import Role
from gateway.unit.model import Side
from tests.support.http_gate import ORDERS, HttpGate, http_gate
from tests.support.order_callers import CALLERS, WHOLE_AGAIN_S, posting, slowed

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

# As the policy of the channel says; how long a caller may be left beyond it.
WITHIN_S = 2.0
BEYOND_S = 1.0


@pytest.fixture(scope="module")
def g(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpGate]:
    with http_gate(tmp_path_factory.mktemp("http-kills")) as made:
        made.device("portal-01")
        yield made


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("side", list(Side))
def test_a_killed_process_leaves_no_caller_waiting_and_nothing_is_performed_twice(
    g: HttpGate, side: Side, role: Role
) -> None:
    slowed_before = slowed()
    g.service.seen.clear()
    with posting(
        lambda: g.portal(channel=ORDERS, again_s=0), f"{side.value}-{role.value}"
    ) as callers:
        g.gate.until(lambda: len(callers.answered) > 5 * CALLERS, "callers are answered", 20)
        assert g.gate.signal(side, role, signal.SIGKILL)
        killed_s = time.monotonic()
        # What was under way in the next moment may have been answered before the end.
        g.gate.until(lambda: len(callers.since(killed_s + 0.2)) > 2 * CALLERS, "they are again", 20)
        whole_s = callers.since(killed_s + 0.2)[0] - killed_s
        time.sleep(0.5)
    performed = Counter(one.raw.rpartition("/")[2] for one in g.service.seen)
    slow = max(slowed_before, slowed())
    print(f"{side.value} {role.value}: {whole_s:.2f} s ({slow:.1f} slower), {callers.statuses}")
    assert [name for name, times in performed.items() if times > 1] == []
    assert callers.answered <= set(performed)
    assert set(callers.statuses) <= {200, 502, 503, 504} | ({0} if role is Role.EDGE else set())
    assert callers.longest_s < WITHIN_S + BEYOND_S
    assert whole_s < WHOLE_AGAIN_S * slow
