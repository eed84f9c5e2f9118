"""`held list|show|release|refuse`: what people see of held units, and the decision that they leave."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.guard.outcome import Exit
from gateway.management.cli import main
from gateway.management.commands import explain_page, explaining, held, held_shown, life, units
from gateway.management.layout import HostFolder, Role
from gateway.management.terminal.width import width
from gateway.policy.values import Approval as Wanted
from gateway.receiving.decision import Word, read_decision
from gateway.receiving.held_noting import page_of
from gateway.receiving.held_page import Approval, Page, Pages
from gateway.unit.model import Side, Stage
from gateway.unit.number import speak
from tests.gateway.management.fixtures import NAME, NOW_NS, PLAIN, TERMINALS, entry, gate_with
from tests.gateway.management.test_answers import _unpainted

SHA256 = "5f" * 32
FIELDS: dict[str, str | int | float] = {
    "name": NAME,
    "size_bytes": 421_888,
    "type": "dicom",
    "checks": 7,
    "policy": "7f3a91c204be",
    "rule": "10-lab-reports.yaml:31",
    "word": "size",
    "says": "above 150 MiB",
    "sha256": SHA256,
}
ANNA = Approval(
    41_001, "anna", "seen \u202eevil", NOW_NS, "held-testers: not known here", "", "a.json"
)


def page(number: int = 5, *approvals: Approval, **fields: str | int | float) -> Page:
    left = Exit(Stage.HELD, 2204, "lab-reports", {**FIELDS, **fields})
    made = page_of(number, left, Wanted(2, "held-testers"), NOW_NS - number)
    return msgspec.structs.replace(made, approvals=list(approvals))


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    root = gate_with(tmp_path / "gate", [])
    pages = Pages(root / "inner" / "held")
    for one in (page(5), page(6, ANNA), page(7, sha256="")):
        pages.hold(one)
    return root


def run(gate: Path, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main([*words, "--gate", str(gate)], {}, out, err), out.getvalue(), err.getvalue()


def decisions(gate: Path) -> list[Any]:
    folder = gate / "inner" / "approvals"
    return [read_decision(path) for path in sorted(folder.iterdir())]


def test_the_list_has_the_oldest_first_with_releases_of_how_many(gate: Path) -> None:
    status, out, _ = run(gate, "held", "list", "--json")
    data = json.loads(out)
    assert (status, data["schema"], data["of"]) == (0, "ferrygate.held-list/1", 3)
    assert [row["unit"] for row in data["units"]] == [speak(7), speak(6), speak(5)]
    row = data["units"][1]
    assert (row["rule"], row["word"], row["needed"]) == ("10-lab-reports.yaml:31", "size", 2)
    assert [one["user"] for one in row["approvals"]] == ["anna"]
    text = run(gate, "held", "list")[1]
    assert "1/2 held-testers" in text and text.splitlines()[-1] == "3 of 3, oldest first"
    assert run(gate, "held", "list", "--limit", "1")[1].splitlines()[-1] == "1 of 3, oldest first"


def test_one_unit_is_shown_with_why_who_and_what_next_and_never_its_content(gate: Path) -> None:
    _, out, _ = run(gate, "held", "show", speak(6))
    for said in ("H held", "10-lab-reports.yaml:31", SHA256, "anna (41001", f"refuse {speak(6)}"):
        assert said in out
    data = json.loads(run(gate, "held", "show", speak(6), "--json")[1])
    assert (data["checks"], data["policy"], data["type"]) == (7, "7f3a91c204be", "dicom")
    assert "held release" not in run(gate, "held", "show", speak(7))[1]


@pytest.mark.parametrize("word", list(Word))
def test_a_decision_names_unit_digest_and_reason_and_belongs_to_who_ran_it(
    gate: Path, word: Word
) -> None:
    status, out, err = run(gate, "held", word.value, speak(6), "--reason", " seen\udce9 ", "--json")
    assert (status, err) == (0, "")
    (given,) = decisions(gate)
    assert given.uid == os.geteuid()
    said = given.decision
    assert (said.unit, said.decision, said.sha256, said.reason) == (6, word, SHA256, "seen?")
    data = json.loads(out)
    if word is Word.RELEASE:
        assert (data["have"], data["needed"], data["missing"]) == (2, 2, 0)


def test_it_says_how_many_are_still_needed(gate: Path) -> None:
    assert "this is release 1 of 2; still needed of held-testers: 1." in " ".join(
        run(gate, "held", "release", speak(5), "--reason", "seen")[1].split()
    )
    assert "judged anew" in run(gate, "held", "release", speak(6), "--reason", "seen")[1]
    assert "for good" in run(gate, "held", "refuse", speak(6), "--reason", "no")[1]


def test_a_reason_is_asked_for_on_a_terminal(gate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Typed(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Typed("seen with radiology\n"))
    status, _, err = run(gate, "held", "release", speak(5))
    assert status == 0
    assert err.rstrip().endswith("Reason:") and "release 1 of 2" in err
    assert decisions(gate)[0].decision.reason == "seen with radiology"


@pytest.mark.parametrize("reason", [None, "", "  ", "x" * 401])
def test_without_a_reason_nothing_is_decided(
    gate: Path, reason: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("not asked\n"))
    words = ["--reason", reason] if reason is not None else []
    status, _, err = run(gate, "held", "refuse", speak(5), *words)
    assert (status, err.split()[0]) == (64, "FG-5483")
    assert decisions(gate) == []


def in_group(page: Page) -> Page:
    return msgspec.structs.replace(page, group="daemon")


def of_me(page: Page) -> Page:
    mine = msgspec.structs.replace(ANNA, uid=os.geteuid())
    return msgspec.structs.replace(page, approvals=[mine])


@pytest.mark.parametrize(
    ("number", "change", "word", "told"),
    [
        (8, None, "release", "FG-5480"),
        (7, None, "release", "FG-5484"),
        (5, in_group, "release", "FG-5485"),
        (5, in_group, "refuse", "FG-5485"),
        (5, of_me, "release", "FG-5486"),
    ],
)
def test_what_the_guard_would_not_count_is_said_and_not_written(
    gate: Path, number: int, change: Callable[[Page], Page] | None, word: str, told: str
) -> None:
    if change is not None:
        Pages(gate / "inner" / "held").change(number, change)
    status, _, err = run(gate, "held", word, speak(number), "--reason", "seen")
    assert (status, err.split()[0]) == (1, told)
    assert decisions(gate) == []


@pytest.mark.parametrize("words", [("list",), ("show", speak(5)), ("refuse", speak(5))])
def test_where_nothing_can_be_read_it_says_so(tmp_path: Path, words: tuple[str, ...]) -> None:
    root = gate_with(tmp_path / "gate", [])
    (root / "inner" / "held").rmdir()
    status, _, err = run(root, "held", *words)
    assert (status, err.split()[0]) == (78, "FG-5481")
    outer = gate_with(tmp_path / "outer", [], (Side.OUTER,))
    assert run(outer, "held", *words)[2].split()[0] == "FG-1013"


def test_a_folder_for_decisions_that_is_not_there_is_named(gate: Path) -> None:
    (gate / "inner" / "approvals").rmdir()
    status, _, err = run(gate, "held", "refuse", speak(5), "--reason", "no")
    assert (status, err.split()[0]) == (78, "FG-5482")


def shown_pages() -> dict[str, tuple[dict[str, Any], Callable[..., Any]]]:
    one = held.page_data(page(6, ANNA), NOW_NS, "en")
    refused = msgspec.structs.replace(page(7, sha256=""), refusal=ANNA)
    asked = held.asked_data(page(5), Word.RELEASE, "anna")
    return {
        "list": ({"at": "", "units": [one], "of": 1}, held_shown.render_list),
        "none": ({"at": "", "units": [], "of": 0}, held_shown.render_list),
        "show": (one, held_shown.render_show),
        "refused": (held.page_data(refused, NOW_NS, "zh"), held_shown.render_show),
        "asked": ({**asked, "file": "x"}, held_shown.render_asked),
        "enough": ({**asked, "missing": 0, "file": None}, held_shown.render_asked),
        "refuse": ({**asked, "decision": "refuse", "file": "x"}, held_shown.render_asked),
    }


@pytest.mark.parametrize("kind", TERMINALS)
@pytest.mark.parametrize("name", shown_pages())
def test_it_fits_80_columns_and_nothing_from_outside_moves_the_cursor(name: str, kind: str) -> None:
    data, render = shown_pages()[name]
    for line in render(data, TERMINALS[kind]):
        plain = _unpainted(line)
        assert width(TERMINALS[kind].safe(plain)) <= 80, line
        assert plain.isprintable()


def story(*more: Any) -> list[Any]:
    """A unit that is held inside, with what came of it."""
    return [
        entry(Side.OUTER, Role.GUARD, "cleared", 5, held_at="inner", name="a.csv"),
        entry(Side.INNER, Role.FERRY, "received", 5, after_ms=10, bytes=9),
        entry(Side.INNER, Role.GUARD, "held", 5, number=2204, after_ms=20, **FIELDS),
        *more,
    ]


RELEASED = [
    entry(Side.INNER, Role.GUARD, "held.release_asked", 5, after_ms=30, user="anna", uid=1),
    entry(Side.INNER, Role.GUARD, "admitted", 5, after_ms=40, released_by="anna"),
    entry(Side.INNER, Role.EDGE, "delivered", 5, after_ms=50),
]


def test_a_held_unit_names_the_command_and_a_released_one_is_delivered() -> None:
    both = frozenset(Side)
    waiting = life.life_data(5, story(), both, "en")
    assert f"ferrygate held show {speak(5)}" in "\n".join(life.render_life(waiting, PLAIN))
    through = life.life_data(5, story(*RELEASED), both, "en")
    assert through["summary"]["result"] == "delivered"
    assert "held show" not in "\n".join(life.render_life(through, PLAIN))
    inner = next(host for host in through["hosts"] if host["side"] == "inner")
    assert [event["what"] for event in inner["events"]] == [
        "received",
        "held",
        "held.release_asked",
        "admitted",
        "delivered",
    ]
    assert units.units_data(story(), None, "held", 9)["of"] == 1
    assert units.units_data(story(*RELEASED), None, "delivered", 9)["of"] == 1


def test_a_refused_one_is_refused_whatever_held_it_before() -> None:
    refused = entry(Side.INNER, Role.GUARD, "refused", 5, number=1072, after_ms=40, user="anna")
    assert units.units_data(story(refused), None, "refused", 9)["of"] == 1
    assert explaining.unit_data(5, story(refused), "en")["journal"]["result"] == "refused"


def test_explain_says_where_people_decide() -> None:
    data = {**explaining.unit_data(5, story(), "en"), "name": "a.csv"}
    assert data["journal"]["result"] == "held"
    text = "\n".join(explain_page.render_explain(data, PLAIN))
    assert f"ferrygate held show {speak(5)}" in text
    through = explaining.unit_data(5, story(*RELEASED), "en")
    assert through["journal"]["result"] == "passes"


def test_only_the_inner_host_has_folders_for_people(tmp_path: Path) -> None:
    inner, outer = HostFolder(tmp_path / "inner"), HostFolder(tmp_path / "outer")
    assert {inner.held, inner.approvals} <= inner.folders(Side.INNER).keys()
    assert not {outer.held, outer.approvals} & outer.folders(Side.OUTER).keys()
