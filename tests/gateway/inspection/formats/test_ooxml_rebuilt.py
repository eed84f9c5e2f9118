"""Office documents written anew: words, rows, pictures and comments stay; what runs or fetches does not."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item, Text
from gateway.inspection.formats.ooxml import OoxmlProfile
from gateway.inspection.formats.ooxml_parts import (
    ELEMENTS_LEFT_OUT,
    OoxmlBegin,
    OoxmlEnd,
    OoxmlEntry,
    OoxmlPart,
    OoxmlPiece,
    OoxmlRelation,
)
from gateway.inspection.formats.ooxml_writer import OoxmlWriter
from gateway.inspection.formats.xml_events import Chars, End, Start
from gateway.inspection.receiving import structure
from gateway.inspection.receiving.formats import ooxml as receiving
from gateway.inspection.sending import types
from gateway.inspection.sending.formats import ooxml as sending
from gateway.inspection.unsound import Fault, Member, Unsound
from gateway.messages.catalogue import TEXTS
from tests.corpus.image import saved
from tests.corpus.ooxml import (
    CASES,
    GOOD,
    Parts,
    docx,
    field,
    packed,
    pptx,
    rels,
    with_a_changed_part,
    xlsx,
)

SIDES: list[Any] = [pytest.param(sending, id="sending"), pytest.param(receiving, id="receiving")]
LIMITS = FormatLimits()
STRICT = OoxmlProfile(links=False, printer_settings=False)
_OD = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OC = "application/vnd.openxmlformats-officedocument."
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def parts_of(side: Any, content: bytes) -> list[OoxmlPart]:
    return list(side.parts(Content.of_bytes(content), LIMITS))


def written(parts: list[OoxmlPart], size_bytes: int = 1 << 24) -> bytes:
    pieces: list[bytes] = []
    writer = OoxmlWriter(pieces.append, size_bytes=size_bytes)
    for part in parts:
        writer.feed(part)
    writer.end()
    return b"".join(pieces)


def rebuilt(side: Any, content: bytes) -> bytes:
    return written(parts_of(side, content))


def items(content: bytes, profile: OoxmlProfile = STRICT) -> list[Item]:
    found: list[Item] = []
    for side in (sending, receiving):
        try:
            found += side.check(Content.of_bytes(content), LIMITS, profile)
        except Unsound as error:
            found.append(error.fault)
    return found


def faults(content: bytes, profile: OoxmlProfile = STRICT) -> list[Fault | Member]:
    return [one for one in items(content, profile) if not isinstance(one, Text)]


def opened(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def anew(parts: Parts) -> dict[str, bytes]:
    made = rebuilt(sending, packed(parts))
    assert made == rebuilt(receiving, packed(parts))
    assert faults(made) == []
    return opened(made)


def events_of(data: bytes) -> list[tuple[Any, ...]]:
    """What a parser of XML makes of it; where an element closes is told by the next."""
    tree = ElementTree.iterparse(io.BytesIO(data), events=("start", "end"))
    return [
        (event, one.tag, sorted(one.attrib.items()), one.text if event == "end" else None)
        for event, one in tree
    ]


@pytest.mark.parametrize("name", GOOD)
def test_a_good_document_passes_the_strictest_profile_and_is_the_same_from_both_sides(
    name: str,
) -> None:
    old = GOOD[name]()
    new = rebuilt(sending, old)
    assert new == rebuilt(receiving, old)
    assert faults(new) == []
    assert rebuilt(sending, new) == rebuilt(receiving, new)
    assert opened(new).keys() == opened(rebuilt(sending, new)).keys()


@pytest.mark.parametrize(
    "make",
    [docx, xlsx, pptx],
)
def test_parts_without_links_are_the_same_to_the_last_value(make: Callable[[], Parts]) -> None:
    old = make()
    new = anew(old)
    for name, data in old.items():
        if name.endswith((".rels", "[Content_Types].xml", "word/document.xml", "core.xml")):
            continue
        if name.endswith(".png"):
            assert new[name] == data
        else:
            assert events_of(new[name]) == events_of(data), name


def test_a_letter_keeps_its_words_its_comments_and_its_pictures() -> None:
    told = "\n".join(
        one.text for one in items(rebuilt(sending, GOOD["a letter"]())) if isinstance(one, Text)
    )
    for wanted in ("页眉", "批注", "李主任", "脚注", "正文", "hidden words", "删", "网站"):
        assert wanted in told
    # Its author stood in the properties, the address in a relationship.
    assert "王医生" not in told
    assert "hospital.example.cn" not in told


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("name", "make"), [case[:2] for case in CASES], ids=[c[0] for c in CASES])
def test_nothing_of_what_was_planted_is_left(
    side: Any, name: str, make: Callable[[], Parts]
) -> None:
    try:
        new = rebuilt(side, packed(make()))
    except Unsound as error:
        assert error.fault.number in TEXTS
        return
    # A cell that is wrong by itself is wrong again, and is found when the new file is judged.
    found = faults(new)
    assert all(isinstance(one, Fault) and one.number == 3824 for one in found), found
    everything = b"\n".join(opened(new).values()) + "\n".join(opened(new)).encode()
    for mark in (b"evil", b"vbaProject", b"macroEnabled", b"activeX", b"oleObject", b"OLEObject",
                 b"javascript", b"mhtml", b"file:///", b"ms-msdt", b"<script", b"DDE", b"cmd.exe",
                 b"WEBSERVICE", b"altChunk", b"attachedTemplate", b"External", b"customXml",
                 b"printerSettings", b"\xd0\xcf\x11\xe0"):  # fmt: skip
        assert mark not in everything, mark


# What becomes of links, fields, formulas and names.


def test_a_link_in_a_letter_leaves_its_words() -> None:
    text = anew(docx())["word/document.xml"].decode()
    assert "<w:hyperlink" not in text
    assert "<w:r><w:t>网站</w:t></w:r>" in text


def test_a_link_of_a_sheet_leads_to_its_own_cell_and_one_within_the_book_stays() -> None:
    links = "<hyperlinks><hyperlink ref='A1' r:id='rId9'/><hyperlink ref='B1' location='x!A1'/></hyperlinks>"
    address = "https://x.example.cn/"
    target = (
        f"<Relationship Id='rId9' Type='{_OD}/hyperlink' Target='{address}' TargetMode='External'/>"
    )
    relations = rels(("image", "../media/none.png")).replace(b"</R", target.encode() + b"</R")
    made = anew(xlsx(sheet=links, more={"xl/worksheets/_rels/sheet1.xml.rels": relations}))
    text = made["xl/worksheets/sheet1.xml"].decode()
    assert '<hyperlink ref="A1" location="A1"/><hyperlink ref="B1" location="x!A1"/>' in text
    assert address.encode() not in b"".join(made.values())
    assert "xl/worksheets/_rels/sheet1.xml.rels" not in made


def test_a_link_on_a_slide_goes_and_a_jump_stays() -> None:
    shapes = "<a:hlinkClick r:id='rId2'/><a:hlinkClick r:id='' action='ppaction://hlinkshowjump?jump=nextslide'/>"
    made = anew(pptx(shapes, ("hyperlink", "https://x.cn/"), outside=("https://x.cn/",)))
    text = made["ppt/slides/slide1.xml"].decode()
    assert text.count("<a:hlinkClick") == 1
    assert "nextslide" in text


def test_a_field_that_reaches_out_keeps_its_result_and_others_stay() -> None:
    result = "<w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>result</w:t></w:r>"
    body = field(" DD", "EAUTO c:\\\\x ", result) + field(" PAGE ") + field(" SEQ x ")
    text = anew(docx(body))["word/document.xml"].decode()
    assert "DD" not in text
    assert "EAUTO" not in text
    assert "<w:t>result</w:t>" in text
    assert re.findall(r"<w:instrText>([^<]+)<", text) == [" PA", "GE ", " PAGE ", " SEQ x "]
    assert text.count("fldCharType") == 9


def test_a_field_computed_into_a_bad_one_goes_with_it() -> None:
    nested = field(" QUOTE 68 68 69 ").removeprefix("<w:p>").removesuffix("</w:p>")
    text = anew(docx(field(nested, " c:\\\\x ")))["word/document.xml"].decode()
    assert "QUOTE" not in text
    assert text.count("fldCharType") == 4


def test_a_formula_that_reaches_out_leaves_the_value_of_its_cell() -> None:
    row = "<row r='9'><c r='A9'><f>WEBSERVICE(\"http://evil/\")</f><v>7</v></c></row>"
    text = anew(xlsx(row, "<definedName name='y'>cmd|x!A1</definedName>"))
    assert '<c r="A9"><v>7</v></c>' in text["xl/worksheets/sheet1.xml"].decode()
    assert "SUM(A7:B7)*2" in text["xl/worksheets/sheet1.xml"].decode()
    assert text["xl/workbook.xml"].count(b"definedName ") == 1


@pytest.mark.parametrize("side", SIDES)
def test_a_formula_that_others_share_is_refused(side: Any) -> None:
    row = "<row r='9'><c r='A9'><f t='shared' si='0' ref='A9:A10'>WEBSERVICE(1)</f></c></row>"
    with pytest.raises(Unsound) as caught:
        rebuilt(side, packed(xlsx(row)))
    assert caught.value.fault.number == 3865


def test_prefixes_stay_for_values_that_name_them() -> None:
    spaces = (
        f"xmlns:w='{_W}' xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006' "
        "xmlns:w14='http://schemas.microsoft.com/office/word/2010/wordml' xmlns:odd='urn:odd'"
    )
    inside = "<w14:docId w14:val='1'/><odd:x>1</odd:x>"
    part = f"<w:settings {spaces} mc:Ignorable='w14 odd'>{inside}</w:settings>"
    made = anew(docx(more={"word/settings.xml": part.encode()}))["word/settings.xml"].decode()
    assert 'mc:Ignorable="w14 odd"' in made
    assert '<w14:docId w14:val="1"/>' in made
    # Its prefix is declared, as the value names it; the element is in a vocabulary of nobody.
    assert 'xmlns:odd="urn:odd"' in made
    assert "<odd:x" not in made


def test_a_comment_of_a_sheet_keeps_its_drawing() -> None:
    drawing = (
        "<xml xmlns:v='urn:schemas-microsoft-com:vml' xmlns:x='urn:schemas-microsoft-com:office:excel'>"
        "<v:shape id='s' type='#t'><v:formulas><v:f eqn='sum 1 0 0'/></v:formulas>"
        "<x:ClientData ObjectType='Note'><x:Row>0</x:Row></x:ClientData></v:shape></xml>"
    )
    comments = (
        "<comments xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><commentList>"
        "<comment ref='A1'><text><t>批注</t></text></comment></commentList></comments>"
    )
    made = anew(
        xlsx(sheet="<legacyDrawing r:id='rId1'/>",
             kinds={"xl/comments1.xml": f"{_OC}spreadsheetml.comments+xml"},
             more={"xl/drawings/v.vml": drawing.encode(), "xl/comments1.xml": comments.encode(),
                   "xl/worksheets/_rels/sheet1.xml.rels": rels(
                       ("vmlDrawing", "../drawings/v.vml"), ("comments", "../comments1.xml"))})
    )  # fmt: skip
    assert events_of(made["xl/drawings/v.vml"]) == events_of(drawing.encode())
    assert "批注" in made["xl/comments1.xml"].decode()


def test_what_led_to_a_part_that_is_left_out_goes_as_well() -> None:
    font = (
        f"<w:fonts xmlns:w='{_W}' xmlns:r='{_OD}'><w:font w:name='a'>"
        "<w:embedRegular r:id='rId1'/></w:font></w:fonts>"
    )
    office = "xmlns:o='urn:schemas-microsoft-com:office:office'"
    made = anew(
        docx(f"<w:p><w:object><w:pict/><o:OLEObject {office} r:id='rId9'/></w:object></w:p>",
             ("fontTable", "fontTable.xml"),
             kinds={"word/fontTable.xml": f"{_OC}wordprocessingml.fontTable+xml"},
             more={"word/fontTable.xml": font.encode()})
    )  # fmt: skip
    assert b'<w:font w:name="a"/>' in made["word/fontTable.xml"]
    assert b"<w:object><w:pict/></w:object>" in made["word/document.xml"]


@pytest.mark.parametrize("side", SIDES)
def test_an_element_that_cannot_stand_alone_is_refused(side: Any) -> None:
    with pytest.raises(Unsound) as caught:
        rebuilt(side, packed(docx("<w:p><w:headerReference r:id='rId99'/></w:p>")))
    assert caught.value.fault.number == 3865


def test_the_package_lists_its_parts_first_and_has_no_dates() -> None:
    with zipfile.ZipFile(io.BytesIO(rebuilt(sending, GOOD["a letter"]()))) as archive:
        every = archive.infolist()
    assert [one.filename for one in every[:3]] == [
        "[Content_Types].xml", "_rels/.rels", "word/_rels/document.xml.rels"]  # fmt: skip
    assert {one.date_time for one in every} == {(1980, 1, 1, 0, 0, 0)}
    assert {one.external_attr for one in every} == {0}


@pytest.mark.parametrize(
    ("name", "word"), [("a letter", "docx"), ("a workbook", "xlsx"), ("slides", "pptx")]
)
def test_both_sides_still_know_what_it_is(name: str, word: str) -> None:
    new = rebuilt(sending, GOOD[name]())
    for read in (structure.read_type, types.read_type):
        found = read(Content.of_bytes(new))
        assert (found.word, found.faults) == (word, ())


# The writer: whatever a sandbox says.

_MAIN = OoxmlEntry("word/document.xml", f"{_OC}wordprocessingml.document.main+xml")
_LED = OoxmlRelation("", "rId1", f"{_OD}/officeDocument", "word/document.xml")
_BODY: list[OoxmlPart] = [
    OoxmlBegin("word/document.xml"),
    Start("w:document", [("xmlns:w", _W), ("xmlns:r", _OD), ("xmlns:x", "urn:x")]),
    End(),
    OoxmlEnd(),
]
_PICTURE = OoxmlEntry("word/media/a.png", "image/png")
_SHOWN = OoxmlRelation("word/document.xml", "rId1", f"{_OD}/image", "word/media/a.png")
_PNG = saved("PNG", "L")
_SEEN: list[OoxmlPart] = [OoxmlBegin("word/media/a.png"), OoxmlPiece(_PNG), OoxmlEnd()]


def within(*events: OoxmlPart) -> list[OoxmlPart]:
    return [_MAIN, _PICTURE, _LED, _SHOWN, *_BODY[:2], *events, *_BODY[2:], *_SEEN]


def test_the_parts_that_the_refusals_begin_from_make_a_document() -> None:
    assert faults(written(within(Start("w:p", [("r:id", "rId1")]), Chars("x"), End()))) == []


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [_MAIN],
        [_MAIN, _LED],
        [_MAIN, *_BODY],
        [_LED, _MAIN, *_BODY],
        [_MAIN, _MAIN, _LED, *_BODY],
        [_MAIN, _LED, *_BODY, *_BODY],
        [_MAIN, _LED, *_BODY[:3]],
        [_MAIN, _LED, *_BODY[:2], OoxmlEnd()],
        [_MAIN, _LED, _BODY[0], OoxmlEnd()],
        [_MAIN, _LED, *_BODY, _PICTURE],
        [_MAIN, _PICTURE, _LED, *_BODY, *_SEEN],
        [_MAIN, _PICTURE, _LED, _SHOWN, *_BODY],
        [_MAIN, _PICTURE, _LED, _SHOWN, _SHOWN, *_BODY, *_SEEN],
        [_MAIN, _PICTURE, _LED, _SHOWN, *_BODY, _SEEN[0], OoxmlPiece(b"MZ"), OoxmlEnd()],
        [_MAIN, _PICTURE, _LED, _SHOWN, *_BODY, _SEEN[0], OoxmlEnd()],
        [_MAIN, _PICTURE, _LED, _SHOWN, *_BODY, _SEEN[0], *_BODY[1:]],
        [_MAIN, _PICTURE, _LED, _SHOWN, _BODY[0], OoxmlPiece(_PNG), OoxmlEnd(), *_SEEN],
        [_MAIN, OoxmlEntry("word/media/../a.png", "image/png"), _LED, *_BODY],
        [OoxmlEntry("/word/document.xml", _MAIN.kind)],
        [OoxmlEntry("word/document.xml\0", _MAIN.kind)],
        [OoxmlEntry("word/vbaProject.bin", "application/vnd.ms-office.vbaProject")],
        [OoxmlEntry("word/a.xml", "application/xml")],
        [OoxmlEntry("word/a.emf", "image/x-emf")],
        [OoxmlEntry("word/a.xml", "image/png")],
        [_MAIN, OoxmlRelation("", "rId1", f"{_OD}/vbaProject", "word/document.xml")],
        [_MAIN, OoxmlRelation("", "rId1", "x/officeDocument", "word/document.xml")],
        [_MAIN, OoxmlRelation("", "1 2", f"{_OD}/officeDocument", "word/document.xml")],
        [_MAIN, OoxmlRelation("word/document.xml", "rId1", f"{_OD}/hyperlink", "https://evil/")],
        within(Start("x:p", [])),
        within(Start("w:altChunk", [])),
        within(Start("w:p", [("r:id", "rId2")])),
        within(Start("w:p", [("macro", "x")])),
        within(Start("w:p", [("src", "https://evil/")])),
        within(Start("w:p", [("a", "\0")])),
        within(Start("w:p", []), Start("a:b", [])),
    ],
)  # fmt: skip
def test_parts_that_make_no_document_are_refused(parts: list[Any]) -> None:
    with pytest.raises(Unsound) as caught:
        written(parts)
    assert caught.value.fault.number in range(3862, 3867)


@pytest.mark.parametrize("name", sorted(ELEMENTS_LEFT_OUT))
def test_no_element_that_was_left_out_can_be_written(name: str) -> None:
    with pytest.raises(Unsound):
        written(within(Start(f"w:{name}", []), End()))


def test_a_document_may_not_grow_beyond_its_limit() -> None:
    with pytest.raises(Unsound) as caught:
        written(within(*[Chars("x" * 30_000)] * 50), size_bytes=1 << 20)
    assert caught.value.fault.number == 3864


@pytest.mark.parametrize("name", GOOD)
def test_parts_are_small_and_survive_the_way_out_of_a_sandbox(name: str) -> None:
    parts = parts_of(sending, GOOD[name]())
    sent = [msgspec.msgpack.encode(part) for part in parts]
    assert max(map(len, sent)) < 256 << 10
    assert [msgspec.msgpack.decode(one, type=OoxmlPart) for one in sent] == parts


def test_a_long_text_comes_in_pieces() -> None:
    body = f"<w:p><w:r><w:t>{'长' * 300_000}</w:t></w:r></w:p>"
    parts = parts_of(receiving, packed(docx(body)))
    assert max(len(msgspec.msgpack.encode(part)) for part in parts) < 256 << 10
    assert "长" * 300_000 in opened(written(parts))["word/document.xml"].decode()


@pytest.mark.parametrize("side", SIDES)
def test_a_sheet_streams_in_the_memory_of_a_piece(side: Any) -> None:
    rows = "".join(f"<row><c r='A{n}'><v>{n}</v></c></row>" for n in range(1, 20_001))
    count = most = 0
    for part in counted(side, packed(xlsx(rows))):
        count += isinstance(part, Start) and part.name == "c"
        most = max(most, len(getattr(part, "text", "")))
    assert count >= 20_000
    assert most < 100


@pytest.mark.parametrize("side", SIDES)
def test_values_of_a_part_are_counted_and_a_sheet_may_have_more(side: Any) -> None:
    few = FormatLimits(values=3000)
    cells = "<row>" + "<c r='A1'/>" * 2000 + "</row>"
    assert list(side.parts(Content.of_bytes(packed(xlsx(cells))), few))
    with pytest.raises(Unsound) as caught:
        list(side.parts(Content.of_bytes(packed(docx("<w:p w:a='1'/>" * 2000))), few))
    assert caught.value.fault.number == 3605


def counted(side: Any, content: bytes) -> Iterator[OoxmlPart]:
    yield from side.parts(Content.of_bytes(content), LIMITS)


_NAMES = st.sampled_from(["word/document.xml", "word/media/a.png", "word/a.xml", "x"])
_QNAMES = st.sampled_from(["w:p", "w:altChunk", "x:y", "p", "r:id", "xmlns:q", "macro"])
_PARTS: st.SearchStrategy[list[OoxmlPart]] = st.lists(
    st.sampled_from([_MAIN, _PICTURE, _LED, _SHOWN, *_BODY, *_SEEN])
    | st.builds(OoxmlEntry, _NAMES, st.sampled_from([_MAIN.kind, "image/png", ""]))
    | st.builds(OoxmlRelation, _NAMES | st.just(""), st.text(max_size=4),
                st.sampled_from([_LED.kind, _SHOWN.kind]), _NAMES)
    | st.builds(OoxmlBegin, _NAMES) | st.builds(OoxmlPiece, st.binary(max_size=4))
    | st.builds(Start, _QNAMES, st.lists(st.tuples(_QNAMES, st.text(max_size=4)), max_size=3))
    | st.builds(Chars, st.text(max_size=4)) | st.builds(End),
    max_size=8,
)  # fmt: skip


@given(_PARTS, st.booleans())
@settings(max_examples=400, suppress_health_check=list(HealthCheck), deadline=None)
def test_any_parts_give_a_document_or_a_refusal(parts: list[OoxmlPart], inside: bool) -> None:
    try:
        new = written(within(*parts) if inside else parts)
    except Unsound as error:
        assert error.fault.number in range(3862, 3867)
        return
    assert faults(new) == []


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
def test_a_changed_part_is_written_anew_or_refused(seed: int) -> None:
    made = with_a_changed_part(seed)
    for side in (sending, receiving):
        try:
            opened(rebuilt(side, made))
        except Unsound as error:
            assert error.fault.number in TEXTS
