"""A process that is there and says nothing: whoever looks is told so, and why where the disk shows it."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.audit.status import StatusBoard
from gateway.management.cli import main
from gateway.management.commands import silence
from gateway.management.layout import HostFolder, Role
from gateway.unit.model import Side
from tests.gateway.management.fixtures import gate_with

MIB = 1 << 20
ROOMY = {"f_bavail": 1 << 20, "f_frsize": 4096, "f_files": 1000, "f_favail": 900, "f_flag": 0}


@pytest.fixture
def host(tmp_path: Path) -> HostFolder:
    return HostFolder(gate_with(tmp_path / "gate", [], (Side.OUTER,)) / "outer")


def speak(host: HostFolder, role: Role, ago_s: int) -> None:
    """The status file of a process of this very pid, written so long ago."""
    at_ns = time.time_ns() - ago_s * 10**9
    StatusBoard(host.run, role.value, now_ns=lambda: at_ns).flush(0.0)


def disk(monkeypatch: pytest.MonkeyPatch, **values: int) -> None:
    """The file system of the run folder, as statvfs(3) would tell of it."""
    monkeypatch.setattr(
        silence,
        "os",
        SimpleNamespace(
            statvfs=lambda _: SimpleNamespace(**{**ROOMY, **values}), ST_RDONLY=os.ST_RDONLY
        ),
    )


def asked(host: HostFolder, *words: str) -> tuple[int, str]:
    out = io.StringIO()
    return main(["--gate", str(host.root), *words], {}, out, io.StringIO()), out.getvalue()


def findings(host: HostFolder) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(asked(host, "status", "--json")[1])["hosts"][0][
        "findings"
    ]
    return found


def test_processes_that_speak_are_no_finding(
    host: HostFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk(monkeypatch, f_bavail=0)
    for role in Role:
        speak(host, role, 0)
    assert findings(host) == []
    assert asked(host, "status")[0] == 0


def test_a_silent_process_is_named_with_how_long(host: HostFolder) -> None:
    speak(host, Role.EDGE, 0)
    speak(host, Role.GUARD, 42)
    (found,) = [one for one in findings(host) if one["number"] == 7170]
    assert found["fields"]["process"] == "guard"
    assert "42" in found["text"]
    assert "systemctl restart ferrygate-outer-guard" in found["do"]


@pytest.mark.parametrize(
    ("values", "number"),
    [
        ({"f_bavail": 0}, 7171),
        ({"f_bavail": 15}, 7171),
        ({"f_favail": 0}, 7171),
        ({"f_flag": os.ST_RDONLY}, 7172),
        ({"f_bavail": 255 * MIB // 4096}, 7130),
        ({"f_bavail": 257 * MIB // 4096}, None),
        ({"f_files": 0, "f_favail": 0}, None),
    ],
    ids=["full", "almost", "no inode", "read-only", "below the reserve", "roomy", "no inodes kept"],
)
def test_why_it_is_silent_is_seen_at_the_disk(
    host: HostFolder, monkeypatch: pytest.MonkeyPatch, values: dict[str, int], number: int | None
) -> None:
    disk(monkeypatch, **values)
    speak(host, Role.GUARD, 42)
    assert [one["number"] for one in findings(host)] == [*([number] if number else []), 7170]
    status, text = asked(host, "status")
    assert status == 1
    assert "silent" in text
    assert number is None or f"FG-{number}" in text


def test_top_shows_it_before_alarms_that_are_as_old_as_the_silence(
    host: HostFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk(monkeypatch, f_bavail=0)
    at_ns = time.time_ns() - 42 * 10**9
    board = StatusBoard(host.run, "guard", now_ns=lambda: at_ns)
    for number in (3301, 3302, 6003, 6502):
        board.raise_alarm(number)
    board.flush(0.0)
    text = asked(host, "top", "--once")[1]
    assert text.index("FG-7171") < text.index("FG-7170") < text.index("FG-3301")


def test_a_small_file_system_of_its_own_has_no_reserve_to_leave(
    host: HostFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = host.run.stat()
    disk(monkeypatch, f_bavail=MIB // 4096)
    assert [error.number for error in silence.disk_trouble(host)] == [7130]
    real = Path.stat

    def apart(path: Path, **words: Any) -> Any:
        if path == host.run:
            return SimpleNamespace(st_dev=shared.st_dev + 1)
        return real(path, **words)

    monkeypatch.setattr(Path, "stat", apart)
    assert silence.disk_trouble(host) == []
