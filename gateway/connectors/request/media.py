"""Media types of contents: what a header says, reduced to type and subtype, and written anew.

    application/fhir+json; charset=utf-8        ->  application/fhir+json
    multipart/related; boundary=x; type="..."   ->  multipart/related, and the content begins with --x

Parameters do not cross. The boundary of a multipart body stands in its first line, so the far side finds it
there. Pure. RFC 9110 section 8.3, RFC 2046 section 5.1.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.errors import Refused

_NAME: Final = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}"
_PARAMETER: Final = r"""[ \t]*;[ \t]*[a-z0-9_-]{1,32}=(?:[^\s";,]{1,128}|"[^"\\]{0,128}")"""
_TYPE: Final = re.compile(rf"({_NAME}/{_NAME})((?:{_PARAMETER})*)", re.IGNORECASE)
_ONE: Final = re.compile(r""";[ \t]*([a-z0-9_-]{1,32})=(?:([^\s";,]+)|"([^"]*)")""", re.IGNORECASE)
_BOUNDARY: Final = r"[A-Za-z0-9'()+_,./:=?-]{1,70}"
_FIRST_LINE: Final = re.compile(rf"--({_BOUNDARY})\r\n".encode("ascii"))
_PART_TYPE: Final = re.compile(
    rf"\r\ncontent-type:[ \t]*({_NAME}/{_NAME})".encode("ascii"), re.IGNORECASE
)
# Where the headers of a first part must have ended.
_PART_HEAD_BYTES: Final = 2_048
_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii"})


def read_media_type(untrusted_value: str) -> tuple[str, str]:
    """Type and subtype in small letters, and the boundary of a multipart ("" for others).

    Raises Refused 6327 (no media type, or a charset that is not UTF-8) and nothing else.
    """
    match = _TYPE.fullmatch(untrusted_value)
    if match is None:
        raise Refused(6327, type=untrusted_value)
    parameters: dict[str, str] = {}
    for name, word, quoted in _ONE.findall(match[2]):
        if name.lower() in parameters:
            raise Refused(6327, type=untrusted_value)
        parameters[name.lower()] = word or quoted
    if parameters.get("charset", "utf-8").lower() not in _UTF8:
        raise Refused(6327, type=untrusted_value)
    media_type = match[1].lower()
    if not media_type.startswith("multipart/"):
        return media_type, ""
    boundary = parameters.get("boundary", "")
    if not re.fullmatch(_BOUNDARY, boundary):
        raise Refused(6327, type=untrusted_value)
    return media_type, boundary


def from_boundary(boundary: str, untrusted_content: bytes) -> bytes:
    """The content from its boundary on. Raises Refused 6328 (something else is before it) and nothing else.

    Many programs write a line end before the first boundary too: a preamble of nothing (RFC 2046, 5.1.1).
    """
    content = untrusted_content.removeprefix(b"\r\n")
    match = _FIRST_LINE.match(content)
    if match is None or match[1] != boundary.encode("ascii"):
        raise Refused(6328)
    return content


def check_boundary(boundary: str, untrusted_front: bytes) -> None:
    """The same of a content in a file, of which nothing more is cut off. Raises Refused 6328."""
    if boundary and len(from_boundary(boundary, untrusted_front)) != len(untrusted_front):
        raise Refused(6328)


def written_media_type(media_type: str, content: bytes) -> str:
    """The value of a Content-Type header for this content; a multipart's says its boundary and root type.

    Raises Refused 6328 (a multipart that does not begin with a boundary) and nothing else.
    """
    if media_type.startswith("text/"):
        return f"{media_type}; charset=utf-8"
    if not media_type.startswith("multipart/"):
        return media_type
    first = _FIRST_LINE.match(content)
    if first is None:
        raise Refused(6328)
    boundary = first[1].decode("ascii")
    head, blank, _ = content[first.end() - 2 : _PART_HEAD_BYTES].partition(b"\r\n\r\n")
    root = _PART_TYPE.search(head) if blank else None
    typed = f'; type="{root[1].decode("ascii").lower()}"' if root is not None else ""
    return f'{media_type}{typed}; boundary="{boundary}"'
