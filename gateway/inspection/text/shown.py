"""What a hit shows of a value: enough for a person to recognise it, too little to be it. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.inspection.text.found import Identifier

_LEAST_STARS: Final = 3


def _masked(value: str, first: int, last: int) -> str:
    """Letters and digits of a value but for the first and last ones; joiners are left out."""
    plain = "".join(c for c in value if c.isalnum())
    stars = "*" * max(_LEAST_STARS, len(plain) - first - last)
    return f"{plain[:first]}{stars}{plain[len(plain) - last :]}"


def length(value: str) -> str:
    """Of what only the site knows how to read."""
    return f"{len(value)} characters"


def line_of(line: int) -> Callable[[str], str]:
    """Of a word that stands in this line of its list: the word itself may be a diagnosis."""
    return lambda _: f"line {line}"


def _mailbox(value: str) -> str:
    name, _, domain = value.rpartition("@")
    return f"{name[:1]}***@{domain}"


SHOWN: Final[dict[Identifier, Callable[[str], str]]] = {
    Identifier.IDENTITY_NUMBER: lambda value: _masked(value, 3, 4),
    Identifier.OLD_IDENTITY_NUMBER: lambda value: _masked(value, 3, 3),
    Identifier.MOBILE: lambda value: _masked(value, 3, 4),
    Identifier.LANDLINE: lambda value: _masked(value, 3, 2),
    # PCI DSS 3.4.1: at most the issuer's six digits and the last four.
    Identifier.BANK_CARD: lambda value: _masked(value, 6, 4),
    Identifier.PASSPORT: lambda value: _masked(value, 1, 3),
    Identifier.TRAVEL_PERMIT: lambda value: _masked(value, 1, 3),
    Identifier.MEDICAL_RECORD: length,
    Identifier.ADDRESS: lambda value: f"{value[:3]}***",
    Identifier.EMAIL: _mailbox,
}
