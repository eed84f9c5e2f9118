"""OFD documents of our own (GB/T 33190), file by file, and each way we know to make one bad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.corpus.image import saved
from tests.corpus.ooxml import packed

Files = dict[str, bytes]

_SPACE: Final = "http://www.ofdspec.org/2016"
_PNG: Final = saved("PNG", "L")


def xml(root: str, inside: str, attributes: str = "", space: str = _SPACE) -> bytes:
    said = f"<?xml version='1.0' encoding='UTF-8'?><ofd:{root} xmlns:ofd='{space}' {attributes}>{inside}</ofd:{root}>"
    return said.encode()


def text(x: float, y: float, said: str) -> str:
    return f"<ofd:TextObject ID='9' Boundary='{x} {y} 50 5' Font='1' Size='4'><ofd:TextCode X='0' Y='4'>{said}</ofd:TextCode></ofd:TextObject>"


def page(inside: str) -> bytes:
    return xml("Page", f"<ofd:Content><ofd:Layer ID='5'>{inside}</ofd:Layer></ofd:Content>")


def ofd(inside: str = "", *, version: str = "1.1", space: str = _SPACE, document: str = "", actions: str = "",
        resources: str = "", kind: str = "OFD", info: str = "", more: Files | None = None) -> Files:  # fmt: skip
    """Two pages, an annotation, an attachment, a picture, a font, a custom tag and a signature."""
    files = {
        "OFD.xml": xml("OFD", "<ofd:DocBody><ofd:DocInfo><ofd:DocID>0a1b</ofd:DocID><ofd:Author>王医生</ofd:Author>"
                       f"<ofd:CustomDatas><ofd:CustomData Name='科室'>心内科</ofd:CustomData></ofd:CustomDatas>{info}</ofd:DocInfo>"
                       "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot><ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>"
                       "</ofd:DocBody>", f"Version='{version}' DocType='{kind}'"),
        "Doc_0/Document.xml": xml("Document", "<ofd:CommonData><ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData>"
                       "<ofd:Pages><ofd:Page ID='1' BaseLoc='Pages/Page_0/Content.xml'/><ofd:Page ID='2' BaseLoc='Pages/Page_1/Content.xml'/></ofd:Pages>"
                       "<ofd:Outlines><ofd:OutlineElem Title='目录'><ofd:Actions><ofd:Action Event='CLICK'><ofd:Goto><ofd:Dest Type='XYZ' PageID='2'/></ofd:Goto></ofd:Action></ofd:Actions></ofd:OutlineElem></ofd:Outlines>"
                       f"{actions}<ofd:Annotations>Annots/Annotations.xml</ofd:Annotations><ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>"
                       f"<ofd:CustomTags>Tags/CustomTags.xml</ofd:CustomTags>{document}"),
        "Doc_0/PublicRes.xml": xml("Res", "<ofd:Fonts><ofd:Font ID='1' FontName='宋体'><ofd:FontFile>font.ttf</ofd:FontFile></ofd:Font></ofd:Fonts>"
                       f"<ofd:MultiMedias><ofd:MultiMedia ID='3' Type='Image' Format='PNG'><ofd:MediaFile>a.png</ofd:MediaFile></ofd:MultiMedia>{resources}</ofd:MultiMedias>", "BaseLoc='Res'"),
        "Doc_0/Res/a.png": _PNG,
        "Doc_0/Res/font.ttf": b"\0\1\0\0" + bytes(40),
        "Doc_0/Pages/Page_0/Content.xml": page(text(60, 10, "19491231002X") + text(10, 10, "身份证 110105") + inside),
        "Doc_0/Pages/Page_1/Content.xml": page("".join(text(10 + 4 * n, 20, one) for n, one in enumerate("13812345678"))),
        "Doc_0/Annots/Annotations.xml": xml("Annotations", "<ofd:Page PageID='1'><ofd:FileLoc>Page_0/Annotation.xml</ofd:FileLoc></ofd:Page>"),
        "Doc_0/Annots/Page_0/Annotation.xml": xml("PageAnnot", "<ofd:Annot ID='7' Type='Highlight' Creator='李主任'><ofd:Remark>批注</ofd:Remark>"
                       f"<ofd:Appearance>{text(1, 1, '印章')}</ofd:Appearance></ofd:Annot>"),
        "Doc_0/Attachs/Attachments.xml": xml("Attachments", "<ofd:Attachment ID='8' Name='化验单' Format='txt'><ofd:FileLoc>note.txt</ofd:FileLoc></ofd:Attachment>"),
        "Doc_0/Attachs/note.txt": "化验".encode(),
        "Doc_0/Tags/CustomTags.xml": xml("CustomTags", "<ofd:CustomTag TypeID='1'><ofd:FileLoc>CustomTag.xml</ofd:FileLoc></ofd:CustomTag>"),
        "Doc_0/Tags/CustomTag.xml": "<fp:eInvoice xmlns:fp='urn:x'><fp:Buyer>市立医院</fp:Buyer></fp:eInvoice>".encode(),
        "Doc_0/Signs/Signatures.xml": xml("Signatures", "<ofd:MaxSignId>1</ofd:MaxSignId><ofd:Signature ID='1' BaseLoc='Sign_0/Signature.xml'/>"),
        "Doc_0/Signs/Sign_0/Signature.xml": xml("Signature", "<ofd:SignedInfo><ofd:Provider ProviderName='x'/><ofd:References CheckMethod='1.2.156.10197.1.401'>"
                       "<ofd:Reference FileRef='/OFD.xml'><ofd:CheckValue>AAAA</ofd:CheckValue></ofd:Reference></ofd:References></ofd:SignedInfo>"
                       "<ofd:SignedValue>SignedValue.dat</ofd:SignedValue>"),
        "Doc_0/Signs/Sign_0/SignedValue.dat": b"\x30\x03\x02\x01\x01",
        **(more or {}),
    }  # fmt: skip
    return {name: data.replace(_SPACE.encode(), space.encode()) for name, data in files.items()}


GOOD: Final[dict[str, Callable[[], bytes]]] = {
    "a report": lambda: packed(ofd()),
    "the older namespace": lambda: packed(ofd(space="http://www.ofdspec.org", version="1.0")),
    "for archives, version 1.2": lambda: packed(ofd(version="1.2", kind="OFD-A")),
    "pages before everything else": lambda: packed(dict(sorted(ofd().items(), key=lambda one: "Page" not in one[0]))),
    "another prefix": lambda: packed({name: data.replace(b"ofd:", b"o:").replace(b"xmlns:ofd", b"xmlns:o") for name, data in ofd().items()}),
    "an attachment that is XML": lambda: packed(_changed(ofd(more={"Doc_0/Attachs/note.txt": b"<a>x</a>"}))),
}  # fmt: skip


def _changed(files: Files, name: str = "OFD.xml", old: bytes = b"", new: bytes = b"") -> Files:
    assert old in files[name]
    return files | {name: files[name].replace(old, new)}


def _without(*names: str) -> Files:
    return {name: data for name, data in ofd().items() if name not in names}


def _action(what: str) -> Files:
    return ofd(actions=f"<ofd:Actions><ofd:Action Event='DO'>{what}</ofd:Action></ofd:Actions>")


def _media(name: str, kind: str = "Image", data: bytes = b"x", form: str = "") -> Files:
    said = f"<ofd:MultiMedia ID='4' Type='{kind}' Format='{form}'><ofd:MediaFile>{name}</ofd:MediaFile></ofd:MultiMedia>"
    return ofd(resources=said, more={f"Doc_0/Res/{name}": data})


_DOC: Final = "Doc_0/Document.xml"
_PAGE: Final = "Doc_0/Pages/Page_0/Content.xml"
_SIGNATURE: Final = "Doc_0/Signs/Sign_0/Signature.xml"
CASES: Final[list[tuple[str, Callable[[], Files], set[int]]]] = [
    ("an address", lambda: _action("<ofd:URI URI='http://evil/x'/>"), {3845}),
    ("an address of a file on a page", lambda: ofd("<ofd:PathObject><ofd:Actions><ofd:Action Event='CLICK'><ofd:URI URI='file:///c:/x.exe'/></ofd:Action></ofd:Actions></ofd:PathObject>"), {3845}),
    ("an address in an annotation", lambda: _changed(ofd(), "Doc_0/Annots/Page_0/Annotation.xml", b"<ofd:Remark>", b"<ofd:Actions><ofd:Action Event='CLICK'><ofd:URI URI='x'/></ofd:Action></ofd:Actions><ofd:Remark>"), {3845}),
    ("an action in another namespace", lambda: _action("<x:URI xmlns:x='urn:x' URI='http://evil'/>"), {3845}),
    ("an attachment that opens", lambda: _action("<ofd:GotoA AttachID='8'/>"), {3846}),
    ("a sound", lambda: _action("<ofd:Sound ResourceID='4'/>"), {3847}),
    ("a film", lambda: _action("<ofd:Movie ResourceID='4' Operator='Play'/>"), {3848}),
    ("an action of its own", lambda: _action("<ofd:JavaScript>x()</ofd:JavaScript>"), {3849}),
    ("a script in an attribute", lambda: ofd("<ofd:PathObject Name='javascript:x()'/>"), {3861}),
    ("a script element", lambda: ofd("<script xmlns='http://www.w3.org/1999/xhtml'/>"), {3861}),
    ("a film among the pictures", lambda: _media("x.mp4", "Video"), {3848}),
    ("a program among the pictures", lambda: _media("x.exe", data=b"MZ" + bytes(60)), {3841}),
    ("XML among the pictures", lambda: _media("x.png", data=b"<svg/>"), {3841}),
    ("JBIG2 by its name", lambda: _media("x.jb2"), {3852}),
    ("JBIG2 by its mark", lambda: _media("x.png", data=b"\x97JB2\r\n\x1a\n" + bytes(20)), {3852}),
    ("JBIG2 by its format", lambda: _media("x.png", data=b"x", form="JBIG2"), {3852}),
    ("a program called a font", lambda: _changed(ofd(more={"Doc_0/Res/font.exe": b"MZ"}), "Doc_0/PublicRes.xml", b"font.ttf", b"font.exe"), {3841}),
    ("a page that is not there", lambda: _without(_PAGE), {3842}),
    ("an attachment that is not there", lambda: _without("Doc_0/Attachs/note.txt"), {3842}),
    ("a root that is not there", lambda: _without(_DOC), {3842, 3859}),
    ("a signature without its value", lambda: _without("Doc_0/Signs/Sign_0/SignedValue.dat"), {3842}),
    ("a signature over what is not there", lambda: _changed(ofd(), _SIGNATURE, b"/OFD.xml", b"/none.xml"), {3842}),
    ("a way out by an attachment", lambda: _changed(ofd(), "Doc_0/Attachs/Attachments.xml", b"note.txt", b"../../../etc/passwd"), {3843}),
    ("a way out from the root", lambda: _changed(ofd(), "OFD.xml", b"Doc_0/Document.xml<", b"/../x<"), {3843}),
    ("a way out by an address", lambda: _changed(ofd(), "Doc_0/PublicRes.xml", b"a.png", b"http://evil/a.png"), {3843}),
    ("a way out by a share", lambda: _changed(ofd(), "Doc_0/PublicRes.xml", b"a.png", b"\\\\evil\\a.png"), {3843}),
    ("a way out by a code", lambda: _changed(ofd(), "Doc_0/PublicRes.xml", b"a.png", b"%2e%2e/%2e%2e/%2e%2e/a.png"), {3843}),
    ("a file that nothing names", lambda: ofd(more={"Doc_0/Res/hidden.png": _PNG}), {3844}),
    ("a document that nothing names", lambda: ofd(more={"Doc_1/Document.xml": xml("Document", "<ofd:Pages/>")}), {3844}),
    ("another version", lambda: ofd(version="2.0"), {3840}),
    ("another kind", lambda: ofd(kind="EXE"), {3840}),
    ("another namespace", lambda: ofd(space="http://evil.example/2016"), {3856}),
    ("another root", lambda: _changed(ofd(), "OFD.xml", b"ofd:OFD", b"ofd:PDF"), {3840}),
    ("no root at all", lambda: _without("OFD.xml"), {3840}),
    ("no pages", lambda: ofd() | {_DOC: xml("Document", "<ofd:CommonData/>")}, {3859}),
    ("a page that is none", lambda: ofd() | {_PAGE: xml("Res", "")}, {3856}),
    ("a page of another vocabulary", lambda: ofd() | {_PAGE: b"<html/>"}, {3856}),
    ("a page behind a long comment", lambda: _changed(ofd(), _PAGE, b"<ofd:Page ", b"<!--" + b"x" * 9000 + b"--><ofd:Page "), {3611, 3858}),
    ("encrypted parts", lambda: _changed(ofd(), "OFD.xml", b"<ofd:DocRoot>", b"<ofd:Encryptions>x</ofd:Encryptions><ofd:DocRoot>"), {3857}),
    ("a document type on a page", lambda: _changed(ofd(), _PAGE, b"<ofd:Page ", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><ofd:Page "), {3602}),
    ("an instruction", lambda: _changed(ofd(), _DOC, b"<ofd:Pages>", b"<?evil?><ofd:Pages>"), {3603}),
    ("an inclusion", lambda: ofd("<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='/etc/passwd'/>"), {3607}),
    ("a prefix without a name", lambda: _changed(ofd(), "Doc_0/Tags/CustomTag.xml", b"fp:eInvoice", b":eInvoice"), {3600, 3611}),
    ("a page that is not whole", lambda: _changed(ofd(), _PAGE, b"</ofd:Page>", b""), {3600}),
    ("a hundred levels", lambda: ofd("<ofd:PageBlock>" * 100 + "</ofd:PageBlock>" * 100), {3604}),
    ("six thousand pages", lambda: _changed(ofd(), _DOC, b"<ofd:Pages>", b"<ofd:Pages>" + b"".join(
        b"<ofd:Page ID='1' BaseLoc='Pages/P%d.xml'/>" % n for n in range(6000))), {3855}),
]  # fmt: skip
