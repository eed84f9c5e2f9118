"""The normal form is what UAX 15 and 44 say, and every place in it leads back to where it stood."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.text import characters
from gateway.inspection.text.characters import KEPT, ignorable
from gateway.inspection.text.normalise import normalise

# Characters in which the steps differ, thickly.
AWKWARD = st.text(
    st.sampled_from(
        "aZ9 -é１Ａ⑨Ⅱ℃①艾滋病，：\u3000\n\x00\x1f\x0c\u200b\u200d\ufeff\u00ad\u0301\u0323\u0345\u3099"
        "がｶﾞ가각\u1100\u1161\u11a8\u1160٣𝟘𠀀İßẞſΣςͅΐﬃ㎏½ำ\u0e33\ud800\U000e0061ǅ・·"
    ),
    max_size=24,
)
ANY = st.text(st.characters(), max_size=40)


def reference(text: str) -> str:
    """The whole at once, by the definition; gaps aside."""
    out, stretch = [], ""
    dropped = ignorable()
    for character in [c for c in text if c not in dropped] + [None]:
        if character is None or character in KEPT:
            out.append(whole_form(stretch) + (character or ""))
            stretch = ""
        else:
            stretch += character
    return "".join(out)


def whole_form(text: str) -> str:
    def fold(c: str) -> str:
        decimal = unicodedata.decimal(c, None)
        if c.isascii():
            return c
        return c.casefold() if decimal is None else str(decimal)

    composed = unicodedata.normalize("NFKC", text)
    return unicodedata.normalize("NFKC", "".join(map(fold, composed)))


def without_gaps(text: str) -> str:
    return "".join(c for c in text if c not in " \t\r\n\u3000-_*.·•・|~+/\x1f")


@settings(max_examples=600, deadline=None)
@given(AWKWARD | ANY)
def test_it_is_the_form_of_the_whole(text: str) -> None:
    # Gaps between ideographs differ on purpose: both are compared without them.
    assert without_gaps(normalise(text).text) == without_gaps(reference(text))


@settings(max_examples=600, deadline=None)
@given(AWKWARD | ANY)
def test_every_place_leads_back(text: str) -> None:
    normal = normalise(text)
    assert normal.utf8 == normal.text.encode("utf-8", "replace")
    before = 0
    for place in range(len(normal.text)):
        start, end = normal.span(place, place + 1)
        assert before <= start < end <= len(text)
        before = start
    if normal.text:
        first, last = normal.span(0, len(normal.text))
        assert set(text[:first] + text[last:]) <= ignorable()


@settings(max_examples=300, deadline=None)
@given(AWKWARD, AWKWARD)
def test_a_span_is_normalised_to_what_was_found(left: str, right: str) -> None:
    text = f"{left} 110105 {right}"
    normal = normalise(text)
    at = normal.text.index("110105", max(0, len(normalise(left).text) - 4))
    start, end = normal.span(at, at + 6)
    assert text[start:end] == "110105"


@settings(max_examples=300, deadline=None)
@given(AWKWARD | ANY)
def test_the_form_of_the_form_is_itself(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once


@settings(max_examples=600, deadline=None)
@given(AWKWARD | ANY)
def test_looking_only_at_what_is_suspect_gives_what_looking_at_the_whole_gives(text: str) -> None:
    near = normalise(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(characters, "_ends", lambda wanted, _utf8: [None] * wanted.count)
        whole = normalise(text)
    assert near.text == whole.text
    for place in range(len(near.text)):
        assert near.span(place, place + 1) == whole.span(place, place + 1)


def test_every_character_by_itself_has_the_form_of_the_standard() -> None:
    wrong = [
        hex(code)
        for code in range(0x110000)
        if not 0xD800 <= code < 0xE000
        and unicodedata.category(chr(code)) != "Cn"
        and normalise(f"a{chr(code)}b").text != reference(f"a{chr(code)}b")
    ]
    assert wrong == []


def test_ordinary_chinese_and_ascii_texts_are_not_copied() -> None:
    for text in (
        "患者诉：头痛（三天），无发热；\n　　血压 120/80mmHg……≥36.5℃±0.2 α～β＋％“”《》【】→↑■、·",
        "BP 120/80 (left), T 36.5",
    ):
        assert normalise(text).text is text
        assert characters.classes().screen.look(text.encode())[0] == []


def test_a_gap_between_two_ideographs_goes_and_elsewhere_stays() -> None:
    normal = normalise("艾 滋-病, 乙 肝 B 型 2 级\n终")
    assert normal.text == "艾滋病, 乙肝 B 型 2 级终"
    assert normal.span(0, 3) == (0, 5)


@pytest.mark.parametrize("mark", ["\u0301", "\u200b", "\u0323\u0301", "Ⅱ", "\U000e0100", "１"])
def test_a_flood_costs_no_more_than_its_length(mark: str) -> None:
    """Ordering a million combining characters at once would take hours."""
    text = "a" + mark * (200_000 // len(mark))
    assert normalise(text).text.startswith("a") or mark in "\u0301\u0323\u0301"


def test_several_threads_normalise_at_once() -> None:
    """The engine's scratch space is one thread's: two at once ended a guard once."""
    text = "Ⅱ级护理，患者 无不适；" * 20_000
    whole = normalise(text).text
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: normalise(text).text, range(60)))
    assert set(done) == {whole}
