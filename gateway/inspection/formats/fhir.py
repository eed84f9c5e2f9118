"""FHIR R4: what a channel may allow, and the rules for single values that both readers apply.

    JSON --gateway.inspection.<side>.formats.json--> values --\\
    XML  --gateway.inspection.<side>.formats.xml_nodes--> nodes --fhir_xml--> values --> <side>.formats.fhir

Source: HL7 FHIR Release 4 (4.0.1): 2.6 (JSON), 2.1.1 (XML), 2.24 (data types), 2.27 (resource),
2.3 (references). Each side walks the values in its own way; nothing here reads a content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gateway.errors import Field
from gateway.inspection.formats.base64_leaves import LEAST_CHARACTERS, members_in
from gateway.inspection.formats.contract import FormatLimits, Item, Text, texts_of
from gateway.inspection.formats.fhir_types import FORMS, RESOURCES
from gateway.inspection.unsound import Fault, Unsound, Word

if TYPE_CHECKING:
    from gateway.inspection.formats.fhir_transaction import Transaction

WORD: Final = Word.FHIR


@dataclass(frozen=True, slots=True)
class FhirProfile:
    """What a channel takes of FHIR R4. Everything not named is refused.

    types: of the outermost resource. bundle_of: types of a Bundle's entries; naming any allows Bundle.
    contained: types inside `contained`, besides those of types and bundle_of. schemes: of addresses.
    comments: XML comments, which are then texts. external_images: pictures in a narrative that a
    browser would fetch from elsewhere. most_entries: of the outermost Bundle, 0 for as many as there are.
    transaction: what the outermost Bundle asks of a server, None for one that asks nothing.
    """

    types: frozenset[str] = RESOURCES
    bundle_of: frozenset[str] = frozenset()
    contained: frozenset[str] = frozenset()
    schemes: frozenset[str] = frozenset(["http", "https", "urn", "mailto", "tel"])
    comments: bool = False
    external_images: bool = False
    most_entries: int = 0
    transaction: Transaction | None = None

    @property
    def inner(self) -> frozenset[str]:
        """Types that may stand inside another resource."""
        return self.types | self.bundle_of | self.contained


# A value takes 400 bytes in three libraries at once, a node of XML as much again: 300 MiB is a process.
MAX_JSON_VALUES: Final = 400_000
MAX_XML_VALUES: Final = 250_000


@lru_cache(8)
def narrowed(limits: FormatLimits, values: int) -> FormatLimits:
    """The same limits with so many values at most."""
    return replace(limits, values=min(limits.values, values))


def unsound(number: int, /, **fields: Field) -> Unsound:
    """A document that this reader cannot go on with."""
    return Unsound(number, WORD, **fields)


def fault(number: int, /, **fields: Field) -> Fault:
    """Something wrong after which reading can go on."""
    return Fault(WORD, number, fields)


def outermost(value: object, profile: FhirProfile) -> str:
    """The type of the outermost resource.

    Raises Unsound 3550 (none of R4), 3551 (not of the channel), 3586 (a Bundle of more entries).
    """
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in RESOURCES:
        raise unsound(3550, type=str(kind)[:40])
    if kind not in profile.types and not (kind == "Bundle" and profile.bundle_of):
        raise unsound(3551, type=kind, place=kind)
    entries = value.get("entry") if isinstance(value, dict) else None
    if profile.most_entries and isinstance(entries, list) and len(entries) > profile.most_entries:
        raise unsound(3586, count=len(entries), limit=profile.most_entries)
    return kind


def inner_faults(where: str, kind: object, in_entry: bool, profile: FhirProfile) -> Iterator[Fault]:
    """Faults 3550 and 3551 of a resource inside another."""
    if not isinstance(kind, str) or kind not in RESOURCES:
        yield fault(3550, type=str(kind)[:40])
    elif kind not in (profile.bundle_of or profile.types if in_entry else profile.inner):
        yield fault(3551, type=kind, place=where)


def typed(where: str, node: Mapping[str, object]) -> str:
    """The place of what is in a node; of a resource within another with its type, as FHIRPath has it."""
    kind = node.get("resourceType")
    known = isinstance(kind, str) and kind in RESOURCES
    return f"{where}.ofType({kind})" if known else where


_ID: Final = re.compile(FORMS["id"])
_ELEMENT_ID: Final = re.compile(r"\S{1,1024}")


def id_faults(where: str, text: str, *, of_resource: bool) -> Iterator[Fault]:
    """Fault 3559: not the form of an id (2.24.0.1), or one that a file system reads as a way up."""
    form = _ID if of_resource else _ELEMENT_ID
    if not form.fullmatch(text) or (of_resource and not text.strip(".")):
        yield fault(3559, place=where, value=text[:80])


_TYPED: Final = r"[A-Z][A-Za-z]{1,63}"
_REFERENCE: Final = re.compile(
    rf"#(?:{FORMS['id']})?"
    rf"|{_TYPED}/{FORMS['id']}(?:/_history/{FORMS['id']})?(?:#{FORMS['id']})?"
    rf"|{_TYPED}\?[^\s#\\]+"
    rf"|https?://[^\s\\]+|{FORMS['uuid']}|{FORMS['oid']}"
)
_UPWARDS: Final = re.compile(r"(?:^|[/\\])\.\.?(?:[/\\]|$)")


def reference_faults(where: str, text: str) -> Iterator[Fault]:
    """Fault 3577: Reference.reference is a fragment, Type/id, an http address or a urn (2.3.0.1)."""
    if not _REFERENCE.fullmatch(text) or _UPWARDS.search(text.partition("?")[0]):
        yield fault(3577, place=where, value=text[:80])


_DATED: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T.*)?")


def is_day(text: str) -> bool:
    """Whether a month has this day; what is no date, or names no day, is not judged here."""
    if not _DATED.fullmatch(text):
        return True
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
# Programs start on opening one of these, or a file of the reader's own machine is read.
_LURE: Final = re.compile(
    r"[\s\x00-\x20]*(?:java|vb|live)script\s*:|(?:file|data|jar|phar|mhtml|smb|ldaps?|gopher|dict|blob|about"
    r"|view-source|search-ms|ms-[a-z\-]+|shell|cmd|powershell):\S*$",
    re.IGNORECASE,
)


def address_faults(where: str, text: str, profile: FhirProfile) -> Iterator[Fault]:
    """Fault 3578: an address with a scheme that the channel does not allow, or of a file share."""
    found = _SCHEME.match(text)
    known = found is None or found[1].lower() in profile.schemes
    if not known or text.startswith(("//", "\\")) or (found is None and _UPWARDS.search(text)):
        yield fault(3578, place=where, value=text[:80])


def plain_items(where: str, text: str) -> Iterator[Item]:
    """A string as texts and the files that it holds; fault 3578 for an address that runs something."""
    if ":" in text and _LURE.match(text):
        yield fault(3578, place=where, value=text[:80])
    if len(text) < LEAST_CHARACTERS:
        yield Text(where, text)
        return
    yield from texts_of(where, text)
    yield from members_in(where, text)
