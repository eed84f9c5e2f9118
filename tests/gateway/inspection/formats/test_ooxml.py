"""OOXML: both readers take what is plain, refuse what runs, fetches or hides, and see every text."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import MAX_TEXT_CHARACTERS, FormatLimits, Item, Text
from gateway.inspection.formats.ooxml import OoxmlProfile
from gateway.inspection.formats.ooxml_reaching import field_trouble, formula_trouble, is_plain_link
from gateway.inspection.receiving.formats import ooxml as receiving
from gateway.inspection.sending.formats import ooxml as sending
from gateway.inspection.unsound import Fault, Member, Unsound
from gateway.messages import formats_office, formats_xml, inspection
from tests.corpus.ooxml import (
    CASES,
    GOOD,
    ID,
    Parts,
    docx,
    packed,
    pptx,
    rels,
    with_a_changed_part,
    xlsx,
)

SIDES: list[Any] = [pytest.param(sending, id="sending"), pytest.param(receiving, id="receiving")]
TEXTS = formats_office.TEXTS.keys() | formats_xml.TEXTS.keys() | inspection.TEXTS.keys()
_PLAIN = OoxmlProfile()


def items(side: Any, content: bytes, profile: OoxmlProfile = _PLAIN) -> list[Item]:
    found: list[Item] = []
    try:
        for one in side.check(Content.of_bytes(content), FormatLimits(), profile):
            found.append(one)
            if isinstance(one, Member):
                assert all(one.chunks)
    except Unsound as error:
        found.append(error.fault)
    return found


def numbers(side: Any, content: bytes, profile: OoxmlProfile = _PLAIN) -> set[int]:
    return {one.number for one in items(side, content, profile) if isinstance(one, Fault)}


def texts(side: Any, parts: Parts) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in items(side, packed(parts)):
        if isinstance(one, Text):
            found[one.where] = f"{found[one.where]}\n{one.text}" if one.where in found else one.text
    return found


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", GOOD)
def test_good_documents_pass(side: Any, name: str) -> None:
    assert numbers(side, GOOD[name]()) == set()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("name", "make", "expected"), CASES, ids=[case[0] for case in CASES])
def test_bad_documents_do_not(
    side: Any, name: str, make: Callable[[], Parts], expected: set[int]
) -> None:
    found = numbers(side, packed(make()))
    assert found & expected, (name, found)
    assert found <= TEXTS


@pytest.mark.parametrize("name", GOOD)
def test_both_sides_see_the_same_texts(name: str) -> None:
    assert items(sending, GOOD[name]()) == items(receiving, GOOD[name]())


@pytest.mark.parametrize("side", SIDES)
def test_every_text_of_a_letter_is_seen(side: Any) -> None:
    found = texts(side, docx())
    everything = "\n".join(found.values())
    for wanted in ("王医生", "页眉", "批注", "李主任", "脚注", "正文", "hidden words", "删", "网站",
                   "https://hospital.example.cn/"):  # fmt: skip
        assert wanted in everything, wanted
    assert found["word/document.xml paragraph 1"] == f"身份证 {ID}"
    assert "13812345678" in found["word/document.xml paragraph 3"].split("\n")
    assert "110105\x1f19491231\x1f002X" in everything


@pytest.mark.parametrize("side", SIDES)
def test_rows_of_a_sheet_come_whole_with_their_places(side: Any) -> None:
    found = texts(side, xlsx())
    assert found["门诊!A1:C1"] == "姓名\x1f张三\x1f46347"
    assert found["门诊!A7:C7"] == "110105\x1f19491231\x1f002X"
    assert "13812345678" in found["门诊!B8:C8"]
    assert found["门诊!B8 formula"] == "SUM(A7:B7)*2"
    assert found["shared string 2"] == "nobody shows it"


@pytest.mark.parametrize("side", SIDES)
def test_slides_and_their_notes_are_seen(side: Any) -> None:
    everything = "\n".join(texts(side, pptx()).values())
    for wanted in (f"身份证 {ID}", "备注", "替代文字"):
        assert wanted in everything


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("between", "why"),
    [
        ("<w:r><w:rPr><w:vanish/></w:rPr><w:t>x</w:t></w:r>", "a hidden letter"),
        ("<w:del><w:r><w:delText>x</w:delText></w:r></w:del>", "a deleted letter"),
        ("<w:bookmarkStart w:id='1' w:name='b'/>", "a bookmark"),
        ("<w:r><w:drawing><wp:posOffset xmlns:wp='u'>12345</wp:posOffset></w:drawing></w:r>", "a drawing"),
        ("<w:r><w:softHyphen/></w:r>", "a soft hyphen"),
        ("<w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>"
         "<w:r><w:fldChar w:fldCharType='end'/></w:r>", "a field"),
    ],
    ids=lambda value: value if value.startswith("a ") else "",
)  # fmt: skip
def test_nothing_between_two_runs_hides_a_number(side: Any, between: str, why: str) -> None:
    body = f"<w:p><w:r><w:t>110105194</w:t></w:r>{between}<w:r><w:t>91231002X</w:t></w:r></w:p>"
    assert any(ID in one for one in texts(side, docx(body)).values()), why


@pytest.mark.parametrize("side", SIDES)
def test_a_profile_allows_what_it_names(side: Any) -> None:
    inner = packed(xlsx())
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    chart = docx(
        "", ("package", "embeddings/a.xlsx"), more={"word/embeddings/a.xlsx": inner},
        defaults=f"<Default Extension='xlsx' ContentType='{kind}'/>",
    )  # fmt: skip
    assert numbers(side, packed(chart)) == {3809}
    assert numbers(side, packed(chart), replace(_PLAIN, embedded=True)) == set()
    assert numbers(side, packed(docx()), replace(_PLAIN, links=False)) == {3806}
    hidden = packed(docx(more={"word/media/hidden.png": b"\x89PNG\r\n\x1a\n"}))
    assert numbers(side, hidden, replace(_PLAIN, unreferred=True)) == set()


@pytest.mark.parametrize("side", SIDES)
def test_a_long_string_in_many_cells_costs_its_ends_only(side: Any) -> None:
    cells = "<c t='s'><v>0</v></c>" * 2000
    parts = xlsx(f"<row>{cells}</row>") | {
        "xl/sharedStrings.xml": b"<sst><si><t>"
        + b"x" * 100_000
        + b"</t></si><si><t>y</t></si></sst>"
    }
    told = sum(len(one.text) for one in items(side, packed(parts)) if isinstance(one, Text))
    assert 100_000 < told < 500_000


@pytest.mark.parametrize("side", SIDES)
def test_a_sheet_is_read_in_the_memory_of_a_row(side: Any) -> None:
    """The texts of 100,000 rows come while the sheet is read, none longer than a text may be."""
    rows = "".join(f"<row><c r='A{n}'><v>{n}</v></c></row>" for n in range(1, 100_001))
    content = Content.of_bytes(packed(xlsx(rows)))
    count = 0
    for one in side.check(content, FormatLimits(), _PLAIN):
        assert not isinstance(one, Text) or len(one.text) <= MAX_TEXT_CHARACTERS
        count += isinstance(one, Text) and one.where.startswith("门诊!A")
    assert count >= 100_000


@pytest.mark.parametrize("side", SIDES)
def test_an_encrypted_part_is_told(side: Any) -> None:
    data = bytearray(packed(docx()))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    data[6] |= 1
    assert 3231 in numbers(side, bytes(data))


@pytest.mark.parametrize(
    ("formula", "bad"),
    [
        ('IF(A1="WEBSERVICE(1)",1,2)', False), ("ISFORMULA(A1)", False), ("FORMULATEXT(A1)", False),
        ("MYCALL(A1)", False), ("Recall(1)", False), ("'A B'!A1", False), ('HYPERLINK("#A1","x")', False),
        ("HYPERLINK(A1)", False), ('HYPERLINK("mailto:a@b.cn")', False), ("Table1[@[a]]", False),
        ('hyperlink( "\\\\evil\\x")', True), ("@WEBSERVICE(A1)", True), ("'\\\\h\\s\\[x.xls]S'!A1", True),
        ("_xlfn._xlws.PY(1)", True), ('HYPERLINK(A1&"x")', True),
    ],
)  # fmt: skip
def test_formulas(formula: str, bad: bool) -> None:
    assert bool(formula_trouble(formula)) is bad


@pytest.mark.parametrize(
    ("instruction", "bad"),
    [
        (" PAGE \\* MERGEFORMAT", False), ("=SUM(ABOVE)", False), ("hyperlink \\l x", False), ("", False),
        ("HYPERLINK http://x.cn \\t _blank", False), ("DDE", True), ("LINK Excel.Sheet.8 x", True),
        ('HYPERLINK \\o "http://x" "\\\\\\\\evil\\\\x"', True), ("HYPERLINK other.docx", True),
        ("INCLUDETEXT x", True), ("DATABASE", True), ("MACROBUTTON x", True), ("\0", True),
    ],
)  # fmt: skip
def test_fields(instruction: str, bad: bool) -> None:
    assert bool(field_trouble(instruction)) is bad


def test_links() -> None:
    assert is_plain_link("https://x.cn/a?b=c#d")
    assert not any(
        is_plain_link(one)
        for one in ("", "x.docx", "ftp://x", "https://x\\\\y", "\\\\x\\y", "HTTPS:x")
    )


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2**32))
def test_any_bytes_give_items_or_a_refusal(content: bytes, seed: int) -> None:
    chance = random.Random(seed)
    sample = bytearray(GOOD[chance.choice(list(GOOD))]())
    for _ in range(chance.randrange(1, 4)):
        sample[chance.randrange(len(sample))] = chance.randrange(256)
    for side in (sending, receiving):
        for data in (content, bytes(sample)):
            for one in items(side, data):
                assert isinstance(one, Fault | Text | Member)
                assert not isinstance(one, Fault) or one.number in TEXTS


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_a_changed_part_gives_items_or_a_refusal(seed: int) -> None:
    made = with_a_changed_part(seed)
    for side in (sending, receiving):
        assert all(one.number in TEXTS for one in items(side, made) if isinstance(one, Fault))


def test_relations_of_a_part_that_is_not_there_are_told() -> None:
    made = packed(docx(more={"word/_rels/none.xml.rels": rels(("image", "media/image1.png"))}))
    assert numbers(sending, made) == numbers(receiving, made) == {3819}
