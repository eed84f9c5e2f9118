"""A call that the channel knows, as the typed request that crosses; an answer, as what its caller gets. Pure.

Head, content --> RequestBody: values of the template, listed query and headers, media type; nothing else
Answered      --> status, content, listed headers
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from gateway.connectors.request.cookies import cookies_of, is_cookie
from gateway.connectors.request.head import Head
from gateway.connectors.request.media import read_media_type, written_media_type
from gateway.errors import Refused
from gateway.policy.content_rules import MEDIA_TYPES
from gateway.policy.cookie_names import is_cookie_value
from gateway.policy.operations import ContentRule, Operation
from gateway.unit.asking import Answered
from gateway.unit.request import MAX_CONTENT_BYTES, MAX_FIELD_BYTES, Fields, RequestBody

# Written by this side itself, whatever a policy lists.
OWN: Final = frozenset(
    {
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "ferrygate-unit",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

# `pdf or png` is two things, and each keeps its type.
_NAMES_OF_ONE: Final = frozenset(MEDIA_TYPES.values())
# What these say beside the form is meant for whoever reads them (RFC 9457, 3; RFC 3902).
_NO_OTHER_NAME: Final = frozenset({"application/problem+json", "application/soap+xml"})


class Called(Protocol):
    """A call that fits an operation, as gateway.policy.routes finds it."""

    @property
    def operation(self) -> Operation: ...
    @property
    def path(self) -> Fields: ...
    @property
    def query(self) -> Fields: ...


class Match(Protocol):
    """The operations of a channel."""

    def __call__(
        self,
        method: str,
        untrusted_target: str,
        untrusted_headers: Mapping[str, tuple[str, ...]],
        /,
    ) -> Called:
        """Raises Refused 2350 to 2355 and nothing else."""
        ...


def content_limit(
    operation: Operation, head: Head, most_bytes: int = MAX_CONTENT_BYTES
) -> tuple[str, str, int]:
    """Media type and boundary of a request's content, and the bytes that it may have; "", "" and 0 for none.

    most_bytes: whatever the operation says.
    Raises Refused 6325 (too long), 6326 (takes none), 6327 (no type that it takes) and nothing else.
    """
    rule = operation.content
    if rule is None:
        if head.length != 0:
            raise Refused(6326)
        return "", "", 0
    media_type, boundary = read_media_type(head.one("content-type") or "")
    if media_type not in rule.media_types:
        raise Refused(6327, type=media_type)
    limit = min(rule.most_bytes, most_bytes)
    if head.length is not None and head.length > limit:
        raise Refused(6325, limit=limit)
    return media_type, boundary, limit


def request_body(
    called: Called, head: Head, media_type: str, size_bytes: int, within_ms: int
) -> RequestBody:
    """Raises Refused 6331 and nothing else."""
    headers = listed_headers(called.operation, head)
    return RequestBody(
        called.operation.name, called.path, called.query, headers, media_type, size_bytes, within_ms
    )


def listed_headers(operation: Operation, head: Head) -> Fields:
    """The headers that the operation lists, in its order; all others stay here. Raises Refused 6331."""
    fields: list[tuple[str, str]] = []
    cookies = cookies_of(head.by_name.get("cookie", ()))
    for name, rule in operation.headers.items():
        values = cookies.get(name, ()) if is_cookie(name) else head.by_name.get(name, ())
        wrong = (rule.required and not values) or (len(values) > 1 and not rule.many)
        if is_cookie(name) and not all(map(is_cookie_value, values)):
            wrong = True
        if wrong or any(len(value) > MAX_FIELD_BYTES for value in values):
            raise Refused(6331, name=name)
        fields += [(name, value) for value in values]
    return tuple(fields)


def answer_headers(operation: Operation, answered: Answered) -> list[tuple[str, str]]:
    """Listed headers of an answer, and its media type. Raises Refused 6385 (status), 6389 (header)."""
    head = answered.head
    rule = operation.answers.get(head.status)
    if rule is None:
        raise Refused(6385, performed=1, status=head.status, operation=operation.name)
    headers = [(n, v) for n, v in head.headers if n in rule.headers and n not in OWN]
    if any(not is_value(value) for _, value in headers):
        raise Refused(6389, performed=1, reason="header")
    if answered.content and rule.content is not None:
        sent = sent_type(rule.content, head.content_type)
        headers.append(("Content-Type", written_media_type(sent, answered.content)))
    return headers


def sent_type(rule: ContentRule, media_type: str) -> str:
    """The type by which content is sent on: the first of its rule where these are names of one thing.

    Raises Refused 6327 where it is none of them.
    """
    if media_type not in rule.media_types:
        raise Refused(6327, type=media_type)
    if media_type in _NO_OTHER_NAME or rule.media_types not in _NAMES_OF_ONE:
        return media_type
    return rule.media_types[0]


def is_value(value: str) -> bool:
    """Whether a value can stand in a header: visible ASCII and blanks between."""
    return value.isascii() and value.isprintable() and value == value.strip()
