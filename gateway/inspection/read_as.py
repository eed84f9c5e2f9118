"""What a content is taken for where its bytes alone cannot tell: by the media type that its channel wants.

    multipart  -->  begins with two dashes: taken apart as a multipart, which then must be one to its end
    json       -->  a text that is one value of JSON (`"ok"`, true, 12): JSON, which is then read as such

Asked of a whole content of a request or an answer, never of what lies within it, and never of files.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.unsound import Reading
from gateway.unit.request import MAX_CONTENT_BYTES

# RFC 8259, 3: any value may be a document. Possessive: one pass.
_VALUE: Final = re.compile(
    rb"[ \t\r\n]*+(?:true|false|null|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
    rb'|"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+")[ \t\r\n]*+'
)


def reading_as(
    wanted: str, read_type: Callable[[Content], Reading]
) -> Callable[[Content], Reading]:
    """A reader of types that knows what is wanted. wanted: `multipart`, `json`, or "" for nothing."""
    if wanted == "multipart":
        return lambda content: (
            Reading("multipart") if content.head.startswith(b"--") else read_type(content)
        )
    if wanted == "json":
        return lambda content: _as_json(content, read_type(content))
    return read_type


def _as_json(content: Content, reading: Reading) -> Reading:
    if reading.word != "text" or content.size_bytes > MAX_CONTENT_BYTES:
        return reading
    whole = content.read_at(0, content.size_bytes)
    return Reading("json", reading.faults) if _VALUE.fullmatch(whole) else reading
