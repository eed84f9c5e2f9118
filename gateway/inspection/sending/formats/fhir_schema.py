"""A JSON Schema of all of FHIR R4, made from our table and compiled once, for the sending side.

Not the official schema: that one lets two values of a choice and empty lists through, and is a hundred
times the size. What it is for: codes of required bindings and forms of values; fhirkit counts elements.
Made when this module is imported (a tenth of a second): before any sandbox closes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Final

import jsonschema_rs

from gateway.inspection.formats.fhir import fault
from gateway.inspection.formats.fhir_types import (
    FORMS,
    INTEGERS,
    RESOURCE,
    RESOURCES,
    TYPES,
    Slot,
    Type,
)
from gateway.inspection.formats.json import Value
from gateway.inspection.unsound import Fault

_MAX_FAULTS: Final = 20
# Matched elsewhere: base64 is decoded, addresses are looked at.
_UNMATCHED: Final = frozenset(["base64Binary", "uri", "url", "canonical"])
# The engine is linear and has no looking ahead: the year 0000 is fhirkit's.
_AHEAD: Final = "(?!0000)"
_ELEMENT: Final = {"$ref": "#/$defs/Element"}


def schema_faults(value: Value) -> Iterator[Fault]:
    """Fault 3556 for each rule that is broken, at most _MAX_FAULTS."""
    if _validator.is_valid(value):
        return
    for error in itertools.islice(_validator.iter_errors(value), _MAX_FAULTS):
        steps = error.instance_path
        place = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps).lstrip(".")
        rule = str(error.schema_path[-1]) if error.schema_path else "false"
        yield fault(3556, place=place[:120], rule=rule)


def _schema() -> dict[str, Any]:
    kinds = sorted(RESOURCES)
    chosen = [
        {
            "if": {"properties": {"resourceType": {"const": kind}}, "required": ["resourceType"]},
            "then": {"$ref": f"#/$defs/{kind}"},
        }
        for kind in kinds
    ]
    return {
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"enum": kinds}},
        "allOf": chosen,
        "$defs": {name: _definition(one) for name, one in TYPES.items()},
    }


def _definition(one: Type) -> dict[str, Any]:
    properties: dict[str, Any] = (
        {"resourceType": {"const": one.name}} if one.kind == "resource" else {}
    )
    for key, slot in one.slots.items():
        properties[key] = _listed(_single(slot), slot)
        if slot.primitive:
            properties[f"_{key}"] = _listed(_ELEMENT, slot)
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": properties,
    }


def _listed(single: dict[str, Any], slot: Slot) -> dict[str, Any]:
    if not slot.many:
        return single
    item = {"anyOf": [single, {"type": "null"}]} if slot.primitive else single
    most = {"maxItems": slot.most} if slot.most else {}
    return {"type": "array", "minItems": 1, "items": item, **most}


def _single(slot: Slot) -> dict[str, Any]:
    if slot.word == RESOURCE:
        return {"$ref": "#"}
    if not slot.primitive:
        return {"$ref": f"#/$defs/{slot.word}"}
    if slot.codes is not None:
        return {"enum": sorted(slot.codes)}
    if slot.word in INTEGERS:
        least, most = INTEGERS[slot.word]
        return {"type": "integer", "minimum": least, "maximum": most}
    if slot.word in ("boolean", "decimal"):
        return {"type": "boolean" if slot.word == "boolean" else "number"}
    if slot.word in FORMS and slot.word not in _UNMATCHED:
        return {"type": "string", "pattern": f"^(?:{FORMS[slot.word].replace(_AHEAD, '')})$"}
    return {"type": "string", "minLength": 1}


_validator: Final = jsonschema_rs.validator_for(
    _schema(), pattern_options=jsonschema_rs.RegexOptions()
)
