"""The element model of FHIR R4, from the compact table beside it: which key may stand where, and as what.

    Patient --slots--> "active"           Slot(boolean, one)
                       "deceasedDateTime" Slot(dateTime, one, choice "deceased")
                       "contact"          Slot(-> Patient.contact, many)

The table is read once, when this module is imported: before any sandbox closes. What a value of a primitive
type looks like stands here too (R4, 2.24.0.1); reading documents is each side's own work.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_TABLE: Final = Path(__file__).with_name("fhir_tables") / "r4.table"

# Forms of primitive values (R4, 2.24.0.1). Dates: the year is not nought; the hour of the offset to 14.
_YEAR: Final = r"(?!0000)[0-9]{4}"
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
_DAY: Final = r"(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]{1,9})?"
_ZONE: Final = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
# A day of 31 in a month of 30 is left to the side that counts days.
FORMS: Final[Mapping[str, str]] = {
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "code": r"[^\s]+(?: [^\s]+)*",
    "date": rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?",
    "dateTime": rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY}(?:T{_CLOCK}{_ZONE})?)?)?",
    "instant": rf"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}",
    "time": _CLOCK,
    "oid": r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+",
    "uuid": r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "uri": r"\S+",
    "url": r"\S+",
    "canonical": r"\S+",
    # Quantified one character at a time: base64 is decoded, not matched, where it counts.
    "base64Binary": r"[0-9A-Za-z+/=\s]+",
}
INTEGERS: Final[Mapping[str, tuple[int, int]]] = {
    "integer": (-(1 << 31), (1 << 31) - 1),
    "unsignedInt": (0, (1 << 31) - 1),
    "positiveInt": (1, (1 << 31) - 1),
}
TEXTS: Final = frozenset(["string", "markdown", "xhtml"])
PRIMITIVES: Final = frozenset([*FORMS, *INTEGERS, *TEXTS, "boolean", "decimal"])
ADDRESSES: Final = frozenset(["uri", "url", "canonical", "oid", "uuid"])
# A resource of any type: its own resourceType says which.
RESOURCE: Final = "Resource"


@dataclass(frozen=True, slots=True)
class Slot:
    """One key of a type. word: its type, a primitive, a name in TYPES, or RESOURCE. most: 0 without limit.

    choice: the name without [x] where several keys share one place. place: of the element in its type,
    for XML, where elements stand in order.
    """

    key: str
    word: str
    primitive: bool
    least: int
    most: int
    codes: frozenset[str] | None
    choice: str
    place: int

    @property
    def many(self) -> bool:
        return self.most != 1


@dataclass(frozen=True, slots=True)
class Type:
    """A resource, a data type or a part of one. required: each a tuple of keys of which one must stand."""

    name: str
    kind: str
    slots: Mapping[str, Slot]
    required: tuple[tuple[str, ...], ...]


def _read() -> Mapping[str, Type]:
    plain = zlib.decompress(_TABLE.read_bytes().partition(b"\n\n")[2])
    made = json.loads(plain)
    codes = [frozenset(listed) for listed in made["codes"]]
    words = _open_choice(made["types"])
    return {name: _type(name, rows, codes, words) for name, rows in made["types"].items()}


def _open_choice(types: Mapping[str, Any]) -> tuple[str, ...]:
    """The data types of a choice that names none: all that an extension's value may have (2.24.0.1)."""
    return next(tuple(e[3]) for e in types["Extension"][1:] if e[0] == "value[x]")


def _type(name: str, rows: Any, codes: list[frozenset[str]], open_choice: tuple[str, ...]) -> Type:
    slots: dict[str, Slot] = {}
    required: list[tuple[str, ...]] = []
    for place, (element, least, most, words, index) in enumerate(rows[1:]):
        bound = codes[index] if index >= 0 else None
        stem = element.removesuffix("[x]")
        choice = stem if stem != element else ""
        for word in words if words != ["*"] else open_choice:
            key = stem + word[0].upper() + word[1:] if choice else element
            slots[key] = Slot(key, word, word in PRIMITIVES, least, most, bound, choice, place)
        if least:
            required.append(tuple(k for k, slot in slots.items() if slot.place == place))
    return Type(name, rows[0], slots, tuple(required))


TYPES: Final = _read()
RESOURCES: Final = frozenset(name for name, one in TYPES.items() if one.kind == "resource")
