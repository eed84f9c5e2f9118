"""One search for everything: the same in one piece and in many, bounded, true about places."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.formats.contract import Text
from gateway.inspection.text.found import Identifier
from gateway.inspection.text.patterns import read_patterns
from gateway.inspection.text.search import Hit, Kind, Searcher, SearchPlan
from gateway.inspection.text.words import read_words
from gateway.messages import text_search
from tests.gateway.inspection.text import planted

PLAN = SearchPlan(
    identifiers=frozenset(Identifier),
    word_lists=(read_words("words", "w", "艾滋病\n梅毒\nHIV\n"),),
    patterns=read_patterns("p", "lab = LAB[0-9]{8}\n"),
)
SEARCHER = Searcher(PLAN)
# Blocks so small that texts of a test have many.
SMALL = Searcher(PLAN, block_characters=512)


def long_text(seed: int, length: int = 30_000) -> tuple[str, list[tuple[int, str]]]:
    """Prose with disguised identifiers and words; where each was planted."""
    rng = random.Random(seed)
    pieces: list[str] = []
    put: list[tuple[int, str]] = []
    at = 0
    while at < length:
        if rng.random() < 0.5:
            name = rng.choice(sorted(planted.MAKERS))
            disguises = (*planted.UNSEEN, *planted.PARTED_BY_KIND.get(name, ()))
            value = rng.choice(disguises)(planted.MAKERS[name](rng), rng)
        else:
            value = rng.choice(("艾\u200b滋 病", "ＨＩＶ", "梅\n毒", "LAB２0261121"))
        put.append((at, value))
        filler = "，" + rng.choice("一般情况可。Ⅱ级\n") * rng.randint(1, 300) + "；"
        pieces += (value, filler)
        at += len(value) + len(filler)
    return "".join(pieces), put


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_planted_is_found_wherever_blocks_meet(seed: int) -> None:
    text, put = long_text(seed)
    for search in (SEARCHER, SMALL):
        places = {(hit.start, hit.end) for hit in search.search([Text("", text)])}
        missed = [(at, value) for at, value in put if (at, at + len(value)) not in places]
        assert missed == []


def test_what_announces_a_number_does_so_over_the_border_of_two_blocks() -> None:
    for before in range(480, 520):
        text = "，" * before + "护照号码 AB1234567" + "。" * 600
        (hit,) = SMALL.search([Text("", text)])
        assert (hit.name, hit.start) == ("passport", before + 5)


def test_a_text_does_not_announce_what_stands_in_the_next() -> None:
    assert list(SEARCHER.search([Text("a", "护照"), Text("b", "AB1234567")])) == []


def in_pieces(search: Searcher, text: str, cuts: list[int]) -> list[Hit]:
    stream, hits, done = search.stream("w"), [], 0
    for cut in [*sorted(cuts), len(text)]:
        hits += stream.feed(text[done:cut])
        done = cut
    return hits + stream.close()


@pytest.mark.parametrize("seed", range(4))
def test_in_pieces_the_same_is_found_as_in_one(seed: int) -> None:
    text, _ = long_text(seed)
    rng = random.Random(seed)
    whole = list(SMALL.search([Text("w", text)]))
    for count in (0, 1, 40, 3_000):
        cuts = [rng.randint(0, len(text)) for _ in range(count)]
        assert in_pieces(SMALL, text, cuts) == whole


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.text("1380艾滋病HIV \u200b\u0301Ⅱ１-\x0c\x1f，", max_size=200), max_size=12),
    st.lists(st.integers(0, 1000), max_size=6),
)
def test_in_any_pieces(parts: list[str], cuts: list[int]) -> None:
    tiny = _TINY
    text = "".join(parts)
    whole = list(tiny.search([Text("w", text)]))
    assert in_pieces(tiny, text, [min(cut, len(text)) for cut in cuts]) == whole


_TINY = Searcher(PLAN, block_characters=64)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=60) | st.text("1380-艾滋\x0c\x1f ", max_size=60)))
def test_any_texts_give_hits_within_them_or_none(texts: list[str]) -> None:
    for number, hit in SEARCHER.search_numbered([Text(str(k), t) for k, t in enumerate(texts)]):
        assert hit.where == str(number)
        assert 0 <= hit.start < hit.end <= len(texts[number])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["13812345678", "138", "1234", "5678", "艾", "滋病", "HIV", "\u0301", "\u200b", ""]
        )
        | st.text("1380艾滋病 \u0301", max_size=30),
        max_size=12,
    )
)
def test_texts_searched_together_give_what_each_gives_alone(texts: list[str]) -> None:
    together = list(SEARCHER.search_numbered([Text("w", text) for text in texts]))
    alone = [(k, hit) for k, t in enumerate(texts) for hit in SEARCHER.search([Text("w", t)])]
    assert together == alone


def test_hits_are_counted_and_the_end_is_told() -> None:
    few = Searcher(SearchPlan(word_lists=PLAN.word_lists, most_hits=5), block_characters=4_096)
    hits = list(few.search([Text("a", "HIV " * 3), Text("b", "HIV " * 4), Text("c", "HIV")]))
    assert [hit.kind for hit in hits] == [Kind.WORD] * 5 + [Kind.OVERFLOW]
    assert (hits[-1].where, hits[-1].start) == ("b", 8)
    exactly = list(few.search([Text("a", "HIV " * 5)]))
    assert [hit.kind for hit in exactly] == [Kind.WORD] * 5
    stream = few.stream("s")
    streamed = [*stream.feed("HIV " * 20_000), *stream.close()]
    assert [hit.kind for hit in streamed] == [Kind.WORD] * 5 + [Kind.OVERFLOW]


def test_a_text_made_of_nothing_but_a_list_s_words_ends_in_an_overflow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even where whole words are asked for and none of them is one: nothing is passed over in silence."""
    monkeypatch.setattr("gateway.inspection.text.words._MOST_AT_ONCE", 1_000)
    whole = read_words("w", "w", "aa\n", whole_words=True)
    hits = list(Searcher(SearchPlan(word_lists=(whole,))).search([Text("x", "a" * 5_000 + " aa")]))
    assert [hit.kind for hit in hits] == [Kind.OVERFLOW]


@pytest.mark.parametrize(
    "flood",
    [
        "1 3 " * 12_000,
        "1" * 60_000,
        "138-1234-5678 " * 5_000,
        "一 " * 30_000,
        "\u200b" * 60_000,
        "号" * 30_000,
        "1号" * 30_000,
        "市区路1" * 10_000,
        "a@" * 30_000,
        "E1 " * 20_000,
        "身份证" * 20_000,
        ".1" * 30_000,
        "\x1f12" * 20_000,
    ],
)
def test_a_flood_of_what_almost_counts_ends(flood: str) -> None:
    """Each takes time in proportion to its length: a square of it would not end within the test's limit."""
    hits = list(SEARCHER.search([Text("", flood)]))
    assert all(0 <= hit.start <= hit.end <= len(flood) for hit in hits)


def test_a_plan_that_asks_for_nothing_finds_nothing() -> None:
    assert list(Searcher(SearchPlan()).search([Text("", "13812345678")])) == []


def test_every_number_has_texts_in_both_languages() -> None:
    for number, text in text_search.TEXTS.items():
        assert 3950 <= number <= 3979
        assert text.en and text.zh and text.en_do and text.zh_do
