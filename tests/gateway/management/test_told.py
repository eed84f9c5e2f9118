"""What the other host tells of a unit is shown as its word, and never above what our own journals know."""

from __future__ import annotations

from gateway.audit.record import Record
from gateway.errors import Field
from gateway.management.commands.life import life_data, render_life
from gateway.management.commands.records import Entry
from gateway.management.commands.units import units_data
from gateway.management.layout import Role
from gateway.unit.model import Side
from gateway.unit.outcomes import FIRST_OWN_NUMBER
from tests.gateway.management.fixtures import CHINESE, PLAIN

START_NS = 1_795_236_943_000_000_000
OUTER = frozenset({Side.OUTER})


def entry(
    what: str,
    unit: int = 8,
    *,
    number: int = 0,
    side: Side = Side.OUTER,
    at: int = 0,
    **fields: Field,
) -> Entry:
    channel = "" if what == "outcome" else "lab-reports"
    return Entry(
        side,
        Role.GUARD,
        Record(1, START_NS + at * 10**9, what, unit, channel, number, dict(fields)),
    )


def sent(unit: int = 8) -> list[Entry]:
    return [
        entry("captured", unit, name="a.pdf", size_bytes=5),
        entry("cleared", unit, at=1),
        entry("sent", unit, at=2),
    ]


def outcome(became: str, unit: int = 8, *, number: int = 0, at: int = 5) -> Entry:
    there_ns = START_NS + (at - 1) * 10**9
    return entry("outcome", unit, number=number, at=at, became=became, there_at_ns=there_ns)


def test_a_unit_that_was_sent_has_the_result_that_was_told() -> None:
    told = [*sent(), outcome("held", number=2210), outcome("delivered", at=9), *sent(10)]
    told += [*sent(12), outcome("refused", 12, number=1051), *sent(14), outcome("released", 14)]
    told += [*sent(16), outcome("performed", 16)]
    rows = {row["unit"]: row for row in units_data(told, None, None, 50)["units"]}
    results = sorted((row["result"], row["side"], row["number"]) for row in rows.values())
    assert results == [
        ("delivered", "inner", None),
        ("delivered", "inner", None),
        ("refused", "inner", 1051),
        ("sent", "inner", None),
        ("sent", "outer", None),
    ]
    assert units_data(told, None, "refused", 50)["of"] == 1


def test_our_own_journals_go_before_what_is_told() -> None:
    known = [*sent(), outcome("delivered"), entry("received", side=Side.INNER, at=4)]
    (row,) = units_data([*known, entry("refused", side=Side.INNER, number=2210)], None, None, 50)[
        "units"
    ]
    assert (row["result"], row["number"]) == ("refused", 2210)


def test_units_of_the_gates_own_are_no_units_of_people() -> None:
    own = [entry("sent", FIRST_OWN_NUMBER + 4), entry("outcomes.told", FIRST_OWN_NUMBER + 4)]
    assert units_data(own, None, None, 50)["of"] == 0


def test_life_says_who_told_what_and_when() -> None:
    data = life_data(8, [*sent(), outcome("delivered")], OUTER, "en")
    shown = "\n".join(render_life(data, PLAIN))
    assert "As the inner host has told: delivered, 2026-" in shown
    assert "one-way" not in shown
    assert "On the inner host: ferrygate life" in shown
    assert data["summary"]["result"] == "delivered"
    assert "告知" in "\n".join(render_life(data, CHINESE))


def test_life_gives_the_reason_of_a_refusal_there() -> None:
    data = life_data(8, [*sent(), outcome("refused", number=1051)], OUTER, "en")
    shown = " ".join(" ".join(render_life(data, PLAIN)).split())
    assert "As the inner host has told: refused" in shown
    assert "FG-1051" in shown


def test_life_of_a_one_way_gate_is_as_it_was() -> None:
    shown = "\n".join(render_life(life_data(8, sent(), OUTER, "en"), PLAIN))
    assert "Nothing comes back over a one-way gate." in shown


def test_words_that_no_version_knows_are_unknown() -> None:
    data = life_data(8, [*sent(), outcome("\x1b[31mowned")], OUTER, "en")
    assert "\x1b" not in "\n".join(render_life(data, PLAIN))
    assert data["told"]["what"] == "unknown"
