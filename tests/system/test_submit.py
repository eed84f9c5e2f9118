"""Submitted requests in a one-way gate of real processes: taken for good, performed once, and told."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from gateway.audit.record import Record
from gateway.management.layout import Role
from gateway.unit.model import Side
from gateway.unit.number import hear
from tests.support.submit import CHANNEL, Submit, submit_gate

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def s(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Submit]:
    with submit_gate(tmp_path_factory.mktemp("submit"), "one-way") as made:
        yield made


def performed(s: Submit) -> dict[int | None, int]:
    """Unit and status."""
    events = s.gate.events(Side.INNER, "request.performed")
    return {one.unit: int(one.fields["status"]) for one in events}


def test_requests_are_performed_once_in_their_order_and_told_inside(s: Submit) -> None:
    names = [f"a-{n}" for n in range(5)] + ["bad-1", "a-6"]
    said = [s.submit(name) for name in names]
    receipts = [hear(one) for one in said]
    s.gate.until(lambda: set(receipts) <= set(performed(s)), "all are performed")
    assert [name for name in s.orders.asked if name in names] == names
    assert [performed(s)[n] for n in receipts] == [201] * 5 + [422, 201]
    told = s.gate.events(Side.INNER, "request.performed")[0]
    assert (told.channel, told.fields["operation"], told.fields["tries"]) == (CHANNEL, "order", 1)
    life = json.loads(s.gate.cli(None, "life", said[0], "--json").stdout)
    assert "delivered" in json.dumps(life)
    for side in Side:
        assert s.gate.cli(side, "audit", "verify").returncode == 0


def test_a_large_body_is_a_file_on_its_way(s: Submit) -> None:
    receipt = hear(s.submit("large-1", {"text": "x" * 1_500_000}))
    s.gate.until(lambda: receipt in performed(s), "it is performed")
    assert s.orders.counts()["large-1"] == 1


def test_what_a_guard_refuses_is_set_aside_and_not_performed(s: Submit) -> None:
    with s.client() as portal:
        reply = portal.call("POST", "/orders/no-1", b'{"a": 1, "a": 2}', "application/json")
    assert reply.status == 202
    unit = hear(reply.json()["receipt"])

    def refused() -> list[Record]:
        return [e for e in s.gate.events(Side.OUTER, "refused") if e.unit == unit]

    s.gate.until(refused, "the outer guard refuses it")
    assert refused()[0].fields["word"] == "body"
    explained = s.gate.cli(Side.OUTER, "explain", reply.json()["receipt"])
    assert explained.returncode == 1 and "body" in explained.stdout, explained
    assert s.orders.counts()["no-1"] == 0


def test_kills_lose_nothing_and_perform_nothing_twice(s: Submit) -> None:
    receipts: dict[str, int] = {}
    victims = [(Side.OUTER, Role.EDGE), (Side.OUTER, Role.GUARD), (Side.INNER, Role.GUARD)]
    for turn, (side, role) in enumerate(victims):
        for n in range(6):
            name = f"k-{turn}-{n}"
            receipts[name] = hear(s.submit(name))
        with s.gate.dead(side, role):
            pass
        s.gate.until(s.listens, "the source listens again", 30)
    s.gate.until(lambda: set(receipts.values()) <= set(performed(s)), "all are performed", 90)
    counts = s.orders.counts()
    assert {name: counts[name] for name in receipts} == dict.fromkeys(receipts, 1)


def test_a_killed_sink_leaves_the_outcome_unknown_and_performs_nothing_again(s: Submit) -> None:
    receipt = hear(s.submit("slow-1"))
    s.gate.until(lambda: s.orders.counts()["slow-1"], "its peer has it")
    with s.gate.dead(Side.INNER, Role.EDGE):
        pass
    after = hear(s.submit("after-1"))

    def unknown() -> set[int | None]:
        return {one.unit for one in s.gate.events(Side.INNER, "request.unknown")}

    s.gate.until(lambda: receipt in unknown(), "it is told as unknown")
    s.gate.until(lambda: after in performed(s), "the next one goes on")
    assert s.orders.counts()["slow-1"] == 1
