"""What Prometheus is told of a running gate: the units of each channel at each of the six processes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from gateway.management.trial import Trial
from gateway.policy.samples import generate_sample
from gateway.unit.model import Side
from gateway.unit.number import speak
from tests.support.gate import LARGE, SMALL, gate, table

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


# A number of GB 11643's form and check digit, of nobody.
IDENTITY = "11010519491231002X"
COUNTED = "identifiers: 2 identity numbers, 1 mobile numbers"


def count_identifiers(trial: Trial) -> None:
    """The channel of small files counts what names persons, and lets it go on."""
    for side in Side:
        path = trial.host(side).policies / "10-lab-reports.yaml"
        line = "counted_if:\n  identifiers: identity numbers or mobile numbers\n\ntests:\n"
        text = path.read_text()
        assert "\ntests:\n" in text
        path.write_text(text.replace("tests:\n", line, 1))


def test_units_are_told_by_channel_stage_and_result_and_what_is_found_is_counted(
    tmp_path: Path,
) -> None:
    with gate(tmp_path, prepare=count_identifiers) as running:
        for number in range(3):
            running.drop(f"{number}.csv", table(1000, number))
        running.drop("program.csv", generate_sample("elf program"))
        persons = f"id,person\n1,{IDENTITY}\n2,{IDENTITY}\n3,13812345678\n".encode()
        running.drop("persons.csv", persons)
        running.until_inside({*(f"{number}.csv" for number in range(3)), "persons.csv"})
        assert running.arrived("persons.csv") == persons

        def told(
            side: str, process: str, channel: str, stage: str, result: str, units: int
        ) -> bool:
            labels = f'lane="import",channel="{channel}",stage="{stage}",result="{result}"'
            line = f'ferrygate_units_total{{side="{side}",process="{process}",{labels}}} {units}'
            return line in running.cli(None, "metrics").stdout.splitlines()

        for wanted in (
            ("outer", "edge", SMALL, "captured", "passed", 5),
            ("outer", "guard", SMALL, "cleared", "passed", 4),
            ("outer", "guard", SMALL, "cleared", "refused", 1),
            # A ferry opens no unit and knows no channel.
            ("outer", "ferry", "", "sent", "passed", 4),
            ("inner", "ferry", "", "received", "passed", 4),
            ("inner", "guard", SMALL, "admitted", "passed", 4),
            ("inner", "edge", SMALL, "delivered", "passed", 4),
        ):
            running.until(partial(told, *wanted), f"{wanted}", 10)
        text = running.cli(None, "metrics").stdout
        for process, stage in (("guard", "admitted"), ("edge", "delivered")):
            labels = f'process="{process}",lane="import",channel="{SMALL}",stage="{stage}"'
            assert f'ferrygate_unit_seconds_count{{side="inner",{labels}}} 4' in text
        assert LARGE not in text
        for side, stage in ((Side.OUTER, "cleared"), (Side.INNER, "admitted")):
            labels = f'side="{side.value}",process="guard",lane="import",channel="{SMALL}"'
            assert f'ferrygate_counted_hits_total{{{labels},word="identifiers"}} 3' in text
            (event,) = [r for r in running.events(side, stage) if "counted" in r.fields]
            assert event.fields["counted"] == COUNTED
            assert IDENTITY not in str(event)
            for word in ("life", "explain"):
                page = " ".join(running.cli(None, word, speak(event.unit or 0)).stdout.split())
                assert COUNTED in page
                assert IDENTITY[-4:] not in page
