"""Our own reader of text: which form a text has, by scanning it. No parser of the library but JSON's.

Order: blank, script, HL7 v2, markup, JSON, tell-tale script words, table, plain text. Encodings that
count as text: UTF-8, UTF-16 with its mark, GB18030 (GB2312 and GBK are parts of it).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from gateway.inspection.content import Content

# Whole texts are parsed up to here; beyond, head and tail must do.
MAX_PARSED_BYTES: Final = 1 << 20

_ALLOWED: Final = bytes([9, 10, 12, 13, *range(32, 127), *range(128, 256)])
_HL7: Final = re.compile(r"(?:MSH|FHS|BHS)([^\w\s])([^\w\s]{3,5})\1")
_SCRIPT: Final = re.compile(r"#!|@echo off|<\?php|<%@", re.I | re.A)
_SCRIPT_WORDS: Final = (
    b"wscript.shell",
    b"scripting.filesystemobject",
    b"createobject(",
    b"invoke-expression",
    b"set-executionpolicy",
    b"new-object net.webclient",
    b"powershell -",
    b"powershell.exe -",
)
# A page by its first element alone; and one where the text is no XML (WHATWG MIME sniffing, 7.1).
_PAGE: Final = re.compile(
    r"<(?:!doctype\s+html\b|(?:html|head|body|script|iframe)(?=[\s>/]))", re.I
)
_LIKE_PAGE: Final = re.compile(
    r"<(?:meta|title|style|link|form|object|embed|img|a|div|p|table|br|h1|b|font)(?=[\s>/])", re.I
)
_PAGE_ROOTS: Final = ("html", "head", "body", "script", "iframe")
_COMMENTS: Final = re.compile(r"(?:\s|<!--.*?-->)*", re.S)
_BETWEEN: Final = r"(?:\s|<!--(?:(?!--).)*-->|<\?(?!xml[\s?])[^\W\d][\w.\-]*(?:\s.*?)?\?>)*"
_BEFORE_ROOT: Final = re.compile(
    rf"(?:<\?xml\s[^<>]*\?>)?{_BETWEEN}(?:<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>{_BETWEEN})?", re.S
)
_NAME: Final = r"[^\W\d][\w.\-]*"
_ROOT: Final = re.compile(
    rf"<((?:{_NAME}:)?{_NAME})((?:\s+[^\s=<>\"'/]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*/?>"
)
_ATTRIBUTE: Final = re.compile(r"([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ENCODING: Final = re.compile(r"<\?xml[^>]*?\sencoding\s*=\s*[\"']([A-Za-z0-9._\-]+)[\"']")
# Others (UTF-7) spell markup in letters that no reader of ours sees.
_XML_ENCODINGS: Final = frozenset(
    ["utf-8", "utf8", "utf-16", "gb18030", "gbk", "gb2312", "us-ascii", "iso-8859-1"]
)
# RFC 4180: a field in quotes ends with its quotes; one without holds no mark and begins with none.
_FIELD: Final = {
    mark: re.compile(rf'"(?:[^"]|"")*+"(?=[{mark}\n]|\Z)|(?!")[^{mark}\n]*') for mark in ",\t;|"
}
TABLE_RECORDS: Final = 20


@dataclass(frozen=True, slots=True)
class Root:
    """The first element of an XML text."""

    local: str
    space: str


def looks_like_text(content: Content) -> bool:
    """Whether head and tail are text in an encoding of ours."""
    return _decoded(content) is not None


def text_word(content: Content) -> str:
    """The word for a content that has no signature of bytes: a text form, or `unknown`."""
    text = _decoded(content)
    if text is None:
        return "unknown"
    text = text.removeprefix("\ufeff")
    stripped = text.lstrip()
    if not stripped:
        return "text"
    if _SCRIPT.match(stripped):
        return "script"
    if _HL7.match(text):
        return "hl7 v2"
    if stripped[0] == "<" and (word := _markup_word(stripped, content)):
        return word
    if stripped[0] in "{[" and (word := _json_word(stripped, content)):
        return word
    lowered = text[:4096].encode("utf-8", "replace").lower()
    if any(words in lowered for words in _SCRIPT_WORDS):
        return "script"
    return "csv" if _is_table(text, content.headed) else "text"


def _decoded(content: Content) -> str | None:
    head = content.head
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _utf16(head)
    if head.translate(None, _ALLOWED):
        return None
    if not content.headed and content.tail.translate(None, _ALLOWED):
        return None
    for encoding in ("utf-8", "gb18030"):
        for cut in range(1 if content.headed else 4):
            try:
                return head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
    return None


def _utf16(head: bytes) -> str | None:
    even = len(head) & ~1
    for cut in (0, 2):
        try:
            text = head[: even - cut].decode("utf-16")
        except UnicodeDecodeError:
            continue
        low = text.encode("latin-1", "ignore")
        return None if low.translate(None, _ALLOWED) else text
    return None


def xml_root(untrusted_text: str | bytes) -> Root | None:
    """The root element of an XML text, None where its beginning is not that of one."""
    text = (
        untrusted_text.decode("utf-8", "replace")
        if isinstance(untrusted_text, bytes)
        else untrusted_text
    ).removeprefix("\ufeff")
    declared = _ENCODING.match(text.lstrip())
    if declared and declared[1].lower() not in _XML_ENCODINGS:
        return None
    before = _BEFORE_ROOT.match(text)
    match = _ROOT.match(text, before.end() if before else 0)
    if match is None:
        return None
    prefix, _, local = match[1].rpartition(":")
    wanted = f"xmlns:{prefix}" if prefix else "xmlns"
    for name, double, single in _ATTRIBUTE.findall(match[2]):
        if name == wanted:
            return Root(local, double or single)
    return None if prefix else Root(local, "")


def _markup_word(text: str, content: Content) -> str:
    """text: without blanks before it. "" where it is no markup after all."""
    comments = _COMMENTS.match(text)
    begins = comments.end() if comments else 0
    if not text.startswith("<?xml") and _PAGE.match(text, begins):
        return "html"
    root = xml_root(text)
    if root is None or _last_character(content) != ">":
        return "html" if _LIKE_PAGE.match(text, begins) else ""
    if root.local.lower() in _PAGE_ROOTS:
        return "html"
    if root.space == "http://hl7.org/fhir":
        return "fhir xml"
    if root.space == "urn:hl7-org:v3" and root.local == "ClinicalDocument":
        return "cda"
    return "xml"


def _last_character(content: Content) -> str:
    # In UTF-16 the last character has a zero byte on one side.
    return content.tail.rstrip(b" \t\r\n\x00")[-1:].decode("latin-1")


def _json_word(text: str, content: Content) -> str:
    if text[0] + _last_character(content) not in ("{}", "[]") or content.head[:2] in (
        b"\xff\xfe",
        b"\xfe\xff",
    ):
        return ""
    if content.size_bytes > MAX_PARSED_BYTES:
        first = re.match(r'\{\s*"resourceType"\s*:\s*"[A-Z][A-Za-z]*"', text)
        return "fhir json" if first else "json"
    try:
        whole = content.read_at(0, content.size_bytes).decode("utf-8-sig")
        value = _json.decode(whole)
    except (ValueError, RecursionError):
        return ""
    kind = value.get("resourceType") if isinstance(value, dict) else None
    is_fhir = isinstance(kind, str) and re.fullmatch(r"[A-Z][A-Za-z]*", kind)
    return "fhir json" if is_fhir else "json"


def _no_constant(text: str) -> None:
    raise ValueError(text)


# Made once: the library makes one a call where it is asked for anything of its own.
_json: Final = json.JSONDecoder(parse_constant=_no_constant, parse_int=str, parse_float=str)


def _is_table(text: str, whole: bool) -> bool:
    """At least two records, and the same number of fields, two or more, in the first twenty."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return any(mark in text and _fields_agree(text, mark, whole) for mark in _FIELD)


def _fields_agree(text: str, mark: str, whole: bool) -> bool:
    match_field = _FIELD[mark].match
    wanted = records = at = 0
    while at < len(text) and records < TABLE_RECORDS:
        count, match = 1, match_field(text, at)
        while match is not None and text[match.end() : match.end() + 1] == mark:
            match = match_field(text, match.end() + 1)
            count += 1
        if match is None or match.end() >= len(text):
            if match is None and whole:
                return False
            if not whole:
                break
        end = match.end() if match is not None else len(text)
        if end > at:
            if records and count != wanted:
                return False
            wanted, records = count, records + 1
        at = end + 1
    return records >= 2 and wanted >= 2
