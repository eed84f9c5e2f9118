"""How the content of a request or an answer is written, and the conditions that follow from it.

    fhir DiagnosticReport, at most 2 MiB
    fhir Bundle of DiagnosticReport, at most 50 entries
    fhir transaction of POST Observation, PUT Patient, at most 50 entries
    json following schemas/order.json, at most 64 KiB
    soap 1.1 of PlaceOrder following schemas/orders.xsd, at most 1 MiB
    dicom json following schemas/dicom.json, at most 1 MiB
    multipart of dicom, at most 4 MiB
    pdf or png, at most 4 MiB, malware clean

The conditions are those of a file channel: contents are inspected and judged by the same engine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from gateway.policy.filetypes import ARCHIVE_WORDS, MULTIPART, TYPE_WORDS
from gateway.policy.grammar import read_format
from gateway.policy.model import (
    Condition,
    FormatRule,
    InsideRule,
    MalwareRule,
    Rule,
    Section,
    SizeRule,
    TypeRule,
)
from gateway.policy.operations import ContentRule
from gateway.policy.phrases import Misread, did_you_mean, read_number, read_size
from gateway.policy.soap_words import SOAP_FORMS, read_soap
from gateway.policy.transaction_words import (
    TRANSACTION_FORMS,
    TRANSACTIONS,
    read_transaction,
)
from gateway.policy.values import FormatDemand, SchemaText, SizeBound
from gateway.unit.request import MAX_LARGE_BYTES

CONTENT_FORMS: Final = (
    "fhir RESOURCE or RESOURCE", "fhir Bundle of RESOURCE or RESOURCE", "fhir any resource",
    *TRANSACTION_FORMS,
    "json", "json following schemas/NAME.json", "xml", "xml following schemas/NAME.xsd",
    *SOAP_FORMS,
    "dicom json", "dicom json following schemas/NAME.json", "multipart of dicom",
    "a file type, or several", "… , at most SIZE", "… , at most N entries", "… , malware clean",
)  # fmt: skip
# Of one content, whatever a file says. Above MAX_CONTENT_BYTES its operation goes through the queues.
MOST_CONTENT_BYTES: Final = MAX_LARGE_BYTES
USUAL_CONTENT_BYTES: Final = 1 << 20
MOST_ENTRIES: Final = 10_000

# Registered media types (IANA), the one that the far side sends first.
MEDIA_TYPES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "fhir json": ("application/fhir+json", "application/json"),
        "fhir xml": ("application/fhir+xml", "application/xml", "text/xml"),
        "json": ("application/json", "application/problem+json"),
        "xml": ("application/xml", "text/xml"),
        "soap": ("text/xml", "application/soap+xml"),
        # What is sent on comes as the first: the two versions are not two names of one thing.
        "soap 1.1": ("text/xml",),
        "soap 1.2": ("application/soap+xml",),
        "dicom json": ("application/dicom+json", "application/json"),
        "multipart": ("multipart/related",),
        "cda": ("application/hl7-cda+xml", "application/xml", "text/xml"),
        "hl7 v2": ("x-application/hl7-v2+er7", "application/hl7-v2", "text/plain"),
        "csv": ("text/csv",),
        "text": ("text/plain",),
        "pdf": ("application/pdf",),
        "dicom": ("application/dicom",),
        "ofd": ("application/ofd",),
        "png": ("image/png",),
        "jpeg": ("image/jpeg",),
        "gif": ("image/gif",),
        "tiff": ("image/tiff",),
        "bmp": ("image/bmp",),
        "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
        "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
        "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation",),
        "mp4": ("video/mp4",),
    }
)
# Formats that are read to their end wherever a content is of one: a gate has no use for half a look.
_READ: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "json": ("json", "well formed"), "xml": ("xml", "well formed"), "cda": ("cda", "follows CDA R2"),
        "hl7 v2": ("hl7", "any message"), "csv": ("csv", "any columns"), "dicom": ("dicom", "any object"),
        "pdf": ("pdf", "has no scripts, attachments or encryption"), "ofd": ("ofd", "plain"),
        "png": ("image", "whole"), "jpeg": ("image", "whole"), "gif": ("image", "whole"),
        "tiff": ("image", "whole"), "bmp": ("image", "whole"), "docx": ("ooxml", "plain"),
        "xlsx": ("ooxml", "plain"), "pptx": ("ooxml", "plain"), "fhir json": ("fhir", "any resource"),
        "fhir xml": ("fhir", "any resource"),
    }
)  # fmt: skip
_ENTRIES: Final = re.compile(r"at most +(?P<n>[0-9,]+) entr(?:y|ies)")
_PART: Final = re.compile(r", *(?=at most |malware )")
_SCHEMED: Final = re.compile(r"(?P<form>json|xml|dicom json)(?: +(?P<rest>following .+))?")
_PARTS: Final = re.compile(r"multipart of +dicom")
_FHIR: Final = re.compile(r"fhir(?P<xml> +xml)? +(?P<rest>[^ ].*)")


@dataclass(frozen=True, slots=True)
class _What:
    """inside: types of the parts, where it has some."""

    types: tuple[str, ...]
    media_types: tuple[str, ...]
    demands: tuple[tuple[str, FormatDemand], ...]
    inside: tuple[str, ...] = ()


def read_content(
    text: str, file: str, line: int, schemas: Mapping[str, SchemaText], usual_bytes: int
) -> ContentRule:
    """The rule of a content. Raises Misread 2124, 2119, 2120, 2110, 2123, 2241, 2315, 2316 and nothing else.

    usual_bytes: the bound where the text says none, and the most that it may say.
    """
    first, *rest = _PART.split(text)
    at = len(first)
    most, entries, scanned = min(usual_bytes, USUAL_CONTENT_BYTES), 0, False
    for part in rest:
        at = text.index(part, at)
        if part == "malware clean":
            scanned = True
        elif match := _ENTRIES.fullmatch(part):
            entries = read_number(match["n"], 1, MOST_ENTRIES, at + match.start("n"))
        elif part.startswith("at most "):
            most = read_size(part.removeprefix("at most "), at + 8).size_bytes
            if not 1 <= most <= usual_bytes:
                raise Misread(2316, at, len(part), size=part.removeprefix("at most "),
                              limit=usual_bytes)  # fmt: skip
        else:
            raise Misread(2124, at, len(part), CONTENT_FORMS, text=part, write="malware clean")
    what = _with_entries(_what(first, schemas), entries, text)
    return _rule(text, file, line, what, most, scanned=scanned)


def _rule(text: str, file: str, line: int, what: _What, most: int, *, scanned: bool) -> ContentRule:
    rules: list[tuple[str, Rule]] = [
        ("type", TypeRule(frozenset(what.types))),
        ("size", SizeRule(SizeBound(0, most))),
        *((word, FormatRule(word, demand)) for word, demand in what.demands),
    ]
    if what.inside:
        rules.append(("inside", InsideRule(frozenset(what.inside))))
    if scanned:
        rules.append(("malware", MalwareRule()))
    conditions = tuple(
        Condition(Section.PASSES_IF, word, text, file, line, rule) for word, rule in rules
    )
    return ContentRule(text, line, what.media_types, most, conditions)


def _with_entries(what: _What, entries: int, text: str) -> _What:
    if not entries:
        return what
    word, demand = what.demands[0] if what.demands else ("", FormatDemand(""))
    if word != "fhir" or not (
        demand.says.startswith(("Bundle", *TRANSACTIONS)) or "Bundle" in demand.names
    ):
        raise Misread(2315, 0, len(text), text=text[:80])
    return replace(what, demands=((word, replace(demand, most_entries=entries)),))


def _what(text: str, schemas: Mapping[str, SchemaText]) -> _What:
    if match := _FHIR.fullmatch(text):
        kind = "fhir xml" if match["xml"] else "fhir json"
        return _What(
            (kind,), MEDIA_TYPES[kind], (("fhir", _fhir(match["rest"], match.start("rest"))),)
        )
    if soap := read_soap(text):
        demand = FormatDemand(soap.says, soap.names)
        if soap.path:
            schema = _schema(soap.path, soap.path_at, schemas)
            demand = replace(demand, schema=schema)
        return _What(("xml",), MEDIA_TYPES[soap.form], (("xml", demand),))
    if match := _SCHEMED.fullmatch(text):
        form = "json" if match["form"].endswith("json") else "xml"
        demand = read_format(form, match["rest"] or "well formed")
        if match["form"] == "json":
            # RFC 8259, 2: any value is a document; a peer may answer `true`.
            demand = replace(demand, bare=True)
        if match["rest"]:
            schema = _schema(demand.names[0], match.start("rest"), schemas)
            demand = replace(demand, schema=schema)
        return _What((form,), MEDIA_TYPES[match["form"]], ((form, demand),))
    if _PARTS.fullmatch(text):
        demand = FormatDemand(_READ["dicom"][1])
        return _What((MULTIPART,), MEDIA_TYPES[MULTIPART], (("dicom", demand),), ("dicom",))
    words = re.split(r", *| or ", text)
    for word in words:
        if word not in TYPE_WORDS:
            near = did_you_mean(text, ("json", "fhir any resource", "xml", "soap", *TYPE_WORDS))
            raise Misread(2124, 0, len(text), CONTENT_FORMS, text=text[:80], write=near or "json")
        if word in ARCHIVE_WORDS or word not in MEDIA_TYPES:
            raise Misread(2317, 0, len(text), type=word)
    demands = dict(_READ[word] for word in words if word in _READ)
    media = dict.fromkeys(media for word in words for media in MEDIA_TYPES[word])
    return _What(
        tuple(words),
        tuple(media),
        tuple((word, FormatDemand(says)) for word, says in demands.items()),
    )


def _schema(path: str, at: int, schemas: Mapping[str, SchemaText]) -> SchemaText:
    if path not in schemas:
        raise Misread(2241, at, len(path), sorted(schemas), path=path)
    return schemas[path]


def _fhir(text: str, at: int) -> FormatDemand:
    if text.partition(" ")[0] in TRANSACTIONS:
        return read_transaction(text, at)
    bundled = text.removeprefix("Bundle of ")
    try:
        demand = read_format("fhir", bundled)
    except Misread as error:
        raise Misread(2124, at, len(text), CONTENT_FORMS, text=text[:80],
                      write="fhir DiagnosticReport") from error  # fmt: skip
    return demand if bundled == text else replace(demand, says="Bundle of NAMES")
