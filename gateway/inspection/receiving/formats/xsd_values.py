"""Values of simple types as XML Schema 1.0, part 2 writes them: forms of the built-in ones, and enumerations.

Ranges, lengths and patterns are held to by the sending side. A type that is not here takes every value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ZONE: Final = r"(?:Z|[+-][0-9]{2}:[0-9]{2})?"
_DAY: Final = r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
_WHOLE: Final = r"[+-]?[0-9]+"
_FORMS: Final = {
    "boolean": "true|false|1|0",
    "decimal": r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)",
    "date": _DAY + _ZONE,
    "time": _CLOCK + _ZONE,
    "dateTime": f"{_DAY}T{_CLOCK}{_ZONE}",
    "hexBinary": "(?:[0-9A-Fa-f]{2})*",
    **dict.fromkeys(
        ("integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger",
         "nonPositiveInteger", "negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort",
         "unsignedByte"),
        _WHOLE,
    ),
}  # fmt: skip
_COMPILED: Final = {name: re.compile(form) for name, form in _FORMS.items()}
# Their enumerations are compared letter by letter once blanks are as the type has them.
_TEXTS: Final = frozenset(["string", "token", "NMTOKEN", "Name", "NCName"])
_BLANKS: Final = re.compile(r"[ \t\r\n]+")


@dataclass(frozen=True, slots=True)
class Simple:
    """A simple type. built_in: the one that it comes from, "" where that is not known here.

    listed: its enumeration; None where it has none that is compared.
    """

    built_in: str = ""
    listed: frozenset[str] | None = None

    def takes(self, text: str) -> bool:
        """Whether a text is a value of it, as far as is looked here."""
        if self.built_in == "string":
            return self.listed is None or text in self.listed
        plain = _BLANKS.sub(" ", text).strip(" ")
        form = _COMPILED.get(self.built_in)
        if form is not None and form.fullmatch(plain) is None:
            return False
        return self.listed is None or plain in self.listed


def restricted(base: Simple, listed: frozenset[str]) -> Simple:
    """A type with an enumeration, empty for none."""
    if not listed or base.built_in not in _TEXTS:
        return base
    return Simple(base.built_in, listed)
