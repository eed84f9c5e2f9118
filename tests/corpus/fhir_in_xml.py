"""The XML form of a FHIR resource that is there in JSON, for tests: the product writes no form from the other.

Source: FHIR R4, 2.1.1 (XML) and 2.6 (JSON). For resources that are right; a wrong one gives wrong XML.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.fhir_types import RESOURCE, TYPES, Slot, Type
from gateway.inspection.formats.fhir_xml import FHIR_SPACE
from gateway.inspection.formats.json import Value
from gateway.inspection.formats.xml_nodes import attribute
from gateway.inspection.sending.formats.json import read

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


def in_xml(document: bytes) -> bytes:
    """A resource in JSON as XML, in the order of the standard. Raises Unsound where it cannot be read."""
    value = read(document, FormatLimits())
    return (_DECLARATION + "".join(_written_resource(value, FHIR_SPACE))).encode()


def _written_resource(value: dict[str, Value], space: str = "") -> Iterator[str]:
    name = value["resourceType"]
    yield f'<{name} xmlns="{space}">' if space else f"<{name}>"
    yield from _written_inside(value, TYPES[name])
    yield f"</{name}>"


def _written_inside(value: dict[str, Value], one: Type) -> Iterator[str]:
    for slot in one.slots.values():
        if slot.key in _attributes_of(one) or (
            slot.key not in value and f"_{slot.key}" not in value
        ):
            continue
        inner = value.get(slot.key)
        beside = value.get(f"_{slot.key}")
        if not slot.many:
            yield from _written_one(slot, inner, beside)
            continue
        inner, beside = inner or [], beside or []
        for place in range(max(len(inner), len(beside))):
            yield from _written_one(slot, _at(inner, place), _at(beside, place))


def _at(values: list[Value], place: int) -> Value:
    return values[place] if place < len(values) else None


def _written_one(slot: Slot, value: Value, beside: Value) -> Iterator[str]:
    if slot.word == "xhtml":
        yield value
    elif slot.word == RESOURCE:
        yield f"<{slot.key}>"
        yield from _written_resource(value)
        yield f"</{slot.key}>"
    else:
        inside = beside or {} if slot.primitive else value
        one = TYPES["Element" if slot.primitive else slot.word]
        attributes = {key: inside[key] for key in _attributes_of(one) if key in inside}
        if slot.primitive and value is not None:
            attributes["value"] = _plain(value)
        inner = "".join(_written_inside(inside, one))
        head = slot.key + "".join(f" {k}={attribute(v)}" for k, v in attributes.items())
        yield f"<{head}>{inner}</{slot.key}>" if inner else f"<{head}/>"


def _attributes_of(one: Type) -> tuple[str, ...]:
    if one.kind == "resource":
        return ()
    return ("id", "url") if one.name == "Extension" else ("id",)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
