"""FHIR in XML and FHIR in JSON are one model: nodes to values.

    <active value="true"/>                  ->  "active": true
    <given value="A"/><given value="B"/>    ->  "given": ["A", "B"]
    <birthDate id="x" value="1980"/>        ->  "birthDate": "1980", "_birthDate": {"id": "x"}
    <text><div xmlns="...xhtml">..</div>    ->  "div": "<div ...>..</div>"

Source: FHIR R4, 2.1.1 (XML) and 2.6 (JSON). What a value must look like is not judged here: what is no
number stays a string, and the check of values refuses it. No reading of bytes: each side gives its own nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.inspection.formats.fhir import unsound
from gateway.inspection.formats.fhir_narrative import XHTML
from gateway.inspection.formats.fhir_types import INTEGERS, RESOURCE, RESOURCES, TYPES, Slot, Type
from gateway.inspection.formats.json import Value, number_of
from gateway.inspection.formats.xml_nodes import Node, written

FHIR_SPACE: Final = "http://hl7.org/fhir"
_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_DECIMAL: Final = re.compile(
    r"-?(?:0|[1-9][0-9]{0,400})(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,4})?"
)


def value_of(root: Node) -> dict[str, Value]:
    """A resource as the values of its JSON form. Raises Unsound 3550, 3564 to 3568, 3580, 3535."""
    if root.space != FHIR_SPACE:
        raise unsound(3564, place=root.name[:40], space=root.space[:60])
    return _resource(root, root.name)


def _resource(node: Node, where: str) -> dict[str, Value]:
    if node.space != FHIR_SPACE or node.name not in RESOURCES:
        raise unsound(3550, type=node.name[:40])
    if node.attributes:
        raise unsound(3565, place=where, attribute=next(iter(node.attributes))[:40])
    return {"resourceType": node.name, **_inside(node, TYPES[node.name], where)}


def _complex(node: Node, one: Type, where: str) -> dict[str, Value]:
    made: dict[str, Value] = {}
    for name, value in node.attributes.items():
        if name != "id" and (name != "url" or one.name != "Extension"):
            raise unsound(3565, place=where, attribute=name[:40])
        made[name] = value
    made.update(_inside(node, one, where))
    if not made:
        raise unsound(3580, place=where)
    return made


def _elements(node: Node, where: str) -> Iterator[Node]:
    for child in node.children:
        if isinstance(child, Node):
            yield child
        elif not child.isspace():
            raise unsound(3566, place=where)


def _inside(node: Node, one: Type, where: str) -> dict[str, Value]:
    made: dict[str, Value] = {}
    last = -1
    for child in _elements(node, where):
        slot = one.slots.get(child.name)
        at = f"{where}.{child.name[:60]}"
        if slot is None or _is_attribute(slot, one):
            raise unsound(3567, place=at)
        if slot.place < last or (slot.place == last and not slot.many):
            raise unsound(3568, place=at)
        last = slot.place
        if child.space != (XHTML if slot.word == "xhtml" else FHIR_SPACE):
            raise unsound(3564, place=at, space=child.space[:60])
        _put(made, slot, child, at)
    return made


def _is_attribute(slot: Slot, one: Type) -> bool:
    return (slot.key == "id" and one.kind != "resource") or (
        slot.key == "url" and one.name == "Extension"
    )


def _put(made: dict[str, Value], slot: Slot, child: Node, at: str) -> None:
    if slot.primitive and slot.word != "xhtml":
        _put_primitive(made, slot, child, at)
        return
    if slot.word == "xhtml":
        value: Value = written(child)
    elif slot.word == RESOURCE:
        inner = list(_elements(child, at))
        if len(inner) != 1 or child.attributes:
            raise unsound(3568, place=at)
        value = _resource(inner[0], at)
    else:
        value = _complex(child, TYPES[slot.word], at)
    if slot.many:
        made.setdefault(slot.key, []).append(value)
    else:
        made[slot.key] = value


def _put_primitive(made: dict[str, Value], slot: Slot, child: Node, at: str) -> None:
    attributes = dict(child.attributes)
    text = attributes.pop("value", None)
    beside = _inside(child, TYPES["Element"], at)
    if "id" in attributes:
        beside["id"] = attributes.pop("id")
    if attributes:
        raise unsound(3565, place=at, attribute=next(iter(attributes))[:40])
    value = None if text is None else _typed(slot.word, text)
    if value is None and not beside:
        raise unsound(3580, place=at)
    if not slot.many:
        made.update({slot.key: value} if value is not None else {})
        made.update({f"_{slot.key}": beside} if beside else {})
        return
    values = made.setdefault(slot.key, [])
    values.append(value)
    if beside or f"_{slot.key}" in made:
        others = made.setdefault(f"_{slot.key}", [])
        others.extend([None] * (len(values) - 1 - len(others)))
        others.append(beside or None)


def _typed(word: str, text: str) -> Value:
    if word == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if word in INTEGERS and _WHOLE.fullmatch(text):
        return int(text)
    if word == "decimal" and _DECIMAL.fullmatch(text):
        return int(text) if _WHOLE.fullmatch(text) and text != "-0" else number_of(text)
    return text
