"""Where a peer says that something stands, as its caller may know it: a path, and no address.

    https://fhir.inner.example/r4/Observation/7  ->  /Observation/7        base https://fhir.inner.example:443/r4
    /r4/Observation/7                            ->  /Observation/7
    Observation/7                                ->  Observation/7
    http://elsewhere.example/Observation/7       ->  the same, which no rule of a location takes

FHIR R4, 3.1.0.8: a server answers a create with an absolute address, which is its own. Refused, each create
would be performed and told as failed; so what is the peer's own address comes off, and a path of the peer is
one of the caller: both differ in nothing but the base path. Anything else stays as it is, for the guards to
refuse. Pure.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, urlsplit

_PORTS: Final = {"http": 80, "https": 443}


def without_base(untrusted_location: str, base: str) -> str:
    """The location without the peer's address and base path. base: `scheme://host:port/path`, no last slash.

    Raises nothing; what is not below the base comes back as it was.
    """
    own = urlsplit(base)
    try:
        said = urlsplit(untrusted_location)
        is_own = not said.netloc or _origin(said) == _origin(own)
    except ValueError:
        return untrusted_location
    if said.query or said.fragment or "@" in said.netloc or "\\" in untrusted_location:
        return untrusted_location
    if not is_own or bool(said.scheme) != bool(said.netloc):
        return untrusted_location
    if not said.path.startswith("/"):
        return untrusted_location
    if own.path and not said.path.startswith(f"{own.path}/"):
        return untrusted_location
    return said.path.removeprefix(own.path)


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    """RFC 6454, 4. Raises ValueError for a port that is none."""
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
