"""FHIR R4, as the sending guard reads it: two engines for the structure, one walk by names for the rest.

    values --fhirkit--------> elements, cardinalities, choices, forms of values
           --jsonschema-rs--> codes of required bindings, forms again (a schema made from our table)
           --walk by names--> ids, references, addresses, narratives, files, texts: no table is asked

An element's name says enough for the walk: `div` is a narrative wherever it stands, `reference` points,
`contained` contains. The other side goes by types instead.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import fhirkit

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
from gateway.inspection.formats.fhir_types import ADDRESSES, TYPES
from gateway.inspection.formats.fhir_xml import value_of
from gateway.inspection.formats.json import (
    MAX_DOCUMENT_BYTES,
    JsonProfile,
    Value,
    characters_of,
    number_items,
    serialise,
)
from gateway.inspection.formats.xml_nodes import read_nodes
from gateway.inspection.sending.formats.fhir_schema import schema_faults
from gateway.inspection.sending.formats.json import read
from gateway.inspection.sending.formats.xml import watch

# More would only hide the first ones.
_MAX_FAULTS: Final = 20


def check_json(content: Content, limits: FormatLimits, profile: FhirProfile) -> Iterator[Item]:
    """Faults, texts and files of a resource in JSON. Raises Unsound 3530 to 3542, 3550, 3551, OSError."""
    untrusted = content.read_at(0, MAX_DOCUMENT_BYTES + 1)
    value = read(untrusted, narrowed(limits, MAX_JSON_VALUES))
    yield from characters_of(untrusted, value, JsonProfile())
    yield from _items(value, untrusted, limits, profile)


def check_xml(content: Content, limits: FormatLimits, profile: FhirProfile) -> Iterator[Item]:
    """The same of a resource in XML. Raises Unsound 3550 to 3569, 3580 and OSError."""
    untrusted = content.read_at(0, MAX_DOCUMENT_BYTES + 1)
    narrow = narrowed(limits, MAX_XML_VALUES)
    root, comments = read_nodes(untrusted, narrow, watch, comments=profile.comments)
    value = value_of(root)
    for comment in comments:
        yield from plain_items("comment", comment)
    yield from _items(value, serialise(value), limits, profile)


def _items(
    value: Value, written: bytes, limits: FormatLimits, profile: FhirProfile
) -> Iterator[Item]:
    kind = outermost(value, profile)
    issues = (issue for issue in fhirkit.validate(written) if issue.severity == "error")
    for issue in itertools.islice(issues, _MAX_FAULTS):
        yield fault(3555, place=issue.path[:120], reason=issue.message[:120])
    yield from schema_faults(value)
    if profile.transaction is not None:
        yield from _transaction(value, profile.transaction)
    yield from _walk(value, kind, limits, profile)


def _transaction(value: Value, transaction: Transaction) -> Iterator[Item]:
    """The Bundle and its entries where they stand: at the top, whatever else the values hold."""
    yield from kind_faults(value, transaction)
    entries = value.get("entry") if isinstance(value, dict) else None
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield from entry_faults(f"Bundle.entry[{place}]", entry, transaction)


def _keys_of(words: frozenset[str]) -> frozenset[str]:
    """Names that elements of these types have, and no element that may hold any other string."""
    other = {"string", "markdown", "code", "id"}
    found: dict[str, set[str]] = {}
    for one in TYPES.values():
        for key, slot in one.slots.items():
            found.setdefault(key, set()).add(slot.word)
    return frozenset(key for key, kinds in found.items() if kinds & words and not kinds & other)


# One operation of TestScript has `url` as a string, the network of AuditEvent its `address`.
_ADDRESS_KEYS: Final = _keys_of(ADDRESSES) | {"url", "address"}
_DATE_KEYS: Final = _keys_of(frozenset(["date", "dateTime", "instant"]))
_BASE64_KEYS: Final = _keys_of(frozenset(["base64Binary"]))


def _walk(top: Value, kind: str, limits: FormatLimits, profile: FhirProfile) -> Iterator[Item]:
    waiting: list[tuple[dict[str, Value], str, bool]] = [(top, kind, False)]
    while waiting:
        node, where, contained = waiting.pop()
        for key, value in node.items():
            listed = isinstance(value, list)
            for place, one in enumerate(value if listed else (value,)):
                at = f"{where}.{key}[{place}]" if listed else f"{where}.{key}"
                if isinstance(one, str):
                    yield from _string_items(at, key, one, node, limits, profile)
                elif isinstance(one, dict):
                    yield from _inner_items(at, key, one, contained, profile)
                    waiting.append((one, typed(at, one), contained or key == "contained"))
                elif isinstance(one, int | Decimal) and not isinstance(one, bool):
                    yield from number_items(at, one, exact=False)


def _inner_items(
    at: str, key: str, one: dict[str, Value], contained: bool, profile: FhirProfile
) -> Iterator[Item]:
    if key != "contained" and "resourceType" not in one:
        return
    if contained:
        yield fault(3579, place=at)
    in_entry = key == "resource" and ".entry[" in at
    yield from inner_faults(at, one.get("resourceType"), in_entry, profile)


def _string_items(
    at: str, key: str, text: str, node: dict[str, Value], limits: FormatLimits, profile: FhirProfile
) -> Iterator[Item]:
    if key == "resourceType":
        return
    if key == "div":
        yield from narrative_items(at, text, limits, profile, watch)
        return
    if key == "hash" and "resourceType" not in node:
        yield from hash_faults(at, text)
        return
    if key in _BASE64_KEYS or (key == "data" and not _is_sampled(node)):
        typed = key == "data" and "sigFormat" not in node and "who" not in node
        yield from base64_items(at, text, _string(node.get("contentType")), typed=typed)
        return
    if profile.transaction is not None and key == "reference" and "language" not in node:
        yield from pointing_faults(at, text, profile.transaction)
    if key == "id":
        yield from id_faults(at, text, of_resource="resourceType" in node)
    elif key == "reference" and " " not in text and "language" not in node:
        yield from reference_faults(at, text)
    elif key in _ADDRESS_KEYS:
        yield from address_faults(at, text, profile)
    elif key in _DATE_KEYS and not is_day(text):
        yield fault(3576, place=at, type="date")
    yield from plain_items(at, text)


def _is_sampled(node: dict[str, Value]) -> bool:
    """SampledData has numbers in `data`; its required elements tell it from an attachment."""
    return "dimensions" in node and "origin" in node


def _string(value: Value) -> str | None:
    return value if isinstance(value, str) else None
