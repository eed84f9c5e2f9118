"""The request to a peer, built from nothing but an operation and values: path, query, headers. Pure.

    GET /fhir/DiagnosticReport/{id}, id = "a b"  ->  /app/fhir/DiagnosticReport/a%20b

Each value is encoded whole, so that it can end no segment, pair or line; what servers read differently even
when it is encoded is refused. RFC 3986 section 2.3: everything but unreserved characters is encoded.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final
from urllib.parse import quote

from gateway.connectors.request.cookies import cookie_header, is_cookie
from gateway.connectors.request.media import written_media_type
from gateway.connectors.request.typed import OWN, is_value, sent_type
from gateway.errors import Refused
from gateway.policy.operations import Operation
from gateway.unit.request import Fields, RequestBody

# C0, DEL, C1 and the separators of lines.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Besides our own: what the sink says of itself, and what a name in a policy must not reach.
_RESERVED: Final = OWN | {
    "authorization",
    "cookie",
    "accept-encoding",
    "expect",
    "forwarded",
    "via",
}


def target(operation: Operation, base_path: str, head: RequestBody) -> str:
    """Path and query, percent-encoded. Raises Refused 6382, 6383, 6384 and nothing else."""
    values = dict(head.path)
    names = [segment[0] for segment in operation.segments if isinstance(segment, tuple)]
    if [name for name, _ in head.path] != names:
        raise Refused(6384, operation=operation.name)
    parts = [
        quote(segment, safe="$")
        if isinstance(segment, str)
        else _segment(*segment, values[segment[0]])
        for segment in operation.segments
    ]
    path = base_path + "/" + "/".join(parts)
    _check_listed(operation, head.query, operation.query)
    pairs = [f"{_quoted(name, name)}={_quoted(name, value)}" for name, value in head.query]
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def headers(operation: Operation, head: RequestBody, content: bytes) -> list[tuple[str, str]]:
    """The headers that the operation lists, and those of the content.

    Raises Refused 6327, 6328, 6383, 6384 and nothing else.
    """
    _check_listed(operation, head.headers, operation.headers)
    built = []
    for name, value in head.headers:
        if is_cookie(name):
            continue
        if name in _RESERVED or not is_value(value):
            raise Refused(6383, name=name)
        built.append((name, value))
    if cookies := cookie_header(head.headers):
        built.append(("Cookie", cookies))
    built.append(("Accept-Encoding", "identity"))
    if "accept" not in operation.headers:
        built.append(("Accept", _accepted(operation)))
    if content:
        if operation.content is None:
            raise Refused(6384, operation=operation.name)
        sent = sent_type(operation.content, head.content_type)
        built.append(("Content-Type", written_media_type(sent, content)))
    return built


# DICOM PS3.18, 8.7.3: a multipart is asked for by what its parts are, and only these are taken.
_ASKED: Final = {"multipart/related": 'multipart/related; type="application/dicom"'}


def _accepted(operation: Operation) -> str:
    """Every media type that some answer may have, each once, in the order of the answers."""
    listed = [t for a in operation.answers.values() if a.content for t in a.content.media_types]
    types = [_ASKED.get(media_type, media_type) for media_type in listed]
    return ", ".join(dict.fromkeys(types)) or "*/*"


def _check_listed(operation: Operation, fields: Fields, listed: Container[str]) -> None:
    if any(name not in listed for name, _ in fields):
        raise Refused(6384, operation=operation.name)


def _segment(name: str, value: str) -> str:
    # Encoded dots and slashes are decoded before the path is taken apart by too many servers.
    if not value.strip(". ") or any(c in value for c in "/\\%;") or _CONTROL.search(value):
        raise Refused(6382, name=name)
    return quote(value, safe="")


def _quoted(name: str, value: str) -> str:
    if _CONTROL.search(value):
        raise Refused(6383, name=name)
    try:
        return quote(value, safe="", errors="strict")
    except UnicodeEncodeError as error:
        raise Refused(6383, name=name) from error
