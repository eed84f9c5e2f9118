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

# What a two-way gate adds to any of its processes.
WAY_BACK = re.compile(
    r"gateway\.ferry\.twoway|gateway\.exchange|gateway\.guard\.(outstanding|passing|requests|let_in|seen|sessions|ending)"
    r"|gateway\.sending\.(returned|transient|transient_lane|transient_seal|asking|opening|live|outcomes|untold)"
    r"|gateway\.receiving\.(opposite|transient|transient_lane|performing|attending|live|outcomes)"
    r"|gateway\.connectors\.request|gateway\.management\.wiring\.(transient|request|live|both)_\w+|aiohttp"
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
import_module(f"{side}.__main__").make(Role(role), host)
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


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("side", list(Side))
def test_a_one_way_process_loads_no_way_back(gate: Path, side: Side, role: Role) -> None:
    made = subprocess.run(
        [sys.executable, "-c", MAKE, side.value, role.value, str(gate)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    loaded = made.stdout.split()
    assert made.returncode == 0, made.stderr[-2000:]
    assert f"{side.value}.{role.value}" in loaded
    assert [name for name in loaded if WAY_BACK.match(name)] == []
    other = "gateway.receiving." if side is Side.OUTER else "gateway.sending."
    assert [name for name in loaded if name.startswith(other)] == []
