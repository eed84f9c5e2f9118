"""How the line of a parameter is written, and the pattern that follows from it.

    id: fhir id
    patient: optional fhir id
    status: one of preliminary, final
    name: many text at most 40
    date: many optional fhir date        ge2026-01-01
    code: fhir token                     http://loinc.org|718-7
    subject: fhir reference of Patient   Patient/p-1
    count: optional fhir count at most 100
    location: fhir location of Observation, in an answer

Every form has a bound on its length; no form takes a control character.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
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
# A code as 2.24.0.1 has it, without what a search reads as more than one value (3.1.1.4.1: , $ | \\).
_CODE: Final = r"[^\pC\pZ,$|\\]+(?: [^\pC\pZ,$|\\]+)*"
_SYSTEM: Final = r"(?:https?://|urn:)[A-Za-z0-9._~:/?=+@-]{1,160}"
_RESOURCE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")

# Forms without a part of their own: pattern and most characters.
SIMPLE: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {
        "fhir id": (_FHIR_ID, 64),
        "date": (rf"{_YEAR}-{_MONTH}-{_DAY}", 10),
        "date and time": (_DATE_TIME, 40),
        "fhir date": (_SEARCH_DATE, 42),
        # 3.1.1.4.10: [code], [system]|[code], |[code], [system]|
        "fhir token": (rf"(?:(?:{_SYSTEM})?\|)?{_CODE}|{_SYSTEM}\|", 256),
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
    "fhir reference of RESOURCE or RESOURCE",
    "fhir count at most N",
    "fhir location of RESOURCE or RESOURCE",
    "text at most N",
    "one of WORD, WORD",
    "pattern RE2",
    "optional …",
    "many …",
)
MOST_TEXT: Final = 1_000
MOST_COUNT: Final = 10_000
# What a pattern says of length itself is not counted: this is the bound besides.
MOST_OF_PATTERN: Final = 256
# The address of what was made, as a path: what stands before the type, then type, id and version.
MOST_LOCATION: Final = 512
_COUNT: Final = re.compile(r"fhir count at most +(?P<n>[0-9,]+)")
_NAMED: Final = re.compile(r"fhir (?P<what>reference|location) of +(?P<names>\S.*)")
_LOCATION: Final = re.compile(r"(?:optional +)?fhir location of .+")
_TEXT: Final = re.compile(r"text at most +(?P<n>[0-9,]+)(?: characters?)?")
# As long as a SOAPAction: an address, and the name of a call behind it.
_WORD: Final = re.compile(r"[^\s,\x00-\x1f\x7f]{1,256}(?: [^\s,\x00-\x1f\x7f]{1,64}){0,7}")


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


def is_location(rule: ValueRule) -> bool:
    """Whether a rule is one of `fhir location of …`."""
    return _LOCATION.fullmatch(rule.text) is not None


def location_types(rule: ValueRule) -> tuple[str, ...]:
    """The resources of a rule of a location."""
    return resource_names(rule.text.partition(" of ")[2].strip())


def located(rule: ValueRule, before: tuple[str, ...]) -> ValueRule:
    """A rule of a location behind a path. before: literal parts of the call up to the type."""
    if not before:
        return replace(rule, pattern=rf"/?(?:{rule.pattern})")
    path = "".join(f"/{re.escape(part)}" for part in before)
    return replace(rule, pattern=rf"(?:{path}/)?(?:{rule.pattern})")


def resource_names(text: str) -> tuple[str, ...]:
    """`A, B or C` as names of resources; none where one of them has not the form of a name."""
    names = tuple(re.split(r", *| or ", text))
    return names if all(_RESOURCE.fullmatch(name) for name in names) else ()


def _types(names: str, text: str, at: int) -> str:
    found = resource_names(names)
    if not found:
        write = "fhir reference of Patient"
        raise Misread(2124, at, len(text), VALUE_FORMS, text=text[:80], write=write)
    return "|".join(found)


def _up_to(most: int) -> str:
    """A pattern of the whole numbers from 1 to `most`, without leading noughts."""
    digits = str(most)
    ways = [rf"[1-9][0-9]{{{length}}}" for length in range(len(digits) - 1)]
    for place, digit in enumerate(digits):
        least, behind = (1 if place == 0 else 0), len(digits) - place - 1
        if int(digit) > least:
            ways.append(rf"{digits[:place]}[{least}-{int(digit) - 1}][0-9]{{{behind}}}")
    return "|".join([*ways, digits])


def _form(text: str, at: int) -> tuple[str, int]:
    if text in SIMPLE:
        return SIMPLE[text]
    if match := _TEXT.fullmatch(text):
        return _SEEN, read_number(match["n"], 1, MOST_TEXT, at + match.start("n"))
    if match := _COUNT.fullmatch(text):
        most = read_number(match["n"], 1, MOST_COUNT, at + match.start("n"))
        return _up_to(most), len(str(most))
    if match := _NAMED.fullmatch(text):
        types = _types(match["names"], text, at)
        found = rf"(?:{types})/{_FHIR_ID}"
        if match["what"] == "reference":
            return found, 64 + 1 + 64
        return rf"{found}(?:/_history/{_FHIR_ID})?", MOST_LOCATION
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
