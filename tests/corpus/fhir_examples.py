"""The official examples of FHIR R4 (npm package hl7.fhir.r4.examples 4.0.1, HL7, CC0-1.0) as a pass corpus.

    npm pack hl7.fhir.r4.examples@4.0.1        in $FERRYGATE_CORPORA, else ~/.cache/ferrygate/corpora
    python -m tests.corpus.fhir_examples       the figures of docs/formats/FHIR.md

The package holds JSON only; its XML form is made from what the sending side has read (fhir_in_xml.py).
"""

from __future__ import annotations

import os
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.fhir import FhirProfile
from gateway.inspection.formats.fhir_types import RESOURCES
from gateway.inspection.receiving.formats import fhir as receiving
from gateway.inspection.sending.formats import fhir as sending
from gateway.inspection.unsound import Fault, Unsound
from tests.corpus.fhir_in_xml import in_xml

PACKAGE: Final = "hl7.fhir.r4.examples-4.0.1.tgz"
SIDES: Final[dict[str, Any]] = {"sending": sending, "receiving": receiving}
LIMITS: Final = FormatLimits()
# Everything in everything: what is tried here is the standard, not a channel.
PROFILE: Final = FhirProfile(bundle_of=RESOURCES)

# Why a document of the package is refused. Nothing else of it may be.
EXPLAINED: Final[dict[str, str]] = {
    "Bundle-dataelements": "more than 400,000 values in one document (limit of memory)",
    "Bundle-externals": "a link ftp:, a scheme that the channel would have to name",
    "Bundle-resources": "35 MB, more than 32 MiB (limit of memory)",
    "Bundle-v2-valuesets": "codes that end in a no-break space, against the form of `code`",
    "Bundle-valuesets": "a narrative that links to ftp:",
    "CapabilityStatement-example": "an endpoint mllp:, a scheme that the channel would have to name",
    "CapabilityStatement-messagedefinition": "an endpoint mllp:, a scheme that the channel would have to name",
    "CodeSystem-v2-0550": "codes that end in a no-break space, against the form of `code`",
    "Communication-fm-attachment": "an attachment application/pdf that is a word of text",
    "Communication-fm-solicited": "an attachment application/pdf that is a word of text",
    "DiagnosticReport-example-pgx": "an attachment application/pdf that is a word of text",
    "DocumentManifest-654789": "an attachment application/pdf that is a word of text",
    "ImplementationGuide-fhir": "no `name` and `status`, which R4 requires; one reference to an id of 67 characters",
    "Media-1.2.840.11361907579238403408700.3.1.04.19970327150033": "a narrative with a picture from another server",
    "Media-sound": "an attachment audio/mpeg that is a line of text",
    "MessageHeader-1cbdfb97-5859-48a4-8301-d54eab818d68": "an endpoint llp:, a scheme that the channel would have to name",
    "PlanDefinition-KDN5": "a comment in the narrative",
    "Questionnaire-qs1": "32 items without `linkId`, which R4 requires",
    "SearchParameter-codesystem-extensions-CodeSystem-author": "no `base`, which R4 requires",
    "SearchParameter-codesystem-extensions-CodeSystem-effective": "no `base`, which R4 requires",
    "SearchParameter-codesystem-extensions-CodeSystem-end": "no `base`, which R4 requires",
    "SearchParameter-codesystem-extensions-CodeSystem-keyword": "no `base`, which R4 requires",
    "SearchParameter-codesystem-extensions-CodeSystem-workflow": "no `base`, which R4 requires",
    "SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject": "an id of 67 characters; R4 has 64",
    "SearchParameter-valueset-extensions-ValueSet-author": "no `base`, which R4 requires",
    "SearchParameter-valueset-extensions-ValueSet-effective": "no `base`, which R4 requires",
    "SearchParameter-valueset-extensions-ValueSet-end": "no `base`, which R4 requires",
    "SearchParameter-valueset-extensions-ValueSet-keyword": "no `base`, which R4 requires",
    "SearchParameter-valueset-extensions-ValueSet-workflow": "no `base`, which R4 requires",
    "ValueSet-formatcodes": "a narrative that links to ftp:",
    "ig-r4": "no `name` and `status`, which R4 requires; one reference to an id of 67 characters",
}


# Elements and attributes of XML are counted one by one, and take more memory each.
EXPLAINED_IN_XML: Final = EXPLAINED | {
    "Bundle-valueset-expansions": "more than 250,000 elements and attributes (limit of memory)"
}


def explained(form: str) -> dict[str, str]:
    """The refusals of one form that are known, and why."""
    return EXPLAINED_IN_XML if form == "xml" else EXPLAINED


def package() -> Path | None:
    """The package on this machine, if somebody has put it there."""
    folder = os.environ.get("FERRYGATE_CORPORA")
    path = (Path(folder) if folder else Path.home() / ".cache/ferrygate/corpora") / PACKAGE
    return path if path.is_file() else None


def documents(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every example."""
    with tarfile.open(path) as archive:
        for entry in archive:
            name = entry.name.rpartition("/")[2]
            if entry.isfile() and name != "package.json":
                file = archive.extractfile(entry)
                assert file is not None
                yield name.removesuffix(".json"), file.read()


def numbers(side: str, document: bytes, form: str) -> Counter[int]:
    """How often each fault was found."""
    check: Callable[..., Any] = getattr(SIDES[side], f"check_{form}")
    found: Counter[int] = Counter()
    try:
        for one in check(Content.of_bytes(document), LIMITS, PROFILE):
            if isinstance(one, Fault):
                found[one.number] += 1
    except Unsound as error:
        found[error.fault.number] += 1
    return found


def main() -> None:
    """Print, for each form: how many pass each side and both, how fast, and every refusal."""
    path = package()
    if path is None:
        sys.exit(
            f"{PACKAGE} is not there: npm pack hl7.fhir.r4.examples@4.0.1 in ~/.cache/ferrygate/corpora"
        )
    for form in ("json", "xml"):
        refused: dict[str, dict[str, Counter[int]]] = {}
        spent = dict.fromkeys(SIDES, 0.0)
        count = size = 0
        for name, document in documents(path):
            count += 1
            try:
                content = in_xml(document) if form == "xml" else document
            except Unsound as error:
                refused[name] = {side: Counter([error.fault.number]) for side in SIDES}
                continue
            size += len(content)
            for side in SIDES:
                start = time.perf_counter()
                found = numbers(side, content, form)
                spent[side] += time.perf_counter() - start
                if found:
                    refused.setdefault(name, {})[side] = found
        print(f"{form}: {count} documents, {size} bytes, pass both {count - len(refused)}")
        for side, seconds in spent.items():
            passed = count - sum(side in found for found in refused.values())
            print(
                f"  {side}: {passed} pass, {count / seconds:.0f}/s, {size / seconds / 1e6:.1f} MB/s"
            )
        for name, found_by in sorted(refused.items()):
            told = "; ".join(f"{side} {dict(found)}" for side, found in found_by.items())
            print(f"  {name}: {told} {'' if name in explained(form) else 'NOT EXPLAINED'}")


if __name__ == "__main__":
    main()
