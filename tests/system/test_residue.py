"""After delivery nothing of a file is left on the hosts: not in a queue, not in state, not in scratch."""

from __future__ import annotations

import mmap
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from gateway.management.trial import Trial
from gateway.policy.samples import generate_sample
from gateway.unit.model import Side
from tests.support.gate import Gate, big_table, gate, settings, table

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

KEPT_S = 2
MARKER = b"residue-marker-of-one-patient-4711"


def keep_shortly(trial: Trial) -> None:
    settings(trial, Side.OUTER, queues_keep_sent=f"{KEPT_S} s")
    settings(trial, Side.INNER, queues_keep_partial=f"{KEPT_S} s")


def holding(root: Path, marker: bytes) -> list[str]:
    """Files below a folder that hold the marker."""
    found = []
    for path in root.rglob("*"):
        try:
            if path.is_file() and path.stat().st_size and _holds(path, marker):
                found.append(f"{path.relative_to(root)} ({path.stat().st_size} bytes)")
        except FileNotFoundError:
            continue
    return found


def _holds(path: Path, marker: bytes) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        return view.find(marker) >= 0


def residue(running: Gate) -> list[str]:
    left = []
    for side in Side:
        left += holding(running.trial.host(side).root, MARKER)
    # The work folders beside the watched folder and the destination belong to the gate too.
    left += holding(running.trial.root / "outside", MARKER)
    inside = running.trial.root / "inside"
    return left + [one for one in holding(inside, MARKER) if "/." in f"/{one}"]


def marked() -> dict[str, bytes]:
    """Small and inline, in a file of its own, inside an archive (unpacked by both guards)."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("one.csv", table(3000, 3) + MARKER + b",1,2,3,4\n")
        packed.writestr("two.csv", big_table(6_000_000, 4) + MARKER + b",1,2,3,4\n")
    return {
        "inline.csv": table(2000, 1) + MARKER + b",1,2,3,4\n",
        "file.csv": big_table(400_000, 2) + MARKER + b",1,2,3,4\n",
        "bulk.csv": big_table(9_000_000, 2) + MARKER + b",1,2,3,4\n",
        "packed.zip": archive.getvalue(),
    }


def test_after_delivery_and_the_keeping_time_a_marker_is_found_nowhere_on_the_hosts(
    tmp_path: Path,
) -> None:
    files = marked()
    with gate(tmp_path, prepare=keep_shortly) as running:
        for name, content in files.items():
            running.drop(name, content)
        running.until_inside(set(files))
        assert running.differing(files) == []
        running.until(lambda: not residue(running), f"no residue: {residue(running)}", KEPT_S + 20)
        # The search is not blind: it finds the marker where it belongs.
        assert holding(running.trial.root / "inside", MARKER)
        # What was sent is past keeping: nothing sealed of it lies there either.
        bodies = [
            path
            for side in Side
            for path in (running.trial.host(side).root / "queues").rglob("*")
            if path.is_file() and path.stat().st_size > 300_000 and "bod" in str(path)
        ]
        running.until(
            lambda: not [path for path in bodies if path.exists()], "sealed bodies are gone", 15
        )


def test_a_refused_file_lies_only_where_refused_units_lie(tmp_path: Path) -> None:
    with gate(tmp_path, prepare=keep_shortly) as running:
        running.drop("program.csv", generate_sample("elf program") + MARKER)
        running.until(lambda: "program.csv" in running.names_of(Side.OUTER, "refused"), "refused")
        running.until(
            lambda: all("/refused/" in one for one in residue(running)), "only there", KEPT_S + 20
        )
        assert residue(running)
