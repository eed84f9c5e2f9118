"""JSON: both readers take what is right, refuse what is not, and hide no file and no text."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.formats.contract import MAX_TEXT_CHARACTERS, Text
from gateway.inspection.formats.json import JsonProfile, serialise
from gateway.inspection.receiving.formats import json as receiving
from gateway.inspection.sending.formats import json as sending
from gateway.inspection.unsound import Member, Word
from gateway.messages.formats_json import TEXTS
from tests.corpus.json import CASES, GOOD, HIDDEN, in_base64, program
from tests.gateway.inspection.formats.reading import LIMITS, Reader

SIDES: list[Any] = [
    pytest.param(sending.check, id="sending"),
    pytest.param(receiving.check, id="receiving"),
]
JSON = Reader(JsonProfile(), TEXTS, frozenset({Word.JSON}))
items, numbers = JSON.items, JSON.numbers


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", GOOD)
def test_good_documents_pass(side: Any, name: str) -> None:
    assert numbers(side, GOOD[name]()) == set()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_bad_documents_do_not(
    side: Any, case: tuple[str, Callable[[], bytes], str, set[int], frozenset[str]]
) -> None:
    found = numbers(side, case[1]())
    assert found & case[3]
    assert found <= TEXTS.keys()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("how", HIDDEN)
def test_a_program_in_base64_comes_out_as_a_file(side: Any, how: str) -> None:
    document = json.dumps({"report": [{"note": HIDDEN[how]()}]}).encode()
    (member,) = (one for one in items(side, document) if isinstance(one, Member))
    assert b"".join(member.chunks) == program()
    assert member.name == "report[0].note.bin"


@pytest.mark.parametrize("side", SIDES)
def test_a_place_that_the_profile_names_is_a_file_whatever_it_holds(side: Any) -> None:
    profile = JsonProfile(base64_paths=frozenset(["$.files[].data"]))
    document = json.dumps({"files": [{"data": in_base64(b"plain")}], "data": "x"}).encode()
    (member,) = (one for one in items(side, document, profile) if isinstance(one, Member))
    assert b"".join(member.chunks) == b"plain"
    assert numbers(side, b'{"files":[{"data":"no base64!"}]}', profile) == {3543}


@pytest.mark.parametrize("side", SIDES)
def test_texts_have_the_path_where_they_stand_and_keys_are_texts_too(side: Any) -> None:
    document = b'{"a":[{"b c":"x"},"y"],"phone":13812345678,"z":""}'
    texts = {one.where: one.text for one in items(side, document) if isinstance(one, Text)}
    assert texts == {"$.a[0]['b c']": "x", "$.a[1]": "y", "$.phone": "13812345678",
                     "$ keys": texts["$ keys"]}  # fmt: skip
    assert set(texts["$ keys"].split("\n")) == {"a", "b c", "phone", "z"}


@pytest.mark.parametrize("side", SIDES)
def test_a_long_text_comes_in_pieces_that_overlap(side: Any) -> None:
    document = json.dumps(["ab c" * (MAX_TEXT_CHARACTERS // 3)]).encode()
    pieces = [one.text for one in items(side, document) if isinstance(one, Text)]
    assert len(pieces) == 2
    assert pieces[0][-4096:] == pieces[1][:4096]


@pytest.mark.parametrize("side", SIDES)
def test_a_channel_may_ask_for_exact_numbers(side: Any) -> None:
    exact = JsonProfile(exact_numbers=True)
    for wrong in (b"[9007199254740993]", b"[0.1234567890123456789]", b"[1e-400]"):
        assert numbers(side, wrong) == set()
        assert numbers(side, wrong, exact) == {3541}
    assert numbers(side, b"[9007199254740992,0.1,1.10,-2.5e10,1E2]", exact) == set()


@pytest.mark.parametrize("side", SIDES)
def test_a_channel_names_the_kinds_and_may_take_control_characters(side: Any) -> None:
    assert numbers(side, b"42", JsonProfile(top=frozenset(["number"]))) == set()
    assert numbers(side, b"{}", JsonProfile(top=frozenset(["array"]))) == {3540}
    assert numbers(side, b'["\\u0007"]', JsonProfile(controls=True)) == set()
    assert numbers(side, b'["\\u0007\\u0000"]', JsonProfile(controls=True)) == {3538}


@pytest.mark.parametrize("read", [sending.read, receiving.read])
def test_written_anew_numbers_keep_their_digits(read: Callable[..., Any]) -> None:
    value = read(b'{ "a" : [ 1.10, -0.0, 10, 1.5E3, "\\u00e9/" ] }', LIMITS)
    assert serialise(value) == '{"a":[1.10,-0.0,10,1.5E+3,"é/"]}'.encode()
    assert value["a"][0] == Decimal("1.10")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.text(max_size=20)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(VALUES)
def test_both_sides_read_the_same_and_so_does_what_is_written_anew(value: Any) -> None:
    document = json.dumps(value).encode()
    one = sending.read(document, LIMITS)
    assert one == receiving.read(document, LIMITS) == sending.read(serialise(one), LIMITS)
    assert numbers(sending.check, document) == numbers(receiving.check, document)


def _without_texts(found: list[Any]) -> list[Any]:
    """Faults as they are, files by name and bytes, in the order in which they were told."""
    return [
        (one.name, b"".join(one.chunks)) if isinstance(one, Member) else one
        for one in found
        if not isinstance(one, Text)
    ]


NOBODY: Final = JsonProfile(texts=False)
# What the quick way must not pass over: files, long strings and keys, numbers beyond 64 bits.
ODD = st.recursive(
    st.sampled_from(
        [1, -(1 << 63), 1 << 63, (1 << 64) - 1, 1 << 64, -(1 << 63) - 1, 1.5, True, None, "", "a" * 63,
         "b c " * 16, "d" * 5_000, in_base64(program()), "note " + in_base64(b"%PDF-1.7" * 20),
         "\ud800", "\u0007"]
    ),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["a", "k" * 256, "k" * 257, "x y"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize("side", SIDES)
@given(value=ODD)
def test_where_nobody_wants_texts_the_rest_is_told_as_ever(side: Any, value: Any) -> None:
    document = json.dumps(value).encode()
    for limits in (LIMITS, replace(LIMITS, text_bytes=70)):
        wanted = items(side, document, limits=limits)
        assert _without_texts(items(side, document, NOBODY, limits)) == _without_texts(wanted)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_bad_documents_are_as_bad_where_nobody_wants_texts(side: Any, case: Any) -> None:
    document = case[1]()
    wanted = _without_texts(items(side, document))
    assert _without_texts(items(side, document, NOBODY)) == wanted


@given(st.binary(max_size=200))
def test_any_bytes_give_items_or_a_refusal(content: bytes) -> None:
    for side in (sending.check, receiving.check):
        assert JSON.untold(items(side, content)) == []


PIECES = st.sampled_from(
    [b"{", b"}", b"[", b"]", b",", b":", b'"', b'"a"', b"1", b"-", b"1e5", b"0.5", b"null", b"\\", b"\\u00",
     b"\\ud8", b"00", b" ", b"\xe5\xbc\xa0", b"\xff", b"true", b'"\\"', b'"a":1']
)  # fmt: skip


@given(st.lists(PIECES, max_size=25))
def test_both_sides_agree_on_what_is_json(pieces: list[bytes]) -> None:
    content = b"".join(pieces)
    assert bool(numbers(sending.check, content)) == bool(numbers(receiving.check, content))
