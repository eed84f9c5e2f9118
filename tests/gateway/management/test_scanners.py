"""`scanners list` tells what would answer; `scanners import` brings signatures in, all of them or none."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.inspection.localdb import LocalClamd, running_clamd
from gateway.management.cli import main
from gateway.management.trial import make_trial

OWN = f"Own.Mark:0:*:{b'a mark of these tests'.hex()}\n"


@dataclass(frozen=True, slots=True)
class Gate:
    folder: Path
    clamd: LocalClamd

    @property
    def database(self) -> Path:
        return self.clamd.folder / "signatures"


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    """A gate with a real clamd whose database it knows."""
    with tempfile.TemporaryDirectory(prefix="fg") as name, running_clamd(Path(name) / "c") as clamd:
        folder = Path(name) / "gate"
        make_trial(folder, clamd=str(clamd.socket))
        for file in folder.rglob("gate.yaml"):
            line = f"scanners:\n  database: {clamd.folder / 'signatures'}\n"
            file.write_text(file.read_text().replace("scanners:\n", line))
        yield Gate(folder, clamd)


def run(gate: Gate, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main([*words, "--gate", str(gate.folder)], {}, out, err)
    return status, out.getvalue(), err.getvalue()


def test_the_list_names_each_scanner_with_its_rules_and_version(gate: Gate) -> None:
    status, out, err = run(gate, "scanners", "list", "--json")
    assert status == 0, err
    rows = json.loads(out)["scanners"]
    assert {(row["side"], row["scanner"]) for row in rows} == {
        (side, scanner) for side in ("outer", "inner") for scanner in ("YARA", "ClamAV")
    }
    assert all(row["state"] == "ok" for row in rows)
    assert all(row["rules"] > 0 for row in rows if row["scanner"] == "YARA")
    assert all(row["version"].startswith("ClamAV ") for row in rows if row["scanner"] == "ClamAV")
    _, text, _ = run(gate, "scanners", "list", "--lang", "zh")
    assert "引擎" in text


def test_an_import_puts_a_local_file_in_place_and_prints_what_to_keep(
    gate: Gate, tmp_path: Path
) -> None:
    own = tmp_path / "own.ndb"
    own.write_text(OWN)
    status, out, err = run(
        gate, "scanners", "import", "--unsigned-local", str(own), "--side", "inner"
    )
    assert status == 0, err
    assert (gate.database / "own.ndb").read_text() == OWN
    assert "sha256 " in out
    assert "ClamAV 1" in out
    (gate.database / "own.ndb").unlink()


@pytest.mark.parametrize(
    ("name", "data", "options", "number"),
    [
        ("own.ndb", OWN, (), "FG-3322"),
        ("own.ndb", "junk\n", ("--unsigned-local",), "FG-3325"),
        ("daily.cvd", "junk", ("--unsigned-local",), "FG-3323"),
        ("own.exe", "x", (), "FG-3321"),
    ],
)
def test_what_is_not_right_changes_nothing(
    gate: Gate, tmp_path: Path, name: str, data: str, options: tuple[str, ...], number: str
) -> None:
    before = sorted(gate.database.iterdir())
    (tmp_path / name).write_text(data)
    status, _, err = run(
        gate, "scanners", "import", *options, str(tmp_path / name), "--side", "inner"
    )
    assert status == 1
    assert err.startswith(number)
    assert sorted(gate.database.iterdir()) == before


def test_when_clamd_does_not_answer_what_was_there_lies_there_again(
    gate: Gate, tmp_path: Path
) -> None:
    before = sorted(gate.database.iterdir())
    settings = next(gate.folder.glob("**/inner/gate.yaml"))
    written = settings.read_text()
    settings.write_text(written.replace(str(gate.clamd.socket), f"{gate.clamd.socket}-gone"))
    (tmp_path / "own.ndb").write_text(OWN)
    try:
        status, _, err = run(
            gate, "scanners", "import", "--unsigned-local", str(tmp_path / "own.ndb"),
            "--side", "inner",
        )  # fmt: skip
    finally:
        settings.write_text(written)
    assert status != 0
    assert err.startswith("FG-3302")
    assert sorted(gate.database.iterdir()) == before


def test_without_the_setting_the_line_to_write_is_told(gate: Gate, tmp_path: Path) -> None:
    settings = next(gate.folder.glob("**/inner/gate.yaml"))
    written = settings.read_text()
    settings.write_text(written.replace(f"  database: {gate.database}\n", ""))
    try:
        status, _, err = run(gate, "scanners", "import", str(tmp_path / "a.cvd"), "--side", "inner")
    finally:
        settings.write_text(written)
    assert status == 78
    assert "database: /var/lib/clamav" in err
