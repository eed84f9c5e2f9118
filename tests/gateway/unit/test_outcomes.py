"""Outcomes cross as numbers, and as nothing else."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.unit.decode import decode_manifest
from gateway.unit.encode import encode_manifest
from gateway.unit.model import FileBody, Kind, Lane, Manifest
from gateway.unit.number import MAX_NUMBER
from gateway.unit.outcomes import (
    CHANNEL,
    FIRST_OWN_NUMBER,
    MAX_OUTCOMES,
    MAX_OUTCOMES_BYTES,
    OutcomesBody,
    UnitOutcome,
    What,
    decode_outcomes,
    encode_outcomes,
)

NUMBERS, TIMES = st.integers(0, FIRST_OWN_NUMBER - 1), st.integers(0, (1 << 63) - 1)
REASONS = st.integers(1000, 9999)
OTHERS = st.sampled_from([what for what in What if what is not What.PERFORMED])
OUTCOMES = st.lists(
    st.builds(UnitOutcome, NUMBERS, OTHERS, st.just(0) | REASONS, TIMES)
    | st.builds(
        UnitOutcome, NUMBERS, st.just(What.PERFORMED), st.integers(200, 599) | REASONS, TIMES
    ),
    min_size=1,
    max_size=12,
)


@given(OUTCOMES)
def test_outcomes_come_out_as_they_went_in(outcomes: list[UnitOutcome]) -> None:
    assert decode_outcomes(encode_outcomes(outcomes)) == tuple(outcomes)


@given(OUTCOMES, st.data())
def test_changed_bytes_are_other_outcomes_or_refused(
    outcomes: list[UnitOutcome], data: st.DataObject
) -> None:
    content = bytearray(encode_outcomes(outcomes))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(Refused):
        other = decode_outcomes(bytes(content))
        assert encode_outcomes(other) == bytes(content)


@pytest.mark.parametrize(
    ("what", "reason"),
    [(What.PERFORMED, 0), (What.PERFORMED, 199), (What.PERFORMED, 600), (What.REFUSED, 404)],
)
def test_a_status_is_of_a_performed_request_and_of_nothing_else(what: What, reason: int) -> None:
    with pytest.raises(Refused):
        decode_outcomes(encode_outcomes([UnitOutcome(2, what, reason, 0)]))


def test_the_largest_unit_fits() -> None:
    largest = UnitOutcome(FIRST_OWN_NUMBER - 1, What.RELEASED, 9999, (1 << 63) - 1)
    content = encode_outcomes([largest] * MAX_OUTCOMES)
    assert len(content) <= MAX_OUTCOMES_BYTES
    assert len(decode_outcomes(content)) == MAX_OUTCOMES


@pytest.mark.parametrize(
    "value",
    [
        [2, [[1, 1, 0, 5]]],
        [1, []],
        [1, [[1, 1, 0, 5]], 0],
        [1, [[1, 0, 0, 5]]],
        [1, [[1, 6, 0, 5]]],
        [1, [[1, "delivered", 0, 5]]],
        [1, [[1, 1, 999, 5]]],
        [1, [[1, 1, 10_000, 5]]],
        [1, [[1, 1, 0, -1]]],
        [1, [[1, 1, 0, 5, "a name"]]],
        [1, [[FIRST_OWN_NUMBER, 1, 0, 5]]],
        [1, [[MAX_NUMBER + 1, 1, 0, 5]]],
        [1, [[1, 1, 0, 5]] * (MAX_OUTCOMES + 1)],
    ],
)
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(Refused) as refused:
        decode_outcomes(msgspec.msgpack.encode(value))
    assert refused.value.number == 1080


def test_a_manifest_of_outcomes_has_no_other_body_and_no_other_kind_has_this() -> None:
    own = Manifest(
        FIRST_OWN_NUMBER, CHANNEL, Kind.OUTCOMES, Lane.EXPORT, 1, 2, "0" * 64,
        OutcomesBody(3, 70), bytes(32),
    )  # fmt: skip
    assert decode_manifest(encode_manifest(own)) == own
    for wrong in (
        replace(own, kind=Kind.FILES),
        replace(own, kind=Kind.REQUESTS),
        replace(own, body=FileBody("a", 1, 2)),
        replace(own, body=OutcomesBody(0, 70)),
        replace(own, body=OutcomesBody(MAX_OUTCOMES + 1, 70)),
        replace(own, body=OutcomesBody(3, MAX_OUTCOMES_BYTES + 1)),
    ):
        with pytest.raises(Refused):
            decode_manifest(encode_manifest(wrong))
