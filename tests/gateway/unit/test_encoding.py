"""One encoding for each value, and whatever the bytes: a value or Refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.unit.decode import (
    MAX_ENCODED_BYTES,
    decode_batch,
    decode_captured,
    decode_manifest,
)
from gateway.unit.encode import encode_batch, encode_captured, encode_manifest
from gateway.unit.model import CapturedUnit, FileBody, Kind, Lane, Manifest, UnitBody
from gateway.unit.number import MAX_NUMBER
from gateway.unit.request import (
    MAX_ANSWER_WITHIN_MS,
    MAX_LARGE_BYTES,
    Consequence,
    FailureBody,
    RequestBody,
    ResponseBody,
)
from gateway.unit.session import (
    MAX_MESSAGE_BYTES,
    MAX_SEQUENCE,
    AliveBody,
    EndBody,
    Ending,
    MessageBody,
    OpenedBody,
)

times = st.integers(0, 2**63 - 1)
numbers = st.integers(0, MAX_NUMBER)
words = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?\Z")
files = st.builds(
    FileBody,
    st.binary(min_size=1, max_size=255).map(lambda b: b.decode("utf-8", "surrogateescape")),
    times,
    times,
)
fields = st.lists(
    st.tuples(
        st.from_regex(r"\A[A-Za-z_:.-][A-Za-z0-9_:.-]{0,10}\Z"),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20),
    ),
    max_size=6,
).map(tuple)
media_types = st.sampled_from(("", "application/json", "application/fhir+xml", "text/plain"))
sizes = st.integers(0, MAX_LARGE_BYTES)
requests = st.builds(
    RequestBody, words, fields, fields, fields, media_types, sizes,
    st.integers(1, MAX_ANSWER_WITHIN_MS),
)  # fmt: skip
responses = st.builds(
    ResponseBody, numbers, words, st.integers(200, 599), fields, media_types, sizes
)
failures = st.builds(
    FailureBody, numbers, words, st.integers(1000, 9999), st.sampled_from(Consequence)
)
places = st.integers(1, MAX_SEQUENCE)
sessions = st.one_of(
    st.builds(OpenedBody, numbers, words),
    st.builds(
        MessageBody, numbers, words, places, st.booleans(),
        st.from_regex(r"\A[A-Za-z0-9._-]{0,20}\Z"),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20),
        st.integers(1, MAX_MESSAGE_BYTES),
    ),
    st.builds(AliveBody, numbers, words, places),
    st.builds(EndBody, numbers, words, places, st.sampled_from(Ending)),
)  # fmt: skip
of_files = st.sampled_from((Kind.FILES, Kind.ROWS, Kind.STREAM))
of_requests = st.just(Kind.REQUESTS)
exchanged = requests | responses | failures | sessions


def captured(
    kinds: st.SearchStrategy[Kind], bodies: st.SearchStrategy[UnitBody]
) -> st.SearchStrategy[CapturedUnit]:
    subjects = st.text(st.characters(codec="utf-8"), max_size=60)
    return st.builds(CapturedUnit, numbers, words, kinds, times, bodies, subjects)


def described(
    kinds: st.SearchStrategy[Kind], bodies: st.SearchStrategy[UnitBody]
) -> st.SearchStrategy[Manifest]:
    digests = st.binary(min_size=32, max_size=32)
    return st.builds(
        Manifest, numbers, words, kinds, st.sampled_from(Lane), times, times,
        digests.map(bytes.hex), bodies, digests,
    )  # fmt: skip


captured_units = st.one_of(captured(of_files, files), captured(of_requests, exchanged))
manifests = st.one_of(described(of_files, files), described(of_requests, exchanged))


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


@given(st.sampled_from((Kind.FILES, Kind.ROWS, Kind.STREAM)), exchanged)
def test_a_typed_part_of_another_kind_is_refused(kind: Kind, body: UnitBody) -> None:
    for unit in (
        CapturedUnit(5, "lab", kind, 7, body),
        CapturedUnit(5, "lab", Kind.REQUESTS, 7, FileBody("a", 1, 2)),
    ):
        with pytest.raises(Refused):
            decode_captured(encode_captured(unit))


def test_a_file_is_encoded_as_it_ever_was() -> None:
    unit = CapturedUnit(5, "lab", Kind.FILES, 7, FileBody("a", 1, 2), "user")
    assert encode_captured(unit) == msgspec.msgpack.encode(
        [1, 5, "lab", "files", 7, [b"a", 1, 2], "user"]
    )


def test_a_second_spelling_of_the_same_value_is_refused() -> None:
    unit = CapturedUnit(5, "lab", Kind.FILES, 7, FileBody("a", 1, 2))
    request = RequestBody("read", (), (), (), "", 0, 9)
    # A number in nine bytes instead of one: MessagePack allows it, we do not.
    for one, short in (
        (unit, b"\x05"),
        (unit, b"\x02"),
        (replace(unit, kind=Kind.REQUESTS, body=request), b"\x09"),
    ):
        plain = encode_captured(one)
        longer = plain.replace(short, b"\xcf" + bytes(7) + short, 1)
        assert msgspec.msgpack.decode(longer) == msgspec.msgpack.decode(plain)
        with pytest.raises(Refused):
            decode_captured(longer)


@pytest.mark.parametrize(
    "changed",
    [
        {"headers": (("x", "a\r\nHost: b"),)},
        {"headers": (("x", "a\n"),)},
        {"query": (("a b", ""),)},
        {"query": tuple((f"q{n}", "") for n in range(65))},
        {"path": (("id\n", "1"),)},
        {"content_type": "text/plain; charset=utf-8"},
        {"content_type": "Text/plain"},
        {"operation": "read\n"},
        {"operation": ""},
        {"size_bytes": MAX_LARGE_BYTES + 1},
        {"answer_within_ms": 0},
    ],
)
def test_a_request_that_no_edge_of_ours_makes_is_refused(changed: dict[str, Any]) -> None:
    request = RequestBody("read", (), (), (), "", 0, 9)
    unit = CapturedUnit(5, "lab", Kind.REQUESTS, 7, request)
    assert decode_captured(encode_captured(unit)) == unit
    with pytest.raises(Refused):
        decode_captured(encode_captured(replace(unit, body=replace(request, **changed))))


def test_a_request_without_a_file_has_none() -> None:
    unit = CapturedUnit(5, "lab", Kind.REQUESTS, 7, RequestBody("read", (), (), (), "", 0, 9))
    with pytest.raises(RuntimeError):
        _ = unit.file


def test_what_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(Refused) as refusal:
        decode_manifest(b"\x9a" + b"\x00" * MAX_ENCODED_BYTES)
    assert refusal.value.fields["size_bytes"] == MAX_ENCODED_BYTES + 1


@given(st.lists(st.tuples(manifests, st.binary(max_size=20)), min_size=1, max_size=4))
def test_a_batch_comes_back_as_it_was(units: list[tuple[Manifest, bytes]]) -> None:
    content = encode_batch(units)
    assert decode_batch(content, len(units)) == units
    for wrong in (len(units) + 1, len(units) - 1):
        with pytest.raises(Refused):
            decode_batch(content, wrong)
    for cut in (content[:-1], content + b"x"):
        with pytest.raises(Refused):
            decode_batch(cut, len(units))


@given(st.binary(max_size=100), st.integers(1, 4))
def test_any_bytes_are_a_batch_or_refused(untrusted: bytes, units: int) -> None:
    with pytest.raises(Refused):
        decode_batch(untrusted, units)
