from __future__ import annotations

import hashlib
import json

import pytest

from gateway.audit.event import Event
from gateway.audit.record import MAX_LINE_BYTES, decode_line, genesis, line_of
from gateway.errors import Field

START = genesis("edge", "0" * 32)


def test_a_line_is_json_with_the_hash_last() -> None:
    line, head = line_of(Event("captured", 5, 7, "lab", 3102, {"name": "a.pdf"}), 1, START)
    value = json.loads(line)
    assert value == {
        "seq": 1,
        "at_ns": 5,
        "what": "captured",
        "unit": 7,
        "channel": "lab",
        "number": 3102,
        "fields": {"name": "a.pdf"},
        "hash": head.decode(),
    }


def test_the_hash_can_be_checked_with_any_sha256() -> None:
    line, head = line_of(Event("sent", 5), 1, START)
    body = line[: line.rindex(b',"hash"')]
    assert hashlib.sha256(START + body).hexdigest().encode() == head


@pytest.mark.parametrize(
    "value",
    [
        "a\nb",
        "\udcff\udc80.pdf",
        "x" * 100_000,
        float("inf"),
        float("nan"),
        1 << 80,
        -(1 << 90),
        "\x00",
    ],
)
def test_every_value_gives_a_line_that_can_be_read_back(value: Field) -> None:
    line, _ = line_of(Event("captured", 5, fields={"name": value}), 1, START)
    assert line.count(b"\n") == 1
    assert len(line) <= MAX_LINE_BYTES
    record, _ = decode_line(line[:-1])
    assert "name" in record.fields


def test_an_event_with_too_many_values_still_fits_a_line() -> None:
    event = Event("captured", 5, fields={f"field{n}": "文" * 500 for n in range(500)})
    line, _ = line_of(event, 1, START)
    assert len(line) <= MAX_LINE_BYTES
    assert decode_line(line[:-1])[0].fields
