"""Units that people decide on: released by as many as the policy asks, refused by one, over real processes.

People are made by the owner of a decision's file: root gives files away, as only the kernel could else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.management.layout import Role
from gateway.management.trial import Trial
from gateway.receiving.decision import SCHEMA, Decision, Word, write_decision
from gateway.receiving.held_page import Page, Pages
from gateway.spool.held import HeldFolder
from gateway.unit.model import Lane, Side, Stage
from gateway.unit.number import speak
from tests.support.gate import SMALL, Gate, big_table, gate, table
from tests.support.installed import ROOT, Installed, User, installed, lacking

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(180),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]

FILE = "10-lab-reports.yaml"
MAKE = "open({path!r} + '/planted.json', 'x')"
LIST = "os.listdir({path!r})"
PERSONS = (41_001, 41_002, 41_003)


def hold_large(trial: Trial, people: int = 2) -> None:
    """Above 8 KiB a unit waits for so many people of a group that no host here has."""
    for side in Side:
        path = trial.host(side).policies / FILE
        text = path.read_text().replace(
            "grade: 3\n", f"grade: 3\napproval: {people} of held-testers\n"
        )
        assert "approval" in text
        text = text.replace("tests:\n", "held_if:\n  size: above 8 KiB\n\ntests:\n", 1)
        path.write_text(text)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with gate(tmp_path_factory.mktemp("held"), prepare=hold_large) as made:
        yield made


def pages(running: Gate) -> Pages:
    return Pages(running.trial.host(Side.INNER).held)


def held(running: Gate, name: str) -> Page:
    """Wait until the unit of this name lies in held/ and has its page."""
    folder = HeldFolder(running.trial.host(Side.INNER).queue(Lane.IMPORT, Stage.RECEIVED))

    def page() -> Page | None:
        found = (one for one in pages(running).oldest(100) if one.fields["name"] == name)
        return next((one for one in found if folder.find(one.unit) is not None), None)

    running.until(page, f"{name} is held")
    found = page()
    assert found is not None
    return found


def decide(running: Gate, page: Page, word: Word, uid: int, reason: str = "seen") -> Path:
    """A decision as this user's command would leave it."""
    aside = running.trial.root / f"decisions-{uid}"
    aside.mkdir(exist_ok=True)
    decision = Decision(SCHEMA, page.unit, word, reason, page.sha256, page.policy, 1)
    file = write_decision(aside, decision)
    os.chown(file, uid, -1)
    return file.rename(running.trial.host(Side.INNER).approvals / file.name)


def gone(running: Gate, page: Page) -> None:
    running.until(lambda: pages(running).read(page.unit) is None, "it is not held any more")


def test_a_unit_released_by_two_different_people_is_delivered_as_it_came(running: Gate) -> None:
    content = table(20_000, 1)
    running.drop("released.csv", content)
    page = held(running, "released.csv")
    (cleared,) = [r for r in running.events(Side.OUTER, "cleared") if r.unit == page.unit]
    assert cleared.fields["held_at"] == "inner"
    assert running.events(Side.OUTER, "held") == []
    decide(running, page, Word.RELEASE, PERSONS[0])
    running.until(lambda: (now := pages(running).read(page.unit)) and now.approvals, "counted once")
    decide(running, page, Word.RELEASE, PERSONS[0], "once more")
    running.until(lambda: 1077 in numbers(running, page), "the same person does not count twice")
    assert "released.csv" not in running.inside()
    decide(running, page, Word.RELEASE, PERSONS[1])
    running.until_inside({"released.csv"})
    assert running.arrived("released.csv") == content
    gone(running, page)
    (admitted,) = [r for r in running.events(Side.INNER, "admitted") if r.unit == page.unit]
    assert admitted.fields["released_by"] == f"{PERSONS[0]}, {PERSONS[1]}"
    asked = [r for r in running.events(Side.INNER, "held.release_asked") if r.unit == page.unit]
    assert [r.fields["uid"] for r in asked] == [PERSONS[0], PERSONS[1]]
    assert {r.fields["group"] for r in asked} == {"held-testers: not known here"}


def numbers(running: Gate, page: Page) -> set[int]:
    return {r.number for r in running.events(Side.INNER, "held.ignored") if r.unit == page.unit}


def test_a_unit_that_one_person_refuses_is_not_delivered(running: Gate) -> None:
    running.drop("refused.csv", table(20_000, 2))
    page = held(running, "refused.csv")
    decide(running, page, Word.RELEASE, PERSONS[0])
    decide(running, page, Word.REFUSE, PERSONS[2], "not for this channel")
    gone(running, page)
    (refused,) = [r for r in running.events(Side.INNER, "refused") if r.unit == page.unit]
    assert (refused.number, refused.fields["uid"]) == (1072, PERSONS[2])
    assert refused.fields["reason"] == "not for this channel"
    running.drop("behind.csv", table(1000, 3))
    running.until_inside({"behind.csv"})
    assert "refused.csv" not in running.inside()


def test_a_large_unit_is_released_through_a_crash_of_the_guard(running: Gate) -> None:
    content = big_table(3_000_000, 4)
    running.drop("large.csv", content)
    page = held(running, "large.csv")
    with running.dead(Side.INNER, Role.GUARD):
        for uid in PERSONS[:2]:
            decide(running, page, Word.RELEASE, uid)
    running.until_inside({"large.csv"})
    assert running.arrived("large.csv") == content
    gone(running, page)


def test_the_commands_tell_what_is_held_and_leave_the_decision_of_whoever_runs_them(
    running: Gate,
) -> None:
    running.drop("by-command.csv", table(20_000, 5))
    page = held(running, "by-command.csv")
    unit = speak(page.unit)
    listed = json.loads(running.cli(Side.INNER, "held", "list", "--json").stdout)
    row = next(row for row in listed["units"] if row["unit"] == unit)
    assert (row["name"], row["needed"], row["approvals"]) == ("by-command.csv", 2, [])
    assert unit in running.cli(None, "held", "list").stdout
    assert f"held show {unit}" in running.cli(Side.INNER, "life", unit).stdout
    assert f"held show {unit}" in running.cli(Side.INNER, "explain", unit).stdout
    asked = running.cli(Side.INNER, "held", "release", unit, "--reason", "seen with radiology")
    assert asked.returncode == 0, asked.stderr
    running.until(lambda: (now := pages(running).read(page.unit)) and now.approvals, "counted")
    shown = running.cli(Side.INNER, "held", "show", unit)
    said = " ".join(shown.stdout.split())
    assert "root (0; held-testers: not known here): seen with radiology" in said
    again = running.cli(Side.INNER, "held", "release", unit, "--reason", "again")
    assert (again.returncode, again.stderr.split()[0]) == (1, "FG-5486")
    decide(running, page, Word.RELEASE, PERSONS[1])
    running.until_inside({"by-command.csv"})
    gone(running, page)
    story = running.cli(None, "units", "--channel", SMALL, "--json")
    result = {row["unit"]: row["result"] for row in json.loads(story.stdout)["units"]}
    assert result[unit] == "delivered"
    none = running.cli(Side.INNER, "held", "show", unit)
    assert (none.returncode, none.stderr.split()[0]) == (1, "FG-5480")


@pytest.fixture(scope="module")
def three_users() -> Iterator[Installed]:
    if lacking():
        pytest.skip(lacking())
    with installed() as made:
        hold_large(made.trial, people=1)
        made.start_all()
        yield made


def as_operator(made: Installed, *words: str) -> subprocess.CompletedProcess[str]:
    host = str(made.trial.host(Side.INNER).root)
    command = [sys.executable, "-m", "gateway.management.cli", *words, "--gate", host]
    return subprocess.run(
        [*made.as_user(made.operator), *command],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
    )  # fmt: skip


def test_an_operator_reads_what_is_held_and_decides_as_himself(three_users: Installed) -> None:
    running = three_users.gate
    content = table(20_000, 6)
    running.drop("of-an-operator.csv", content)
    page = held(running, "of-an-operator.csv")
    unit = speak(page.unit)
    listed = as_operator(three_users, "held", "list")
    assert unit in listed.stdout, listed.stderr
    asked = as_operator(three_users, "held", "release", unit, "--reason", "seen")
    assert asked.returncode == 0, asked.stderr
    running.until_inside({"of-an-operator.csv"})
    assert running.arrived("of-an-operator.csv") == content
    (event,) = running.events(Side.INNER, "held.release_asked")
    assert event.fields["uid"] == three_users.operator.uid
    gone(running, page)


@pytest.mark.parametrize(
    ("who", "code", "folder", "may"),
    [
        (Role.EDGE, MAKE, "approvals", False),
        (Role.FERRY, MAKE, "approvals", False),
        (Role.EDGE, LIST, "held", False),
        (Role.FERRY, LIST, "held", False),
        (None, MAKE, "held", False),
        (None, LIST, "held", True),
        (None, LIST, "approvals", True),
        (None, LIST, "queues/import/received/held", False),
    ],
)
def test_only_operators_read_and_decide_and_nobody_but_the_guard_writes_pages(
    three_users: Installed, who: Role | None, code: str, folder: str, may: bool
) -> None:
    path = str(three_users.trial.host(Side.INNER).root / folder)
    user: Role | User = three_users.operator if who is None else who
    expected = {"done"} if may else {"EACCES", "EPERM"}
    assert three_users.attempt(user, code.format(path=path)) in expected
