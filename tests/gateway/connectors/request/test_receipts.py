"""What a caller is told of a request that he has submitted, and that nobody else is told anything."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import pytest

from gateway.connectors.request.gate import Gate
from gateway.connectors.request.receipts import PATH, is_for_receipt, told_of
from gateway.errors import Refused
from gateway.unit.number import speak
from tests.gateway.connectors.request.harness import (
    PLAIN,
    Journal,
    exchange,
    problem_in,
    running,
    status_of,
)
from tests.gateway.connectors.request.operations import matching

HIS = "CN=portal-01"


@dataclass
class Told:
    state: str
    status: int = 0
    number: int = 0


@dataclass
class Receipts:
    says: Told = field(default_factory=lambda: Told("performed", 201))

    def known(self, number: int, channel: str, caller: str) -> Told | None:
        return self.says if (number, channel, caller) == (7, "orders", HIS) else None


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (Told("waiting"), {"state": "waiting"}),
        (Told("performed", 201), {"state": "performed", "status": 201}),
        (Told("performed", 0, 6388), {"state": "performed", "number": "FG-6388"}),
        (Told("unknown", 0, 6423), {"state": "unknown", "number": "FG-6423"}),
    ],
)
def test_its_caller_is_told_what_became_of_it(says: Told, told: dict[str, object]) -> None:
    content = told_of(Receipts(says), "GET", PATH + speak(7), "orders", HIS)
    assert json.loads(content) == {"receipt": speak(7), **told}


@pytest.mark.parametrize(
    ("method", "target", "channel", "caller"),
    [
        ("GET", speak(7), "orders", "CN=portal-02"),
        ("GET", speak(7), "others", HIS),
        ("GET", speak(7), "orders", ""),
        ("GET", speak(9), "orders", HIS),
        ("DELETE", speak(7), "orders", HIS),
        ("GET", "", "orders", HIS),
        ("GET", f"{speak(7)}?a=1", "orders", HIS),
        ("GET", f"{speak(7)}/..", "orders", HIS),
        ("GET", "x" * 200, "orders", HIS),
    ],
)
def test_anything_else_is_the_same_404(method: str, target: str, channel: str, caller: str) -> None:
    with pytest.raises(Refused) as refused:
        told_of(Receipts(), method, PATH + target, channel, caller)
    assert refused.value.number == 6432


def test_a_source_answers_by_itself_and_only_where_it_has_receipts() -> None:
    assert is_for_receipt(PATH + "x")
    assert not is_for_receipt("/orders" + PATH)
    call = f"GET {PATH}{speak(7)} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n".encode()
    for receipts, number in ((Receipts(), "FG-6432"), (None, "FG-2353")):
        gate_of = Gate(matching(), iter(range(9)).__next__, Journal(), None, None, receipts)
        with running(replace(PLAIN, submits=True), gate=gate_of) as gate:
            answer = exchange(gate.port, call)
        assert (status_of(answer), problem_in(answer)["number"]) == (404, number)
