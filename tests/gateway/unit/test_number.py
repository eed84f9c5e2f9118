"""Unit numbers survive being read aloud, and a slip is noticed."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.unit.number import MAX_NUMBER, hear, speak

numbers = st.integers(0, MAX_NUMBER)


@given(numbers)
def test_what_is_spoken_is_heard(number: int) -> None:
    spoken = speak(number)
    assert hear(spoken) == number
    assert hear(spoken.lower().replace("-", " ")) == number


@given(numbers, st.integers(0, 8), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_character_is_noticed(number: int, place: int, other: str) -> None:
    plain = speak(number).replace("-", "")
    if plain[place] == other:
        return
    with pytest.raises(Refused) as refusal:
        hear(plain[:place] + other + plain[place + 1 :])
    assert refusal.value.number == 8011


def test_neighbours_do_not_look_alike() -> None:
    a, b = speak(81_600_000_000), speak(81_600_000_001)
    assert sum(x != y for x, y in zip(a, b, strict=True)) >= 5


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    assert hear("oooo-oooo-o") == 0
    assert hear(speak(1).replace("1", "l")) == 1


@pytest.mark.parametrize("text", ["", "7QK4", "7QK4-M2XD-9-1", "UUUU-UUUU-U", "7QK4-M2XD-\n"])
def test_what_is_no_unit_number_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        hear(text)
    assert refusal.value.number == 8010


@given(st.text())
def test_any_text_is_a_number_or_refused(text: str) -> None:
    with suppress(Refused):
        assert 0 <= hear(text) <= MAX_NUMBER
