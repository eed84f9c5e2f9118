"""PDF documents of our own: good ones, and each way we know to make one bad.

Those that qpdf would mend while writing are put together byte by byte (`raw`).
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

CMAP: Final = (
    b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
    b"1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
    b"4 beginbfchar <0001> <5F20> <0002> <4E09> <0003> <62A5> <0004> <544A> endbfchar\n"
    b"endcmap CMapName currentdict /CMap defineresource pop end end"
)


def font(pdf: Pdf) -> Any:
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type1,
            BaseFont=Name.Helvetica,
            Encoding=Name.WinAnsiEncoding,
        )
    )


def document(pages: int = 1, text: bytes = b"BT /F1 12 Tf 72 700 Td (Report %d) Tj ET") -> Pdf:
    pdf = Pdf.new()
    helvetica = font(pdf)
    for number in range(pages):
        page = pdf.add_blank_page(page_size=(595, 842))
        page.obj.Contents = pdf.make_stream(text % (number + 1) if b"%d" in text else text)
        page.obj.Resources = Dictionary(Font=Dictionary(F1=helvetica))
    return pdf


def saved(pdf: Pdf, **how: Any) -> bytes:
    out = io.BytesIO()
    pdf.save(out, deterministic_id="encryption" not in how, fix_metadata_version=False, **how)
    return out.getvalue()


def changed(change: Callable[[Pdf], object], **how: Any) -> Callable[[], bytes]:
    """A document with one change, before it is saved."""

    def make() -> bytes:
        pdf = document()
        change(pdf)
        return saved(pdf, **how)

    return make


def raw(objects: list[bytes], trailer: bytes = b"", skip: frozenset[int] = frozenset()) -> bytes:
    """A file of these objects, numbered from 1; the first is the catalogue. skip: not in the table."""
    out, at = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        at.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for number, offset in enumerate(at, 1):
        out += b"%010d %05d %s \n" % (
            0 if number in skip else offset,
            65535 if number in skip else 0,
            b"f" if number in skip else b"n",
        )
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        trailer,
        start,
    )
    return bytes(out)


PLAIN: Final = [
    b"<< /Type /Catalog /Pages 2 0 R >>",
    b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << >> /Contents 4 0 R >>",
    b"<< /Length 2 >>\nstream\nq \nendstream",
]


def stream(data: bytes, keys: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n" % (len(data), keys) + data + b"\nendstream"


def with_object(body: bytes) -> Callable[[], bytes]:
    """One more object, to which nobody refers."""
    return lambda: raw([*PLAIN, body])


def appended(body: bytes, number: int = 3, change: bytes = b"") -> bytes:
    """A second revision that replaces an object."""
    first = raw(PLAIN)
    previous = re.findall(rb"startxref\n(\d+)", first)[-1]
    at = len(first)
    out = first + change + b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    at += len(change)
    out += b"xref\n%d 1\n%010d 00000 n \n" % (number, at)
    return out + b"trailer\n<< /Size 5 /Root 1 0 R /Prev %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        previous,
        start,
    )


def chinese(**how: Any) -> bytes:
    pdf = document(text=b"BT /F1 12 Tf 72 700 Td <0001000200030004> Tj ET")
    descendant = pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=Name("/Song"),
            DW=1000,
            CIDSystemInfo=Dictionary(
                Registry=String("Adobe"), Ordering=String("Identity"), Supplement=0
            ),
        )
    )
    pdf.pages[0].obj.Resources.Font.F1 = pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name("/Song"),
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([descendant]),
            ToUnicode=pdf.make_stream(CMAP),
        )
    )
    return saved(pdf, **how)


def illegible() -> bytes:
    pdf = Pdf.open(io.BytesIO(chinese()))
    del pdf.pages[0].obj.Resources.Font.F1["/ToUnicode"]
    return saved(pdf)


def _annotate(pdf: Pdf, **keys: Any) -> None:
    annotation = Dictionary(Type=Name.Annot, Rect=Array([9, 9, 99, 99]), **keys)
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(annotation)])


def _link(pdf: Pdf, uri: str) -> None:
    _annotate(pdf, Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=String(uri)))


def _act(pdf: Pdf, **keys: Any) -> None:
    _annotate(pdf, Subtype=Name.Link, A=Dictionary(**keys))


def _form(pdf: Pdf) -> None:
    appearance = Stream(
        pdf,
        b"/Tx BMC BT /F1 9 Tf 2 2 Td (Filled) Tj ET EMC",
        Subtype=Name.Form,
        Type=Name.XObject,
        BBox=Array([0, 0, 90, 90]),
        Resources=Dictionary(Font=Dictionary(F1=font(pdf))),
    )
    _annotate(
        pdf,
        Subtype=Name.Widget,
        FT=Name.Tx,
        T=String("name"),
        V=String("Filled"),
        F=4,
        AP=Dictionary(N=pdf.make_indirect(appearance)),
    )
    pdf.Root.AcroForm = Dictionary(Fields=pdf.pages[0].obj.Annots)


def _field_script(pdf: Pdf) -> None:
    _form(pdf)
    pdf.pages[0].obj.Annots[0].AA = Dictionary(K=Dictionary(**_JS))


def _picture(pdf: Pdf, data: bytes = b"", **keys: Any) -> None:
    every = {"Width": 2, "Height": 2, "ColorSpace": Name.DeviceGray, "BitsPerComponent": 8, **keys}
    image = Stream(pdf, data or bytes(4), Type=Name.XObject, Subtype=Name.Image, **every)
    pdf.pages[0].obj.Resources.XObject = Dictionary(I1=pdf.make_indirect(image))


def _attach(pdf: Pdf, data: bytes = b"MZ" + bytes(99)) -> None:
    pdf.attachments["tool.exe"] = data


def _associate(pdf: Pdf) -> None:
    embedded = pdf.make_stream(b"MZ" + bytes(99))
    pdf.pages[0].obj.AF = Array(
        [Dictionary(Type=Name.Filespec, F=String("x.exe"), EF=Dictionary(F=embedded))]
    )


def _layer(pdf: Pdf) -> None:
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("secret layer")))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
    pdf.pages[0].obj.Resources.Properties = Dictionary(L=layer)
    pdf.pages[0].obj.Contents = pdf.make_stream(
        b"/OC /L BDC BT /F1 9 Tf 9 9 Td (hidden words) Tj ET EMC"
    )


def hidden_layer() -> bytes:
    return changed(_layer)()


def _metadata(pdf: Pdf, data: bytes) -> None:
    pdf.Root.Metadata = pdf.make_indirect(Stream(pdf, data, Type=Name.Metadata, Subtype=Name.XML))


def _outline(pdf: Pdf) -> None:
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("第一章", 0))


def _signed_words(pdf: Pdf) -> None:
    pdf.docinfo["/Author"] = "张三"
    _annotate(pdf, Subtype=Name.Text, Contents=String("note of a doctor"))


def _jpeg() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("L", (2, 2)).save(out, "JPEG")
    return out.getvalue()


GOOD: Final[dict[str, Callable[[], bytes]]] = {
    "a page": lambda: saved(document()),
    "put together by hand": lambda: raw(PLAIN),
    "twenty pages": lambda: saved(document(20)),
    "Chinese": chinese,
    "objects in streams": lambda: saved(document(3), object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "linearized": lambda: saved(document(3), linearize=True),
    "a form": changed(_form),
    "a link": changed(lambda pdf: _link(pdf, "https://example.org/")),
    "a letter box": changed(lambda pdf: _link(pdf, "mailto:a@example.org")),
    "a picture": changed(_picture),
    "a photograph": changed(lambda pdf: _picture(pdf, _jpeg(), Filter=Name.DCTDecode)),
    "a second revision": lambda: appended(PLAIN[2]),
    "a layer": hidden_layer,
    "an outline": changed(_outline),
    "an author and a note": changed(_signed_words),
    "metadata": changed(lambda pdf: _metadata(pdf, "<x><dc:title>标题</dc:title></x>".encode())),
    "a place to open at": changed(lambda pdf: pdf.Root.__setattr__("OpenAction", Array([pdf.pages[0].obj, Name.Fit]))),
}  # fmt: skip

_JS: Final[Any] = {"S": Name.JavaScript, "JS": String("app.alert(1)")}
_BOMB: Final = zlib.compress(bytes(80 << 20), 9)
_FLATE: Final = b"/Filter /FlateDecode"
_OBJSTM: Final = pikepdf.ObjectStreamMode.generate

CASES: Final[list[tuple[str, Callable[[], bytes], set[int]]]] = [
    ("a script on opening", changed(lambda p: p.Root.__setattr__("OpenAction", Dictionary(**_JS))), {3879}),
    ("a script in an object stream", changed(lambda p: p.Root.__setattr__("OpenAction", p.make_indirect(Dictionary(**_JS))), object_stream_mode=_OBJSTM), {3879}),
    ("a script in the names", changed(lambda p: p.Root.__setattr__("Names", Dictionary(JavaScript=Dictionary(Names=Array([String("x"), Dictionary(**_JS)]))))), {3879}),
    ("a script nobody refers to", with_object(b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"), {3879}),
    ("a script in a stream", with_object(b"<< /S /JavaScript /JS 4 0 R >>"), {3879}),
    ("a script of a field", changed(lambda p: _field_script(p)), {3879}),
    ("a script written with escapes", with_object(b"<< /S /#4aavaScript /#4aS (x) >>"), {3879, 3896}),
    ("an escaped name alone", with_object(b"<< /Ty#70e /X >>"), {3896}),
    ("a script in an older revision", lambda: _old_script(), {3879}),
    ("a script in a newer revision", lambda: appended(PLAIN[2][:-2] + b"/AA << /O << /S /JavaScript /JS (x) >> >> >>"), {3879}),
    ("a program that is started", changed(lambda p: _act(p, S=Name.Launch, F=String("cmd.exe"))), {3880}),
    ("data brought in", changed(lambda p: _act(p, S=Name.ImportData, F=String("x.fdf"))), {3880}),
    ("a form that is sent", changed(lambda p: _act(p, S=Name.SubmitForm, F=String("http://h/"))), {3880}),
    ("a jump to another file", changed(lambda p: _act(p, S=Name.GoToR, F=String("\\\\h\\x.pdf"), D=Array([0, Name.Fit]))), {3882}),
    ("a jump to an attached file", changed(lambda p: _act(p, S=Name.GoToE, D=Array([0, Name.Fit]))), {3882}),
    ("an action that does not exist", changed(lambda p: _act(p, S=Name("/Run"))), {3880}),
    ("a command of the viewer", changed(lambda p: _act(p, S=Name.Named, N=Name("/Print"))), {3880}),
    ("an action behind a jump", changed(lambda p: _act(p, S=Name.GoTo, D=Array([0, Name.Fit]), Next=Dictionary(S=Name.Launch))), {3880}),
    ("a web page on opening", changed(lambda p: p.Root.__setattr__("OpenAction", Dictionary(S=Name.URI, URI=String("http://h/")))), {3881}),
    ("a web page when a page is shown", changed(lambda p: p.pages[0].obj.__setattr__("AA", Dictionary(O=Dictionary(S=Name.URI, URI=String("http://h/"))))), {3881}),
    ("a link to a file", changed(lambda p: _link(p, "file:///etc/passwd")), {3882}),
    ("a link that runs", changed(lambda p: _link(p, "java\nscript:alert(1)")), {3882}),
    ("a link to a share", changed(lambda p: _link(p, "\\\\h\\share")), {3882}),
    ("rich media", changed(lambda p: _annotate(p, Subtype=Name.RichMedia, RichMediaContent=Dictionary())), {3883}),
    ("a model in space", changed(lambda p: _annotate(p, Subtype=Name("/3D"))), {3883}),
    ("a sound", changed(lambda p: _annotate(p, Subtype=Name.Sound)), {3883}),
    ("a film", changed(lambda p: _annotate(p, Subtype=Name.Movie)), {3883}),
    ("a screen", changed(lambda p: _annotate(p, Subtype=Name.Screen)), {3883}),
    ("a rendition", with_object(b"<< /S /Rendition /OP 0 >>"), {3883}),
    ("an annotation of no kind", changed(lambda p: _annotate(p, Subtype=Name("/Runner"))), {3883}),
    ("an XFA form", changed(lambda p: p.Root.__setattr__("AcroForm", Dictionary(Fields=Array([]), XFA=p.make_stream(b"<xdp/>")))), {3884}),
    ("an attached program", changed(_attach), {3887}),
    ("an associated program", changed(_associate), {3887}),
    ("a file as an annotation", changed(lambda p: _annotate(p, Subtype=Name.FileAttachment)), {3887}),
    ("a portfolio", changed(lambda p: p.Root.__setattr__("Collection", Dictionary(View=Name.D))), {3887}),
    ("an embedded file nobody names", with_object(stream(b"MZ" + bytes(99), b"/Type /EmbeddedFile")), {3887}),
    ("a password", changed(lambda p: None, encryption=pikepdf.Encryption(user="u", owner="o")), {3875}),
    ("restrictions only", changed(lambda p: None, encryption=pikepdf.Encryption(user="", owner="o")), {3875}),
    ("restrictions with objects in streams", changed(lambda p: None, encryption=pikepdf.Encryption(user="", owner="o"), object_stream_mode=_OBJSTM), {3875}),
    ("a stream whose data are elsewhere", with_object(stream(b"", b"/F (\\\\\\\\h\\\\x)")), {3888}),
    ("three filters", with_object(stream(b"", b"/Filter [/ASCIIHexDecode /ASCIIHexDecode /ASCIIHexDecode]")), {3889}),
    ("a filter of its own", with_object(stream(b"", b"/Filter /Crypt")), {3889}),
    ("a codec before another filter", with_object(stream(b"", b"/Filter [/DCTDecode /FlateDecode]")), {3889}),
    ("a bomb", with_object(stream(_BOMB, _FLATE)), {3890}),
    ("a bomb of a bomb", with_object(stream(zlib.compress(_BOMB, 9), b"/Filter [/FlateDecode /FlateDecode]")), {3890}),
    ("a bomb of objects", with_object(stream(_BOMB, _FLATE + b" /Type /ObjStm /N 1 /First 4")), {3890}),
    ("a bomb of runs", with_object(stream(b"\x81\0" * (1 << 20) + b"\x80", b"/Filter /RunLengthDecode")), {3890}),
    ("bytes behind compressed ones", with_object(stream(zlib.compress(b"q") + b"MZ program", _FLATE)), {3891}),
    ("compressed data that end early", with_object(stream(zlib.compress(bytes(9999))[:-6], _FLATE)), {3891}),
    ("a length that is too short", with_object(b"<< /Length 2 >>\nstream\nq Q Q Q Q\nendstream"), {3891, 3871}),
    ("a length that is too long", with_object(b"<< /Length 99 >>\nstream\nq Q\nendstream"), {3891, 3871, 3873}),
    ("JBIG2", changed(lambda p: _picture(p, bytes(99), Filter=Name.JBIG2Decode)), {3892}),
    ("too many pixels", changed(lambda p: _picture(p, Width=100_000, Height=100_000)), {3893}),
    ("a photograph that is another size", changed(lambda p: _picture(p, _jpeg(), Filter=Name.DCTDecode, Width=5)), {3893}),
    ("a photograph of too many pixels", changed(lambda p: _picture(p, _big_jpeg(), Filter=Name.DCTDecode)), {3893}),
    ("a program behind a photograph", changed(lambda p: _picture(p, _jpeg() + b"MZ" + bytes(200), Filter=Name.DCTDecode)), {3891}),
    ("more pixels than said", changed(lambda p: _picture(p, bytes(1 << 20))), {3890}),
    ("a program as a stream", with_object(stream(zlib.compress(b"MZ" + bytes(999)), _FLATE)), {3894}),
    ("a zip as a stream", with_object(stream(b"PK\x03\x04" + bytes(99))), {3894}),
    ("an object that no table lists", lambda: raw([*PLAIN, b"<< /S /JavaScript /JS (x) >>"], skip=frozenset({5})), {3874, 3879}),
    ("a table that points into a stream", lambda: _inside_stream(), {3871, 3874}),
    ("a table that points before itself for ever", lambda: _loop(), {3871, 3874}),
    ("bytes between objects", lambda: appended(PLAIN[2], change=b"MZ program\n"), {3873}),
    ("bytes behind the end", lambda: raw(PLAIN) + b"PK\x03\x04", {3873}),
    ("bytes before the beginning", lambda: b"MZ" + raw(PLAIN), {3872}),
    ("a program in comments", lambda: raw(PLAIN).replace(b"xref\n0", b"%" + b"MZ" * 2000 + b"\nxref\n0", 1), {3871, 3873}),
    ("twenty revisions", lambda: _revisions(20), {3898}),
    ("pages that hold themselves", lambda: raw([PLAIN[0], b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>", *PLAIN[2:]]), {3871, 3878}),
    ("a hundred levels", with_object(b"[" * 100 + b"]" * 100), {3876, 3871}),
    ("a hundred thousand levels", with_object(b"[" * 100_000 + b"]" * 100_000), {3876, 3871}),
    ("a hundred thousand levels of keys", with_object(b"<</A" * 100_000 + b" 1" + b">>" * 100_000), {3876, 3871}),
    ("five million values", with_object(b"[" + b"1 " * 5_000_000 + b"]"), {3877, 3871}),
    ("metadata with a document type", changed(lambda p: _metadata(p, b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///x'>]><x>&a;</x>")), {3897}),
    ("the same key twice", with_object(b"<< /A 1 /A 2 >>"), {3871}),
    ("no end", lambda: raw(PLAIN)[:-12], {3871, 3873}),
    ("half", lambda: raw(PLAIN)[:200], {3871, 3873}),
    ("only a header", lambda: b"%PDF-1.7\n%%EOF\n", {3871, 3873}),
]  # fmt: skip


def _old_script() -> bytes:
    """The script is replaced by a later revision: only who looks back finds it."""
    first = raw([*PLAIN, b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"])
    at = len(first)
    previous = re.findall(rb"startxref\n(\d+)", first)[-1]
    out = first + b"5 0 obj\nnull\nendobj\n"
    start = len(out)
    out += b"xref\n5 1\n%010d 00000 n \n" % at
    return out + b"trailer\n<< /Size 6 /Root 1 0 R /Prev %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        previous,
        start,
    )


def _inside_stream() -> bytes:
    hidden = b"5 0 obj\n<< /S /JavaScript /JS (x) >>\nendobj\n"
    made = raw([*PLAIN, b"<< >>", stream(hidden)])
    at = made.index(hidden, made.index(b"6 0 obj"))
    right = made.index(b"5 0 obj")
    return made.replace(b"%010d" % right, b"%010d" % at)


def _loop() -> bytes:
    made = raw(PLAIN)
    start = re.findall(rb"startxref\n(\d+)", made)[-1]
    return raw(PLAIN, b"/Prev " + start)


def _revisions(count: int) -> bytes:
    made = raw(PLAIN)
    for _ in range(count):
        previous = re.findall(rb"startxref\n(\d+)", made)[-1]
        start = len(made)
        made += (
            b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 5 /Root 1 0 R /Prev %s >>\n"
            % previous
        )
        made += b"startxref\n%d\n%%%%EOF\n" % start
    return made


def _big_jpeg() -> bytes:
    made = _jpeg()
    at = made.index(b"\xff\xc0") + 5
    return made[:at] + struct.pack(">HH", 60_000, 60_000) + made[at + 4 :]
