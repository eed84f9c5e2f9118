"""The ferry's check: a clearance of our guard or nothing, without opening anything."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Misconfigured
from gateway.identity.clearance import ClearanceCheck, load_clearance_check
from gateway.identity.layout import MAX_HEAD_BYTES
from gateway.identity.suites import DEFAULT
from gateway.unit.model import Lane, Side
from tests.support.keys import GateKeys, cleared


@pytest.fixture(scope="module")
def check(gate: GateKeys) -> ClearanceCheck:
    return load_clearance_check(gate.root / "outer/keys/ferry/clearance.pub", Lane.IMPORT)


@pytest.fixture(scope="module")
def sealed(gate: GateKeys) -> bytes:
    return gate.sealer().seal_bytes(cleared(b"x" * 50_000))[0]


def test_a_cleared_unit_holds_whole_or_by_its_head(check: ClearanceCheck, sealed: bytes) -> None:
    assert check.holds(sealed)
    assert check.holds(memoryview(bytearray(sealed)))
    assert check.holds(sealed[:MAX_HEAD_BYTES])
    assert check.holds_file(BytesIO(sealed))


def test_every_changed_bit_of_the_head_is_noticed(check: ClearanceCheck, sealed: bytes) -> None:
    head_bytes = len(sealed) - 50_000 - 16
    for at in range(head_bytes):
        for bit in (1, 128):
            changed = bytearray(sealed[:head_bytes])
            changed[at] ^= bit
            assert not check.holds(changed), at


def test_a_head_cut_anywhere_does_not_hold(check: ClearanceCheck, sealed: bytes) -> None:
    head_bytes = len(sealed) - 50_000 - 16
    assert not any(check.holds(sealed[:length]) for length in range(head_bytes))


def test_a_unit_of_another_guard_or_lane_does_not_hold(gate: GateKeys, sealed: bytes) -> None:
    own = gate.identity(Side.OUTER).signer.verifier
    assert not ClearanceCheck([gate.identity(Side.INNER).signer.verifier], Lane.IMPORT).holds(
        sealed
    )
    assert not ClearanceCheck([own], Lane.EXPORT).holds(sealed)
    assert not ClearanceCheck([], Lane.IMPORT).holds(sealed)


def test_while_keys_change_both_hold(gate: GateKeys, sealed: bytes, tmp_path: Path) -> None:
    path = tmp_path / "clearance.pub"
    newer = DEFAULT.new_signer().verifier.pem
    path.write_bytes(newer + gate.identity(Side.OUTER).signer.verifier.pem)
    assert load_clearance_check(path, Lane.IMPORT).holds(sealed)
    path.write_bytes(newer)
    assert not load_clearance_check(path, Lane.IMPORT).holds(sealed)


@pytest.mark.parametrize("content", [b"", b"nothing", DEFAULT.new_epoch().pem])
def test_a_file_without_a_key_is_misconfigured(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clearance.pub"
    path.write_bytes(content)
    with pytest.raises(Misconfigured) as caught:
        load_clearance_check(path, Lane.IMPORT)
    assert caught.value.number == 4003


@given(untrusted=st.binary(max_size=600))
def test_any_bytes_are_an_answer(check: ClearanceCheck, untrusted: bytes) -> None:
    assert check.holds(untrusted) is False
    assert check.holds(b"FGSU\x01\x01\x01\x00" + untrusted) is False
