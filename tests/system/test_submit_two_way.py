"""Submitted requests in a two-way gate of real processes: what became of them comes back to their callers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.management.layout import Role
from gateway.unit.model import Side
from gateway.unit.number import hear
from tests.support.submit import Submit, submit_gate

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

RECEIPTS = "/.well-known/ferrygate/receipts/"


@pytest.fixture(scope="module")
def s(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Submit]:
    with submit_gate(tmp_path_factory.mktemp("submit"), "two-way") as made:
        yield made


def told(s: Submit, receipt: str, caller: str = "portal-01") -> Any:
    with s.client(caller) as portal:
        reply = portal.call("GET", f"{RECEIPTS}{receipt}")
    return reply.json() if reply.status == 200 else reply.status


def until_told(s: Submit, receipt: str) -> Any:
    s.gate.until(lambda: told(s, receipt).get("state") != "waiting", f"{receipt} is told", 30)
    return told(s, receipt)


def test_a_receipt_says_what_became_of_its_request(s: Submit) -> None:
    good, bad = s.submit("r-1"), s.submit("bad-2")
    assert told(s, good)["receipt"] == good
    assert until_told(s, good) == {"receipt": good, "state": "performed", "status": 201}
    assert until_told(s, bad) == {"receipt": bad, "state": "performed", "status": 422}
    assert told(s, good, "portal-02") == 404, "of another caller"
    assert [told(s, text) for text in ("0000-0000-0", "x", "7QK4-M2XD-9")] == [404, 404, 404]
    outcome = next(e for e in s.gate.events(Side.OUTER, "outcome") if e.unit == hear(bad))
    assert (outcome.fields["became"], outcome.fields["status"]) == ("performed", 422)


def test_a_request_that_no_guard_lets_pass_is_told_as_refused(s: Submit) -> None:
    with s.client() as portal:
        reply = portal.call("POST", "/orders/no-1", b'{"a": 1, "a": 2}', "application/json")
    receipt = reply.json()["receipt"]
    found = until_told(s, receipt)
    assert (found["state"], found["number"][:3]) == ("refused", "FG-")
    assert s.orders.counts()["no-1"] == 0


def test_receipts_last_over_kills_and_unknown_is_said(s: Submit) -> None:
    slow = s.submit("slow-1")
    s.gate.until(lambda: s.orders.counts()["slow-1"], "its peer has it")
    with s.gate.dead(Side.INNER, Role.EDGE), s.gate.dead(Side.OUTER, Role.EDGE):
        pass
    s.gate.until(s.listens, "the source listens again", 30)
    found = until_told(s, slow)
    assert (found["state"], found["number"]) == ("unknown", "FG-6423")
    assert s.orders.counts()["slow-1"] == 1
