"""What Prometheus is told of a running gate: the units of each channel at each of the six processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.policy.samples import generate_sample
from tests.support.gate import LARGE, SMALL, gate, table

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


def test_units_are_told_by_channel_stage_and_result(tmp_path: Path) -> None:
    with gate(tmp_path) as running:
        for number in range(3):
            running.drop(f"{number}.csv", table(1000, number))
        running.drop("program.csv", generate_sample("elf program"))
        running.until_inside({f"{number}.csv" for number in range(3)})

        def told(
            side: str, process: str, channel: str, stage: str, result: str, units: int
        ) -> bool:
            labels = f'lane="import",channel="{channel}",stage="{stage}",result="{result}"'
            line = f'ferrygate_units_total{{side="{side}",process="{process}",{labels}}} {units}'
            return line in running.cli(None, "metrics").stdout.splitlines()

        for wanted in (
            ("outer", "edge", SMALL, "captured", "passed", 4),
            ("outer", "guard", SMALL, "cleared", "passed", 3),
            ("outer", "guard", SMALL, "cleared", "refused", 1),
            # A ferry opens no unit and knows no channel.
            ("outer", "ferry", "", "sent", "passed", 3),
            ("inner", "ferry", "", "received", "passed", 3),
            ("inner", "guard", SMALL, "admitted", "passed", 3),
            ("inner", "edge", SMALL, "delivered", "passed", 3),
        ):
            running.until(lambda wanted=wanted: told(*wanted), f"{wanted}", 10)  # type: ignore[misc]
        text = running.cli(None, "metrics").stdout
        for process, stage in (("guard", "admitted"), ("edge", "delivered")):
            labels = f'process="{process}",lane="import",channel="{SMALL}",stage="{stage}"'
            assert f'ferrygate_unit_seconds_count{{side="inner",{labels}}} 3' in text
        assert LARGE not in text
