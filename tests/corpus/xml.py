"""XML and CDA documents of our own: good ones, and each way we know to make one bad."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

_MZ: Final = base64.b64encode(b"MZ" + bytes(600)).decode()

GOOD: Final[dict[str, Callable[[], bytes]]] = {
    "a small one": lambda: b"<?xml version='1.0' encoding='UTF-8'?>\n<a x='1'>text<b/></a>",
    "without a declaration": lambda: "<a>张三</a>".encode(),
    "a byte order mark": lambda: b"\xef\xbb\xbf<?xml version='1.0'?><a/>",
    "UTF-16": lambda: "<?xml version='1.0' encoding='UTF-16'?><a>张三</a>".encode("utf-16"),
    "GB 18030": lambda: "<?xml version='1.0' encoding='GB18030'?><a>张三</a>".encode("gb18030"),
    "GB 2312": lambda: "<?xml version='1.0' encoding='gb2312'?><a>张三</a>".encode("gb2312"),
    "a comment, a CDATA section and references": lambda: (
        b"<a><!-- x --><![CDATA[<b>&]]>&lt;&#20013;</a>"
    ),
    "namespaces": lambda: b"<p:a xmlns:p='urn:x' p:q='1'><b xmlns='urn:y'/></p:a>",
    "a hundred thousand elements": lambda: b"<a>" + b"<b>x</b>" * 100_000 + b"</a>",
}

CASES: Final[list[tuple[str, Callable[[], bytes], set[int]]]] = [
    ("a file from outside", lambda: b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", {3602}),
    ("a file from outside by parameter", lambda: b"<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://h/x.dtd'>%x;]><a/>", {3602}),
    ("a document type with a public name", lambda: b"<!DOCTYPE html PUBLIC '-//W3C//DTD' 'http://w/x.dtd'><a/>", {3602}),
    ("an empty document type", lambda: b"<!DOCTYPE a><a/>", {3602}),
    ("a thousand laughs", lambda: b"<!DOCTYPE a [<!ENTITY b 'ha'>" + b"".join(
        b"<!ENTITY b%d '%s'>" % (n, b"&b%d;" % (n - 1) * 10 if n else b"&b;" * 10) for n in range(9)
    ) + b"]><a>&b8;</a>", {3602}),
    ("quadratic growth", lambda: b"<!DOCTYPE a [<!ENTITY b '" + b"x" * 50_000 + b"'>]><a>" + b"&b;" * 50_000 + b"</a>", {3602}),
    ("an entity nobody has declared", lambda: b"<a>&x;</a>", {3600}),
    ("an inclusion", lambda: b"<a xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='/etc/passwd'/></a>", {3607}),
    ("a style sheet", lambda: b"<?xml-stylesheet href='http://h/x.xsl'?><a/>", {3603}),
    ("an instruction for PHP", lambda: b"<a><?php system('id') ?></a>", {3603}),
    ("UTF-7", lambda: b"<?xml version='1.0' encoding='UTF-7'?><a>+ADw-script+AD4-</a>", {3601}),
    ("an encoding that does not exist", lambda: b"<?xml version='1.0' encoding='x-user'?><a/>", {3601}),
    ("EBCDIC", lambda: "<?xml version='1.0' encoding='cp037'?><a/>".encode("cp037"), {3600, 3601}),
    ("UTF-16 in single bytes", lambda: b"<?xml version='1.0' encoding='UTF-16'?><a/>", {3601}),
    ("UTF-32", lambda: "<a/>".encode("utf-32"), {3600, 3601}),
    ("bytes that are not UTF-8", lambda: b"<a>\xff\xfe</a>", {3601}),
    ("an overlong slash", lambda: b"<a>\xc0\xaf</a>", {3601}),
    ("version 1.1", lambda: b"<?xml version='1.1'?><a>&#1;</a>", {3600, 3601}),
    ("a NUL", lambda: b"<a>\x00</a>", {3600}),
    ("a NUL by reference", lambda: b"<a>&#0;</a>", {3600}),
    ("a control character by reference", lambda: b"<a>&#x1b;[2J</a>", {3600}),
    ("a hundred levels", lambda: b"<a>" * 100 + b"</a>" * 100, {3600, 3604}),
    ("a hundred thousand levels", lambda: b"<a>" * 100_000 + b"</a>" * 100_000, {3600, 3604}),
    ("a thousand attributes", lambda: b"<a " + b" ".join(b"a%d=''" % n for n in range(1_000)) + b"/>", {3605}),
    ("two million elements", lambda: b"<a>" + b"<b/>" * 1_100_000 + b"</a>", {3605}),
    ("a script", lambda: b"<a><script>alert(1)</script></a>", {3608}),
    ("a script of a drawing", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", {3608}),
    ("a script in an attribute", lambda: b"<a onclick='alert(1)'/>", {3608}),
    ("a script in a link", lambda: b"<a href=' java&#115;cript:alert(1)'/>", {3608}),
    ("the same attribute twice", lambda: b"<a x='1' x='2'/>", {3600}),
    ("the same attribute twice by namespaces", lambda: b"<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>", {3600}),
    ("a prefix that nobody declared", lambda: b"<p:a/>", {3600}),
    ("two roots", lambda: b"<a/><b/>", {3600}),
    ("text behind the end", lambda: b"<a/>MZ", {3600}),
    ("no end", lambda: b"<a><b></a>", {3600}),
    ("nothing", lambda: b" ", {3600}),
]  # fmt: skip


def document(body: str = "<structuredBody><component><section><text>fine</text></section></component></structuredBody>",
             header: str = "", national: bool = True) -> str:  # fmt: skip
    """A clinical document of the shape that WS/T 500 documents have."""
    realm = "<realmCode code='CN'/>" if national else ""
    template = "<templateId root='2.16.156.10011.2.1.1.26'/>" if national else ""
    system = "2.16.156.10011.2.4" if national else "2.16.840.1.113883.6.1"
    return (
        "<?xml version='1.0' encoding='UTF-8'?><ClinicalDocument xmlns='urn:hl7-org:v3'"
        " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>"
        f"{realm}<typeId root='2.16.840.1.113883.1.3' extension='POCD_HD000040'/>{template}"
        f"<id root='2.16.156.10011.1.1' extension='D1'/><code code='C0006' codeSystem='{system}'/>"
        "<title>检查报告</title><effectiveTime value='20261121083000'/><confidentialityCode code='N'/>"
        "<languageCode code='zh-CN'/>"
        "<recordTarget><patientRole><id root='2.16.156.10011.1.12' extension='0001'/><patient>"
        "<name>张三</name><birthTime value='19800229'/><age unit='岁' value='46'/></patient></patientRole></recordTarget>"
        "<author><time value='20261121'/><assignedAuthor><id root='2.16.156.10011.1.7' extension='9'/></assignedAuthor></author>"
        "<custodian><assignedCustodian><representedCustodianOrganization><id root='2.16.156.10011.1.5' extension='H1'/>"
        f"</representedCustodianOrganization></assignedCustodian></custodian>{header}"
        f"<component>{body}</component></ClinicalDocument>"
    )


GOOD_CDA: Final[dict[str, Callable[[], bytes]]] = {
    "a report": lambda: document().encode(),
    "a report in GB 18030": lambda: document().replace("UTF-8", "GB18030").encode("gb18030"),
    "a report with a picture": lambda: document(
        "<nonXMLBody><text mediaType='image/png' representation='B64'>"
        + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(99)).decode() + "</text></nonXMLBody>"
    ).encode(),
}  # fmt: skip

CDA_CASES: Final[list[tuple[str, Callable[[], bytes], set[int]]]] = [
    ("no patient", lambda: document().replace("recordTarget", "informant").encode(), {3630}),
    ("another root", lambda: document().replace("ClinicalDocument", "Clinical").encode(), {3611}),
    ("another namespace", lambda: document().replace("urn:hl7-org:v3", "urn:x").encode(), {3611}),
    ("an element that CDA has not", lambda: document("<structuredBody><payload/></structuredBody>").encode(), {3631}),
    ("an element of another vocabulary", lambda: document("<x xmlns='urn:evil'/>").encode(), {3632}),
    ("a page inside", lambda: document("<div xmlns='http://www.w3.org/1999/xhtml'><script/></div>").encode(), {3608}),
    ("another type", lambda: document().replace("POCD_HD000040", "POCD_HD000020").encode(), {3633}),
    ("no OID", lambda: document().replace("2.16.156.10011.1.12", "../../etc").encode(), {3634}),
    ("an OID with leading zeros", lambda: document().replace("2.16.156.10011.1.12", "2.016").encode(), {3634}),
    ("a birthday that does not exist", lambda: document().replace("19800229", "19810229").encode(), {3635}),
    ("a time with a script", lambda: document().replace("20261121083000", "javascript:1").encode(), {3608, 3635}),
    ("base64 that is none", lambda: document(
        "<nonXMLBody><text representation='B64'>a*b</text></nonXMLBody>").encode(), {3636}),
    ("a document type", lambda: document().replace("<Clin", "<!DOCTYPE x><Clin", 1).encode(), {3602}),
    ("a style sheet", lambda: document().replace("<Clin", "<?xml-stylesheet href='x'?><Clin", 1).encode(), {3603}),
    ("a link that runs", lambda: document(
        "<structuredBody><component><section><text><linkHtml/></text></section></component></structuredBody>"
    ).encode(), {3631}),
]  # fmt: skip


def cda_with_program() -> bytes:
    """A program, encapsulated as if it were the report."""
    return document(
        f"<nonXMLBody><text mediaType='application/pdf' representation='B64'>{_MZ}</text></nonXMLBody>"
    ).encode()


def xml_with_program() -> bytes:
    return f"<a><b>{_MZ}</b></a>".encode()
