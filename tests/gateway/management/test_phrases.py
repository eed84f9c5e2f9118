"""Every phrase that a screen can show has a Chinese one, and no Chinese one is left over."""

from __future__ import annotations

import string

import pytest

from gateway.messages import operating, pki
from gateway.messages.phrases import CHINESE
from tests.gateway.management.said_phrases import spoken_phrases

TEXTS = {**operating.TEXTS, **pki.TEXTS}


def test_no_phrase_is_without_chinese_and_none_is_unused() -> None:
    said = spoken_phrases()
    assert said - set(CHINESE) == set()
    assert set(CHINESE) - said == set()


@pytest.mark.parametrize("english", sorted(CHINESE))
def test_both_languages_name_the_same_fields(english: str) -> None:
    assert fields_of(english) == fields_of(CHINESE[english])


@pytest.mark.parametrize("number", sorted(TEXTS))
def test_an_error_has_the_same_fields_in_both_languages(number: int) -> None:
    text = TEXTS[number]
    assert fields_of(text.en) == fields_of(text.zh)
    assert fields_of(text.en_do) == fields_of(text.zh_do)
    assert bool(text.en_do) == bool(text.zh_do)


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
