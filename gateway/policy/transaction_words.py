"""How the entries of a FHIR transaction are written: what each may ask of the server.

    fhir transaction of POST Observation, PUT Patient, at most 50 entries
    fhir transaction of POST Patient by identifier, POST Observation, Patient by identifier
    fhir batch of GET Patient

    POST TYPE               creates one
    PUT TYPE                by its id: TYPE/ID
    GET TYPE, DELETE TYPE   by its id, without a resource
    POST TYPE by NAME       creates one where none has this value of that search parameter (ifNoneExist)
    PUT TYPE by NAME        TYPE?NAME=VALUE
    TYPE by NAME            no entry: a reference TYPE?NAME=VALUE within resources

HL7 FHIR R4, 3.1.0.11 (batch and transaction), 3.1.0.8.1 and 3.1.0.4.3 (conditional create, update). What is
not listed is refused by both guards. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.policy.phrases import Misread
from gateway.policy.values import FormatDemand

TRANSACTIONS: Final = ("transaction", "batch")
TRANSACTION_FORMS: Final = (
    "fhir transaction of METHOD RESOURCE, METHOD RESOURCE by NAME, RESOURCE by NAME",
    "fhir batch of METHOD RESOURCE",
)
MOST_ITEMS: Final = 64
_ITEM: Final = re.compile(
    r"(?:(?P<method>GET|POST|PUT|DELETE) +)?(?P<type>[A-Z][A-Za-z]{1,63})"
    r"(?: +by +(?P<name>_?[a-z][a-z0-9-]{0,63}))?"
)
_BY: Final = frozenset(["", "POST", "PUT"])


@dataclass(frozen=True, slots=True)
class EntryItem:
    """One of the list. method: "" for a reference. name: of the search parameter, "" for none."""

    method: str
    type: str
    name: str


def read_transaction(text: str, at: int) -> FormatDemand:
    """`transaction of …` as a demand whose names are its items. Raises Misread 2124 and nothing else."""
    kind, of, rest = text.partition(" of ")
    words = re.split(r", *| or ", rest.strip())
    items = [read_item(word) for word in words]
    known = kind in TRANSACTIONS and of and len(items) <= MOST_ITEMS
    if not known or None in items or not any(item and item.method for item in items):
        write = "fhir transaction of POST Observation, PUT Patient"
        raise Misread(2124, at, len(text), TRANSACTION_FORMS, text=text[:80], write=write)
    return FormatDemand(kind, tuple(words))


def read_item(text: str) -> EntryItem | None:
    """One item of the list, None where it is none."""
    match = _ITEM.fullmatch(text)
    if match is None:
        return None
    method, name = match["method"] or "", match["name"] or ""
    if (name and method not in _BY) or not (name or method) or match["type"] == "Bundle":
        return None
    return EntryItem(method, match["type"], name)
