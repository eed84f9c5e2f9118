"""Keys of FHIR (R4), whatever its form: where somebody is named, and what is no text at all."""

from __future__ import annotations

from typing import Final

# Where somebody is named in what is removed, and by which of its values; what else is in it names nobody.
NAMED: Final = frozenset(
    ["name", "telecom", "address", "valueHumanName", "valueContactPoint", "valueAddress"]
)
NAMING: Final = frozenset(["family", "given", "text", "value", "line"])
CODED: Final = frozenset(
    ["system", "code", "unit", "use", "status", "contentType", "language", "version", "type", "mode",
     "intent", "gender", "resourceType", "url"]
)  # fmt: skip
