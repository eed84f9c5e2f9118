"""The policy set of a running gate: a wrong one is not taken, and without one nothing passes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from gateway.management.trial import Trial
from gateway.policy.samples import generate_sample
from gateway.unit.model import Side
from tests.support.gate import SMALL, gate, table

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

FILE = "10-lab-reports.yaml"
NO_SET, WRONG_SET = 1056, 1055


def spoil(trial: Trial, side: Side) -> str:
    """Make the set wrong: a word that the grammar does not know. Gives the right text."""
    path = trial.host(side).policies / FILE
    text = path.read_text()
    path.write_text(text.replace("malware: clean", "malware: perhaps"))
    return text


def mend(trial: Trial, side: Side, text: str) -> None:
    (trial.host(side).policies / FILE).write_text(text)


@pytest.mark.parametrize("side", list(Side))
def test_a_wrong_set_is_not_taken_and_the_last_good_one_stays_with_an_alarm(
    tmp_path: Path, side: Side
) -> None:
    with gate(tmp_path) as running:
        running.drop("before.csv", table(1000))
        running.until_inside({"before.csv"})
        text = spoil(running.trial, side)
        # The command names the line and asks nobody; `systemctl reload` asks without a look.
        asked = running.cli(side, "policy", "reload")
        assert asked.returncode not in (0, 70)
        assert FILE in asked.stderr
        os.kill(running.supervisor(side), signal.SIGHUP)
        running.until(lambda: WRONG_SET in running.alarms(side), "an alarm", 5)
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
