"""Word lists: files as sites have them, every word found at its place, errors with file and line."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Misconfigured
from gateway.inspection.formats.contract import Text
from gateway.inspection.text import words as words_module
from gateway.inspection.text.normalise import normalise
from gateway.inspection.text.search import Kind, Searcher, SearchPlan
from gateway.inspection.text.words import MAX_WORD_CHARACTERS, read_words


def searcher(*words: str, whole: bool = False) -> Searcher:
    made = read_words("list", "words.txt", "\n".join(words), whole_words=whole)
    return Searcher(SearchPlan(word_lists=(made,)))


def found(search: Searcher, text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in search.search([Text("", text)])]


def test_a_list_has_a_word_a_line_and_comments() -> None:
    made = read_words("l", "p", "# 注释\r\n\r\n艾滋病\r\n 梅毒 \r\nHIV\r\n艾滋病\r\n")
    assert [(word.text, word.line) for word in made.words] == [
        ("艾滋病", 3),
        ("梅毒", 4),
        ("HIV", 5),
    ]


@pytest.mark.parametrize(
    ("content", "number", "line"),
    [
        ("ab\n" + "x" * (MAX_WORD_CHARACTERS + 1), 3953, 2),
        ("ab\n\u200b\u200b\n", 3954, 2),
        ("ab\n\nq\n", 3955, 3),
        ("ab\nＱ\n", 3955, 2),
        ("# nothing\n\n", 3957, None),
        ("", 3957, None),
    ],
)
def test_an_error_says_file_and_line(content: str, number: int, line: int | None) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_words("l", "lists/words.txt", content)
    assert caught.value.number == number
    assert caught.value.fields["path"] == "lists/words.txt"
    assert caught.value.fields.get("line") == line


def test_limits_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_module, "MAX_WORDS", 3)
    monkeypatch.setattr(words_module, "MAX_LIST_BYTES", 20)
    for content, number in (("aa\nbb\ncc\ndd\n", 3956), ("病" * 7, 3951)):
        with pytest.raises(Misconfigured) as caught:
            read_words("l", "p", content)
        assert caught.value.number == number


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_list_or_an_error_of_ours(content: str) -> None:
    try:
        made = read_words("l", "p", content)
    except Misconfigured as error:
        assert 3951 <= error.number <= 3957
    else:
        Searcher(SearchPlan(word_lists=(made,)))


@pytest.mark.parametrize(
    "disguised",
    [
        "艾滋病",
        "艾\u200b滋\u2060病",
        "艾 滋　病",
        "艾\n滋\n　病",
        "艾-滋_病",
        "艾*滋·病",
        "艾\x1f滋病",
        "艾\ufe00滋病",
    ],
)
def test_a_chinese_word_is_found_in_its_disguises(disguised: str) -> None:
    assert found(searcher("艾滋病"), f"确诊，{disguised}。Ⅱ期") == [disguised]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("hiv", "HIV"),
        ("HIV", "ｈＩｖ"),
        ("HIV", "H\u00adI\u200bV"),
        ("Sjögren", "SJO\u0308GREN"),
        ("straße", "STRASSE"),
        ("c(i)", "C（I）"),
        ("抗体（阳性）", "抗体(阳性)"),
        ("ＣＤ４", "cd４"),
        ("Ⅱ型糖尿病", "II型糖尿病"),
    ],
)
def test_letters_are_folded_and_widths_do_not_count(word: str, text: str) -> None:
    assert found(searcher(word), f"x {text} y") == [text]


def test_whole_words_have_no_letter_beside_them() -> None:
    whole, any_place = searcher("aids", "病毒B", whole=True), searcher("aids", whole=False)
    assert found(whole, "bandaids AIDS. aids患者 mermaids 病毒B 病毒BC 病毒b２") == [
        "AIDS",
        "aids",
        "病毒B",
    ]
    assert len(found(any_place, "bandaids AIDS. aids患者 mermaids")) == 4


def test_words_that_overlap_are_all_found() -> None:
    assert found(searcher("肝癌", "癌晚期", "原发性肝癌晚期", "肝"), "原发性肝癌晚期") == [
        "原发性肝癌晚期",
        "肝",
        "肝癌",
        "癌晚期",
    ]


def test_a_word_is_not_found_in_the_bytes_of_two_others() -> None:
    """In GB18030 the bytes of 医院 stand in those of 且皆乎: a search of undecoded bytes finds it."""
    assert "医院".encode("gb18030") in "且皆乎".encode("gb18030")
    assert found(searcher("医院"), "且皆乎") == []
    assert found(searcher("医院"), "中医院") == ["医院"]


def test_a_hit_tells_the_line_and_not_the_word() -> None:
    (hit,) = searcher("# list", "梅毒", "艾滋病").search([Text("page 2", "疑似艾滋病")])
    assert (hit.kind, hit.name, hit.where, hit.shown) == (Kind.WORD, "list", "page 2", "line 3")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text("abAB肝癌é", min_size=2, max_size=4), min_size=1, max_size=12, unique=True),
    st.text("abAB肝癌éÉ ", max_size=60),
)
def test_it_finds_what_a_plain_search_finds(words: list[str], text: str) -> None:
    normal = normalise(text)
    expected = sorted(
        (normal.span(at, at + len(word)))
        for word in {word.lower() for word in words}
        for at in range(len(normal.text))
        if normal.text.lower().startswith(word, at)
    )
    hits = searcher(*words).search([Text("", text)])
    assert [(hit.start, hit.end) for hit in hits] == expected


def test_ten_thousand_words_are_each_found() -> None:
    rng = random.Random(1)
    words = list(
        {"".join(chr(rng.randint(0x4E00, 0x9FA5)) for _ in range(6)) for _ in range(10_000)}
    )
    search = Searcher(
        SearchPlan(word_lists=(read_words("l", "p", "\n".join(words)),), most_hits=20_000)
    )
    text = "。".join(words)
    assert [text[h.start : h.end] for h in search.search([Text("", text)])] == words
