"""XML and CDA: both readers take what is right, refuse what is not, and hide no file and no text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.content import Content
from gateway.inspection.formats.cda import CdaProfile, Follows
from gateway.inspection.formats.contract import FormatLimits, Text
from gateway.inspection.formats.xml import XmlProfile
from gateway.inspection.receiving.formats import cda as receiving_cda
from gateway.inspection.receiving.formats import xml as receiving
from gateway.inspection.sending.formats import cda as sending_cda
from gateway.inspection.sending.formats import xml as sending
from gateway.inspection.unsound import Member, Unsound, Word
from gateway.messages.formats_xml import TEXTS
from tests.corpus.xml import (
    CASES,
    CDA_CASES,
    GOOD,
    GOOD_CDA,
    cda_with_program,
    document,
    xml_with_program,
)
from tests.gateway.inspection.formats.reading import Reader

SIDES: list[Any] = [
    pytest.param(sending.check, id="sending"),
    pytest.param(receiving.check, id="receiving"),
]
CDA_SIDES: list[Any] = [
    pytest.param(sending_cda.check, id="sending"),
    pytest.param(receiving_cda.check, id="receiving"),
]
NATIONAL = CdaProfile(Follows.NATIONAL)
XML = Reader(XmlProfile(), TEXTS, frozenset({Word.XML}))
CDA = Reader(NATIONAL, TEXTS, frozenset({Word.CDA, Word.XML}))
items, numbers = XML.items, XML.numbers


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", GOOD)
def test_good_documents_pass(side: Any, name: str) -> None:
    assert numbers(side, GOOD[name]()) == set()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("name", "make", "expected"), CASES, ids=[case[0] for case in CASES])
def test_bad_documents_do_not(
    side: Any, name: str, make: Callable[[], bytes], expected: set[int]
) -> None:
    found = numbers(side, make())
    assert found & expected, name
    assert found <= TEXTS.keys()


@pytest.mark.parametrize("side", CDA_SIDES)
@pytest.mark.parametrize("name", GOOD_CDA)
def test_good_clinical_documents_pass(side: Any, name: str) -> None:
    assert numbers(side, GOOD_CDA[name](), NATIONAL) == set()


@pytest.mark.parametrize("side", CDA_SIDES)
@pytest.mark.parametrize(
    ("name", "make", "expected"), CDA_CASES, ids=[case[0] for case in CDA_CASES]
)
def test_bad_clinical_documents_do_not(
    side: Any, name: str, make: Callable[[], bytes], expected: set[int]
) -> None:
    found = numbers(side, make(), NATIONAL)
    assert found & expected, name
    assert found <= TEXTS.keys()


@pytest.mark.parametrize("side", CDA_SIDES)
def test_a_channel_says_which_rules_a_document_follows(side: Any) -> None:
    plain = document(national=False).encode()
    assert numbers(side, plain, CdaProfile(Follows.CDA)) == set()
    assert numbers(side, plain, NATIONAL) >= {3630, 3633}
    named = CdaProfile(Follows.NATIONAL, frozenset({"2.16.156.10011.2.1.1.52"}))
    assert numbers(side, document().encode(), named) == {3637}


@pytest.mark.parametrize(
    ("side", "make", "profile"),
    [
        (sending.check, xml_with_program, XmlProfile()),
        (receiving.check, xml_with_program, XmlProfile()),
        (sending_cda.check, cda_with_program, NATIONAL),
        (receiving_cda.check, cda_with_program, NATIONAL),
    ],
)
def test_what_is_in_base64_comes_out_as_a_file(
    side: Any, make: Callable[[], bytes], profile: object
) -> None:
    members = [one for one in items(side, make(), profile) if isinstance(one, Member)]
    assert [b"".join(one.chunks)[:2] for one in members] == [b"MZ"]


@pytest.mark.parametrize("side", SIDES)
def test_every_text_is_seen_at_its_place(side: Any) -> None:
    found = items(side, b"<a p='x'>one<b>two<![CDATA[ & ]]>three</b><!--four--></a>")
    texts = {(one.where, one.text) for one in found if isinstance(one, Text)}
    assert texts == {
        ("/a/@p", "x"), ("/a", "one"), ("/a/b", "two & three"), ("/a/comment()", "four"),
    }  # fmt: skip


@pytest.mark.parametrize("side", SIDES)
def test_a_channel_names_the_root(side: Any) -> None:
    assert numbers(side, b"<a xmlns='urn:x'/>", XmlProfile("{urn:x}a")) == set()
    assert numbers(side, b"<a xmlns='urn:y'/>", XmlProfile("{urn:x}a")) == {3611}


@given(st.binary(max_size=300) | st.text("<>/a='&;!-[]?x \n中:#0", max_size=80).map(str.encode))
def test_any_bytes_give_items_or_a_refusal(content: bytes) -> None:
    for side in (sending.check, receiving.check):
        assert XML.untold(XML.items(side, content)) == []
    for side_cda in (sending_cda.check, receiving_cda.check):
        assert CDA.untold(CDA.items(side_cda, content)) == []


@pytest.mark.parametrize("side", SIDES)
def test_characters_are_what_the_references_stand_for(side: Any) -> None:
    found = items(side, b'<a b="x&amp;y&#38;z&lt;">p&amp;q&lt;r</a>')
    assert [one.text for one in found if isinstance(one, Text)] == ["x&y&z<", "p&q<r"]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("begin", [b'<a b="', b"<", b"<a><!--", b"<a c='d' e='"], ids=repr)
def test_one_huge_tag_is_refused_before_the_rest_is_read(
    side: Any, begin: bytes, tmp_path: Path
) -> None:
    """expat looked at the whole tag again with each piece: 300 MB of it took eight minutes."""
    path = tmp_path / "huge.xml"
    with path.open("wb") as file:
        file.write(begin)
        file.truncate(1 << 30)
        file.seek(len(begin))
        file.write(b"x" * (16 << 20))
    with path.open("rb") as file:
        content = Content.of_file(file)
        with pytest.raises(Unsound) as refused:
            list(side(content, FormatLimits(), XmlProfile()))
    assert refused.value.fault.number == 3606


@pytest.mark.parametrize("side", SIDES)
def test_a_value_of_eight_megabytes_is_read(side: Any) -> None:
    text = "x" * (8 << 20)
    assert numbers(side, f'<a b="{text}">{text}</a>'.encode()) == set()
