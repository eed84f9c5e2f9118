"""Forms of text by parsers of the library: expat, csv and msgspec, for libmagic's second look."""

from __future__ import annotations

import codecs
import contextlib
import csv
import itertools
import re
from typing import Final
from xml.parsers import expat

import msgspec

from gateway.inspection.content import Content

# Whole texts are parsed up to here; beyond, head and tail must do.
MAX_PARSED_BYTES: Final = 1 << 20
_TABLE_RECORDS: Final = 20
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_SPACE: Final = "\x1f"
_XML_ENCODINGS: Final = (
    "utf-8",
    "utf8",
    "utf-16",
    "gb18030",
    "gbk",
    "gb2312",
    "us-ascii",
    "iso-8859-1",
)
_PAGE_ELEMENTS: Final = frozenset(["html", "head", "body", "script", "iframe"])
# These begin a page only where the text is no XML.
_LOOSE_ELEMENTS: Final = frozenset(
    (
        "meta",
        "title",
        "style",
        "link",
        "form",
        "object",
        "embed",
        "img",
        "a",
        "div",
        "p",
        "table",
        "br",
        "h1",
        "b",
        "font",
    )
)
_SCRIPT_STARTS: Final = ("#!", "<?php", "<%@", "@echo off")
_SCRIPT_WORDS: Final = (
    "wscript.shell",
    "scripting.filesystemobject",
    "createobject(",
    "invoke-expression",
    "new-object net.webclient",
    "powershell -",
    "powershell.exe -",
    "set-executionpolicy",
)


class _Resource(msgspec.Struct):
    resourceType: str | None = None


_fhir = msgspec.json.Decoder(_Resource)
_any = msgspec.json.Decoder(msgspec.Raw)


def text_of(content: Content) -> str | None:
    """Head as text, None where head or tail is none."""
    head = content.head
    final = content.headed
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8", "gb18030"]
        if not final and _has_controls(content.tail.decode("latin-1")):
            return None
    for encoding in encodings:
        cut = not final or encoding == "utf-16"
        try:
            text = (
                codecs.getincrementaldecoder(encoding)().decode(head)
                if cut
                else head.decode(encoding)
            )
        except UnicodeDecodeError:
            continue
        return None if _has_controls(text) else text
    return None


def _has_controls(text: str) -> bool:
    """C0 controls but for tab, line feed, form feed and carriage return; and DEL."""
    return _CONTROL.search(text) is not None


def form_of(text: str, content: Content) -> str:
    text = text[1:] if text[:1] == "\ufeff" else text
    begins = text.lstrip()
    if not begins:
        return "text"
    if begins[:9].lower().startswith(_SCRIPT_STARTS):
        return "script"
    if text[:3] in ("MSH", "FHS", "BHS") and _is_hl7(text):
        return "hl7 v2"
    form = ""
    if begins[0] == "<":
        form = _markup(begins, content)
    elif begins[0] in "{[":
        form = _json(begins, content)
    if form:
        return form
    lowered = text[:4096].lower()
    if any(words in lowered for words in _SCRIPT_WORDS):
        return "script"
    return "csv" if any(_is_table(text, mark, content.headed) for mark in ",\t;|") else "text"


def _is_hl7(text: str) -> bool:
    """MSH, a field separator, three to five encoding characters, the separator (HL7 v2.9, 2.5.3)."""
    separator, rest = text[3:4], text[4:10]
    if not separator or separator.isalnum() or separator.isspace() or separator == "_":
        return False
    marks, found, _ = rest.partition(separator)
    odd = all(not (c.isalnum() or c.isspace() or c == "_") for c in marks)
    return bool(found) and 3 <= len(marks) <= 5 and odd


class _Stop(Exception):
    """The root element has been seen."""


def root_of(text: str) -> tuple[str, str] | None:
    """(namespace, local name) of the root element by expat, None where the text does not begin so."""
    found: list[str] = []

    def start(name: str, _attributes: object) -> None:
        found.append(name)
        raise _Stop

    def declaration(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _XML_ENCODINGS:
            raise _Stop

    parser = expat.ParserCreate("utf-8", _SPACE)
    parser.StartElementHandler = start
    parser.XmlDeclHandler = declaration
    with contextlib.suppress(_Stop, expat.ExpatError):
        parser.Parse(text.encode("utf-8", "replace"), False)
    if not found:
        return None
    space, _, local = found[0].rpartition(_SPACE)
    return space, local


def _markup(begins: str, content: Content) -> str:
    element = _first_element(begins)
    if not begins.startswith("<?xml") and element in _PAGE_ELEMENTS:
        return "html"
    root = root_of(begins)
    end = content.tail.replace(b"\x00", b"").rstrip(b" \t\r\n")
    if root is None or not end.endswith(b">"):
        return "html" if element in _LOOSE_ELEMENTS else ""
    if root[1].lower() in _PAGE_ELEMENTS:
        return "html"
    if root == ("urn:hl7-org:v3", "ClinicalDocument"):
        return "cda"
    return "fhir xml" if root[0] == "http://hl7.org/fhir" else "xml"


def _first_element(begins: str) -> str:
    """Name of the first element in small letters, "html" for its DOCTYPE; "" for neither."""
    while begins.startswith("<!--"):
        _, closed, rest = begins[4:].partition("-->")
        begins = rest.lstrip()
        if not closed:
            return ""
    if begins[:1] != "<":
        return ""
    head = begins[1:60].lower()
    name = "".join(itertools.takewhile(str.isalnum, head))
    following = head[len(name) : len(name) + 1]
    if name and (following.isspace() or following in (">", "/")):
        return name
    words = head.split(None, 1)
    if words[:1] != ["!doctype"] or len(words) < 2 or not words[1].startswith("html"):
        return ""
    return "" if words[1][4:5].isalnum() or words[1][4:5] == "_" else "html"


def _json(begins: str, content: Content) -> str:
    end = content.tail.rstrip(b" \t\r\n")[-1:]
    if end != (b"}" if begins[0] == "{" else b"]") or content.head[:2] in (
        b"\xff\xfe",
        b"\xfe\xff",
    ):
        return ""
    if content.size_bytes > MAX_PARSED_BYTES:
        key, colon, rest = begins[1:200].lstrip().partition(":")
        named = key.rstrip() == '"resourceType"' and colon
        kind = rest.lstrip()[:100].split('"')
        return "fhir json" if named and len(kind) > 2 and _is_kind(kind[1]) else "json"
    whole = content.read_at(0, content.size_bytes).removeprefix(codecs.BOM_UTF8)
    try:
        whole.decode()
        _any.decode(whole)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ""
    try:
        kind_word = _fhir.decode(whole).resourceType or ""
    except (msgspec.DecodeError, RecursionError):
        return "json"
    return "fhir json" if _is_kind(kind_word) else "json"


def _is_kind(text: str) -> bool:
    return text.isascii() and text.isalpha() and text[0].isupper()


def _is_table(text: str, mark: str, whole: bool) -> bool:
    """At least two records, and the same number of fields, two or more, in the first twenty."""
    if mark not in text:
        return False
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    widths: list[int] = []
    reader = csv.reader((line + "\n" for line in lines), delimiter=mark, strict=True)
    try:
        for record in itertools.islice((fields for fields in reader if fields), _TABLE_RECORDS):
            if reader.line_num >= len(lines) and not whole:
                break
            widths.append(len(record))
    except csv.Error:
        if whole or reader.line_num < len(lines):
            return False
    return len(widths) >= 2 and widths[0] >= 2 and len(set(widths)) == 1
