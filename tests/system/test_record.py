"""The journal of a gate that has worked: `audit verify` on a copy, offline, with public keys only."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.management.layout import Role
from gateway.unit.model import Side
from tests.support.gate import Gate, gate, table

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

FILES = 30


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A gate that has delivered some files and was stopped in order."""
    with gate(tmp_path_factory.mktemp("record")) as running:
        files = {f"f{n}.csv": table(2000, n) for n in range(FILES)}
        for name, content in files.items():
            running.drop(name, content)
        running.until_inside(set(files))
        running.until(
            lambda: all(covered(running, side) for side in Side), "checkpoints stand over all", 30
        )
        running.stop()
        yield running


def covered(running: Gate, side: Side) -> bool:
    """Whether the signed checkpoints reach behind what was delivered."""
    answer = running.cli(side, "audit", "verify", "--json")
    text = answer.stdout
    return answer.returncode == 0 and all(
        journal["records"] - journal["not_covered"] > FILES for journal in journals(text)
    )


def journals(text: str) -> list[dict[str, int]]:
    [host] = json.loads(text)["journals"]
    return list(host["journals"])


def verify(folder: Path, keys: list[Path]) -> subprocess.CompletedProcess[str]:
    """As an auditor does: a copied folder and public keys, no gate anywhere near."""
    words = [sys.executable, "-m", "gateway.management.cli", "audit", "verify", str(folder)]
    for key in keys:
        words += ["--keys", str(key)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(params=list(Side))
def copied(request: pytest.FixtureRequest, worked: Gate, tmp_path: Path) -> tuple[Path, list[Path]]:
    """A copy of a host's journals, and the public keys of its checkpoints."""
    host = worked.trial.host(request.param)
    folder = tmp_path / "copy"
    shutil.copytree(host.root / "journal", folder)
    keys = [
        Path(shutil.copy(key, tmp_path / key.name)) for key in (host.keys / "guard").glob("*.pub")
    ]
    return folder, keys


def lines_of(folder: Path, role: Role) -> tuple[Path, list[bytes]]:
    [segment] = sorted((folder / role.value).glob("*.jsonl"))
    return segment, segment.read_bytes().splitlines(keepends=True)


def test_all_is_well_with_an_untouched_copy(copied: tuple[Path, list[Path]]) -> None:
    answer = verify(*copied)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("role", list(Role))
def test_an_edited_record_is_noticed_and_its_place_named(
    copied: tuple[Path, list[Path]], role: Role
) -> None:
    segment, lines = lines_of(copied[0], role)
    place = next(n for n, line in enumerate(lines) if b'"unit":' in line and n > 10)
    at = lines[place].index(b'"unit":') + 8
    digit = lines[place][at : at + 1]
    lines[place] = lines[place][:at] + (b"1" if digit != b"1" else b"2") + lines[place][at + 1 :]
    segment.write_bytes(b"".join(lines))
    noticed(copied, role, segment, place)


@pytest.mark.parametrize("role", list(Role))
def test_a_removed_record_is_noticed_and_its_place_named(
    copied: tuple[Path, list[Path]], role: Role
) -> None:
    segment, lines = lines_of(copied[0], role)
    del lines[12]
    segment.write_bytes(b"".join(lines))
    noticed(copied, role, segment, 12)


@pytest.mark.parametrize("role", list(Role))
def test_a_cut_tail_is_noticed_and_its_place_named(
    copied: tuple[Path, list[Path]], role: Role
) -> None:
    segment, lines = lines_of(copied[0], role)
    kept = len(lines) // 2
    segment.write_bytes(b"".join(lines[:kept]))
    noticed(copied, role, segment, kept)


def test_a_whole_journal_that_is_gone_is_noticed(copied: tuple[Path, list[Path]]) -> None:
    shutil.rmtree(copied[0] / Role.GUARD.value)
    answer = verify(*copied)
    assert answer.returncode == 1
    assert "guard" in answer.stdout


def noticed(copied: tuple[Path, list[Path]], role: Role, segment: Path, record: int) -> None:
    answer = verify(*copied)
    assert answer.returncode == 1, answer.stdout + answer.stderr
    said = answer.stdout
    assert role.value in said
    # The first line of a segment is its head, so line N is record N.
    named = [str(number) for number in (record, record + 1)]
    assert any(number in said.replace(",", "") for number in named) or segment.name in said, said
