"""Keys and certificates renewed by command while files cross: nothing is lost on the way, and the old ones
are refused once they are revoked. Both hosts run; what a person carries is carried here as files.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.identity.authority import load_certificate, open_authority
from gateway.identity.certificates import certificate_id
from gateway.management.layout import Role
from gateway.spool.set_aside import units_aside
from gateway.unit.model import Side, Stage
from tests.support.gate import Gate, gate, queue, table

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Gate]:
    with gate(tmp_path) as made:
        yield made


def run(gate: Gate, side: Side | None, *words: str, status: int = 0) -> str:
    """A command on a host, or on the issuing machine (None)."""
    done = gate.cli(side, *words)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def issuing(gate: Gate) -> Path:
    return gate.trial.root / "issuing"


def ask(gate: Gate, side: Side) -> Path:
    """Request on the host, sign at the authority; gives the certificate to carry."""
    csr = gate.trial.root / f"{side.value}.csr"
    shown = run(gate, side, "pki", "request", "--out", str(csr))
    before = set((issuing(gate) / "issued").iterdir())
    words = ("pki", "sign", str(csr), "--as", side.value, "--issuing", str(issuing(gate)))
    signed = run(gate, None, *words)
    fingerprint = next(line for line in shown.splitlines() if "key" in line and ":" in line)
    assert fingerprint.rpartition(": ")[2] in signed
    (new,) = set((issuing(gate) / "issued").iterdir()) - before
    return new


def loaded(gate: Gate, side: Side, times: int) -> None:
    gate.until(lambda: len(gate.events(side, "keys.loaded")) >= times, "the guard took them")


def pass_one(gate: Gate, name: str) -> None:
    content = table(1500, len(name))
    gate.drop(name, content)
    gate.until_inside({name})
    assert gate.arrived(name) == content


def signer(gate: Gate) -> bytes:
    path = gate.trial.host(Side.OUTER).keys / "guard" / "device.crt"
    return certificate_id(load_certificate(path))


def test_the_sender_is_renewed_and_its_old_certificate_refused(running: Gate) -> None:
    pass_one(running, "before.csv")
    old_keys = running.trial.root / "stolen"
    shutil.copytree(running.trial.host(Side.OUTER).keys / "guard", old_keys)
    before = signer(running)
    certificate = ask(running, Side.OUTER)
    run(running, Side.INNER, "pki", "trust", str(certificate))
    loaded(running, Side.INNER, 1)
    pass_one(running, "between.csv")
    run(running, Side.OUTER, "pki", "install", str(certificate))
    loaded(running, Side.OUTER, 1)
    assert signer(running) != before
    pass_one(running, "after.csv")
    assert not running.alarms(Side.OUTER)
    assert not running.alarms(Side.INNER)

    old = next(p for p in (issuing(running) / "issued").glob("outer-*") if p != certificate)
    run(running, None, "pki", "revoke", old.stem, "--issuing", str(issuing(running)))
    run(running, Side.INNER, "pki", "trust", str(issuing(running) / "issuing.crl"))
    loaded(running, Side.INNER, 2)
    pass_one(running, "after-the-list.csv")
    # Whoever holds the old key seals with it: refused inside.
    guard = running.trial.host(Side.OUTER).keys / "guard"
    for name in ("signing.key", "device.crt"):
        (guard / name).unlink()
        shutil.copy(old_keys / name, guard / name)
    run(running, Side.OUTER, "policy", "reload")
    loaded(running, Side.OUTER, 2)
    running.drop("with-the-old-key.csv", table(1500, 9))
    received = queue(running.trial, Side.INNER, Stage.RECEIVED)
    running.until(lambda: list(units_aside(received)), "set aside inside")
    assert [record.number for record in running.events(Side.INNER, "corrupt")] == [4114]
    assert "with-the-old-key.csv" not in running.inside()


def test_the_receiver_is_renewed_and_makes_new_epochs(running: Gate) -> None:
    certificate = ask(running, Side.INNER)
    run(running, Side.OUTER, "pki", "trust", str(certificate))
    run(running, Side.INNER, "pki", "install", str(certificate))
    loaded(running, Side.OUTER, 1)
    loaded(running, Side.INNER, 1)
    pass_one(running, "with-the-old-epochs.csv")
    # A batch made on the day of another one has other keys; that of today stands aside for the test.
    epochs = running.trial.host(Side.INNER).keys / "guard" / "epochs"
    (first,) = epochs.glob("*.bundle")
    first.rename(first.with_name("20200101T000000Z.bundle"))
    carried = running.trial.root / "inner.bundle"
    run(running, Side.INNER, "pki", "epochs", "--out", str(carried))
    loaded(running, Side.INNER, 2)
    pass_one(running, "still-with-the-old-epochs.csv")
    run(running, Side.OUTER, "pki", "trust", str(carried))
    loaded(running, Side.OUTER, 2)
    pass_one(running, "with-the-new-epochs.csv")
    assert not running.alarms(Side.OUTER)
    assert not running.alarms(Side.INNER)


def test_a_file_that_is_not_what_it_should_be_changes_nothing(running: Gate) -> None:
    keys = running.trial.host(Side.OUTER).keys
    before = {p: p.read_bytes() for p in keys.rglob("*") if p.is_file()}
    inner = ask(running, Side.INNER)
    for words, number in (
        (("pki", "install", str(inner)), 7301),
        (("pki", "trust", str(running.trial.host(Side.OUTER).settings)), 7303),
        (("pki", "trust", str(keys / "guard" / "device.crt")), 7304),
    ):
        done = running.cli(Side.OUTER, *words)
        assert done.returncode == 78
        assert f"FG-{number}" in done.stderr
    run(running, Side.OUTER, "pki", "request", "--out", str(running.trial.root / "o.csr"))
    done = running.cli(Side.OUTER, "pki", "install", str(inner))
    assert "FG-7304" in done.stderr
    (keys / "guard" / "renewal.key").unlink()
    assert {p: p.read_bytes() for p in keys.rglob("*") if p.is_file()} == before
    assert not running.events(Side.OUTER, "keys.loaded")


def test_an_older_list_does_not_forgive(running: Gate) -> None:
    older = running.trial.root / "older.crl"
    run(running, None, "pki", "crl", "--issuing", str(issuing(running)))
    shutil.copy(issuing(running) / "issuing.crl", older)
    _wait_a_second()
    run(running, None, "pki", "revoke", "outer", "--issuing", str(issuing(running)))
    run(running, Side.INNER, "pki", "trust", str(issuing(running) / "issuing.crl"))
    done = running.cli(Side.INNER, "pki", "trust", str(older))
    assert "FG-7305" in done.stderr


def _wait_a_second() -> None:
    # Lists carry whole seconds.
    import time

    time.sleep(1.1)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_openssl_verifies_the_new_certificate_and_the_list(running: Gate) -> None:
    certificate = ask(running, Side.OUTER)
    run(running, None, "pki", "crl", "--issuing", str(issuing(running)))
    root = running.trial.root
    trusted = running.trial.host(Side.INNER).keys / "trust" / "root.crt"
    command = ["openssl", "verify", "-crl_check", "-CAfile", str(trusted), "-untrusted",
               str(issuing(running) / "issuing.crt"), "-CRLfile",
               str(issuing(running) / "issuing.crl"), "-ignore_critical",
               "-no_check_time", str(certificate)]  # fmt: skip
    command.remove("-no_check_time")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    open_authority(issuing(running), "issuing")
    run(running, None, "pki", "revoke", certificate.stem, "--issuing", str(issuing(running)))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "revoked" in done.stdout + done.stderr
    assert root.is_dir()


def test_what_ends_is_listed_with_its_days(running: Gate) -> None:
    shown = run(running, None, "pki", "list")
    assert "89" in shown
    assert "revocation list" in shown
    assert "epoch keys" in shown
    assert running.status(Side.OUTER, Role.GUARD) is not None
