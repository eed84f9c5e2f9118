"""A host's pair renewed in files: cut off anywhere it is the old pair or the new one, and nothing leaks."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from gateway.errors import Misconfigured, Refused, Unavailable
from gateway.identity import carried, renewal
from gateway.identity.authority import load_certificate, open_authority, revoke
from gateway.identity.certificates import certificate_id, pem_of, read_certificate
from gateway.identity.device import load_guard_identity
from gateway.identity.instants import DAY_NS
from gateway.identity.issuing import NAME, issued_in, new_authority, new_list, sign_request
from gateway.identity.lane_files import clearance_file
from gateway.identity.names import host_name
from gateway.identity.provision import provision
from gateway.identity.trust import load_trust
from gateway.unit.model import Lane, Side

NOW_NS = 1_795_219_200 * 10**9
OUTER = host_name("east", Side.OUTER)
# What changes a disk. After the last breath of a killed process none of them does anything.
CALLS = (
    "open", "write", "pwrite", "fsync", "fchmod", "chmod", "link", "rename", "replace", "unlink",
    "symlink", "mkdir", "rmdir",
)  # fmt: skip


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gate") / "east"
    provision(folder, "east", now_ns=NOW_NS, epochs=3)
    return folder


@pytest.fixture
def gate(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "east", symlinks=True))


def kill_at(patch: pytest.MonkeyPatch, step: int) -> Callable[[], int]:
    """Every call from number `step` on kills instead of being made; gives how many there were."""
    made = 0

    def watched(name: str) -> None:
        true = getattr(os, name)

        def call(*args: object, **options: object) -> object:
            nonlocal made
            is_reading = name == "open" and not int(str(args[1])) & (os.O_CREAT | os.O_WRONLY)
            if not is_reading:
                made += 1
                if made > step:
                    raise Killed
            return true(*args, **options)

        patch.setattr(os, name, call)

    for name in CALLS:
        watched(name)
    return lambda: made


def outer(gate: Path) -> Path:
    return gate / "outer" / "keys"


def signed(gate: Path, side: Side = Side.OUTER) -> bytes:
    name = host_name("east", side)
    text, _ = renewal.request(gate / side.value / "keys", name)
    return sign_request(gate / "issuing", text, side, NOW_NS + 60 * DAY_NS).read_bytes()


def install(gate: Path, certificate: bytes) -> carried.Taken:
    return renewal.install(
        outer(gate), OUTER, certificate, NOW_NS + 60 * DAY_NS, clears=Lane.IMPORT
    )


def install_at(gate: Path, certificate: bytes, now_ns: int) -> carried.Taken:
    return renewal.install(outer(gate), OUTER, certificate, now_ns, clears=Lane.IMPORT)


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def keys_are_private(keys: Path) -> bool:
    files = [path for path in keys.rglob("*") if path.is_file() and not path.is_symlink()]
    secrets = [path for path in files if b"PRIVATE KEY" in path.read_bytes()]
    return bool(secrets) and not any(path.stat().st_mode & 0o077 for path in secrets)


def test_cut_off_at_any_step_the_host_has_the_old_pair_or_the_new_one(
    gate: Path, tmp_path: Path
) -> None:
    certificate = signed(gate)
    new = certificate_id(read_certificate(certificate))
    old = load_guard_identity(outer(gate) / "guard").identifier
    whole = Path(shutil.copytree(gate, tmp_path / "whole", symlinks=True))
    install(whole, certificate)
    seen: set[bytes] = set()
    step, done = 0, False
    while not done:
        cut = Path(shutil.copytree(gate, tmp_path / f"cut{step}", symlinks=True))
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, step)
            try:
                install(cut, certificate)
                done = True
            except Killed:
                pass
        guard, ferry = outer(cut) / "guard", outer(cut) / "ferry"
        found = load_guard_identity(guard)
        assert found.identifier in (old, new)
        # Whatever the guard signs with, the ferry knows it already.
        assert found.signer.verifier.pem in (ferry / "clearance.pub").read_bytes()
        assert keys_are_private(outer(cut))
        seen.add(found.identifier)
        install(cut, certificate)
        assert load_guard_identity(guard).identifier == new
        # A request after it is for a key of its own, and clears away what the cut left.
        renewal.request(outer(cut), OUTER)
        assert (guard / renewal.RENEWAL_KEY).read_bytes() != (guard / "signing.key").read_bytes()
        (guard / renewal.RENEWAL_KEY).unlink()
        assert names(outer(cut)) == names(outer(whole))
        shutil.rmtree(cut)
        step += 1
    assert seen == {old, new}
    assert step > 20


def test_the_pair_before_stays_and_the_one_before_that_is_erased(gate: Path) -> None:
    guard = outer(gate) / "guard"
    identities = [load_guard_identity(guard).identifier]
    for _ in range(3):
        install(gate, signed(gate))
        identities.append(load_guard_identity(guard).identifier)
    kept = {path.name for path in guard.glob("identity-*")}
    assert kept == {f"identity-{one.hex()[:16]}" for one in identities[-2:]}
    # To go back by hand is one link.
    (guard / "current").unlink()
    (guard / "current").symlink_to(f"identity-{identities[-2].hex()[:16]}")
    assert load_guard_identity(guard).identifier == identities[-2]


def test_files_put_back_by_hand_are_the_pair_before(gate: Path, tmp_path: Path) -> None:
    guard = outer(gate) / "guard"
    backup = Path(shutil.copytree(guard, tmp_path / "backup"))
    first = load_guard_identity(guard).identifier
    install(gate, signed(gate))
    for name in ("signing.key", "device.crt"):
        (guard / name).unlink()
        shutil.copy(backup / name, guard / name)
    assert load_guard_identity(guard).identifier == first
    certificate = signed(gate)
    for step in range(8, 60, 3):
        cut = Path(shutil.copytree(gate, tmp_path / f"cut{step}", symlinks=True))
        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
            kill_at(patch, step)
            install(cut, certificate)
        load_guard_identity(outer(cut) / "guard")  # raises 4005 for a mixed pair


def test_a_folder_that_is_a_link_is_not_erased_through(gate: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "signing.key").write_bytes(b"of somebody else")
    (outer(gate) / "guard" / "identity-0123456789abcdef").symlink_to(elsewhere)
    install(gate, signed(gate))
    assert (elsewhere / "signing.key").read_bytes() == b"of somebody else"


def test_a_certificate_before_its_key_in_a_reader_s_eyes_is_looked_at_again(
    gate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guard that starts at the moment of the switch reads the old key and the new certificate."""
    from gateway.identity import device

    old = load_guard_identity(outer(gate) / "guard").identifier
    certificate = signed(gate)
    switched = False

    def load(path: Path) -> object:
        nonlocal switched
        if not switched:
            switched = True
            install(gate, certificate)
        return load_certificate(path)

    monkeypatch.setattr(device, "load_certificate", load)
    assert load_guard_identity(outer(gate) / "guard").identifier != old


def test_no_private_key_is_in_what_is_carried(gate: Path) -> None:
    text, shown = renewal.request(outer(gate), OUTER)
    assert b"PRIVATE" not in text
    certificate = sign_request(gate / "issuing", text, Side.OUTER, NOW_NS)
    assert b"PRIVATE" not in certificate.read_bytes()
    assert len(shown.replace(" ", "")) == 24
    # Asked twice before the certificate comes, it is the same key.
    assert renewal.request(outer(gate), OUTER)[1] == shown


def test_two_commands_at_once_do_not_mix(gate: Path) -> None:
    with (
        renewal._alone(outer(gate) / "guard"),
        pytest.raises(Unavailable) as caught,
    ):
        renewal.request(outer(gate), OUTER)
    assert caught.value.number == 7309


def number(work: Callable[[], object]) -> tuple[int, object]:
    with pytest.raises(Misconfigured) as caught:
        work()
    return caught.value.number, caught.value.fields.get("reason", 0)


def test_what_is_not_this_host_s_or_not_good_changes_nothing(gate: Path) -> None:
    ours = signed(gate)
    other = signed(gate, Side.INNER)
    before = {path: path.read_bytes() for path in gate.rglob("*") if path.is_file()}
    late_ns = NOW_NS + 80 * DAY_NS
    ended_ns = NOW_NS + 200 * DAY_NS
    for content, now_ns, expected in (
        (b"", NOW_NS, (7303, 0)),
        (b"\x00\xff" * 500, NOW_NS, (7303, 0)),
        (ours[:200], NOW_NS, (7303, 0)),
        (other, late_ns, (7304, 4113)),
        (ours, NOW_NS, (7304, 4115)),
        (ours, ended_ns, (7304, 4105)),
        ((gate / "issuing" / "issuing.crt").read_bytes(), NOW_NS, (7304, 4113)),
    ):
        assert number(partial(install_at, gate, content, now_ns)) == expected
    assert {path: path.read_bytes() for path in gate.rglob("*") if path.is_file()} == before


def test_a_list_from_a_wrong_clock_is_not_taken(gate: Path) -> None:
    """Taken, it would keep every later list out."""
    path, _, _ = new_list(gate / "issuing", [], NOW_NS + 400 * DAY_NS)
    future = path.read_bytes()
    inner = gate / "inner" / "keys"
    work = lambda: carried.trust(inner, OUTER, future, NOW_NS)  # noqa: E731
    assert number(work) == (7304, 4115)


def test_a_list_of_another_authority_is_not_taken(gate: Path, tmp_path: Path) -> None:
    provision(tmp_path / "west", "west", now_ns=NOW_NS, epochs=1)
    foreign = revoke(open_authority(tmp_path / "west" / "issuing", NAME), None, [], NOW_NS)
    inner = gate / "inner" / "keys"
    assert number(lambda: carried.trust(inner, OUTER, pem_of(foreign), NOW_NS)) == (7304, 4009)


def test_an_authority_whose_time_is_over_signs_nothing(gate: Path) -> None:
    text, _ = renewal.request(outer(gate), OUTER)
    late_ns = NOW_NS + 6 * 365 * DAY_NS
    assert number(lambda: sign_request(gate / "issuing", text, Side.OUTER, late_ns))[0] == 7308
    assert len(issued_in(gate / "issuing")) == 2


def test_another_issuing_authority_is_taken_with_its_list(gate: Path, tmp_path: Path) -> None:
    path, ends_ns = new_authority(gate / "root", gate / "issuing-2031", NOW_NS)
    assert ends_ns > NOW_NS + 4 * 365 * DAY_NS
    assert (gate / "issuing-2031" / "issuing.key").stat().st_mode & 0o777 == 0o600
    for side in Side:
        carried.trust(gate / side.value / "keys", OUTER, path.read_bytes(), NOW_NS)
    text, _ = renewal.request(outer(gate), OUTER)
    certificate = sign_request(gate / "issuing-2031", text, Side.OUTER, NOW_NS).read_bytes()
    inner = gate / "inner" / "keys"
    carried.trust(inner, OUTER, certificate, NOW_NS)
    renewal.install(outer(gate), OUTER, certificate, NOW_NS, clears=Lane.IMPORT)
    identity = load_guard_identity(outer(gate) / "guard")
    load_trust(inner / "trust", OUTER).signer(identity.identifier, NOW_NS)
    # Its revocations count as those of the first one do.
    serial = read_certificate(certificate).serial_number
    revocations, _, _ = new_list(gate / "issuing-2031", [serial], NOW_NS + DAY_NS)
    carried.trust(inner, OUTER, revocations.read_bytes(), NOW_NS + DAY_NS)
    with pytest.raises(Refused) as caught:
        load_trust(inner / "trust", OUTER).signer(identity.identifier, NOW_NS)
    assert caught.value.number == 4114


def test_an_authority_that_the_root_did_not_sign_is_not_taken(gate: Path, tmp_path: Path) -> None:
    provision(tmp_path / "west", "west", now_ns=NOW_NS, epochs=1)
    path, _ = new_authority(tmp_path / "west" / "root", tmp_path / "west" / "more", NOW_NS)
    foreign = path.read_bytes()
    inner = gate / "inner" / "keys"
    before = names(inner)
    own, _ = new_authority(gate / "root", gate / "more", NOW_NS)
    certificate = own.read_bytes().partition(b"-----BEGIN X509 CRL-----")[0]
    mixed = certificate + foreign[foreign.index(b"-----BEGIN X509 CRL-----") :]
    for content, expected in ((foreign, 4111), (mixed, 4009)):
        work = lambda c=content: carried.trust(inner, OUTER, c, NOW_NS)  # noqa: E731
        assert number(work) == (7304, expected)
    assert names(inner) == before


def test_the_inner_host_of_a_two_way_gate_renews_what_clears_the_export_lane(
    tmp_path: Path,
) -> None:
    root = tmp_path / "east"
    provision(root, "east", "two-way", now_ns=NOW_NS, epochs=1)
    keys = root / "inner" / "keys"
    before = {lane: clearance_file(keys, lane).read_bytes() for lane in Lane}
    certificate = signed(root, Side.INNER)
    name = host_name("east", Side.INNER)
    renewal.install(keys, name, certificate, NOW_NS + 60 * DAY_NS, clears=Lane.EXPORT)
    after = clearance_file(keys, Lane.EXPORT).read_bytes()
    new = load_guard_identity(keys / "guard").signer.verifier.pem
    assert after == new + before[Lane.EXPORT] and new != before[Lane.EXPORT]
    assert clearance_file(keys, Lane.IMPORT).read_bytes() == before[Lane.IMPORT]
