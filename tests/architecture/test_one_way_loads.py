"""A process of a one-way gate loads nothing that a way back is made of, of the lane or of requests."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.management.init import initialise
from gateway.management.layout import Role
from gateway.unit.model import Side
from tests.support.http_gate import free_port
from tests.support.submit import ONE_WAY, policy

# What a two-way gate adds to any of its processes.
WAY_BACK = re.compile(
    r"gateway\.ferry\.twoway|gateway\.exchange"
    r"|gateway\.guard\.(outstanding|passing|let_in|seen|sessions|ending)"
    r"|gateway\.sending\.(returned|transient|transient_lane|transient_seal|asking|opening|live|outcomes|untold"
    r"|receipts)"
    r"|gateway\.receiving\.(opposite|transient|transient_lane|performing|attending|live|outcomes|own_refusals)"
    r"|gateway\.receiving\.(answering|durable_answers|edge_outcomes)"
    r"|gateway\.management\.wiring\.((transient|live|both)_\w+|two_way_edge|outcomes|removing)"
)
# What channels of `submit` add to an edge, in a gate of one lane too.
SUBMITTED = re.compile(
    r"gateway\.guard\.(requests|durable_requests)"
    r"|gateway\.(sending|receiving)\.(durable_\w+|submitting|performed_marks|due_lines|due_requests)"
    r"|gateway\.connectors\.request|gateway\.management\.wiring\.request_\w+|aiohttp"
)

MAKE = """
import os, sys
from importlib import import_module
from pathlib import Path
from gateway.management.host import open_host
from gateway.management.layout import HostFolder, Role
from gateway.unit.model import Side
side, role, root = sys.argv[1:]
host = open_host(HostFolder(Path(root) / side), Side(side))
made = import_module(f"{side}.__main__").make(Role(role), host)
if role == "edge":
    made.steps[0].step(0.0)
print("\\n".join(sorted(sys.modules)), flush=True)
os._exit(0)
"""


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("one") / "gate"
    initialise(root, "one", "one-way")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for side in Side:
        settings = root / side.value / "gate.yaml"
        text = re.sub(r"10\.99\.0\.2:47000", f"127.0.0.1:{port}", settings.read_text())
        settings.write_text(text)
    yield root


def loaded_by(gate: Path, side: Side, role: Role) -> list[str]:
    made = subprocess.run(
        [sys.executable, "-c", MAKE, side.value, role.value, str(gate)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-2000:]
    return made.stdout.split()


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("side", list(Side))
def test_a_one_way_process_loads_no_way_back(gate: Path, side: Side, role: Role) -> None:
    loaded = loaded_by(gate, side, role)
    assert f"{side.value}.{role.value}" in loaded
    assert [name for name in loaded if WAY_BACK.match(name) or SUBMITTED.match(name)] == []
    other = "gateway.receiving." if side is Side.OUTER else "gateway.sending."
    assert [name for name in loaded if name.startswith(other)] == []


@pytest.mark.parametrize("side", list(Side))
def test_an_edge_with_submitted_requests_loads_its_own_end_and_no_way_back(
    gate: Path, side: Side
) -> None:
    file = gate / side.value / "policies" / "40-orders-in.yaml"
    file.write_text(policy(free_port(), 9, ONE_WAY))
    try:
        loaded = loaded_by(gate, side, Role.EDGE)
    finally:
        file.unlink()
    assert [name for name in loaded if WAY_BACK.match(name)] == []
    here, other = ("sending", "receiving") if side is Side.OUTER else ("receiving", "sending")
    ends = {"sending": "gateway.sending.submitting", "receiving": "gateway.receiving.due_lines"}
    assert ends[here] in loaded and ends[other] not in loaded
    assert [name for name in loaded if name.startswith(f"gateway.{other}.")] == []
