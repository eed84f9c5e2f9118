"""The policy set of a running gate: a wrong one is not taken, and without one nothing passes."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from gateway.management.layout import Role
from gateway.management.trial import Trial
from gateway.policy.samples import generate_sample
from gateway.unit.model import Side
from tests.support.gate import SMALL, Gate, gate, table

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

FILE = "10-lab-reports.yaml"
NO_SET, WRONG_SET = 1056, 1055


def spoil(trial: Trial, side: Side) -> str:
    """Make the set wrong: a word that the grammar does not know. Gives the right text."""
    path = trial.host(side).policies / FILE
    text = path.read_text()
    path.write_text(text.replace("malware: clean", "malware: perhaps"))
    return text


def wrong_line(right_text: str) -> int:
    return 1 + right_text[: right_text.index("malware: clean")].count("\n")


def places(running: Gate, side: Side) -> dict[Role, str]:
    """Where each process that reads the set says that it is wrong."""
    return {
        role: str(alarm.fields["place"])
        for role in (Role.GUARD, Role.EDGE)
        if (status := running.status(side, role)) is not None
        for alarm in status.alarms
        if alarm.number == WRONG_SET
    }


def mend(trial: Trial, side: Side, text: str) -> None:
    (trial.host(side).policies / FILE).write_text(text)


@pytest.mark.parametrize("by_command", [True, False], ids=["by command", "by signal"])
@pytest.mark.parametrize("side", list(Side))
def test_a_wrong_set_is_not_taken_and_the_last_good_one_stays_with_an_alarm(
    tmp_path: Path, side: Side, by_command: bool
) -> None:
    with gate(tmp_path) as running:
        running.drop("before.csv", table(1000))
        running.until_inside({"before.csv"})
        text = spoil(running.trial, side)
        # The command names the line; `systemctl reload` asks without a look.
        if by_command:
            asked = running.cli(side, "policy", "reload")
            assert asked.returncode not in (0, 70)
            assert FILE in asked.stderr
        else:
            os.kill(running.supervisor(side), signal.SIGHUP)
        running.until(lambda: WRONG_SET in running.alarms(side), "an alarm", 5)
        # At every process that reads the set, with the place, until a good one is loaded.
        running.until(lambda: len(places(running, side)) == 2, "both show it", 5)
        for place in places(running, side).values():
            assert place.startswith(f"{FILE}:{wrong_line(text)}:")
        assert json.dumps(place)[1:-1] in running.cli(side, "alarms", "--json").stdout
        assert running.events(side, "policy.refused")
        running.drop("during.csv", table(1000, 1))
        running.drop("program.csv", generate_sample("elf program"))
        running.until_inside({"during.csv"})
        running.until(
            lambda: "program.csv" in running.names_of(Side.OUTER, "refused"), "refused", 10
        )
        mend(running.trial, side, text)
        assert running.cli(side, "policy", "reload").returncode == 0
        running.until(lambda: WRONG_SET not in running.alarms(side), "the alarm ends", 10)
        running.drop("after.csv", table(1000, 2))
        running.until_inside({"after.csv"})
        assert running.inside() == {"before.csv", "during.csv", "after.csv"}


@pytest.mark.parametrize("side", list(Side))
def test_a_cold_start_without_a_valid_set_stays_closed_until_there_is_one(
    tmp_path: Path, side: Side
) -> None:
    with gate(tmp_path, started=False) as running:
        text = spoil(running.trial, side)
        running.drop("waiting.csv", table(1000))
        running.start()
        running.until(lambda: NO_SET in running.alarms(side), "an alarm", 5)
        time.sleep(3.0)
        assert running.inside() == set()
        mend(running.trial, side, text)
        assert running.cli(side, "policy", "reload").returncode == 0
        # What outer sends before inner listens is lost and named, as at any start.
        running.bring_all({"waiting.csv"})
        assert running.arrived("waiting.csv") == table(1000)
        assert not list(running.trial.drop(SMALL).glob("*.csv"))
        running.until(lambda: NO_SET not in running.alarms(side), "the alarm ends", 10)
