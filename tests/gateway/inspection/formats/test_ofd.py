"""OFD: both readers take what is plain, refuse what acts, hides or leads outside, and see every text."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item, Text
from gateway.inspection.formats.ofd import OfdProfile
from gateway.inspection.receiving.formats import ofd as receiving
from gateway.inspection.sending.formats import ofd as sending
from gateway.inspection.unsound import Fault, Member, Unsound
from gateway.messages import formats_office, formats_xml, inspection
from tests.corpus.ofd import CASES, GOOD, Files, ofd
from tests.corpus.ooxml import packed

SIDES: list[Any] = [pytest.param(sending, id="sending"), pytest.param(receiving, id="receiving")]
TEXTS = formats_office.TEXTS.keys() | formats_xml.TEXTS.keys() | inspection.TEXTS.keys()
_PLAIN = OfdProfile()


def items(side: Any, content: bytes, profile: OfdProfile = _PLAIN) -> list[Item]:
    found: list[Item] = []
    try:
        for one in side.check(Content.of_bytes(content), FormatLimits(), profile):
            found.append(one)
            if isinstance(one, Member):
                assert all(one.chunks)
    except Unsound as error:
        found.append(error.fault)
    return found


def numbers(side: Any, content: bytes, profile: OfdProfile = _PLAIN) -> set[int]:
    return {one.number for one in items(side, content, profile) if isinstance(one, Fault)}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", GOOD)
def test_good_documents_pass(side: Any, name: str) -> None:
    assert numbers(side, GOOD[name]()) == set()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("name", "make", "expected"), CASES, ids=[case[0] for case in CASES])
def test_bad_documents_do_not(
    side: Any, name: str, make: Callable[[], Files], expected: set[int]
) -> None:
    found = numbers(side, packed(make()))
    assert found & expected, (name, found)
    assert found <= TEXTS


@pytest.mark.parametrize("name", GOOD)
def test_both_sides_see_the_same_texts(name: str) -> None:
    assert items(sending, GOOD[name]()) == items(receiving, GOOD[name]())


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", ["a report", "pages before everything else"])
def test_every_text_is_seen_and_pages_have_their_numbers(side: Any, name: str) -> None:
    found = [(one.where, one.text) for one in items(side, GOOD[name]()) if isinstance(one, Text)]
    assert ("page 1", "19491231002X\n身份证 110105") in found
    assert ("page 1 line by line", "身份证 11010519491231002X") in found
    assert ("page 2 line by line", "13812345678") in found
    everything = "\n".join(text for _, text in found)
    for wanted in (
        "王医生",
        "心内科",
        "目录",
        "批注",
        "李主任",
        "印章",
        "化验单",
        "市立医院",
        "宋体",
    ):
        assert wanted in everything, wanted


@pytest.mark.parametrize("side", SIDES)
def test_a_profile_refuses_what_it_names(side: Any) -> None:
    made = GOOD["a report"]()
    assert numbers(side, made, replace(_PLAIN, attachments=False)) == {3850}
    assert numbers(side, made, replace(_PLAIN, fonts=False)) == {3851}
    assert numbers(side, made, replace(_PLAIN, signatures=False)) == {3853}
    hidden = packed(ofd(more={"Doc_0/Res/hidden.png": b"\x89PNG"}))
    assert numbers(side, hidden, replace(_PLAIN, unreferred=True)) == set()


_SAMPLES = [make() for make in GOOD.values()]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2**32))
def test_any_bytes_give_items_or_a_refusal(content: bytes, seed: int) -> None:
    chance = random.Random(seed)
    sample = bytearray(chance.choice(_SAMPLES))
    for _ in range(chance.randrange(1, 4)):
        sample[chance.randrange(len(sample))] = chance.randrange(256)
    for side in (sending, receiving):
        for data in (content, bytes(sample)):
            assert all(one.number in TEXTS for one in items(side, data) if isinstance(one, Fault))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
def test_a_changed_file_gives_items_or_a_refusal(seed: int) -> None:
    """Bytes of files are changed before they are packed, so that the zip is sound."""
    chance = random.Random(seed)
    with zipfile.ZipFile(io.BytesIO(chance.choice(_SAMPLES))) as archive:
        files = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    file = files[chance.choice(sorted(files))]
    for _ in range(chance.randrange(1, 5)):
        file[chance.randrange(len(file))] = chance.choice(b"<>/='\"&x0 :!-[]?.\0\xff")
    made = packed({name: bytes(data) for name, data in files.items()})
    for side in (sending, receiving):
        assert all(one.number in TEXTS for one in items(side, made) if isinstance(one, Fault))
