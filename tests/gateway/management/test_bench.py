"""The figures are shown with what they were compared with, and kept by name."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.management.bench import render_bench, write_results
from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.width import width

LANE = {
    "name": "lane.mtu1500",
    "value": 6.862,
    "unit": "Gbit/s",
    "parameters": {"mtu": 1500},
    "ceiling": {"name": "plain UDP with segmentation over the same link", "value": 13.02},
    "ratio": 0.527,
}
LATENCY = {"name": "file.latency", "value": 35.4, "unit": "ms", "parameters": {}}
UNTAKEN = {"name": "x", "value": None, "unit": "ms", "parameters": {}, "not_measured": "needs root"}


def test_each_figure_stands_beside_its_ceiling_within_80_columns() -> None:
    lines = render_bench({"results": [LANE, LATENCY, UNTAKEN]}, Terminal())
    assert all(width(line) <= 80 for line in lines)
    assert "6.862" in lines[1] and "13.02" in lines[1] and "0.53" in lines[1]
    assert "needs root" in lines[3]


def test_a_figure_that_was_not_taken_again_keeps_its_last_value(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    write_results(file, [LANE, LATENCY])
    write_results(file, [{**LATENCY, "value": 30.0}])
    kept = {one["name"]: one["value"] for one in json.loads(file.read_text())}
    assert kept == {"lane.mtu1500": 6.862, "file.latency": 30.0}


def test_the_figures_of_the_page_are_those_of_the_last_run() -> None:
    root = Path(__file__).parents[3]
    page = (root / "docs" / "PERFORMANCE.md").read_text(encoding="utf-8")
    names = {one["name"] for one in json.loads((root / "bench" / "results.json").read_text())}
    assert {name for name in names if name.startswith(("lane.", "file."))} <= {
        word.strip(",|") for word in page.split()
    }
