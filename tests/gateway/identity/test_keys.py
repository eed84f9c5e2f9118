"""Private keys on disk: nobody else's, never half written, never overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.identity import keys
from gateway.identity.suites import DEFAULT


def test_a_key_comes_back_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    signer = DEFAULT.new_signer()
    path = tmp_path / "signing.key"
    old = os.umask(0)
    try:
        keys.write_new(path, signer.pem)
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.load_signer(path).verifier.pem == signer.verifier.pem
    assert [p.name for p in tmp_path.iterdir()] == ["signing.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666, 0o777])
def test_a_key_that_others_may_touch_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "signing.key"
    keys.write_new(path, DEFAULT.new_signer().pem)
    path.chmod(mode)
    with pytest.raises(Misconfigured) as caught:
        keys.load_signer(path)
    assert caught.value.number == 4002
    assert caught.value.fields == {"path": str(path), "mode": f"{mode:04o}"}


def test_a_key_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    keys.write_new(path, b"first")
    with pytest.raises(Misconfigured) as caught:
        keys.write_new(path, b"second")
    assert caught.value.number == 4006
    assert path.read_bytes() == b"first"
    assert [p.name for p in tmp_path.iterdir()] == ["signing.key"]


def test_a_crash_while_writing_leaves_nothing_under_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise OSError("power cut")

    for call in ("fsync", "link", "fchmod"):
        with monkeypatch.context() as patch, pytest.raises(OSError, match="power cut"):
            patch.setattr(os, call, crash)
            keys.write_new(tmp_path / "signing.key", b"secret")
        assert not (tmp_path / "signing.key").exists()


def test_what_is_missing_a_folder_or_a_pipe_is_said_with_its_path(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", keys.MAX_FILE_BYTES + 1)
    for name in ("missing", ".", "pipe", "huge"):
        with pytest.raises(Misconfigured) as caught:
            keys.read_secret(tmp_path / name)
        assert caught.value.number == 4001
        assert caught.value.fields["path"] == str(tmp_path / name)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a key", DEFAULT.new_epoch().pem, DEFAULT.new_signer().verifier.pem],
    ids=["empty", "text", "another algorithm", "public"],
)
def test_what_is_no_private_signing_key_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "signing.key"
    keys.write_new(path, content)
    with pytest.raises(Misconfigured) as caught:
        keys.load_signer(path)
    assert caught.value.number == 4003


def test_what_is_no_public_key_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.pub"
    keys.write_new(path, b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", 0o644)
    with pytest.raises(Misconfigured) as caught:
        keys.load_verifier(path)
    assert caught.value.number == 4003


def test_a_signature_for_one_purpose_does_not_hold_for_another() -> None:
    signer = DEFAULT.new_signer()
    signature = keys.sign(signer, b"clearance\0", b"message")
    assert keys.verify(signer.verifier, b"clearance\0", signature, b"message")
    assert not keys.verify(signer.verifier, b"bundle\0", signature, b"message")
    assert not keys.verify(signer.verifier, b"clearance\0", signature, b"messagf")
    assert not keys.verify(DEFAULT.new_signer().verifier, b"clearance\0", signature, b"message")
    assert not keys.verify(signer.verifier, b"clearance\0", b"", b"message")


def test_erased_bytes_are_overwritten_before_the_name_goes(tmp_path: Path) -> None:
    path, other_name = tmp_path / "a.key", tmp_path / "b.key"
    keys.write_new(path, b"secret")
    os.link(path, other_name)
    keys.erase(path)
    assert not path.exists()
    assert other_name.read_bytes() == bytes(6)
    keys.erase(path)
