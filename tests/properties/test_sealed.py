"""Any bytes into the opener give a value or Refused, whatever is true of their beginning."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.identity.layout import HEADER_BYTES
from gateway.receiving.verify import Opener
from gateway.unit.model import Side
from tests.support.keys import GateKeys, cleared, make_gate


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> GateKeys:
    return make_gate(tmp_path_factory.mktemp("gate"), epochs=2)


@pytest.fixture(scope="module")
def opener(gate: GateKeys) -> Opener:
    return gate.opener()


@pytest.fixture(scope="module")
def sealed(gate: GateKeys) -> bytes:
    return gate.sealer().seal_bytes(cleared(b"the body of a unit"))[0]


def never_opens(opener: Opener, untrusted: bytes) -> None:
    with pytest.raises(Refused):
        opener.open_bytes(untrusted)


@given(untrusted=st.binary(max_size=2000))
def test_any_bytes_are_refused(opener: Opener, untrusted: bytes) -> None:
    never_opens(opener, untrusted)


@given(data=st.data())
def test_any_sizes_in_a_header_are_refused_before_memory_is_taken(
    opener: Opener, gate: GateKeys, data: st.DataObject
) -> None:
    total, body = (data.draw(st.integers(0, 2**64 - 1)) for _ in range(2))
    sizes = [data.draw(st.integers(0, 2**16 - 1)) for _ in range(3)]
    tail = data.draw(st.binary(max_size=400))
    if data.draw(st.booleans()):
        sizes = [80, 185, 64]
        total = HEADER_BYTES + len(tail)
    number = data.draw(st.one_of(st.just(7), st.integers(0, 2**64 - 1)))
    header = b"FGSU\x01\x01\x01\x00" + struct.pack(">QQQHHHH", number, total, body, *sizes, 0)
    header += bytes(8) + gate.identity(Side.OUTER).identifier + bytes(16)
    never_opens(opener, header + tail)


@given(data=st.data())
def test_a_cleared_unit_with_any_piece_replaced_is_refused_or_the_same(
    opener: Opener, sealed: bytes, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(sealed)))
    end = data.draw(st.integers(start, len(sealed)))
    changed = sealed[:start] + data.draw(st.binary(max_size=64)) + sealed[end:]
    if changed == sealed:
        assert opener.open_bytes(changed).body == b"the body of a unit"
    else:
        never_opens(opener, changed)


@given(content=st.binary(max_size=5000), number=st.integers(0, 2**40 - 1))
def test_what_is_sealed_opens_as_it_was(gate: GateKeys, content: bytes, number: int) -> None:
    data, said = gate.sealer().seal_bytes(cleared(content, number=number))
    received = gate.opener().open_bytes(data, number)
    assert (received.manifest, received.body) == (said, content)


@given(untrusted=st.binary(max_size=300))
def test_a_file_of_any_bytes_is_refused_and_leaves_nothing(
    opener: Opener, tmp_path_factory: pytest.TempPathFactory, untrusted: bytes
) -> None:
    folder = Path(tmp_path_factory.getbasetemp())
    source, target = folder / "untrusted", folder / "opened"
    source.write_bytes(untrusted)
    with pytest.raises(Refused):
        opener.open_file(source, target)
    assert not target.exists()
