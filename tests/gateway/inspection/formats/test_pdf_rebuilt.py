"""A PDF written anew: what a reader shows stays to the pixel, and nothing of what acts is left."""

from __future__ import annotations

import builtins
import io
import math
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pikepdf
import pypdf
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pikepdf import Array as PikeArray
from pikepdf import Dictionary as PikeDictionary
from pikepdf import Name as PikeName
from pikepdf import Stream as PikeStream

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item, Text
from gateway.inspection.formats.pdf import PdfProfile
from gateway.inspection.formats.pdf_parts import (
    KEYS,
    MAPS,
    Array,
    Dictionary,
    Name,
    PdfObject,
    PdfPage,
    PdfPart,
    PdfPiece,
    PdfStream,
    PdfValue,
    Ref,
    String,
)
from gateway.inspection.formats.pdf_writer import PdfWriter
from gateway.inspection.receiving.formats import pdf as receiving
from gateway.inspection.sending.formats import pdf as sending
from gateway.inspection.unsound import Fault, Unsound
from tests.corpus import pdf as corpus
from tests.corpus.pdf import CASES, GOOD

SIDES: list[Any] = [pytest.param(sending, id="sending"), pytest.param(receiving, id="receiving")]
LIMITS = FormatLimits()
STRICT = PdfProfile(forms=False, links=False, jpx=False, revisions=1)
# What the document looked like in a viewer is more than its contents: signs of notes, tints of fields.
DRAWN_BY_VIEWERS = ("a layer", "an author and a note", "a form")


def parts_of(side: Any, content: bytes) -> list[PdfPart]:
    return list(side.parts(Content.of_bytes(content), LIMITS, PdfProfile()))


def written(parts: list[PdfPart], profile: PdfProfile | None = None) -> bytes:
    pieces: list[bytes] = []
    writer = PdfWriter(pieces.append, LIMITS, profile)
    for part in parts:
        writer.feed(part)
    writer.end()
    return b"".join(pieces)


def rebuilt(side: Any, content: bytes) -> bytes:
    return written(parts_of(side, content))


def faults(content: bytes, profile: PdfProfile = STRICT) -> list[Item]:
    found: list[Item] = []
    for side in (sending, receiving):
        try:
            every = side.check(Content.of_bytes(content), LIMITS, profile)
            found += [one for one in every if not isinstance(one, Text)]
        except Unsound as error:
            found.append(error.fault)
    return found


def shown(content: bytes) -> list[bytes]:
    document = pypdfium2.PdfDocument(content)
    return [bytes(page.render(scale=0.7).buffer) for page in document]


def words(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


@pytest.mark.parametrize("name", GOOD)
def test_a_good_document_shows_the_same_and_passes_the_strictest_profile(name: str) -> None:
    old = GOOD[name]()
    new = rebuilt(sending, old)
    assert new == rebuilt(receiving, old)
    assert faults(new) == []
    if name not in DRAWN_BY_VIEWERS:
        assert shown(new) == shown(old)
        assert words(new) == words(old)


@pytest.mark.parametrize("name", GOOD)
def test_other_readers_open_it_without_a_word(name: str) -> None:
    new = rebuilt(sending, GOOD[name]())
    with pikepdf.open(io.BytesIO(new), attempt_recovery=False) as pdf:
        pages = len(pdf.pages)
        assert pdf.get_warnings() == []
    assert len(pypdf.PdfReader(io.BytesIO(new), strict=True).pages) == pages
    assert len(pypdfium2.PdfDocument(new)) == pages


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("name", "make"), [case[:2] for case in CASES], ids=[c[0] for c in CASES])
def test_nothing_of_what_was_planted_is_left(
    side: Any, name: str, make: Callable[[], bytes]
) -> None:
    try:
        new = rebuilt(side, make())
    except Unsound:
        return
    assert faults(new) == []
    everything = new + b"".join(decoded_streams(new))
    for mark in (b"JavaScript", b"/JS", b"app.alert", b"MZ", b"PK\x03\x04", b"/AA", b"/Launch",
                 b"/URI", b"/OpenAction", b"/EmbeddedFile", b"/Names", b"/Annots", b"/AcroForm",
                 b"/Metadata", b"<!DOCTYPE", b"cmd.exe", b"passwd"):  # fmt: skip
        assert mark not in everything, mark


def decoded_streams(content: bytes) -> list[bytes]:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        streams = [one for one in pdf.objects if isinstance(one, PikeStream)]
        # What pikepdf does not decode (photographs) stands in the file as it is.
        return [one.read_bytes() for one in streams if "/DCTDecode" not in repr(one.get("/Filter"))]


def test_a_new_file_holds_no_more_than_pages_and_what_they_show() -> None:
    new = rebuilt(sending, GOOD["metadata"]())
    with pikepdf.open(io.BytesIO(new)) as pdf:
        assert set(pdf.Root.keys()) == {"/Type", "/Pages"}
        assert set(pdf.trailer.keys()) == {"/Size", "/Root", "/ID"}


# Pages as programs make them: fonts, colours, pictures with masks, patterns, shadings, groups.


def _rich() -> bytes:
    pdf = corpus.document(2, b"""q /P1 gs /CS1 cs 0.5 scn 50 50 99 99 re f Q
        q /Pattern cs /T1 scn 200 50 99 99 re f Q
        q 100 0 0 100 50 300 cm /I1 Do Q q 1 0 0 1 250 300 cm /X1 Do Q q 300 600 99 99 re W n /S1 sh Q
        q /IX cs 1 sc 300 450 60 60 re f Q BT /F1 20 Tf 72 700 Td (Report %d) Tj ET
        BT /F2 20 Tf 1 0 0 1 72 650 Tm (ab) Tj ET""")  # fmt: skip
    tint = PikeStream(
        pdf, b"{ dup 1 exch sub exch 0 0 }", FunctionType=4, Domain=[0, 1], Range=[0, 1] * 4
    )
    tint = pdf.make_indirect(tint)
    mask = PikeStream(pdf, bytes([0, 80, 160, 255]), Type=PikeName.XObject, Subtype=PikeName.Image,
                      Width=2, Height=2, ColorSpace=PikeName.DeviceGray, BitsPerComponent=8)  # fmt: skip
    picture = PikeStream(pdf, zlib.compress(b"\x02\x01\x02\x03\x02\x04\x05\x06"), Type=PikeName.XObject,
                         Subtype=PikeName.Image, Width=3, Height=2, ColorSpace=PikeName.DeviceGray,
                         BitsPerComponent=8, Filter=PikeName.FlateDecode, SMask=pdf.make_indirect(mask),
                         DecodeParms=PikeDictionary(Predictor=12, Columns=3))  # fmt: skip
    fill = PikeStream(pdf, b"0 0 1 rg 0 0 5 5 re f", PatternType=1, PaintType=1, TilingType=1,
                      BBox=[0, 0, 10, 10], XStep=10, YStep=10, Resources=PikeDictionary())  # fmt: skip
    form = PikeStream(pdf, b"1 0 0 rg 0 0 50 50 re f /I1 Do", Type=PikeName.XObject, Subtype=PikeName.Form,
                      BBox=[0, 0, 60, 60], Group=PikeDictionary(S=PikeName.Transparency, I=True),
                      Resources=PikeDictionary(
                          XObject=PikeDictionary(I1=pdf.make_indirect(picture))))  # fmt: skip
    shading = PikeDictionary(ShadingType=2, ColorSpace=PikeName.DeviceRGB, Coords=[300, 600, 399, 699],
                             Function=PikeDictionary(FunctionType=2, Domain=[0, 1], C0=[1, 0, 0],
                                                     C1=[0, 0, 1], N=1), Extend=[True, True])  # fmt: skip
    glyphs = PikeDictionary(
        A=pdf.make_stream(b"800 0 0 0 750 750 d1 0 0 750 750 re f"),
        B=pdf.make_stream(b"800 0 0 0 750 750 d1 0 0 375 375 re f"),
    )
    drawn = PikeDictionary(
        Type=PikeName.Font, Subtype=PikeName.Type3, FontBBox=[0, 0, 750, 750], FirstChar=97, LastChar=98,
        FontMatrix=[0.001, 0, 0, 0.001, 0, 0], CharProcs=glyphs, Widths=[800, 800.5],
        Encoding=PikeDictionary(Differences=[97, PikeName.A, PikeName.B]),
        Resources=PikeDictionary())  # fmt: skip
    table = pikepdf.String(bytes([0xFE, 0xFF, 0, 65, 200, 90]))
    for page in pdf.pages:
        resources = page.obj.Resources
        resources.Font.F2 = pdf.make_indirect(drawn)
        resources.XObject = PikeDictionary(
            I1=pdf.make_indirect(picture), X1=pdf.make_indirect(form)
        )
        resources.ExtGState = PikeDictionary(P1=PikeDictionary(ca=0.5, BM=PikeName.Multiply))
        resources.ColorSpace = PikeDictionary(
            CS1=PikeArray([PikeName.Separation, PikeName.Gold, PikeName.DeviceCMYK, tint]),
            IX=PikeArray([PikeName.Indexed, PikeName.DeviceRGB, 1, table]))  # fmt: skip
        resources.Pattern = PikeDictionary(T1=pdf.make_indirect(fill))
        resources.Shading = PikeDictionary(S1=shading)
        page.obj.Rotate = 90
    return corpus.saved(pdf)


@pytest.mark.parametrize("side", SIDES)
def test_fonts_colours_pictures_and_patterns_are_drawn_as_before(side: Any) -> None:
    old = _rich()
    new = rebuilt(side, old)
    assert faults(new, PdfProfile()) == []
    assert shown(new) == shown(old)
    assert len(set(shown(old))) == 2
    assert words(new) == words(old)


@pytest.mark.parametrize("side", SIDES)
def test_sizes_and_resources_that_pages_inherit_stay(side: Any) -> None:
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 99 50] /Rotate 90 /Resources << >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /Contents [4 0 R] >>"
    old = corpus.raw([corpus.PLAIN[0], pages, page, corpus.stream(b"0 0 30 30 re f")])
    new = rebuilt(side, old)
    assert shown(new) == shown(old)
    assert pypdfium2.PdfDocument(new)[0].get_size() == (50, 99)


def test_a_font_named_in_gbk_is_found_again_or_the_file_is_refused() -> None:
    name = "宋体".encode("gbk")
    text = b"BT /" + name + b" 20 Tf 72 700 Td (words) Tj ET"
    escaped = b"".join(b"#%02X" % c for c in name)
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources"
        b" << /Font << /"
        + escaped
        + b" << /Type /Font /Subtype /Type1 /BaseFont /Courier >> >> >> >>"
    )
    old = corpus.raw([*corpus.PLAIN[:2], page, corpus.stream(text)])
    assert shown(rebuilt(sending, old)) == shown(old) != shown(corpus.raw(corpus.PLAIN))
    with pytest.raises(Unsound) as caught:
        rebuilt(receiving, old)
    assert caught.value.fault.number == 3867


# Annotations: what shows something is drawn into the page.


def test_a_field_that_was_filled_in_stays_where_it_was() -> None:
    old = GOOD["a form"]()
    new = rebuilt(sending, old)
    assert "Filled" in words(new)[0]
    # Another implementation of the same drawing: qpdf's.
    with pikepdf.open(io.BytesIO(old)) as pdf:
        pdf.flatten_annotations("screen")
        assert shown(new) == shown(corpus.saved(pdf))


@pytest.mark.parametrize(
    "contents", [b"2 0 0 2 50 50 cm", b"q 2 0 0 2 50 50 cm q", b"Q Q", b"q (Q\\) Q) Tj"]
)
def test_a_stamp_is_brought_onto_its_rectangle(contents: bytes) -> None:
    pdf = corpus.document()
    look = PikeStream(pdf, b"1 0 0 rg 0 0 20 10 re f", Type=PikeName.XObject, Subtype=PikeName.Form,
                      BBox=[0, 0, 20, 10], Matrix=[0, 1, -1, 0, 7, 3])  # fmt: skip
    corpus._annotate(pdf, Subtype=PikeName.Stamp, AP=PikeDictionary(N=pdf.make_indirect(look)))
    # What the page does to its own drawing must not move it.
    pdf.pages[0].obj.Contents = PikeArray([pdf.make_stream(contents)])
    old = corpus.saved(pdf)
    assert (
        shown(rebuilt(sending, old)) == shown(old) != shown(corpus.saved(corpus.document(1, b" ")))
    )


@pytest.mark.parametrize("side", SIDES)
def test_what_shows_and_does_not_say_how_is_refused(side: Any) -> None:
    def free_text(pdf: pikepdf.Pdf) -> None:
        corpus._annotate(pdf, Subtype=PikeName.FreeText, Contents=pikepdf.String("words"))

    def field(pdf: pikepdf.Pdf) -> None:
        corpus._form(pdf)
        del pdf.pages[0].obj.Annots[0]["/AP"]

    for change in (free_text, field):
        with pytest.raises(Unsound) as caught:
            rebuilt(side, corpus.changed(change)())
        assert caught.value.fault.number == 3867


def test_what_is_hidden_on_every_screen_stays_hidden() -> None:
    def hidden(pdf: pikepdf.Pdf) -> None:
        corpus._form(pdf)
        pdf.pages[0].obj.Annots[0].F = 2

    assert "Filled" not in words(rebuilt(sending, corpus.changed(hidden)()))[0]


# The writer: whatever a sandbox says.

_PAGE = Dictionary(
    "page", [(b"MediaBox", Array([0, 0, 9, 9])), (b"Resources", Dictionary("resources", []))]
)
_FONT = Dictionary("font", [(b"Subtype", Name(b"Type1"))])


def with_page(*items: tuple[bytes, PdfValue]) -> PdfPage:
    return PdfPage(1, Dictionary("page", [*_PAGE.items, *items]))


def of_font(value: PdfValue) -> PdfPage:
    fonts = Dictionary("resources", [(b"Font", Dictionary("font{}", [(b"F1", value)]))])
    return PdfPage(1, Dictionary("page", [_PAGE.items[0], (b"Resources", fonts)]))


def content(data: bytes, kind: str = "content", *items: tuple[bytes, PdfValue]) -> list[PdfPart]:
    return [
        with_page((b"Contents", Ref(2))),
        PdfStream(2, Dictionary(kind, list(items)), len(data)),
        *([PdfPiece(data)] if data else []),
    ]


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [_PAGE],
        [PdfPage(2, _PAGE)],
        [PdfPage(1, _PAGE), PdfPage(1, _PAGE)],
        [PdfPage(1, _FONT)],
        [PdfPage(1, Dictionary("page", []))],
        [PdfPage(1, Dictionary("page", [(b"MediaBox", None), _PAGE.items[1]]))],
        [with_page((b"AA", Dictionary("data", [])))],
        [with_page((b"Annots", Array([])))],
        [with_page((b"Rotate", 0), (b"Rotate", 90))],
        [with_page((b"Rotate", Name(b"x")))],
        [with_page((b"Rotate", math.inf))],
        [with_page((b"Rotate", math.nan))],
        [with_page((b"Rotate", 1 << 40))],
        [with_page((b"Rotate", 10**400))],
        [with_page((b"Contents", Ref(2)))],
        [with_page((b"Contents", Ref(1)))],
        [with_page((b"Contents", Ref(-5)))],
        [with_page((b"Contents", Dictionary("content", [])))],
        [with_page((b"Rotate", Ref(2))), PdfObject(2, "data", 5)],
        [with_page(), PdfObject(2, "font", _FONT)],
        [of_font(Ref(2)), PdfObject(2, "descriptor", Dictionary("descriptor", []))],
        [of_font(Ref(2)), PdfObject(2, "font", Dictionary("descriptor", []))],
        [of_font(Ref(2)), PdfObject(2, "font", Ref(2))],
        [of_font(Ref(2)), PdfObject(2, "nothing", _FONT)],
        [of_font(Ref(2)), PdfObject(2, "page", _PAGE)],
        [of_font(Dictionary("font", [(b"Subtype", Name(b"Launch"))]))],
        [of_font(Dictionary("font", []))],
        [of_font(Dictionary("font", [*_FONT.items, (b"Encoding", Dictionary("cmap", []))]))],
        [of_font(Dictionary("font", [*_FONT.items, (b"BaseFont", Name(b""))]))],
        [of_font(Dictionary("font", [*_FONT.items, (b"BaseFont", Name(b"a\0b"))]))],
        [of_font(Dictionary("font", [*_FONT.items, (b"BaseFont", Name(b"a" * 300))]))],
        content(b"q", "font"),
        content(b"q", "fontfile"),
        content(b"q endstream endobj 9 0 obj <</S/JavaScript>>"),
        content(b"q", "content", (b"Filter", Name(b"Crypt"))),
        content(b"q", "content", (b"Filter", Array([Name(b"FlateDecode")] * 3))),
        content(b"q", "content", (b"Filter", Array([Name(b"DCTDecode"), Name(b"FlateDecode")]))),
        content(b"q", "content", (b"Length", 99)),
        content(b"q", "content", (b"F", String(b"x"))),
        content(b"q")[:2],
        [*content(b"q"), PdfPiece(b"q")],
        [PdfPiece(b"q")],
        [with_page((b"Group", Dictionary("group", [(b"S", Name(b"JavaScript"))])))],
        [with_page((b"Group", Dictionary("group", [(b"S", Name(b"Transparency")),
                                                   (b"CS", Array([Name(b"NChannel")]))])))],
    ],
)  # fmt: skip
def test_parts_that_make_no_document_are_refused(parts: list[Any]) -> None:
    if parts == [_PAGE]:
        return
    with pytest.raises(Unsound) as caught:
        written(parts)
    assert caught.value.fault.number in (3867, 3868)


def test_a_mark_that_is_cut_in_two_is_seen() -> None:
    parts = content(b"x" * 20)
    parts[2:] = [PdfPiece(b"x" * 4 + b"endst"), PdfPiece(b"ream" + b"x" * 7)]
    with pytest.raises(Unsound):
        written(parts)


@pytest.mark.parametrize(
    ("kind", "items"),
    [("JBIG2Decode", PdfProfile()), ("JPXDecode", PdfProfile(jpx=False))],
)
def test_codecs_are_those_of_the_channel(kind: str, items: PdfProfile) -> None:
    parts = content(b"q", "content", (b"Filter", Name(kind.encode())))
    with pytest.raises(Unsound):
        written(parts, items)
    assert written(parts, PdfProfile(jbig2=True))


def test_names_are_spelled_so_that_nothing_breaks_out_of_them() -> None:
    name = b"a b/c<>#(\xe5\x9b\xbe"
    new = written([of_font(Dictionary("font", [*_FONT.items, (b"BaseFont", Name(name))]))])
    with pikepdf.open(io.BytesIO(new)) as pdf:
        found = pdf.pages[0].obj.Resources.Font.F1.BaseFont
    assert found == "/" + name.decode()


def test_a_document_may_not_grow_beyond_its_limits() -> None:
    with pytest.raises(Unsound) as caught:
        written(content(bytes(5000)), PdfProfile(size_bytes=4000))
    assert caught.value.fault.number == 3868


@pytest.mark.parametrize("name", GOOD)
def test_parts_are_small_and_survive_the_way_out_of_a_sandbox(name: str) -> None:
    parts = parts_of(sending, GOOD[name]())
    sent = [msgspec.msgpack.encode(part) for part in parts]
    assert max(map(len, sent)) < 256 << 10
    assert [msgspec.msgpack.decode(one, type=PdfPart) for one in sent] == parts


def test_a_large_picture_comes_in_pieces() -> None:
    noise = os.urandom(1 << 20)
    old = corpus.changed(lambda pdf: corpus._picture(pdf, noise, Width=1024, Height=1024))()
    parts = parts_of(sending, old)
    assert max(len(one.data) for one in parts if isinstance(one, PdfPiece)) <= 192 << 10
    with pikepdf.open(io.BytesIO(written(parts))) as pdf:
        assert pdf.pages[0].obj.Resources.XObject.I1.read_bytes() == noise


_VALUES: st.SearchStrategy[PdfValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats()
    | st.builds(Name, st.binary(max_size=6) | st.sampled_from([b"Type1", b"Transparency", b"ICCBased"]))
    | st.builds(String, st.binary(max_size=6)) | st.builds(Ref, st.integers(-1, 6)),
    lambda inner: st.builds(Array, st.lists(inner, max_size=4))
    | st.builds(Dictionary, st.sampled_from([*KEYS, *MAPS]),
                st.lists(st.tuples(st.sampled_from([b"S", b"Font", b"F1", b"Filter", b"Width", b"Subtype"]),
                                   inner), max_size=3)),
    max_leaves=12,
)  # fmt: skip
_DICTIONARIES = st.builds(
    lambda kind, data: Dictionary(kind, data.draw(_items(kind))),
    st.sampled_from(sorted(KEYS)),
    st.data(),
)


def _items(kind: str) -> st.SearchStrategy[list[tuple[bytes, PdfValue]]]:
    keys = sorted(KEYS[kind]) or [b"X"]
    return st.lists(st.tuples(st.sampled_from(keys), _VALUES), max_size=5)


_PARTS = st.lists(
    st.builds(PdfPage, st.integers(1, 5), _DICTIONARIES | st.just(_PAGE))
    | st.builds(
        PdfObject, st.integers(1, 5), st.sampled_from(sorted(KEYS)), _VALUES | _DICTIONARIES
    )
    | st.builds(PdfStream, st.integers(1, 5), _DICTIONARIES, st.integers(-1, 4))
    | st.builds(PdfPiece, st.binary(max_size=4)),
    max_size=6,
)


@given(_PARTS, st.booleans())
@settings(max_examples=400, suppress_health_check=list(HealthCheck), deadline=None)
def test_any_parts_give_a_document_or_a_refusal(parts: list[PdfPart], begun: bool) -> None:
    if begun:
        parts = [with_page((b"Contents", Ref(2))), *parts]
    try:
        new = written(parts)
    except Unsound as error:
        assert error.fault.number in (3867, 3868)
        return
    with pikepdf.open(io.BytesIO(new), attempt_recovery=False) as pdf:
        assert len(pdf.pages) >= 1


_KEPT: dict[str, bytes] = {}


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(sorted(GOOD)), st.integers(0, 1 << 20), st.binary(max_size=3))
def test_a_document_with_some_bytes_changed_is_written_anew_or_refused(
    name: str, at: int, new: bytes
) -> None:
    old = _KEPT.setdefault(name, GOOD[name]())
    at %= len(old)
    for side in (sending, receiving):
        try:
            made = rebuilt(side, old[:at] + new + old[at + 2 :])
        except Unsound as error:
            assert isinstance(error.fault, Fault)
            continue
        assert re.match(rb"%PDF-1\.7\n", made)


@pytest.mark.parametrize("side", SIDES)
def test_nothing_is_opened_meanwhile(side: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    every = [make() for make in GOOD.values()]

    def shut(*_: Any, **__: Any) -> Any:
        raise PermissionError("nothing opens here")

    with monkeypatch.context() as patch:
        for where in (builtins, io, os):
            patch.setattr(where, "open", shut)
        made = [rebuilt(side, one) for one in every]
    assert all(made)


SANDBOXED = """
import os, pathlib, sys
from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.pdf import PdfProfile
from gateway.inspection.receiving.formats import pdf as receiving
from gateway.inspection.sandbox import kernel
from gateway.inspection.sandbox.filter import child_filter
from gateway.inspection.sending.formats import pdf as sending
every = [pathlib.Path(name).read_bytes() for name in sys.argv[1:]]
rules = child_filter()
kernel.no_new_privileges()
rules.lay_over()
bad = 0
for content in map(Content.of_bytes, every):
    for side in (sending, receiving):
        bad += not list(side.parts(content, FormatLimits(), PdfProfile()))
os._exit(min(bad, 99))
"""


def test_all_is_loaded_before_a_sandbox_is_closed(tmp_path: Path) -> None:
    for number, make in enumerate(GOOD.values()):
        (tmp_path / f"{number}.pdf").write_bytes(make())
    paths = sorted(str(path) for path in tmp_path.iterdir())
    ended = subprocess.run([sys.executable, "-c", SANDBOXED, *paths], timeout=60, check=False)
    assert ended.returncode == 0
