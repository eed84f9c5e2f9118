"""FHIR R4, as the receiving guard reads it: our own walk along the table of types.

    Patient --slots--> key, value --word--> primitive: form, codes, and what its kind demands
                                            part or type: walked in turn with its own slots
                                            resource: allowed here?

Nothing is asked of a library: what the standard says of an element stands in fhir_types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.fhir import (
    MAX_JSON_VALUES,
    MAX_XML_VALUES,
    FhirProfile,
    address_faults,
    fault,
    id_faults,
    inner_faults,
    is_day,
    narrowed,
    outermost,
    plain_items,
    reference_faults,
    typed,
)
from gateway.inspection.formats.fhir_files import base64_items, hash_faults
from gateway.inspection.formats.fhir_narrative import narrative_items
from gateway.inspection.formats.fhir_transaction import (
    Transaction,
    entry_faults,
    kind_faults,
    pointing_faults,
)
from gateway.inspection.formats.fhir_types import (
    ADDRESSES,
    FORMS,
    INTEGERS,
    RESOURCE,
    TYPES,
    Slot,
    Type,
)
from gateway.inspection.formats.fhir_xml import value_of
from gateway.inspection.formats.json import (
    MAX_DOCUMENT_BYTES,
    JsonProfile,
    Value,
    characters_of,
    number_items,
)
from gateway.inspection.formats.xml_nodes import read_nodes
from gateway.inspection.receiving.formats.json import read
from gateway.inspection.receiving.formats.xml import watch


def check_json(content: Content, limits: FormatLimits, profile: FhirProfile) -> Iterator[Item]:
    """Faults, texts and files of a resource in JSON. Raises Unsound 3530 to 3542, 3550, 3551, OSError."""
    untrusted = content.read_at(0, MAX_DOCUMENT_BYTES + 1)
    value = read(untrusted, narrowed(limits, MAX_JSON_VALUES))
    yield from characters_of(untrusted, value, JsonProfile())
    yield from _Walk(limits, profile).items(value)


def check_xml(content: Content, limits: FormatLimits, profile: FhirProfile) -> Iterator[Item]:
    """The same of a resource in XML. Raises Unsound 3550 to 3569, 3580 and OSError."""
    untrusted = content.read_at(0, MAX_DOCUMENT_BYTES + 1)
    narrow = narrowed(limits, MAX_XML_VALUES)
    root, comments = read_nodes(untrusted, narrow, watch, comments=profile.comments)
    value = value_of(root)
    for comment in comments:
        yield from plain_items("comment", comment)
    yield from _Walk(limits, profile).items(value)


@dataclass(frozen=True, slots=True)
class _Place:
    """A node on the way: what type it is of, and whether it lies in a contained resource."""

    node: dict[str, Value]
    type: Type
    where: str
    contained: bool


_FORMS: Final = {word: re.compile(form).fullmatch for word, form in FORMS.items()}
_DATED: Final = frozenset(["date", "dateTime", "instant"])


class _Walk:
    def __init__(self, limits: FormatLimits, profile: FhirProfile) -> None:
        self._limits = limits
        self._profile = profile
        self._waiting: list[_Place] = []

    def items(self, value: Value) -> Iterator[Item]:
        kind = outermost(value, self._profile)
        self._waiting.append(_Place(value, TYPES[kind], kind, False))
        while self._waiting:
            yield from self._members(self._waiting.pop())

    def _members(self, at: _Place) -> Iterator[Item]:
        chosen: dict[str, str] = {}
        if self._profile.transaction is not None:
            yield from _asks(at, self._profile.transaction)
        for key, value in at.node.items():
            stem = key.removeprefix("_")
            slot = at.type.slots.get(stem)
            if slot is None or (stem != key and not slot.primitive):
                if key != "resourceType" or at.type.kind != "resource":
                    yield fault(3557, place=at.where, element=key[:60])
                continue
            if slot.choice and chosen.setdefault(slot.choice, stem) != stem:
                yield fault(3584, place=f"{at.where}.{slot.choice}[x]")
            if stem != key:
                yield from self._beside(at, slot, value)
            else:
                yield from self._value(at, slot, value)
        for keys in at.type.required:
            if not any(key in at.node or f"_{key}" in at.node for key in keys):
                yield fault(3558, place=at.where, element=keys[0])

    def _value(self, at: _Place, slot: Slot, value: Value) -> Iterator[Item]:
        where = f"{at.where}.{slot.key}"
        if slot.most == 1:
            one = self._primitive if slot.primitive else self._single
            yield from one(at, slot, value, where)
            return
        if not isinstance(value, list) or not value or 0 < slot.most < len(value):
            yield fault(3580, place=where)
            return
        for place, one in enumerate(value):
            if one is None and slot.primitive and _stands(at.node.get(f"_{slot.key}"), place):
                continue
            yield from self._single(at, slot, one, f"{where}[{place}]")

    def _single(self, at: _Place, slot: Slot, value: Value, where: str) -> Iterator[Item]:
        if slot.primitive:
            yield from self._primitive(at, slot, value, where)
        elif not isinstance(value, dict):
            yield fault(3576, place=where, type=slot.word)
        elif slot.word == RESOURCE:
            yield from self._resource(at, slot, value, where)
        elif not value:
            yield fault(3580, place=where)
        else:
            self._waiting.append(_Place(value, TYPES[slot.word], where, at.contained))

    def _resource(
        self, at: _Place, slot: Slot, value: dict[str, Value], where: str
    ) -> Iterator[Item]:
        if at.contained:
            yield fault(3579, place=where)
        kind = value.get("resourceType")
        in_entry = at.type.name == "Bundle.entry"
        wrong = list(inner_faults(where, kind, in_entry, self._profile))
        yield from wrong
        if not wrong:
            contained = at.contained or slot.key == "contained"
            inside = typed(where, value)
            self._waiting.append(_Place(value, TYPES[str(kind)], inside, contained))

    def _beside(self, at: _Place, slot: Slot, value: Value) -> Iterator[Item]:
        """`_key`: id and extensions of a primitive, beside its value (2.6.2.3)."""
        where = f"{at.where}._{slot.key}"
        ones = value if slot.many and isinstance(value, list) else [value]
        if slot.many != isinstance(value, list) or not any(ones):
            yield fault(3580, place=where)
            return
        values = at.node.get(slot.key)
        if slot.many and isinstance(values, list) and len(values) != len(ones):
            yield fault(3580, place=where)
        for place, one in enumerate(ones):
            if isinstance(one, dict) and one:
                name = f"{where}[{place}]" if slot.many else where
                self._waiting.append(_Place(one, TYPES["Element"], name, at.contained))
            elif one is not None or not slot.many:
                yield fault(3576, place=where, type="Element")

    def _primitive(self, at: _Place, slot: Slot, value: Value, where: str) -> Iterator[Item]:
        if not _has_form(slot.word, value):
            yield fault(3576, place=where, type=slot.word)
        elif slot.codes is not None and value not in slot.codes:
            yield fault(3585, place=where, value=str(value)[:80])
        elif isinstance(value, str):
            yield from self._string(at, slot, value, where)
        elif not isinstance(value, bool):
            yield from number_items(where, value, exact=False)

    def _string(self, at: _Place, slot: Slot, text: str, where: str) -> Iterator[Item]:
        if slot.word == "xhtml":
            yield from narrative_items(where, text, self._limits, self._profile, watch)
            return
        if slot.word == "base64Binary":
            yield from _binary(at, slot, text, where)
            return
        if slot.key == "id":
            yield from id_faults(where, text, of_resource=at.type.kind == "resource")
        elif slot.key == "reference" and at.type.name == "Reference":
            yield from reference_faults(where, text)
            if self._profile.transaction is not None:
                yield from pointing_faults(where, text, self._profile.transaction)
        elif slot.word in ADDRESSES:
            yield from address_faults(where, text, self._profile)
        yield from plain_items(where, text)


def _asks(at: _Place, transaction: Transaction) -> Iterator[Item]:
    """What a Bundle and each of its entries ask, by the types of their places."""
    if at.type.name == "Bundle":
        yield from kind_faults(at.node, transaction)
    elif at.type.name == "Bundle.entry":
        yield from entry_faults(at.where, at.node, transaction)


def _binary(at: _Place, slot: Slot, text: str, where: str) -> Iterator[Item]:
    if slot.key == "hash":
        yield from hash_faults(where, text)
        return
    mime = at.node.get("contentType")
    typed = at.type.name in ("Attachment", "Binary")
    yield from base64_items(where, text, mime if isinstance(mime, str) else None, typed=typed)


def _stands(beside: Value, place: int) -> bool:
    return isinstance(beside, list) and place < len(beside) and bool(beside[place])


def _has_form(word: str, value: Value) -> bool:
    if word == "boolean":
        return isinstance(value, bool)
    if word == "decimal":
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    if word in INTEGERS:
        least, most = INTEGERS[word]
        return type(value) is int and least <= value <= most
    if not isinstance(value, str) or not value:
        return False
    form = _FORMS.get(word)
    return form is None or (form(value) is not None and (word not in _DATED or is_day(value)))
