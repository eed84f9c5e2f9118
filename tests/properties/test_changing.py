"""Whatever a child of the sandbox hands out, a writer writes a sound file or refuses; never another error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.changing import parts as wire
from gateway.inspection.changing.masker import Masker
from gateway.inspection.changing.parts import (
    Bytes,
    Cells,
    Close,
    Codec,
    Fields,
    FrameHead,
    Key,
    Leaf,
    Number,
    Open,
    Receiver,
    Sender,
    Shape,
)  # fmt: skip
from gateway.inspection.changing.writing import WRITTEN, Job
from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.csv import CsvProfile
from gateway.inspection.formats.xml import XmlProfile
from gateway.inspection.formats.xml_events import Chars, End, Start
from gateway.inspection.receiving.formats import csv, hl7, xml
from gateway.inspection.receiving.formats import json as json_reader
from gateway.inspection.unsound import Unsound, Word
from tests.gateway.guard.rewriting import KEY, masking

TEXT = st.text(max_size=12) | st.sampled_from(
    ["resourceType", "Patient", "name", "value", "a", "13800138000"]
)
NAMES = st.sampled_from(["a", "Patient", "name", "x:b", "div", "xmlns"]) | st.text(max_size=5)
LEAVES = st.one_of(TEXT, st.booleans(), st.none(), st.integers(-(2**63), 2**63 - 1))
JSON_PARTS = st.one_of(
    st.builds(Open, st.booleans()), st.builds(Key, TEXT), st.builds(Leaf, LEAVES),
    st.builds(Number, st.sampled_from(["1.5", "-0", "1e9", "x", ""])), st.just(Close()),
)  # fmt: skip
XML_PARTS = st.one_of(
    st.builds(Start, NAMES, st.lists(st.tuples(NAMES, TEXT), max_size=3)),
    st.builds(Chars, TEXT), st.just(End()),
)  # fmt: skip
HL7_PARTS = st.one_of(
    st.builds(Codec, st.sampled_from(["utf-8", "gb18030", "utf-7"])),
    st.builds(Fields, st.lists(TEXT | st.sampled_from(["MSH", "^~\\&", "PID"]), min_size=1, max_size=6)),
)  # fmt: skip
CSV_PARTS = st.one_of(
    st.builds(Shape, st.sampled_from([",", ";", "x", ""]), st.sampled_from(["utf-8-sig", "gb18030", "x"])),
    st.builds(Cells, st.lists(TEXT, min_size=1, max_size=3)),
)  # fmt: skip
BYTES_PARTS = st.one_of(
    st.builds(FrameHead, st.sampled_from(["png", "gif", "x"]), st.sampled_from(["L", "RGB", "x"]),
              st.integers(-1, 4), st.integers(-1, 4), st.integers(-1, 9)),
    st.builds(Bytes, st.binary(max_size=20)),
)  # fmt: skip
PARTS = {
    "json": JSON_PARTS, "fhir json": JSON_PARTS, "xml": XML_PARTS, "fhir xml": XML_PARTS, "cda": XML_PARTS,
    "hl7 v2": HL7_PARTS, "csv": CSV_PARTS, "dicom": BYTES_PARTS, "png": BYTES_PARTS,
}  # fmt: skip
MASKING = masking()


def written(kind: str, made: list[Any], masker: Masker | None) -> bytes | None:
    """What a writer makes of these parts, None where it refuses."""
    out = bytearray()
    how = WRITTEN[kind]
    job = Job(kind, Content.of_bytes(b"source"), out.extend, masker, KEY)
    try:
        writer = how.writer(job, how.word)
        for part in made:
            writer.feed(part)
        writer.end()
    except Unsound:
        return None
    return bytes(out)


@pytest.mark.parametrize("kind", PARTS)
@pytest.mark.parametrize("masked", [False, True])
def test_any_parts_are_written_or_refused(kind: str, masked: bool) -> None:
    @settings(max_examples=150, deadline=None)
    @given(st.lists(PARTS[kind], max_size=30))
    def hold(made: list[Any]) -> None:
        data = written(kind, made, Masker(MASKING, KEY) if masked else None)
        if data is not None and kind in READ:
            READ[kind](data)

    hold()


def _json(data: bytes) -> None:
    json.loads(data)


def _xml(data: bytes) -> None:
    for _ in xml.check(Content.of_bytes(data), FormatLimits(), XmlProfile()):
        pass


def _csv(data: bytes) -> None:
    for _ in csv.check(Content.of_bytes(data), FormatLimits(), CsvProfile()):
        pass


# What is written can be read again: a reader of ours raises Unsound for nothing.
READ: dict[str, Callable[[bytes], object]] = {
    "json": _json, "fhir json": _json, "xml": _xml, "cda": _xml, "fhir xml": _xml,
    "hl7 v2": hl7.read, "csv": _csv,
}  # fmt: skip

VALUES = st.recursive(
    st.one_of(st.text(max_size=8), st.booleans(), st.none(), st.integers(-(2**80), 2**80)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=5))
def test_json_comes_through_unchanged(value: dict[str, Any]) -> None:
    from gateway.inspection.changing.reading import hand_out

    came = json.dumps(value).encode()
    try:
        json_reader.read(came, FormatLimits())
    except Unsound:
        return
    out = bytearray()
    how = WRITTEN["json"]
    writer = how.writer(Job("json", Content.of_bytes(came), out.extend, None, b""), how.word)
    receiver: Receiver[Any] = Receiver(how.parts, writer.feed, how.word)
    hand_out("json", Content.of_bytes(came), receiver.take)
    receiver.end()
    writer.end()
    assert json.loads(bytes(out)) == value


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=4))
def test_any_messages_are_parts_or_refused(messages: list[bytes]) -> None:
    taken: list[object] = []
    receiver: Receiver[Any] = Receiver(wire.JsonPart, taken.append, Word.JSON)
    try:
        for message in messages:
            receiver.take(message)
        receiver.end()
    except Unsound as error:
        assert error.fault.number == 3828


def test_a_message_of_too_many_parts_is_refused_before_they_are_made() -> None:
    taken: list[object] = []
    receiver: Receiver[Any] = Receiver(wire.JsonPart, taken.append, Word.JSON)
    many = b"\xdd" + (10_000_000).to_bytes(4, "big") + b"\x91\x05" * 100
    with pytest.raises(Unsound):
        receiver.take(b"\0" + many)
    assert not taken


def test_a_part_longer_than_a_message_arrives_whole() -> None:
    messages: list[bytes] = []
    Sender(messages.append).send([Leaf("x" * (3 << 20))])
    taken: list[Any] = []
    receiver: Receiver[Any] = Receiver(wire.JsonPart, taken.append, Word.JSON)
    for message in messages:
        receiver.take(message)
    receiver.end()
    assert len(messages) > 3 and all(len(one) < 1 << 20 for one in messages)
    assert taken == [Leaf("x" * (3 << 20))]
    assert msgspec.msgpack.encode(taken[0])
