"""`ferrygate pki` with what people get wrong: a number, the file, what to do; and nothing is changed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gateway.management.cli import main
from gateway.management.init import initialise


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki") / "gate"
    initialise(folder, "east")
    pki(folder, "outer", f"request --out {folder}/outer.csr")
    (folder / "text.txt").write_text("some text\n")
    return folder


def pki(gate: Path, side: str, line: str) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    words = ["--gate", str(gate / side), "pki", *line.format(gate=gate).split()]
    return main(words, {}, out, err), out.getvalue() + err.getvalue()


@pytest.mark.parametrize(
    ("side", "line", "status", "said"),
    [
        ("outer", "request --out /nonexistent/outer.csr", 75, "FG-7005"),
        ("outer", "install {gate}/missing.crt", 64, "FG-7010"),
        ("outer", "install {gate}/text.txt", 78, "FG-7303"),
        ("outer", "install {gate}/issuing", 78, "FG-7303"),
        ("inner", "install {gate}/inner/keys/trust/peers/outer.crt", 78, "FG-7301"),
        ("outer", "install {gate}/inner/keys/guard/device.crt", 78, "FG-7304"),
        ("outer", "install {gate}/outer/keys/guard/device.crt", 78, "FG-7302"),
        ("outer", "trust {gate}/text.txt", 78, "FG-7303"),
        ("outer", "trust {gate}/root/root.key", 78, "FG-7303"),
        ("outer", "trust {gate}/root/root.crt", 78, "FG-7304"),
        ("outer", "trust {gate}/outer/keys/guard/device.crt", 78, "FG-7304"),
        ("inner", "trust {gate}/outer/keys/guard/peer-epochs.bundle", 78, "FG-7306"),
        ("inner", "epochs --out {gate}/inner.bundle", 78, "FG-7310"),
        ("outer", "epochs", 78, "FG-1013"),
        ("outer", "sign {gate}/missing.csr --as outer --issuing {gate}/issuing", 64, "FG-7010"),
        ("outer", "sign {gate}/outer.csr --as inner --issuing {gate}/issuing", 78, "FG-4011"),
        ("outer", "sign {gate}/text.txt --as outer --issuing {gate}/issuing", 78, "FG-4011"),
        ("outer", "sign {gate}/outer.csr --as outer --issuing {gate}/nowhere", 64, "FG-7010"),
        ("outer", "revoke nobody --issuing {gate}/issuing", 78, "FG-7307"),
        ("outer", "revoke outer --issuing {gate}/outer", 64, "FG-7010"),
        ("outer", "crl --issuing {gate}/root", 64, "FG-7010"),
        ("outer", "issuing --root {gate}/root --out {gate}/issuing", 78, "FG-4006"),
        ("outer", "issuing --root {gate}/issuing --out {gate}/more", 64, "FG-7010"),
    ],
)
def test_what_is_wrong_has_a_number_and_changes_nothing(
    gate: Path, side: str, line: str, status: int, said: str
) -> None:
    before = {path: path.read_bytes() for path in gate.rglob("*") if path.is_file()}
    found, text = pki(gate, side, line)
    assert said in text
    assert found == status
    assert "\n  " in text  # what to do
    assert {path: path.read_bytes() for path in gate.rglob("*") if path.is_file()} == before


def test_a_file_of_several_that_is_wrong_is_named(gate: Path) -> None:
    good, wrong = f"{gate}/issuing/issuing.crl", f"{gate}/text.txt"
    status, text = pki(gate, "inner", f"trust {good} {wrong}")
    assert status == 78
    assert wrong in "".join(text.split())


def test_no_private_key_is_readable_by_others_whatever_the_umask(tmp_path: Path) -> None:
    import os

    before = os.umask(0)
    try:
        initialise(tmp_path / "gate", "west")
        pki(tmp_path / "gate", "outer", f"request --out {tmp_path}/outer.csr")
        pki(
            tmp_path / "gate", "outer", f"issuing --root {tmp_path}/gate/root --out {tmp_path}/more"
        )
    finally:
        os.umask(before)
    secrets = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and (path.suffix == ".key" or b"PRIVATE KEY" in path.read_bytes())
    ]
    assert len(secrets) > 400
    assert [path for path in secrets if path.stat().st_mode & 0o077] == []
