"""HL7 version 2: both readers take what is right, refuse what is not, and hide no file and no text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.formats.contract import Text
from gateway.inspection.formats.hl7 import ESCAPES, Hl7Profile, is_time, unescaped
from gateway.inspection.receiving.formats import hl7 as receiving
from gateway.inspection.sending.formats import hl7 as sending
from gateway.inspection.unsound import Member, Word
from gateway.messages.formats_hl7 import TEXTS
from tests.corpus.hl7 import CASES, GOOD, HEADER, OBR, PID, good, message, with_program
from tests.gateway.inspection.formats.reading import Reader, numbers_of

SIDES: list[Any] = [
    pytest.param(sending.check, id="sending"),
    pytest.param(receiving.check, id="receiving"),
]
HL7 = Reader(Hl7Profile(), TEXTS, frozenset({Word.HL7}))
items, numbers = HL7.items, HL7.numbers


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", GOOD)
def test_good_messages_pass(side: Any, name: str) -> None:
    assert numbers(side, GOOD[name]()) == set()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("name", "make", "expected"), CASES, ids=[case[0] for case in CASES])
def test_bad_messages_do_not(
    side: Any, name: str, make: Callable[[], bytes], expected: set[int]
) -> None:
    found = numbers(side, make())
    assert found & expected, name
    assert found <= TEXTS.keys()


@pytest.mark.parametrize("side", SIDES)
def test_what_is_encapsulated_comes_out_as_a_file(side: Any) -> None:
    (member,) = (one for one in items(side, with_program()) if isinstance(one, Member))
    assert b"".join(member.chunks).startswith(b"MZ")


@pytest.mark.parametrize("side", SIDES)
def test_every_field_is_seen_as_a_person_reads_it(side: Any) -> None:
    texts = {one.where: one.text for one in items(side, good()) if isinstance(one, Text)}
    assert texts["PID-5"] == "张 三"
    assert texts["OBX-5"] == "13.2"
    odd = message(PID, OBR, "OBX|1|FT|1^x^L||a\\F\\b\\.br\\c||||||F")
    assert Text("OBX-5", "a|b\nc") in items(side, odd)


@pytest.mark.parametrize("side", SIDES)
def test_a_channel_names_the_messages_that_it_takes(side: Any) -> None:
    assert numbers(side, good(), Hl7Profile(frozenset({"ORU^R01"}))) == set()
    assert numbers(side, good(), Hl7Profile(frozenset({"ORU"}))) == set()
    assert numbers(side, good(), Hl7Profile(frozenset({"ADT^A01"}))) == {3707}
    own = message(PID, OBR, "ZPW|x")
    assert numbers(side, own, Hl7Profile(own_segments=True)) == set()


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("2026", True), ("202611", True), ("20261121", True), ("202611210830", True),
        ("20261121083000.1234+0800", True), ("20261131", False), ("20261121240000", False),
        ("2026112108", True), ("2026110830x", False), ("", False), ("２０２６", False),
    ],
)  # fmt: skip
def test_a_time_is_one_that_exists(text: str, right: bool) -> None:
    assert is_time(text) is right


def test_escapes_become_what_they_stand_for() -> None:
    assert unescaped("a\\T\\b\\S\\c\\R\\d\\E\\e\\H\\f\\N\\") == "a&b^c~d\\ef"


@given(
    st.lists(st.sampled_from(["\\", "F", ".br", "X0", "\\T\\", "\\.sp\\", "a" * 101]), max_size=8)
)
def test_escapes_of_the_table_are_no_fault_and_any_other_is(parts: list[str]) -> None:
    text = "".join(parts)
    escapes = re.findall(r"\\([^\\]{0,100})\\", text)
    left = re.sub(r"\\[^\\]{0,100}\\", "", text)
    good = all(one in (*ESCAPES, ".sp") for one in escapes) and "\\" not in left
    message = f"MSH|^~\\&|A|B|C|D|20261121||ADT^A01|1|P|2.4\rEVN||20261121|{text}\rPID|1\r"
    assert (3709 not in numbers(sending.check, message.encode())) is good
    assert not good or unescaped(text) == re.sub(
        r"\\([^\\]*)\\", lambda one: ESCAPES.get(one[1], ""), text
    )


@given(st.binary(max_size=300))
def test_any_bytes_give_items_or_a_refusal(content: bytes) -> None:
    for side in (sending.check, receiving.check):
        assert HL7.untold(items(side, content)) == []


@given(st.text("MSHPIDOBX|^~\\&\r\n019 张\x00ZED", max_size=200))
def test_any_message_gives_items_or_a_refusal_on_both_sides(rest: str) -> None:
    content = (HEADER + "\r" + rest).encode()
    first, second = items(sending.check, content), items(receiving.check, content)
    assert HL7.untold(first) == HL7.untold(second) == []
    assert numbers_of(first) == numbers_of(second)
