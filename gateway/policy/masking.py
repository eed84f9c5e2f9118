"""The one rule file of a set about persons, `masking.yaml`, as values: the same rules on every channel.

    fields:    a rule a name: what becomes of a value, and the places of it in each format
    in_text:   what is masked wherever else it stands in a text
    dicom:     what PS3.15 leaves to the site

Frozen and checked; how it is written stands in `masking_words`, what it does in inspection.changing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

MASKING_FILE: Final = "masking.yaml"


class Becomes(StrEnum):
    """What a value becomes. None of them leads back."""

    REMOVED = "removed"
    PSEUDONYM = "pseudonym"
    MASKED = "masked"
    FIRST = "first character"
    LAST = "last 4 characters"
    YEAR = "year"


class Dates(StrEnum):
    """What becomes of the dates of a DICOM object (PS3.15, E.3.6)."""

    REMOVED = "removed"
    SHIFTED = "shifted"
    KEPT = "kept"


# Steps from the outside in. `*` is any one step, `**` any number of them; the last of XML may be `@name`.
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """An HL7 field, or a part of it: PID-5, PID-3.1, PID-3.4.2. 0 for the whole."""

    segment: str
    number: int
    component: int = 0
    subcomponent: int = 0


@dataclass(frozen=True, slots=True)
class MaskRule:
    """One rule. name: for people and the audit, and part of what a pseudonym is made of.

    paths: by format word (fhir, json, cda, xml). columns: of tables. tags: of DICOM, removed or given
    a pseudonym besides what the profile does. line: in the file.
    """

    name: str
    becomes: Becomes
    line: int
    paths: Mapping[str, tuple[Path, ...]] = field(default_factory=lambda: MappingProxyType({}))
    fields: tuple[Field, ...] = ()
    columns: tuple[str, ...] = ()
    tags: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Masking:
    """The whole file. in_text: words of policy.identifiers. in_text_line: 0 where it says nothing."""

    says: str
    rules: tuple[MaskRule, ...]
    in_text: frozenset[str] = frozenset()
    in_text_line: int = 0
    dates: Dates = Dates.SHIFTED

    def names(self, word: str) -> bool:
        """Whether a rule names a place in files of this format word; DICOM has its profile."""
        if word == "dicom":
            return True
        return any(
            rule.paths.get(word)
            or (word == "hl7" and rule.fields)
            or (word == "csv" and rule.columns)
            for rule in self.rules
        )


# Formats whose fields can be named, and so masked; a file of any other type cannot be.
MASKABLE: Final = frozenset(["fhir", "json", "cda", "xml", "hl7", "csv", "dicom"])
