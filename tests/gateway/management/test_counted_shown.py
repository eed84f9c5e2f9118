"""What lines of `counted_if` found is shown by `explain`, `life` and `held show`, whole and escaped."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from gateway.management.commands import explain_page, explaining, held, held_shown, life
from gateway.management.layout import Role
from gateway.management.terminal.screen import Terminal
from gateway.policy.evaluate import evaluate
from gateway.policy.explain import as_data
from gateway.policy.explain import explain as explained
from gateway.policy.facts import Hit, Sought
from gateway.unit.model import Side
from tests.gateway.management.fixtures import CHINESE, NOW_NS, PLAIN, entry
from tests.gateway.management.test_held_commands import page
from tests.gateway.policy.channel_text import BASIC, channel, pdf

SENDER = (
    "identifiers: 12 identity numbers, 9 mobile numbers, 7 telephone numbers, 6 bank cards, 5 passports,"
    " 4 record numbers, 3 addresses, 2 e-mail addresses; words: 1 staff-names"
)
RECEIVER = "identifiers: 11 identity numbers"
STORY = [
    entry(Side.OUTER, Role.EDGE, "captured", name="a.csv", size_bytes=9),
    entry(Side.OUTER, Role.GUARD, "cleared", after_ms=5, checks=3, counted=SENDER),
    entry(Side.INNER, Role.FERRY, "received", after_ms=9),
    entry(Side.INNER, Role.GUARD, "held", 5, 2204, 10, checks=3, counted="words: 1 staff-names"),
    entry(Side.INNER, Role.GUARD, "admitted", after_ms=20, checks=3, counted=RECEIVER),
    entry(Side.INNER, Role.EDGE, "delivered", after_ms=30),
]


def said(lines: Iterable[object]) -> str:
    return " ".join(" ".join(str(line) for line in lines).split())


@pytest.mark.parametrize(
    ("terminal", "outer", "inner"),
    [
        (PLAIN, "counted on the outer host:", "counted on the inner host:"),
        (CHINESE, "外网主机计数:", "内网主机计数:"),
    ],
)
def test_explain_tells_what_each_side_counted_last(
    terminal: Terminal, outer: str, inner: str
) -> None:
    data = explaining.unit_data(5, STORY, "en")
    assert data["journal"]["counted"] == {"outer": SENDER, "inner": RECEIVER}
    text = said(explain_page.render_explain(data, terminal))
    assert f"{outer} {SENDER}" in text
    assert f"{inner} {RECEIVER}" in text


def test_explain_tells_nothing_where_nothing_was_counted() -> None:
    data = explaining.unit_data(5, STORY[:1], "en")
    assert data["journal"]["counted"] == {}
    assert "counted" not in said(explain_page.render_explain(data, PLAIN))


def test_a_line_that_counts_says_what_it_found_and_the_unit_passes() -> None:
    counting = channel(BASIC + "counted_if:\n  identifiers: identity numbers or bank cards\n")
    hits = tuple(
        Hit("identifier", name, "page 1", "110***1234", count)
        for name, count in (("identity numbers", 3), ("bank cards", 5))
    )
    facts = pdf(hits=hits, searched=Sought(frozenset({"identity numbers", "bank cards"})))
    judgement = as_data(explained(counting, evaluate(counting, facts, at_receiver=False)))
    data = {
        **explaining.unit_data(5, STORY[:1], "en"),
        "journal": None,
        "judgement": {**judgement, "side": "outer"},
        "scanned_by": "clamd",
    }
    text = said(explain_page.render_explain(data, PLAIN))
    assert "PASSES" in text
    assert "8 found and counted: 5 bank cards, 3 identity numbers" in text
    assert "110***" not in text


def test_life_tells_it_with_the_event_of_each_guard() -> None:
    data = life.life_data(5, STORY, frozenset(Side), "en")
    text = said(life.render_life(data, PLAIN))
    assert f"counted {SENDER}" in text
    assert f"counted {RECEIVER}" in text
    assert "计数 identifiers: 11 identity numbers" in said(life.render_life(data, CHINESE))


def test_whoever_decides_about_a_held_unit_is_told_it() -> None:
    told = held.page_data(page(5, counted=SENDER), NOW_NS, "en")
    assert f"counted {SENDER}" in said(held_shown.render_show(told, PLAIN))
    plain = held.page_data(page(5), NOW_NS, "en")
    assert "counted" not in said(held_shown.render_show(plain, PLAIN))


def test_a_journal_that_somebody_wrote_into_moves_no_cursor() -> None:
    evil = "identifiers: 1 \x1b[2J\u202e numbers, " + "x" * 500
    story = [entry(Side.OUTER, Role.GUARD, "cleared", checks=3, counted=evil)]
    data = life.life_data(5, story, frozenset(Side), "en")
    text = said(life.render_life(data, PLAIN))
    assert "\x1b" not in text and "\u202e" not in text and "x" * 100 not in text
