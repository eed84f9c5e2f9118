"""Clocks that jump: nothing that cannot be undone happens because of one wrong look at the clock."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from gateway.errors import GatewayError, Refused
from gateway.unit.model import Side
from tests.support.keys import NOW_NS, cleared, make_gate

DAY_NS = 86_400 * 10**9


def test_a_clock_far_ahead_at_one_start_does_not_erase_the_keys_of_the_year(tmp_path: Path) -> None:
    """F5: erased keys do not come back when the clock does."""
    gate = make_gate(tmp_path, epochs=40)
    sealed, _ = gate.sealer().seal_bytes(cleared(b"a report"))
    with contextlib.suppress(GatewayError):
        gate.opener().purge(NOW_NS + 400 * DAY_NS)
    assert gate.opener().open_bytes(sealed).body == b"a report"


def test_the_ordinary_purge_erases_what_is_past(tmp_path: Path) -> None:
    gate = make_gate(tmp_path, epochs=20)
    keys = gate.guard(Side.INNER) / "epochs"
    before = len(list(keys.glob("*.key")))
    for day in range(8, 12):
        gate.opener().purge(NOW_NS + day * DAY_NS)
    assert len(list(keys.glob("*.key"))) < before


@pytest.mark.parametrize("days", [-3, 100])
def test_a_wrong_clock_inside_opens_nothing_and_erases_nothing(tmp_path: Path, days: int) -> None:
    gate = make_gate(tmp_path, epochs=20)
    sealed, _ = gate.sealer().seal_bytes(cleared(b"a report"))
    with pytest.raises((Refused, GatewayError)):
        gate.opener(NOW_NS + days * DAY_NS).open_bytes(sealed)
    assert gate.opener().open_bytes(sealed).body == b"a report"
