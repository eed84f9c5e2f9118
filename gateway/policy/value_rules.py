"""How the line of a parameter is written, and the pattern that follows from it.

    id: fhir id
    patient: optional fhir id
    status: one of preliminary, final
    name: many text at most 40

Every form has a bound on its length; no form takes a control character.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.policy.fitting import NotAPattern, compiled
from gateway.policy.operations import ValueRule
from gateway.policy.phrases import Misread, did_you_mean, read_number

# Any character that can be seen, and the blank: no controls, no formatting, no line ends.
_SEEN: Final = r"[^\pC\x{2028}\x{2029}]+"
# HL7 FHIR R4, 2.24.0.1: id, date; 3.1.1.4.3 for the prefixes of a search.
_FHIR_ID: Final = r"[A-Za-z0-9.-]*[A-Za-z0-9-][A-Za-z0-9.-]*"
_YEAR: Final = r"[0-9]{4}"
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
_DAY: Final = r"(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
_ZONE: Final = r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
_DATE_TIME: Final = rf"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}"
_SEARCH_DATE: Final = (
    rf"(?:eq|ne|gt|lt|ge|le|sa|eb|ap)?(?:{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?|{_DATE_TIME})"
)
_HEX: Final = "[0-9a-fA-F]"

# Forms without a part of their own: pattern and most characters.
SIMPLE: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {
        "fhir id": (_FHIR_ID, 64),
        "date": (rf"{_YEAR}-{_MONTH}-{_DAY}", 10),
        "date and time": (_DATE_TIME, 40),
        "fhir date": (_SEARCH_DATE, 42),
        "number": (r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?", 40),
        "whole number": (r"-?(?:0|[1-9][0-9]{0,17})", 20),
        "uuid": (rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}", 36),
        # DICOM PS3.5, 9.1: 64 characters at most; ITU-T X.660 knows no longer ones in use.
        "oid": (r"[0-2](?:\.(?:0|[1-9][0-9]*))+", 64),
        "true or false": ("true|false", 5),
    }
)
VALUE_FORMS: Final = (
    *SIMPLE,
    "text at most N",
    "one of WORD, WORD",
    "pattern RE2",
    "optional …",
    "many …",
)
MOST_TEXT: Final = 1_000
# What a pattern says of length itself is not counted: this is the bound besides.
MOST_OF_PATTERN: Final = 256
_TEXT: Final = re.compile(r"text at most +(?P<n>[0-9,]+)(?: characters?)?")
_WORD: Final = re.compile(r"[^\s,\x00-\x1f\x7f]{1,64}(?: [^\s,\x00-\x1f\x7f]{1,64}){0,7}")


def read_value_rule(text: str, word: str, line: int) -> ValueRule:
    """The rule of a line. Raises Misread 2124, 2119, 2123, 2310 and nothing else."""
    rest, required, many = text, True, False
    while (prefix := rest.partition(" ")[0]) in ("optional", "many") and " " in rest:
        if (prefix == "many" and many) or (prefix == "optional" and not required):
            break
        many, required = many or prefix == "many", required and prefix != "optional"
        rest = rest.partition(" ")[2].lstrip()
    pattern, most = _form(rest, len(text) - len(rest))
    return ValueRule(text, pattern, most, line, required, many, word)


def exactly(value: str, line: int, word: str) -> ValueRule:
    """The rule of a value that a template writes out."""
    return ValueRule(f"one of {value}", re.escape(value), len(value), line, word=word)


def _form(text: str, at: int) -> tuple[str, int]:
    if text in SIMPLE:
        return SIMPLE[text]
    if match := _TEXT.fullmatch(text):
        return _SEEN, read_number(match["n"], 1, MOST_TEXT, at + match.start("n"))
    if text.startswith("one of "):
        words = [word.strip() for word in re.split(r", *| or ", text.removeprefix("one of "))]
        if all(_WORD.fullmatch(word) for word in words):
            return "|".join(re.escape(word) for word in words), max(len(word) for word in words)
    if text.startswith("pattern ") and (pattern := text.removeprefix("pattern ").strip()):
        try:
            compiled(pattern)
        except NotAPattern as error:
            raise Misread(2310, at + 8, len(pattern), problem=str(error)[:80]) from error
        return pattern, MOST_OF_PATTERN
    write = did_you_mean(text, SIMPLE) or "text at most 64"
    raise Misread(2124, at, len(text), VALUE_FORMS, text=text[:80], write=write)
