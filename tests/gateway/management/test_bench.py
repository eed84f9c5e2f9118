"""The figures are shown with what they were compared with, and kept by name."""

from __future__ import annotations

import json
import socket
import statistics
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.bare_chain import bare_chain
from bench.formats import FORMATS
from bench.http_requests import load_of, service, until_answered
from bench.inspecting import channel_of_format
from gateway.inspection.chain import Role, bytes_body
from gateway.inspection.here import inspector_here
from gateway.management.bench import render_bench, write_results
from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.width import width
from gateway.policy.facts import UnpackLimits

AT = datetime(2026, 11, 21, tzinfo=UTC)

ROOT = Path(__file__).parents[3]
RESULTS = json.loads((ROOT / "bench" / "results.json").read_text())
LANE = {
    "name": "lane.mtu1500",
    "value": 6.862,
    "unit": "Gbit/s",
    "parameters": {"mtu": 1500},
    "ceiling": {"name": "plain UDP with segmentation over the same link", "value": 13.02},
    "ratio": 0.527,
}
LATENCY = {"name": "file.latency", "value": 35.4, "unit": "ms", "parameters": {}}
UNIT = {
    "name": "inspect.dicom.1m",
    "value": 1357.0,
    "unit": "MB/s",
    "parameters": {},
    "peer": {"name": "pydicom, every element alone", "value": 2645.0},
    "ratio": 0.513,
    "without_sandbox": {"value": 1942.0, "ratio": 0.699, "wanted": 0.5},
}
UNTAKEN: dict[str, Any] = {
    "name": "x", "value": None, "unit": "ms", "parameters": {}, "not_measured": "needs root",
}  # fmt: skip


def test_each_figure_stands_beside_its_ceiling_within_80_columns() -> None:
    lines = render_bench({"results": [LANE, LATENCY, UNTAKEN]}, Terminal())
    assert all(width(line) <= 80 for line in lines)
    assert "6.862" in lines[1] and "13.02" in lines[1] and "0.53" in lines[1]
    assert "needs root" in lines[3]


def test_a_unit_stands_beside_the_plain_library_and_beside_itself_without_a_sandbox() -> None:
    _, library, without = render_bench({"results": [UNIT]}, Terminal())
    assert "1,357" in library and "2,645" in library and "0.51" in library
    assert "1,942" in without and "0.70" in without and "0.5 wanted" in without


def test_a_figure_that_was_not_taken_again_keeps_its_last_value(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    write_results(file, [LANE, LATENCY])
    write_results(file, [{**LATENCY, "value": 30.0}])
    kept = {one["name"]: one["value"] for one in json.loads(file.read_text())}
    assert kept == {"lane.mtu1500": 6.862, "file.latency": 30.0}


def test_the_figures_of_the_page_are_those_of_the_last_run() -> None:
    page = (ROOT / "docs" / "PERFORMANCE.md").read_text(encoding="utf-8")
    names = {one["name"] for one in RESULTS}
    assert {name for name in names if name.startswith(("lane.", "file."))} <= {
        word.strip(",|") for word in page.split()
    }


def test_the_sandbox_takes_at_most_half_of_the_speed_of_units_of_100_kib_and_more() -> None:
    beside = {one["name"]: one["without_sandbox"] for one in RESULTS if "without_sandbox" in one}
    wanted = {name for name, one in beside.items() if one["ratio"] >= one.get("wanted", 1)}
    assert wanted >= {f"inspect.{name}.{size}" for name in FORMATS for size in ("100k", "1m")}


def test_the_slowest_requests_take_less_than_three_times_as_long_beside_a_bulk_transfer() -> None:
    name = "request.beside_bulk.p99"
    (found,) = [one for one in RESULTS if one["name"] == name] or [None]
    if found is None:
        pytest.skip(f"no {name} in bench/results.json yet: it is to be taken on a quiet machine")
    # Files that hardly move, because others use the machine, say nothing.
    assert statistics.median(found["parameters"]["bulk_gbit_per_s"]) > 0.4
    assert found["value"] < 3.0


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", FORMATS)
def test_what_is_measured_is_about_the_size_asked_and_found_good(
    name: str, role: Role, tmp_path: Path
) -> None:
    one = FORMATS[name]
    inspector = inspector_here(role, [], tmp_path)
    for size_bytes in (4 << 10, 100 << 10):
        unit = one.make(size_bytes)
        facts = inspector.examine(
            bytes_body(unit), "x", AT, UnpackLimits(), channel=channel_of_format(one)
        )
        assert facts.problems == () and facts.leaves[0].type == one.types.split(" or ")[0]
        assert 0.75 * size_bytes < len(unit) < 1.6 * size_bytes


def test_a_bare_chain_passes_on_what_callers_ask_and_is_gone_behind_them() -> None:
    with service() as peer:
        with bare_chain(peer) as port:
            until_answered(port, "")
            # Raises where an answer is not what was sent.
            assert len(load_of(port, 2, 20, "").took_ms) == 20
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
