"""The opening of a WebSocket, read strictly (RFC 6455, 4.1): what aiohttp's server would let be is refused.

    GET, HTTP/1.1, no body; Upgrade: websocket; Connection: Upgrade; version 13; a key of 16 bytes; Origin

Extensions that a client offers are not taken, which is an answer (RFC 6455, 9.1); frames that use one are
refused (frames.py). Pure.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.errors import Refused

VERSION: Final = "13"
# What a WebSocket handshake consists of; readers that find two of one choose differently.
SINGLE: Final = frozenset(
    {"sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol", "origin"}
)
_KEY: Final = re.compile(r"[A-Za-z0-9+/]{22}==")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_MOST_OFFERED: Final = 16
ByName = Mapping[str, tuple[str, ...]]


def check_handshake(method: str, by_name: ByName) -> None:
    """Raises Refused 6480, 6481 and nothing else. That there is one of each has been checked."""
    upgrade = by_name.get("upgrade", ("",))
    if len(upgrade) != 1 or upgrade[0].lower() != "websocket":
        raise Refused(6480, what="upgrade")
    if method != "GET":
        raise Refused(6480, what="method")
    # Firefox says `keep-alive, Upgrade`.
    said = {part.strip().lower() for part in by_name.get("connection", ("",))[0].split(",")}
    if "upgrade" not in said or not said <= {"upgrade", "keep-alive"}:
        raise Refused(6480, what="connection")
    if "content-length" in by_name or "transfer-encoding" in by_name:
        raise Refused(6480, what="body")
    if "expect" in by_name:
        # Nothing follows that anybody could be told to send (RFC 9110, 10.1.1).
        raise Refused(6480, what="expect")
    if by_name.get("sec-websocket-version", ("",))[0] != VERSION:
        raise Refused(6481)
    if not _is_key(by_name.get("sec-websocket-key", ("",))[0]):
        raise Refused(6480, what="key")


def check_origin(by_name: ByName, origins: Sequence[str]) -> None:
    """A page of another site may not use what its browser has. Raises Refused 6482 and nothing else.

    Programs that are no browsers send no Origin.
    """
    said = by_name.get("origin", ())
    if said and (len(said) != 1 or said[0] not in origins):
        raise Refused(6482, origin=said[0][:80])


def chosen_subprotocol(by_name: ByName, subprotocols: Sequence[str]) -> str:
    """The first offered of those listed, "" where none is listed. Raises Refused 6480, 6483."""
    offered = [part.strip() for part in by_name.get("sec-websocket-protocol", ("",))[0].split(",")]
    if offered == [""]:
        offered = []
    if len(offered) > _MOST_OFFERED or not all(_TOKEN.fullmatch(one) for one in offered):
        raise Refused(6480, what="subprotocol")
    if not subprotocols:
        # A server that has none answers none; who insists closes by himself (RFC 6455, 4.1).
        return ""
    chosen = next((one for one in offered if one in subprotocols), "")
    if not chosen:
        raise Refused(6483)
    return chosen


def _is_key(text: str) -> bool:
    if not _KEY.fullmatch(text):
        return False
    try:
        return len(base64.b64decode(text, validate=True)) == 16
    except binascii.Error:
        return False
