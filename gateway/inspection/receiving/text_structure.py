"""Forms of text for the receiving side: a text is what it can be parsed as from beginning to end.

Whole texts up to a mebibyte: XML by expat to its last element, JSON by msgspec to its last bracket,
tables record by record. Beyond that, the beginning and the end must do.
"""

from __future__ import annotations

import contextlib
import re
from typing import Final
from xml.parsers import expat

import msgspec

from gateway.inspection.content import Content

MAX_WHOLE_BYTES: Final = 1 << 20
_RECORDS: Final = 20
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_NOT_TEXT: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_NOT_TEXT_WIDE: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_ENCODINGS: Final = {
    "utf-8",
    "utf8",
    "utf-16",
    "gb18030",
    "gbk",
    "gb2312",
    "us-ascii",
    "iso-8859-1",
}
_RUNS: Final = re.compile(
    r"wscript\.shell|scripting\.filesystemobject|createobject\(|invoke-expression"
    r"|new-object net\.webclient|powershell(\.exe)? -|set-executionpolicy"
)
_BEFORE: Final = r"(\s*<!--([^-]|-(?!->))*-->)*\s*"
_PAGE: Final = re.compile(_BEFORE + r"<(!doctype\s+html\b|(html|head|body|script|iframe)[\s/>])")
_LOOSE: Final = re.compile(
    _BEFORE + r"<(meta|title|style|link|form|object|embed|img|a|div|p|table|br|h1|b|font)[\s/>]"
)


def text_word(content: Content) -> str:
    """The word for a content that no structure of bytes claims. Raises OSError."""
    text = _decode(content)
    if text is None:
        return "unknown"
    text = text.removeprefix("\ufeff")
    start = text.strip()
    if not start:
        return "text"
    lowered = start[:4096].lower()
    if lowered.startswith(("#!", "@echo off", "<?php", "<%@")):
        return "script"
    if _is_hl7(text):
        return "hl7 v2"
    form = _markup(start, lowered, content) or _json(start, content)
    if form:
        return form
    if _RUNS.search(lowered):
        return "script"
    return "csv" if _is_table(text, content.headed) else "text"


def _decode(content: Content) -> str | None:
    """The text of a whole small content, or of the head of a larger one; None where it is none."""
    data, whole = content.head, content.headed
    if data[:2] in _UTF16_MARKS:
        return _decode_utf16(data)
    if _NOT_TEXT.search(data) or (not whole and _NOT_TEXT.search(content.tail)):
        return None
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            # Cut in the middle of its last character.
            if not whole and error.start >= len(data) - 3:
                return data[: error.start].decode(encoding)
    return None


def _decode_utf16(data: bytes) -> str | None:
    data = data[: len(data) // 2 * 2]
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError as error:
        if error.start < len(data) - 2:
            return None
        text = data[: error.start].decode("utf-16")
    return None if _NOT_TEXT_WIDE.search(text) else text


def _is_hl7(text: str) -> bool:
    """HL7 v2.9, 2.5.3: the fourth character parts the fields, three to five marks follow."""
    if text[:3] not in ("MSH", "FHS", "BHS") or len(text) < 9:
        return False
    marks = text[4:10].split(text[3])
    odd = [c for c in text[3] + marks[0] if not (c.isalnum() or c.isspace() or c == "_")]
    return len(marks) > 1 and 3 <= len(marks[0]) <= 5 and len(odd) == len(marks[0]) + 1


def _markup(start: str, lowered: str, content: Content) -> str:
    if not lowered.startswith("<"):
        return ""
    if not start.startswith("<?xml") and _PAGE.match(lowered):
        return "html"
    closed = content.tail.rstrip(b" \t\r\n\x00")[-1:] == b">"
    root = _parsed_root(start, content) if closed else None
    if root is None:
        return "html" if _LOOSE.match(lowered) else ""
    space, _, name = root.rpartition("}")
    if name.lower() in ("html", "head", "body", "script", "iframe"):
        return "html"
    if (space, name) == ("urn:hl7-org:v3", "ClinicalDocument"):
        return "cda"
    return "fhir xml" if space == "http://hl7.org/fhir" else "xml"


class _Seen(Exception):
    """Enough has been read."""


def _parsed_root(start: str, content: Content) -> str | None:
    """`namespace}name` of the root of a well-formed document, None where it is none."""
    roots: list[str] = []
    whole = content.size_bytes <= MAX_WHOLE_BYTES

    def on_start(name: str, _: object) -> None:
        if not roots:
            roots.append(name)
            if not whole:
                raise _Seen

    def on_declaration(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise _Seen

    parser = expat.ParserCreate("utf-8", "}")
    parser.StartElementHandler = on_start
    parser.XmlDeclHandler = on_declaration
    body = start if content.headed or not whole else _whole_text(content)
    try:
        parser.Parse(body.strip("\ufeff \t\r\n\f\x00").encode("utf-8", "replace"), whole)
    except _Seen:
        return roots[0] if roots else None
    except expat.ExpatError:
        return None
    return roots[0] if roots else None


def first_element(part: bytes) -> str | None:
    """`namespace}name` of the first element of the beginning of an XML part, None for none."""
    names: list[str] = []

    def on_start(name: str, _: object) -> None:
        names.append(name)
        raise _Seen

    parser = expat.ParserCreate(None, "}")
    parser.StartElementHandler = on_start
    # A part may declare any encoding; one that expat has not is no reason to fail.
    with contextlib.suppress(_Seen, expat.ExpatError, LookupError, ValueError):
        parser.Parse(part, False)
    return names[0] if names else None


def _whole_text(content: Content) -> str:
    data = content.read_at(0, content.size_bytes)
    if data[:2] in _UTF16_MARKS:
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


_json_root = msgspec.json.Decoder(dict[str, msgspec.Raw])
_json_list = msgspec.json.Decoder(list[msgspec.Raw])
_json_text = msgspec.json.Decoder(str)


def _json(start: str, content: Content) -> str:
    closing = {"{": b"}", "[": b"]"}.get(start[0])
    if content.head[:2] in _UTF16_MARKS or content.tail.rstrip(b" \t\r\n")[-1:] != closing:
        return ""
    if content.size_bytes > MAX_WHOLE_BYTES:
        return (
            "fhir json"
            if re.match(r'\{\s*"resourceType"\s*:\s*"[A-Z][A-Za-z]*"', start)
            else "json"
        )
    data = content.read_at(0, content.size_bytes).removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode()
        if start[0] == "[":
            _json_list.decode(data)
            return "json"
        kind = _json_root.decode(data).get("resourceType")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ""
    try:
        name = _json_text.decode(kind) if kind is not None else ""
    except msgspec.DecodeError:
        return "json"
    return "fhir json" if re.fullmatch(r"[A-Z][A-Za-z]*", name) else "json"


def _is_table(text: str, whole: bool) -> bool:
    """Two records at least, all of the first twenty with the same number of fields, two or more."""
    text = re.sub(r"\r\n?", "\n", text)
    for mark in ",\t;|":
        if mark in text:
            widths = _widths(text, mark, whole)
            if len(widths) >= 2 and widths[0] >= 2 and len(set(widths)) == 1:
                return True
    return False


def _widths(text: str, mark: str, whole: bool) -> list[int]:
    """Fields of each of the first records (RFC 4180), [] where quotes are not as they should be."""
    widths: list[int] = []
    width, at, began = 1, 0, 0
    while at <= len(text) and len(widths) < _RECORDS:
        if text[at : at + 1] == '"':
            at = _behind_quotes(text, at)
            if at < 0:
                return widths if not whole else []
            if text[at : at + 1] not in ("", mark, "\n"):
                return []
        else:
            while at < len(text) and text[at] not in (mark, "\n"):
                at += 1
        if at < len(text) and text[at] == mark:
            width += 1
        elif at >= len(text):
            if at > began and whole:
                widths.append(width)
            break
        else:
            if at > began:
                widths.append(width)
            width, began = 1, at + 1
        at += 1
    return widths


def _behind_quotes(text: str, at: int) -> int:
    """The place behind a field in quotes that begins here, -1 where it does not end."""
    while (at := text.find('"', at + 1)) >= 0:
        if text[at + 1 : at + 2] != '"':
            return at + 1
        at += 1
    return -1
