"""Header fields that no policy file can let through, and what a name of one is.

Two kinds: those that one hop of HTTP says to the next (RFC 9110, 7.6.1; RFC 9112), and those that tell who
asks, from where, and with which secret. The gate makes its own of both.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.policy.phrases import Misread
from gateway.unit.request import MAX_FIELD_NAME_BYTES

# RFC 9110, 5.6.2 (token); names of parameters and of headers are written in small letters here.
_NAME: Final = re.compile(rf"[a-z0-9][a-z0-9!#$%&'*+.^_`|~-]{{0,{MAX_FIELD_NAME_BYTES - 1}}}")

_OF_THE_HOP: Final = frozenset([
    "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length",
    "content-encoding", "content-type", "content-range", "range", "expect", "max-forwards", "host",
    "http2-settings", "alt-svc", "date", "server", "via", "warning", "age", "early-data", "priority",
])  # fmt: skip
_OF_THE_CALLER: Final = frozenset([
    "cookie", "cookie2", "set-cookie", "set-cookie2", "authorization", "www-authenticate",
    "authentication-info", "forwarded", "from", "origin", "referer", "user-agent", "true-client-ip",
    "client-ip", "location", "content-location", "refresh", "link", "x-api-key", "api-key",
    "x-auth-token", "x-csrf-token", "x-http-method", "x-http-method-override", "x-method-override",
    "x-rewrite-url", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-host", "x-wap-profile",
    "strict-transport-security", "clear-site-data", "service-worker",
])  # fmt: skip
# Of an answer, and as a path only.
LOCATION: Final = "location"
_FAMILIES: Final = (
    "proxy-", "sec-", "x-forwarded", "x-original-", "access-control-", "cf-", "x-amz-", "x-envoy-",
    "x-ferrygate-",
)  # fmt: skip


def read_header_name(text: str) -> str:
    """A name in small letters. Raises Misread 2313 (no name), 2314 (never forwarded) and nothing else."""
    if not _NAME.fullmatch(text):
        raise Misread(
            2313, 0, len(text), text=text[:64], write=text.lower()[:64] or "if-none-match"
        )
    if is_never_forwarded(text):
        raise Misread(2314, 0, len(text), name=text)
    return text


def read_answer_header_name(text: str) -> str:
    """The same of an answer, where `location` may stand too: its line must be `fhir location of …`."""
    return text if text == LOCATION else read_header_name(text)


def is_never_forwarded(name: str) -> bool:
    """Whether a header of this small name stays on its own side, whatever a policy says."""
    return name in _OF_THE_HOP or name in _OF_THE_CALLER or name.startswith(_FAMILIES)
