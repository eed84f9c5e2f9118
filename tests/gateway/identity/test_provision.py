"""A new gate's keys: each host's part whole by itself, and no secret of one in the other's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.identity import provision as provisioning
from gateway.identity.device import load_guard_identity
from gateway.identity.epoch_keys import EpochKeys, load_peer_epochs
from gateway.identity.expiry import expiries
from gateway.identity.instants import DAY_NS, SECOND_NS
from gateway.identity.lane_files import (
    clearance_file,
    epochs_folder,
    lane_key_file,
    peer_epochs_file,
)
from gateway.identity.lane_key import LaneKey
from gateway.identity.provision import provision
from gateway.messages import describe, remedy
from gateway.receiving.verify import Opener
from gateway.sending.seal import Sealer
from gateway.unit.model import Lane, Side
from tests.support.keys import GATE, NOW_NS, GateKeys, cleared

SECRETS = {
    "root": {"root.key"},
    "issuing": {"issuing.key"},
    "outer": {"signing.key", "journal.key", "lane.key"},
    "inner": {"signing.key", "journal.key", "lane.key", "pseudonym.key"},
}


def secret_files(part: Path) -> list[Path]:
    return [path for path in part.rglob("*") if path.suffix == ".key"]


def test_each_part_has_its_secrets_and_only_the_owner_may_read_them(gate: GateKeys) -> None:
    for part, names in SECRETS.items():
        found = secret_files(gate.root / part)
        own = {path.name for path in found if path.parent.name != "epochs"}
        assert own == names
        for path in found:
            assert path.stat().st_mode & 0o777 == 0o600, path


def test_no_private_key_of_one_part_stands_in_another(gate: GateKeys) -> None:
    seen: dict[bytes, str] = {}
    for part in SECRETS:
        for path in secret_files(gate.root / part):
            if path.name != "lane.key":
                assert seen.setdefault(path.read_bytes(), part) == part
    assert not list((gate.root / "outer").rglob("epochs"))
    everything = b"".join(p.read_bytes() for p in (gate.root / "outer").rglob("*") if p.is_file())
    assert all(key not in everything for key, part in seen.items() if part != "outer")


def test_the_lane_key_is_the_same_on_both_sides_and_fits_the_ferry(gate: GateKeys) -> None:
    one, two = ((gate.root / s.value / "keys/ferry/lane.key").read_bytes() for s in Side)
    assert one == two
    LaneKey(one)


def test_a_two_way_gate_has_keys_of_its_own_for_each_lane(tmp_path: Path) -> None:
    provision(tmp_path, GATE, "two-way", now_ns=NOW_NS, epochs=2)
    keys = {side: tmp_path / side.value / "keys" for side in Side}
    for lane in Lane:
        one, two = (lane_key_file(keys[side], lane).read_bytes() for side in Side)
        assert one == two
        signer = load_guard_identity(keys[lane.sender] / "guard").signer.verifier.pem
        assert {clearance_file(keys[side], lane).read_bytes() for side in Side} == {signer}
    assert len({lane_key_file(keys[Side.OUTER], lane).read_bytes() for lane in Lane}) == 2
    both = GateKeys(tmp_path)
    for lane in Lane:
        identity = both.identity(lane.sender)
        bundle = load_peer_epochs(peer_epochs_file(keys[lane.sender]), both.trust(lane.sender))
        sealed, _ = Sealer(identity, bundle, lane).seal_bytes(cleared(b"over it"))
        epochs = EpochKeys(epochs_folder(keys[lane.receiver]))
        opener = Opener(lane, both.trust(lane.receiver), epochs, lambda: NOW_NS)
        assert opener.open_bytes(sealed).body == b"over it"
    # What ends is watched on both hosts for both lanes.
    for side in Side:
        subjects = [one.subject for one in expiries(keys[side]) if one.subject.startswith("epoch")]
        assert sorted(subjects) == [
            f"epoch keys of ferrygate://{GATE}/{s.value}" for s in sorted(Side)
        ]


def test_folders_of_guard_and_ferry_are_closed_and_trust_is_open(gate: GateKeys) -> None:
    for side in Side:
        keys = gate.root / side.value / "keys"
        assert (keys / "guard").stat().st_mode & 0o777 == 0o700
        assert (keys / "ferry").stat().st_mode & 0o777 == 0o700
        for path in (keys / "trust").rglob("*"):
            assert path.stat().st_mode & 0o004, path


def test_each_host_works_with_its_own_part_alone(gate: GateKeys, tmp_path: Path) -> None:
    for side in Side:
        shutil.copytree(gate.root / side.value, tmp_path / side.value / side.value)
    outer, inner = GateKeys(tmp_path / "outer"), GateKeys(tmp_path / "inner")
    sealed, _ = outer.sealer().seal_bytes(cleared(b"carried"))
    assert inner.opener().open_bytes(sealed).body == b"carried"


def test_openssl_accepts_both_hosts_from_the_carried_files(gate: GateKeys) -> None:
    for side in Side:
        trust = gate.trust_folder(side)
        command = ["openssl", "verify", "-x509_strict", "-attime", str(NOW_NS // SECOND_NS)]
        command += ["-crl_check", "-CRLfile", str(trust / "issuing.crl")]
        command += ["-CAfile", str(trust / "root.crt"), "-untrusted", str(trust / "issuing.crt")]
        certificates = [str(gate.guard(side) / "device.crt"), *map(str, trust.glob("peers/*.crt"))]
        result = subprocess.run([*command, *certificates], capture_output=True, check=False)
        assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("part", ["root", "issuing", "outer/keys", "inner/keys"])
def test_what_stands_is_not_overwritten(tmp_path: Path, part: str) -> None:
    (tmp_path / part).mkdir(parents=True)
    with pytest.raises(Misconfigured) as caught:
        provision(tmp_path, GATE, now_ns=NOW_NS, epochs=2)
    assert caught.value.number == 4006
    assert [p.name for p in tmp_path.iterdir()] == [part.split("/")[0]]


def test_beside_settings_of_the_hosts_there_is_room(tmp_path: Path) -> None:
    (tmp_path / "outer").mkdir()
    (tmp_path / "outer" / "gate.yaml").write_text("side: outer\n")
    provision(tmp_path, GATE, now_ns=NOW_NS, epochs=2)
    assert (tmp_path / "outer" / "gate.yaml").read_text() == "side: outer\n"
    assert (tmp_path / "outer" / "keys" / "guard" / "signing.key").exists()


def test_a_crash_half_way_leaves_no_part_and_the_next_try_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> bytes:
        raise OSError("power cut")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="power cut"):
        patch.setattr(provisioning, "generate_epochs", crash)
        provision(tmp_path, GATE, now_ns=NOW_NS, epochs=2)
    assert not list(tmp_path.iterdir())
    (tmp_path / ".provisioning" / "outer").mkdir(parents=True)
    provision(tmp_path, GATE, now_ns=NOW_NS, epochs=2)
    assert not (tmp_path / ".provisioning").exists()


@pytest.mark.parametrize(("name", "mode", "number"), [("A b", "one-way", 4012), ("a", "x", 4010)])
def test_a_wrong_name_or_mode_makes_nothing(
    tmp_path: Path, name: str, mode: str, number: int
) -> None:
    with pytest.raises(Misconfigured) as caught:
        provision(tmp_path / "gate", name, mode, now_ns=NOW_NS)
    assert caught.value.number == number
    assert not (tmp_path / "gate").exists()


def test_a_wide_umask_opens_nothing(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        provision(tmp_path, GATE, now_ns=NOW_NS, epochs=2)
    finally:
        os.umask(old)
    for path in secret_files(tmp_path):
        assert path.stat().st_mode & 0o077 == 0


def test_a_certificate_over_another_key_does_not_start(tmp_path: Path, gate: GateKeys) -> None:
    shutil.copytree(gate.root, tmp_path / "gate")
    copy = GateKeys(tmp_path / "gate")
    shutil.copy(copy.guard(Side.INNER) / "device.crt", copy.guard(Side.OUTER) / "device.crt")
    with pytest.raises(Misconfigured) as caught:
        copy.identity(Side.OUTER)
    assert caught.value.number == 4005


def test_doctor_sees_what_ends_soonest_first_and_says_what_to_do(gate: GateKeys) -> None:
    for side in Side:
        found = expiries(gate.root / side.value / "keys")
        assert [e.ends_at_ns for e in found] == sorted(e.ends_at_ns for e in found)
        assert {e.alarm for e in found} == {4120, 4121, 4205}
        assert found[0].days_left(NOW_NS) == 90
        assert all(e.warning(NOW_NS) is None for e in found)
        late_ns = NOW_NS + 85 * DAY_NS
        warnings = [w for e in found if (w := e.warning(late_ns)) is not None]
        assert {w.number for w in warnings} == {4120, 4121, 4205}
        for warning in warnings:
            for language in ("en", "zh"):
                assert "?" not in describe(warning, language).replace("？", "")
                assert remedy(warning, language)
