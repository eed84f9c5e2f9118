"""A FHIR transaction: what its entries may ask, and what its resources may point at by a search.

    entry.request.method, .url, .ifNoneExist, .ifMatch   one of the channel's list
    entry.fullUrl                                        a urn, or nothing: no address
    Type?name=value in a reference                       only where the list has `Type by name`
    http://… in a reference                              never: a server may go and fetch it

HL7 FHIR R4, 3.1.0.11. Each side finds entries and references in its own walk; here single values are judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.inspection.formats.fhir import fault
from gateway.inspection.formats.fhir_types import FORMS
from gateway.inspection.formats.json import Value
from gateway.inspection.unsound import Fault
from gateway.policy.transaction_words import EntryItem, read_item


@dataclass(frozen=True, slots=True)
class Transaction:
    """kind: `transaction` or `batch`. items: what is listed."""

    kind: str
    items: frozenset[EntryItem]

    @classmethod
    def of(cls, kind: str, items: tuple[str, ...]) -> Transaction:
        """From the words of a policy; RuntimeError for what is none, which no policy lets through."""
        read = [read_item(item) for item in items]
        listed = frozenset(item for item in read if item is not None)
        if None in read:
            raise RuntimeError(f"no transaction: {items}")
        return cls(kind, listed)

    @property
    def types(self) -> frozenset[str]:
        """Types that entries may bring or ask for."""
        return frozenset(item.type for item in self.items if item.method)


_ID: Final = re.compile(FORMS["id"])
_URN: Final = re.compile(rf"{FORMS['uuid']}|{FORMS['oid']}")
# One value of one parameter: what a server reads as several, or as another one, has no place.
_SEARCH: Final = (
    r"(?P<name>_?[a-z][a-z0-9-]*)=(?P<value>(?:[A-Za-z0-9._~:/@|-]|%(?:7[Cc]|3[Aa]|2[Ff])){1,256})"
)
_WITH_TYPE: Final = re.compile(rf"(?P<type>[A-Z][A-Za-z]+)\?{_SEARCH}")
_ALONE: Final = re.compile(_SEARCH)
_TAG: Final = re.compile(r'W/"[!#-~]{1,64}"')
_OF_ENTRY: Final = frozenset(["fullUrl", "resource", "request"])
_OF_REQUEST: Final = frozenset(["method", "url", "ifNoneExist", "ifMatch"])


def kind_faults(value: Value, transaction: Transaction) -> Iterator[Fault]:
    """Fault 3587: the outermost Bundle is of another type than the channel takes."""
    kind = value.get("type") if isinstance(value, dict) else None
    if kind != transaction.kind or not isinstance(value, dict) or not value.get("entry"):
        yield _wrong("Bundle.type", kind)


def entry_faults(
    where: str, entry: Mapping[str, Value], transaction: Transaction
) -> Iterator[Fault]:
    """Fault 3587 of one entry: what it asks is not listed, or it says more than is looked at."""
    for key in entry.keys() - _OF_ENTRY:
        yield _wrong(f"{where}.{key[:40]}", "")
    full = entry.get("fullUrl")
    if full is not None and not (isinstance(full, str) and _URN.fullmatch(full)):
        yield _wrong(f"{where}.fullUrl", full)
    request, resource = entry.get("request"), entry.get("resource")
    if not isinstance(request, dict):
        yield _wrong(f"{where}.request", "")
        return
    for key in request.keys() - _OF_REQUEST:
        yield _wrong(f"{where}.request.{key[:40]}", "")
    tag = request.get("ifMatch")
    if tag is not None and not (isinstance(tag, str) and _TAG.fullmatch(tag)):
        yield _wrong(f"{where}.request.ifMatch", tag)
    if _asked(request, resource) not in transaction.items:
        said = f"{request.get('method')} {request.get('url')}"
        yield _wrong(f"{where}.request", said)


def _asked(request: Mapping[str, Value], resource: Value) -> EntryItem | None:
    """What an entry asks as an item of a list; None where it is nothing that a list can say."""
    method, url, once = request.get("method"), request.get("url"), request.get("ifNoneExist")
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(method, str) or not isinstance(url, str):
        return None
    if once is not None:
        match = _ALONE.fullmatch(once) if isinstance(once, str) else None
        if match is None or method != "POST" or url != kind:
            return None
        return EntryItem(method, url, match["name"])
    if method == "POST":
        return EntryItem(method, url, "") if url == kind and "ifMatch" not in request else None
    if method == "PUT" and (found := _WITH_TYPE.fullmatch(url)):
        return EntryItem(method, kind, found["name"]) if found["type"] == kind else None
    named, slash, number = url.partition("/")
    if not slash or not _ID.fullmatch(number) or not number.strip("."):
        return None
    if method == "PUT":
        same = isinstance(resource, dict) and kind == named and resource.get("id") == number
        return EntryItem(method, named, "") if same else None
    return EntryItem(method, named, "") if resource is None else None


def pointing_faults(where: str, text: str, transaction: Transaction) -> Iterator[Fault]:
    """Fault 3588: a reference by search that is not listed, or one to an address."""
    if "://" in text:
        yield fault(3588, place=where, value=text[:80])
    elif "?" in text:
        found = _WITH_TYPE.fullmatch(text)
        item = EntryItem("", found["type"], found["name"]) if found else None
        if item not in transaction.items:
            yield fault(3588, place=where, value=text[:80])


def _wrong(place: str, said: object) -> Fault:
    return fault(3587, place=place, value=str(said)[:80])
