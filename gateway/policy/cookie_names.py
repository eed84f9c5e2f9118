"""Cookies that an operation lists: `cookies: [tenant, lang]` or `cookies: {tenant: text at most 32}`.

They cross as header fields of a name that no header has: `cookie:tenant`. Only towards a peer: what it would
set (`Set-Cookie`) never crosses back, because a session that the caller's program keeps and sends by itself
would be a standing permission across the gate that no policy file shows. RFC 6265, 4.1.1 and 4.2.1.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from gateway.policy.operations import ValueRule
from gateway.policy.phrases import Misread
from gateway.policy.value_rules import read_value_rule
from gateway.unit.request import MAX_FIELD_NAME_BYTES

COOKIE: Final = "cookie:"
_NAME: Final = re.compile(
    rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{MAX_FIELD_NAME_BYTES - len(COOKIE) - 1}}}"
)
# cookie-octet: visible ASCII without quotes, commas, semicolons and backslashes.
_VALUE: Final = r"[!#-+\--:<-\[\]-~]"
_IS_VALUE: Final = re.compile(rf"{_VALUE}*")
# Where the list says no form.
_USUAL: Final = rf"optional pattern {_VALUE}{{1,200}}"


def read_cookie_name(text: str) -> str:
    """The field of a cookie. Raises Misread 2340 and nothing else."""
    if not _NAME.fullmatch(text):
        raise Misread(2340, 0, len(text), text=text[:64])
    return COOKIE + text


def usual_cookie(name: str, line: int) -> ValueRule:
    """The rule of a cookie whose form is not said: any value that a cookie can have, or none."""
    text = "optional, a cookie's value of at most 200 characters"
    return replace(read_value_rule(_USUAL, name, line), text=text)


def is_cookie_value(text: str) -> bool:
    """Whether a text can stand in a Cookie header and ends there."""
    return _IS_VALUE.fullmatch(text) is not None
