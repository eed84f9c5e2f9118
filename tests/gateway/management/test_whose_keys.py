"""F25: `audit verify` names each key that vouched, and says where keys lay beside the copy."""

from __future__ import annotations

import io
import json
import shutil
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from gateway.audit.checkpoint import Checkpointer
from gateway.audit.event import Event
from gateway.audit.journal import Journal, open_journal
from gateway.management.cli import main
from gateway.management.journal_keys import checkpoint_signer, key_id
from gateway.management.layout import HostFolder, Role

SIDE = "outer"


def run(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main(list(words), {}, out, err), out.getvalue(), err.getvalue()


def made(folder: Path) -> HostFolder:
    assert run("init", str(folder), "--mode", "one-way", "--name", "east")[0] == 0
    return HostFolder(folder / SIDE)


def journals(host: HostFolder) -> list[Journal]:
    """Young journals, written by a process that still runs: this one."""
    opened = []
    for role in Role:
        journal = open_journal(host.journal(role), role.value)
        journal.record(Event("process.started", time.time_ns()))
        journal.commit()
        opened.append(journal)
    return opened


def sign(host: HostFolder) -> None:
    """A checkpoint as the guard of this host signs it."""
    pub = host.keys / "guard" / "journal.pub"
    pointer = Checkpointer(
        {role.value: host.journal(role) for role in Role},
        [host.checkpoints],
        checkpoint_signer(host.keys / "guard"),
        key_id("east", SIDE, pub),
        host=SIDE,
    )
    for after_s in (0, 61):
        pointer.step(time.time_ns() + after_s * 10**9)
    pointer.close()


def answer(*words: str) -> tuple[int, dict[str, Any], set[int]]:
    status, out, err = run(*words, "audit", "verify", "--json")
    assert out, err
    (one,) = json.loads(out)["journals"]
    return status, one, {finding["number"] for finding in one["findings"]}


@pytest.fixture
def host(tmp_path: Path) -> HostFolder:
    return made(tmp_path / "gate")


def verified(folder: Path, *words: str) -> tuple[int, dict[str, Any], set[int]]:
    status, out, err = run("audit", "verify", str(folder), "--json", *words)
    assert out, err
    (one,) = json.loads(out)["journals"]
    return status, one, {finding["number"] for finding in one["findings"]}


def test_each_key_that_vouched_is_named_by_id_and_fingerprint(
    host: HostFolder, tmp_path: Path
) -> None:
    journals(host)
    sign(host)
    pub = tmp_path / "brought.pub"
    shutil.copy(host.keys / "guard" / "journal.pub", pub)
    other = made(tmp_path / "other").keys / "guard" / "journal.pub"
    status, one, found = verified(host.root / "journal", "--keys", str(other), "--keys", str(pub))
    assert (status, found & {6028, 6039, 6043, 6044}) == (0, set())
    fingerprint = sha256(pub.read_bytes()).hexdigest()
    unused, used = one["keys"]
    assert (unused["ids"], unused["signatures"]) == ([], 0)
    assert used == {
        "ids": [f"east-outer-{fingerprint[:8]}"],
        "file": str(pub),
        "sha256": fingerprint,
        "signatures": one["checkpoints"],
    }
    text = "".join(
        run("audit", "verify", str(host.root / "journal"), "--keys", str(pub))[1].split()
    )
    assert fingerprint in text
    assert used["ids"][0] in text


def test_a_forger_who_brings_his_own_key_is_named_and_the_auditor_s_key_finds_him(
    host: HostFolder, tmp_path: Path
) -> None:
    """A whole new history, signed anew, with the key to it beside the copy."""
    forged = made(tmp_path / "forged")
    journals(forged)
    sign(forged)
    copy = tmp_path / "copy"
    shutil.copytree(forged.root / "journal", copy / "journal")
    shutil.copytree(forged.keys / "trust", copy / "keys" / "trust")
    beside = next((copy / "keys" / "trust" / "journals").glob("outer.pub"))
    status, one, found = verified(copy / "journal")
    # In itself it is whole; that this says little is said.
    assert (status, one["holds"]) == (0, True)
    assert 6044 in found
    assert str(beside) in [key["file"] for key in one["keys"]]
    note = next(finding for finding in one["findings"] if finding["number"] == 6044)
    assert note["fields"]["folder"] == str(beside.parent)
    shown = run("audit", "verify", str(copy / "journal"))[1]
    assert "FG-6044" in shown
    assert "--keys FILE.pub" in " ".join(shown.split())
    brought = host.keys / "guard" / "journal.pub"
    status, one, found = verified(copy / "journal", "--keys", str(brought))
    assert status == 1
    assert {6028, 6039} <= found
    assert 6044 not in found


def test_a_copy_without_checkpoints_is_never_excused_by_its_youth(
    host: HostFolder, tmp_path: Path
) -> None:
    journals(host)
    key = host.keys / "guard" / "journal.pub"
    for words in ((), ("--keys", str(key))):
        status, one, found = verified(host.root / "journal", *words)
        assert (status, one["holds"]) == (1, False)
        assert 6039 in found
        assert 6043 not in found


def test_a_host_that_runs_here_is_excused_while_it_is_young(host: HostFolder) -> None:
    opened = journals(host)
    status, _, found = answer("--gate", str(host.root))
    assert status == 0
    assert 6043 in found
    assert 6044 not in found
    for journal in opened:
        journal.close()


def test_the_folder_of_a_host_that_does_not_run_here_is_a_copy(
    host: HostFolder, tmp_path: Path
) -> None:
    """Carried away whole, with its keys and a status file that says that all is well."""
    opened = journals(host)
    shutil.copytree(host.root, tmp_path / "carried")
    status, _, found = answer("--gate", str(tmp_path / "carried"))
    assert status == 1
    assert {6039, 6044} <= found
    for journal in opened:
        journal.close()
