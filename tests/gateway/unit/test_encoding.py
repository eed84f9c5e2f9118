"""One encoding for each value, and whatever the bytes: a value or Refused."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.unit.decode import MAX_ENCODED_BYTES, decode_captured, decode_manifest
from gateway.unit.encode import encode_captured, encode_manifest
from gateway.unit.model import CapturedUnit, FileBody, Kind, Lane, Manifest
from gateway.unit.number import MAX_NUMBER

times = st.integers(0, 2**63 - 1)
bodies = st.builds(
    FileBody,
    st.binary(min_size=1, max_size=255).map(lambda b: b.decode("utf-8", "surrogateescape")),
    times,
    times,
)
channels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
captured_units = st.builds(
    CapturedUnit,
    st.integers(0, MAX_NUMBER),
    channels,
    st.sampled_from(Kind),
    times,
    bodies,
    st.text(st.characters(codec="utf-8"), max_size=60),
)
manifests = st.builds(
    Manifest,
    st.integers(0, MAX_NUMBER),
    channels,
    st.sampled_from(Kind),
    st.sampled_from(Lane),
    times,
    times,
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    bodies,
    st.binary(min_size=32, max_size=32),
)


@given(captured_units)
def test_a_captured_unit_comes_back_as_it_was(unit: CapturedUnit) -> None:
    assert decode_captured(encode_captured(unit)) == unit


@given(manifests)
def test_a_manifest_comes_back_as_it_was(manifest: Manifest) -> None:
    assert decode_manifest(encode_manifest(manifest)) == manifest


@given(st.binary(max_size=300))
def test_any_bytes_are_a_value_or_refused(untrusted: bytes) -> None:
    for decode in (decode_captured, decode_manifest):
        with pytest.raises(Refused):
            decode(untrusted)


@given(manifests, st.data())
def test_a_changed_byte_is_refused_or_another_value(
    manifest: Manifest, data: st.DataObject
) -> None:
    encoded = bytearray(encode_manifest(manifest))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    try:
        assert encode_manifest(decode_manifest(bytes(encoded))) == bytes(encoded)
    except Refused as refusal:
        assert refusal.number == 1080


def test_a_second_spelling_of_the_same_value_is_refused() -> None:
    unit = CapturedUnit(5, "lab", Kind.FILES, 7, FileBody("a", 1, 2))
    plain = encode_captured(unit)
    # The number 5 in nine bytes instead of one: MessagePack allows it, we do not.
    longer = plain.replace(b"\x05", b"\xcf\x00\x00\x00\x00\x00\x00\x00\x05", 1)
    assert msgspec.msgpack.decode(longer) == msgspec.msgpack.decode(plain)
    with pytest.raises(Refused):
        decode_captured(longer)


def test_what_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(Refused) as refusal:
        decode_manifest(b"\x9a" + b"\x00" * MAX_ENCODED_BYTES)
    assert refusal.value.fields["size_bytes"] == MAX_ENCODED_BYTES + 1
