"""Which regular expressions of a JSON Schema are taken: those that no text can make slow.

The sending side's engine is linear by design; the receiving side's is that of Python, which goes back and
tries again. A pattern is looked at before it is compiled: what could take exponential time is refused.
"""

from __future__ import annotations

import re
from re import _constants as opcodes  # type: ignore[attr-defined]
from re import _parser as patterns  # type: ignore[attr-defined]
from typing import Any, Final

_REPEATS: Final = (opcodes.MAX_REPEAT, opcodes.MIN_REPEAT, opcodes.POSSESSIVE_REPEAT)
_MANY: Final = 64
_ONE_CHARACTER: Final = (
    opcodes.LITERAL,
    opcodes.NOT_LITERAL,
    opcodes.IN,
    opcodes.ANY,
    opcodes.CATEGORY,
)
_KNOWN_CODES: Final = (*_ONE_CHARACTER, *_REPEATS, opcodes.AT, opcodes.SUBPATTERN, opcodes.BRANCH)


def unsafe(pattern: str) -> str:
    """Why a pattern is not taken; "" for one that is read in linear or at worst square time.

    A repeat may hold single characters only, or a fixed piece; no references back, no looking around.
    """
    try:
        return _unsafe(patterns.parse(pattern), inside=False)
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)


def _unsafe(parsed: Any, inside: bool) -> str:
    for code, argument in parsed:
        if code not in _KNOWN_CODES:
            return "it looks around, refers back or sets flags"
        if code in _REPEATS:
            _, most, inner = argument
            reason = _repeated(inner, inside, many=most > _MANY)
        elif code is opcodes.SUBPATTERN:
            reason = (
                _unsafe(argument[3], inside)
                if not argument[1] and not argument[2]
                else "it sets flags"
            )
        elif code is opcodes.BRANCH:
            reason = (
                "it repeats a choice"
                if inside
                else next(filter(None, (_unsafe(b, inside) for b in argument[1])), "")
            )
        else:
            reason = ""
        if reason:
            return reason
    return ""


def _repeated(inner: Any, inside: bool, many: bool) -> str:
    if len(inner) == 1 and inner[0][0] in _ONE_CHARACTER:
        return "it repeats a repeat" if inside and many else ""
    return _unsafe(inner, inside or many)
