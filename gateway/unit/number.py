"""Unit numbers: what a person reads over the telephone, and what the machine counts.

A number is 40 bits. People see nine characters of Crockford's base 32 with a check character,
`7QK4-M2XD-9`: no I, L, O or U, so that a spoken or handwritten one survives. Consecutive units are
scattered over the range by an odd multiplier (a bijection modulo 2**40), so that neighbours differ
in most characters and a slip of one character is not the neighbour's number.
"""

from __future__ import annotations

from typing import Final

from gateway.errors import Refused

MAX_NUMBER: Final = (1 << 40) - 1

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES: Final = {c: i for i, c in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
# 2**40 divided by the golden ratio, made odd: spreads neighbours as evenly as a multiplier can.
_SCATTER: Final = 0x9E3779B97F
_GATHER: Final = pow(_SCATTER, -1, 1 << 40)
# Odd, so that any one wrong character changes the sum; different, so that two neighbours swapped do
# too (but for a pair whose values lie 16 apart).
_WEIGHTS: Final = (1, 3, 5, 7, 9, 11, 13, 15)


def speak(number: int) -> str:
    """The nine characters of a unit number, grouped. number: 0 to MAX_NUMBER."""
    if not 0 <= number <= MAX_NUMBER:
        raise RuntimeError(f"not a unit number: {number}")
    scattered = number * _SCATTER & MAX_NUMBER
    characters = "".join(_ALPHABET[scattered >> shift & 31] for shift in range(35, -1, -5))
    return f"{characters[:4]}-{characters[4:]}-{_check(characters)}"


def hear(untrusted_text: str) -> int:
    """The number behind nine characters as a person typed them; case, blanks and dashes are free.

    Raises Refused 8010 (not a unit number) or 8011 (check character differs) and nothing else.
    """
    characters = "".join(c for c in untrusted_text.upper() if c not in "- ")
    if len(characters) != 9 or any(c not in _VALUES for c in characters):
        raise Refused(8010, text=untrusted_text)
    values = [_VALUES[c] for c in characters]
    plain = "".join(_ALPHABET[v] for v in values)
    if plain[8] != _check(plain[:8]):
        raise Refused(8011, text=untrusted_text)
    scattered = 0
    for value in values[:8]:
        scattered = scattered << 5 | value
    return scattered * _GATHER & MAX_NUMBER


def _check(characters: str) -> str:
    total = sum(weight * _VALUES[c] for weight, c in zip(_WEIGHTS, characters, strict=True))
    return _ALPHABET[total % 32]
