"""The target of a call (RFC 9110, 7.1: origin-form) to the parts of its path and the pairs of its query.

    /fhir/DiagnosticReport/r-1?date=2026-01-05
    bytes -> length -> plain characters -> parts, pairs -> decoded once -> values

Strict where peers differ: what two readers could take for two things is refused, never mended. No I/O.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.unit.request import MAX_FIELD_BYTES, MAX_FIELDS

# RFC 9110, 4.1 asks for 8,000 of what is sent on; none of our templates comes near the half of it.
MAX_TARGET_BYTES: Final = 4_096
MAX_SEGMENTS: Final = 32
# Below it a source answers by itself; no operation may be there.
OWN_SEGMENTS: Final = (".well-known", "ferrygate")
OWN_PATH: Final = "/" + "/".join(OWN_SEGMENTS)

# RFC 3986, 3.3 without the semicolon: parameters of a part are read in as many ways as there are servers.
_PLAIN: Final = r"A-Za-z0-9._~!$&'()*+,=:@\-"
_SEGMENT: Final = re.compile(rf"(?:[{_PLAIN}]|%[0-9A-Fa-f]{{2}})+")
_QUERY: Final = re.compile(rf"(?:[{_PLAIN}/?\[\]|]|%[0-9A-Fa-f]{{2}})*")
_VISIBLE: Final = re.compile(r"[!-~]*")
_ENCODED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
# What some server somewhere takes for a slash, besides those that NFKC (UAX 15) makes one.
_SLASHES: Final = frozenset("/\\\u2044\u2215\u2216\u29f5\u29f8\u29f9\ufe68\uff0f\uff3c")
_UNSEEN: Final = frozenset(["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])


class BadTarget(Exception):
    """A target that is refused. number: its entry of the catalogue, 2350 to 2352.

    at: index of the part of the path that is wrong, -1 where it is none of them. before: the parts
    before it, decoded. what: a word of the catalogue's phrase.
    """

    def __init__(self, number: int, what: str, at: int = -1, before: tuple[str, ...] = ()) -> None:
        super().__init__(number, what)
        self.number = number
        self.what = what
        self.at = at
        self.before = before


@dataclass(frozen=True, slots=True)
class Target:
    """segments: parts of the path, decoded; none for `/`. query: pairs in their order, decoded."""

    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...]


def read_target(untrusted_target: bytes | str) -> Target:
    """Raises BadTarget and nothing else. Does no I/O."""
    if len(untrusted_target) > MAX_TARGET_BYTES:
        raise BadTarget(2350, "length")
    text = _plain(untrusted_target)
    if not text.startswith("/"):
        raise BadTarget(2351, "not an absolute path")
    path, asked, query = text.partition("?")
    return Target(_segments(path), _pairs(query) if asked else ())


def _plain(untrusted_target: bytes | str) -> str:
    text = (
        str(untrusted_target, "latin-1")
        if isinstance(untrusted_target, bytes)
        else untrusted_target
    )
    # RFC 9112, 3.2: a target has no blank, no control and nothing above ASCII.
    if not _VISIBLE.fullmatch(text):
        raise BadTarget(2351, "a character that is not plain")
    if "#" in text:
        raise BadTarget(2351, "a fragment")
    return text


def _segments(path: str) -> tuple[str, ...]:
    if path == "/":
        return ()
    parts = path[1:].split("/")
    if len(parts) > MAX_SEGMENTS:
        raise BadTarget(2351, "too many parts")
    decoded: list[str] = []
    for at, part in enumerate(parts):
        before = tuple(decoded)
        if not part:
            raise BadTarget(2352, "empty", at, before)
        if ";" in part or "\\" in part or not _SEGMENT.fullmatch(part):
            raise BadTarget(2352, "characters", at, before)
        value = _decoded(part, at, before)
        if problem := _climbs(value):
            raise BadTarget(2352, problem, at, before)
        decoded.append(value)
    return tuple(decoded)


def _climbs(value: str) -> str:
    """What is wrong with a decoded part of a path, or "". The same as any server could read it."""
    folded = value if value.isascii() else unicodedata.normalize("NFKC", value)
    if not _SLASHES.isdisjoint(value) or not _SLASHES.isdisjoint(folded):
        return "slash"
    if not folded.strip(". "):
        return "dots"
    if "%" in value or any(character in ";?#" for character in value):
        return "encoded twice" if "%" in value else "characters"
    return ""


def _pairs(query: str) -> tuple[tuple[str, str], ...]:
    if not _QUERY.fullmatch(query):
        raise BadTarget(2351, "characters of the query")
    pieces = query.split("&")
    if len(pieces) > MAX_FIELDS:
        raise BadTarget(2351, "too many fields")
    pairs: list[tuple[str, str]] = []
    for piece in pieces:
        name, equals, value = piece.partition("=")
        if not name or not equals:
            raise BadTarget(2351, "a field without a name or a value")
        # The form of HTML (application/x-www-form-urlencoded): a plus is a blank.
        pairs.append((_decoded(name), _decoded(value.replace("+", " "))))
    if any(_ENCODED.search(part) for pair in pairs for part in pair):
        raise BadTarget(2351, "encoded twice")
    return tuple(pairs)


def _decoded(part: str, at: int = -1, before: tuple[str, ...] = ()) -> str:
    number = 2351 if at < 0 else 2352
    if "%" not in part:
        return part
    content = unquote_to_bytes(part)
    if len(content) > MAX_FIELD_BYTES:
        raise BadTarget(number, "length", at, before)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise BadTarget(number, "not UTF-8", at, before) from None
    if any(unicodedata.category(character) in _UNSEEN for character in text):
        raise BadTarget(number, "a control character", at, before)
    return text
