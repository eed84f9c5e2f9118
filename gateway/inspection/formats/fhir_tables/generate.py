"""Makes the table of FHIR R4 from the official definitions; run by hand when the standard changes.

    python -m gateway.inspection.formats.fhir_tables.generate hl7.fhir.r4.examples-4.0.1.tgz

The npm package hl7.fhir.r4.examples 4.0.1 (HL7 International, CC0-1.0) holds, besides the examples, every
StructureDefinition, ValueSet and CodeSystem of R4. What is written:

    # lines of a header: what it is, from where, under which licence
    <empty line>
    zlib of JSON {"types": {name: [kind, element ...]}, "codes": [[code ...] ...]}

    kind      "resource", "type", "part" (of a resource or type: Patient.contact)
    element   [name, least, most (0: no limit), type words, index into codes or -1]
              name of a choice ends in [x]; a part's type word is its own name in "types"

Not part of the running product: nothing imports this module but its test.
"""

from __future__ import annotations

import json
import sys
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

HEADER: Final = b"""\
# FHIR R4 (4.0.1): resources, data types, elements, and codes of required bindings.
# Made by gateway.inspection.formats.fhir_tables.generate from the npm package
# hl7.fhir.r4.examples 4.0.1 of HL7 International, licence CC0-1.0 (public domain).
"""
TABLE_NAME: Final = "r4.table"
_SYSTEM: Final = "http://hl7.org/fhirpath/"
_TYPE_URL: Final = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"

Json = Mapping[str, Any]


def definitions(package: Path) -> Iterator[Json]:
    """Every StructureDefinition, ValueSet and CodeSystem of the package, in the order of its files."""
    wanted = ("StructureDefinition-", "ValueSet-", "CodeSystem-")
    with tarfile.open(package) as archive:
        for entry in archive:
            if entry.name.rpartition("/")[2].startswith(wanted):
                file = archive.extractfile(entry)
                assert file is not None
                yield json.load(file)


def table(resources: list[Json]) -> dict[str, Any]:
    """The table as it is written, from all definitions."""
    codes = Codes(resources)
    types: dict[str, list[Any]] = {}
    for one in resources:
        if _is_base(one):
            types.update(_types_of(one, codes))
    return {"types": dict(sorted(types.items())), "codes": codes.sets}


# Profiles of Quantity that elements name as if they were types (R4, 2.24.0.6).
_QUANTITIES: Final = ("Age", "Count", "Distance", "Duration", "MoneyQuantity", "SimpleQuantity")


def _is_base(one: Json) -> bool:
    """A resource or a data type of R4 itself: no profile, no logical model, no primitive."""
    if one["resourceType"] != "StructureDefinition":
        return False
    space, _, name = one["url"].rpartition("/")
    if space != "http://hl7.org/fhir/StructureDefinition":
        return False
    if name in _QUANTITIES or name in ("Element", "BackboneElement"):
        return True
    concrete = not one.get("abstract") and one.get("derivation") != "constraint"
    return concrete and one["kind"] in ("resource", "complex-type")


def _types_of(one: Json, codes: Codes) -> dict[str, list[Any]]:
    name = one["url"].rpartition("/")[2]
    root = one["type"]
    elements: list[Json] = one["snapshot"]["element"]
    owners = {e["path"].rpartition(".")[0] for e in elements[1:]}
    types: dict[str, list[Any]] = {}
    for owner in sorted(owners):
        kind = "part" if "." in owner else "type" if one["kind"] == "complex-type" else "resource"
        inside = [e for e in elements if e["path"].rpartition(".")[0] == owner and e["max"] != "0"]
        rows = [_element(e, owners, codes) for e in inside]
        if kind == "resource":
            # The definitions say string; the standard's text (2.27.1) and its schema say id.
            rows[0] = ["id", 0, 1, ["id"], -1]
        types[name + owner[len(root) :]] = [kind, *rows]
    return types


def _element(one: Json, owners: set[str], codes: Codes) -> list[Any]:
    path: str = one["path"]
    words = [_word(t) for t in one.get("type", ())]
    if "contentReference" in one:
        words = [one["contentReference"].partition("#")[2]]
    elif path in owners:
        words = [path]
    most = 0 if one["max"] == "*" else int(one["max"])
    bound = one.get("binding", {})
    required = bound.get("strength") == "required" and words == ["code"]
    index = codes.index_of(bound.get("valueSet", "")) if required else -1
    return [path.rpartition(".")[2], one["min"], most, words, index]


def _word(one: Json) -> str:
    code: str = one["code"]
    if not code.startswith(_SYSTEM):
        return code
    stated = [e["valueUrl"] for e in one.get("extension", ()) if e["url"] == _TYPE_URL]
    return str(stated[0]) if stated else "string"


class Codes:
    """Value sets written out as lists of codes, each once."""

    def __init__(self, resources: list[Json]) -> None:
        self._sets = {r["url"]: r for r in resources if r["resourceType"] == "ValueSet"}
        self._systems = {r["url"]: r for r in resources if r["resourceType"] == "CodeSystem"}
        self.sets: list[list[str]] = []
        self.open: set[str] = set()

    def index_of(self, url: str) -> int:
        """Index into `sets`; -1 where a set cannot be written out (MIME types, languages, units)."""
        found = self._codes(url.partition("|")[0])
        if found is None:
            self.open.add(url)
            return -1
        listed = sorted(found)
        if listed not in self.sets:
            self.sets.append(listed)
        return self.sets.index(listed)

    def _codes(self, url: str) -> set[str] | None:
        made: set[str] = set()
        compose = self._sets.get(url, {}).get("compose")
        if compose is None or "exclude" in compose:
            return None
        for include in compose["include"]:
            part = self._included(include)
            if part is None:
                return None
            made |= part
        return made

    def _included(self, include: Json) -> set[str] | None:
        if "filter" in include:
            return None
        if "valueSet" in include:
            parts = [self._codes(url.partition("|")[0]) for url in include["valueSet"]]
            return None if len(parts) != 1 else parts[0]
        if "concept" in include:
            return {c["code"] for c in include["concept"]}
        system = self._systems.get(include["system"], {})
        if system.get("content") != "complete":
            return None
        return set(_all_codes(system.get("concept", ())))


def _all_codes(concepts: list[Json]) -> Iterator[str]:
    for one in concepts:
        yield one["code"]
        yield from _all_codes(one.get("concept", []))


def written(made: Mapping[str, Any]) -> bytes:
    """The file's bytes; the same table gives the same bytes."""
    plain = json.dumps(made, separators=(",", ":"), ensure_ascii=False).encode()
    return HEADER + b"\n" + zlib.compress(plain, 9)


if __name__ == "__main__":
    target = Path(__file__).with_name(TABLE_NAME)
    target.write_bytes(written(table(list(definitions(Path(sys.argv[1]))))))
    print(f"{target}: {target.stat().st_size} bytes")
