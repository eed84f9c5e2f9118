"""multipart/related of DICOM objects: what both sides hold the head of a part to.

    --B CRLF  headers CRLF CRLF  bytes CRLF  --B CRLF  headers ...  CRLF --B--

Stricter than RFC 2046 5.1 and RFC 2387 wherever a reader may choose: nothing before the first boundary and
nothing behind the last, no blanks behind one, the boundary nowhere else, no part within a part. A length that
a part says must be its length. DICOM PS3.18, 8.6 (multipart payloads). Each side cuts in its own way; nothing
here reads a content.
"""

from __future__ import annotations

import re
from typing import Final, NoReturn

from gateway.inspection.unsound import Unsound
from gateway.unit.request import MAX_LARGE_BYTES

# It comes as the content of a request or an answer only.
MAX_BYTES: Final = MAX_LARGE_BYTES
# RFC 2046, 5.1.1.
MAX_BOUNDARY_BYTES: Final = 70
BOUNDARY: Final = rb"[A-Za-z0-9'()+_,./:=?-]{1,70}"
# An edge finds the first part's type within the first 2,048 bytes, boundary and all.
MAX_HEAD_BYTES: Final = 1_024
MAX_HEADERS: Final = 8
FIELD: Final = rb"([A-Za-z-]{1,40}):[ \t]*([!-~](?:[ -~]*[!-~])?)"
CRLF: Final = b"\r\n"

_VALUES: Final = {
    "content-type": re.compile(
        r"application/dicom(?:[ \t]*;[ \t]*transfer-syntax=(?:\"[0-9.]{1,64}\"|[0-9.]{1,64}))?",
        re.I,
    ),
    "content-length": re.compile(r"[0-9]{1,10}"),
    "content-id": re.compile(r"<[!-;=?-~]{1,200}>"),
    "content-transfer-encoding": re.compile(r"binary|8bit", re.I),
    "mime-version": re.compile(r"1\.0"),
    # A path: an address of one side means nothing on the other, and is nobody's business there.
    "content-location": re.compile(r"/?[A-Za-z0-9_-][A-Za-z0-9._/-]{0,300}"),
}


def broken(what: str, offset: int) -> NoReturn:
    """Raises Unsound 3213. what: the part of the form that is wrong."""
    raise Unsound(3213, what=what, offset=offset)


def check_fields(fields: list[tuple[bytes, bytes]], size_bytes: int, offset: int) -> None:
    """The headers of one part, names and values as they stand there. Raises Unsound 3213."""
    seen: set[str] = set()
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("ascii").lower(), raw_value.decode("ascii")
        form = _VALUES.get(name)
        if form is None or name in seen or not form.fullmatch(value):
            broken(f"header {name}", offset)
        if name == "content-length" and int(value) != size_bytes:
            broken("header content-length", offset)
        seen.add(name)
    if "content-type" not in seen:
        broken("header content-type", offset)
