"""Sealing: one pass, one encapsulation for many units, never a nonce twice, nothing sealed in vain."""

from __future__ import annotations

import errno
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest

from gateway.errors import Refused, Unavailable
from gateway.identity.instants import DAY_NS, SECOND_NS
from gateway.identity.layout import HEADER_BYTES, SEGMENT_BYTES
from gateway.sending.seal import Renewal, Sealer
from gateway.unit.encode import encode_manifest
from gateway.unit.model import Lane, Side
from tests.support.fakes import FileBody, MemoryBody
from tests.support.keys import NOW_NS, GateKeys, cleared

ENCAPSULATION = slice(HEADER_BYTES, HEADER_BYTES + 80)
SALT = slice(HEADER_BYTES - 16, HEADER_BYTES)


@pytest.mark.parametrize(
    "size_bytes",
    [0, 1, 4096, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 9 * SEGMENT_BYTES + 7],
)
def test_what_is_sealed_opens_from_memory_and_from_a_file(
    gate: GateKeys, tmp_path: Path, size_bytes: int
) -> None:
    content = os.urandom(size_bytes)
    (tmp_path / "body").write_bytes(content)
    sealer, opener = gate.sealer(), gate.opener()
    sealed, said = sealer.seal_bytes(cleared(content))
    received = opener.open_bytes(sealed, 7)
    assert (received.manifest, received.body) == (said, content)
    body = FileBody(tmp_path / "body")
    assert sealer.seal_file(cleared(body), tmp_path / "sealed") == said
    assert opener.open_file(tmp_path / "sealed", tmp_path / "opened", 7) == said
    assert (tmp_path / "opened").read_bytes() == content
    # Whichever way it was sealed, it opens the other way.
    assert opener.open_bytes((tmp_path / "sealed").read_bytes()).body == content
    assert (tmp_path / "sealed").stat().st_size == len(sealed)


def test_the_manifest_says_what_was_cleared(gate: GateKeys) -> None:
    unit = cleared(b"content", number=12345, channel="visits")
    _, manifest = gate.sealer().seal_bytes(unit)
    assert (manifest.number, manifest.channel, manifest.lane) == (12345, "visits", Lane.IMPORT)
    assert manifest.body == unit.unit.body
    assert manifest.body_sha256 == hashlib.sha256(b"content").digest()
    assert manifest.policy_digest == unit.policy_digest


def test_nothing_of_the_unit_can_be_read_from_the_sealed_bytes(gate: GateKeys) -> None:
    marker = b"PATIENT-4711-MARKER" * 20
    sealed, manifest = gate.sealer().seal_bytes(cleared(marker))
    for readable in (b"PATIENT", b"report.txt", b"lab-reports", encode_manifest(manifest)[:20]):
        assert readable not in sealed


def test_one_encapsulation_serves_a_run_and_each_unit_has_a_key_of_its_own(gate: GateKeys) -> None:
    sealer = gate.sealer(Renewal(units=3, seconds=600))
    sealed = [sealer.seal_bytes(cleared(b"same", number=7))[0] for _ in range(7)]
    assert [one[ENCAPSULATION] == sealed[0][ENCAPSULATION] for one in sealed] == [True] * 3 + [
        False
    ] * 4
    assert len({one[ENCAPSULATION] for one in sealed}) == 3
    # The same unit sealed again and again: another salt, another key, other bytes each time.
    assert len({one[SALT] for one in sealed}) == 7
    assert len({one[-20:] for one in sealed}) == 7
    opener = gate.opener()
    assert all(opener.open_bytes(one).body == b"same" for one in sealed)


def test_an_encapsulation_is_renewed_by_time_and_with_the_epoch(gate: GateKeys) -> None:
    sealer = gate.sealer(Renewal(units=1000, seconds=600))

    def at(at_ns: int) -> bytes:
        return sealer.seal_bytes(cleared(b"", at_ns=at_ns))[0]

    first = at(NOW_NS)
    assert at(NOW_NS + 599 * SECOND_NS)[ENCAPSULATION] == first[ENCAPSULATION]
    second = at(NOW_NS + 600 * SECOND_NS)
    assert second[ENCAPSULATION] != first[ENCAPSULATION]
    midnight_ns = (NOW_NS // DAY_NS + 1) * DAY_NS
    evening, morning = at(midnight_ns - 1), at(midnight_ns)
    assert evening[40:48] != morning[40:48]
    assert evening[ENCAPSULATION] != morning[ENCAPSULATION]


def test_after_a_restart_nothing_of_the_run_before_is_used_again(gate: GateKeys) -> None:
    one, two = (gate.sealer().seal_bytes(cleared(b"same"))[0] for _ in range(2))
    assert one[ENCAPSULATION] != two[ENCAPSULATION]
    assert one[SALT] != two[SALT]


def test_several_threads_seal_with_one_sealer(gate: GateKeys) -> None:
    sealer, opener = gate.sealer(Renewal(units=10)), gate.opener()
    with ThreadPoolExecutor(4) as pool:
        units = [cleared(str(n).encode(), number=n) for n in range(200)]
        sealed = list(pool.map(lambda unit: sealer.seal_bytes(unit)[0], units))
        opened = list(pool.map(opener.open_bytes, sealed))
    assert [received.body for received in opened] == [str(n).encode() for n in range(200)]
    assert len({one[SALT] for one in sealed}) == 200


@pytest.mark.parametrize("change", [-1, 1])
def test_a_body_that_is_not_as_long_as_it_was_judged_is_refused(
    gate: GateKeys, tmp_path: Path, change: int
) -> None:
    content = bytes(5000)
    (tmp_path / "body").write_bytes(content)
    in_memory, in_file = cleared(MemoryBody(content)), cleared(FileBody(tmp_path / "body"))
    object.__setattr__(in_memory, "body", MemoryBody(bytes(5000 + change)))
    os.truncate(tmp_path / "body", 5000 + change)
    with pytest.raises(Refused) as caught:
        gate.sealer().seal_bytes(in_memory)
    assert caught.value.number == 4321
    with pytest.raises(Refused) as caught:
        gate.sealer().seal_file(in_file, tmp_path / "sealed")
    assert caught.value.number == 4321
    assert not (tmp_path / "sealed").exists()


@dataclass
class FailingBody:
    """A body whose disk fails after `good_bytes`."""

    good_bytes: int
    size_bytes: int = 20 * SEGMENT_BYTES
    path: Path = field(default_factory=Path)

    def open(self) -> BinaryIO:
        good_bytes = self.good_bytes

        class Stream(BytesIO):
            def readinto(self, buffer: object) -> int:
                if self.tell() >= good_bytes:
                    raise OSError(5, "Input/output error")
                self.seek(len(memoryview(buffer)), 1)  # type: ignore[arg-type]
                return len(memoryview(buffer))  # type: ignore[arg-type]

        return Stream()

    def read(self) -> bytes:
        raise RuntimeError


@pytest.mark.parametrize("good_bytes", [0, 5 * SEGMENT_BYTES])
def test_a_disk_that_fails_leaves_no_file_and_the_unit_waits(
    gate: GateKeys, tmp_path: Path, good_bytes: int
) -> None:
    with pytest.raises(Unavailable) as caught:
        gate.sealer().seal_file(cleared(FailingBody(good_bytes)), tmp_path / "sealed")
    assert caught.value.number == 4331
    assert not list(tmp_path.iterdir())


def test_a_full_or_missing_disk_leaves_no_file_and_the_unit_waits(
    gate: GateKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "body").write_bytes(bytes(3 * SEGMENT_BYTES))
    unit = cleared(FileBody(tmp_path / "body"))
    with pytest.raises(Unavailable) as caught:
        gate.sealer().seal_file(unit, tmp_path / "missing" / "sealed")
    assert caught.value.number == 4331

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    for call in ("write", "pwrite"):
        with monkeypatch.context() as patch, pytest.raises(Unavailable) as caught:
            patch.setattr(os, call, full)
            gate.sealer().seal_file(unit, tmp_path / "sealed")
        assert caught.value.number == 4331
        assert not (tmp_path / "sealed").exists()


def test_a_crash_before_the_head_is_written_leaves_what_opens_nowhere(
    gate: GateKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "body").write_bytes(bytes(100))
    kept: list[bytes] = []

    def crash(*_: object) -> int:
        kept.append((tmp_path / "sealed").read_bytes())
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "pwrite", crash)
        gate.sealer().seal_file(cleared(FileBody(tmp_path / "body")), tmp_path / "sealed")
    with pytest.raises(Refused) as caught:
        gate.opener().open_bytes(kept[0])
    assert caught.value.number == 4301


def test_the_sealed_file_is_for_its_group_and_replaces_a_try_before(
    gate: GateKeys, tmp_path: Path
) -> None:
    (tmp_path / "body").write_bytes(b"body")
    (tmp_path / "sealed").write_bytes(b"left over" * 1000)
    gate.sealer().seal_file(cleared(FileBody(tmp_path / "body")), tmp_path / "sealed")
    assert (tmp_path / "sealed").stat().st_mode & 0o777 == 0o640
    assert gate.opener().open_bytes((tmp_path / "sealed").read_bytes()).body == b"body"


def test_with_our_own_certificate_ended_units_wait_instead_of_being_lost(gate: GateKeys) -> None:
    for at_ns in (NOW_NS + 91 * DAY_NS, NOW_NS - DAY_NS):
        with pytest.raises(Unavailable) as caught:
            gate.sealer().seal_bytes(cleared(b"", at_ns=at_ns))
        assert caught.value.number == 4117


def test_without_an_epoch_key_for_today_units_wait(gate: GateKeys) -> None:
    bundle = gate.bundle()
    short = replace(bundle, epochs=bundle.epochs[:2])
    sealer = Sealer(gate.identity(Side.OUTER), short, Lane.IMPORT)
    with pytest.raises(Unavailable) as caught:
        sealer.seal_bytes(cleared(b"", at_ns=NOW_NS + 5 * DAY_NS))
    assert caught.value.number == 4204


def test_an_epoch_key_that_is_none_lets_units_wait(gate: GateKeys) -> None:
    bundle = gate.bundle()
    for public in (b"short", bytes(32)):
        epochs = (replace(bundle.epochs[0], public=public),)
        sealer = Sealer(gate.identity(Side.OUTER), replace(bundle, epochs=epochs), Lane.IMPORT)
        with pytest.raises(Unavailable) as caught:
            sealer.seal_bytes(cleared(b""))
        assert caught.value.number == 4206


def test_what_the_disk_lost_behind_the_writer_leaves_no_sealed_file(
    gate: GateKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "body").open("wb") as file:
        file.truncate(40 * SEGMENT_BYTES)

    def broken(_: int) -> None:
        raise OSError(errno.EIO, "the disk is gone")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(Unavailable) as caught:
        gate.sealer().seal_file(cleared(FileBody(tmp_path / "body")), tmp_path / "sealed")
    assert caught.value.number == 4331
    assert not (tmp_path / "sealed").exists()
