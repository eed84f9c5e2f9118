"""The Cookie header: read into the cookies that an operation lists, and built of these again. Pure.

    Cookie: tenant=a; session=b  --listed: tenant-->  cookie:tenant = a  -->  Cookie: tenant=a

What is not listed stays with the caller. RFC 6265, 4.2.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.errors import Refused
from gateway.policy.cookie_names import COOKIE, is_cookie_value
from gateway.unit.request import Fields


def cookies_of(untrusted_headers: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Values by field name (`cookie:NAME`), as often as they stand there; pairs that are none are left out.

    Raises nothing: who asks for one looks at its value.
    """
    found: dict[str, tuple[str, ...]] = {}
    for line in untrusted_headers:
        for pair in line.split(";"):
            name, is_pair, value = pair.strip(" \t").partition("=")
            if is_pair:
                field = COOKIE + name
                found[field] = (*found.get(field, ()), value)
    return found


def cookie_header(fields: Fields) -> str:
    """The Cookie header of the listed ones, "" for none. Raises Refused 6383 and nothing else."""
    pairs = [(name.removeprefix(COOKIE), value) for name, value in fields if is_cookie(name)]
    for name, value in pairs:
        if not is_cookie_value(value):
            raise Refused(6383, name=name)
    return "; ".join(f"{name}={value}" for name, value in pairs)


def is_cookie(name: str) -> bool:
    """Whether a field of a request is a cookie."""
    return name.startswith(COOKIE)
