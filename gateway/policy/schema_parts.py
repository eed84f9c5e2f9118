"""XML Schemas that refer to others of the set: each goes to the readers with all that it needs.

    schemas/orders.xsd --import schemaLocation="types.xsd"--> schemas/types.xsd --include--> ...

A location is the bare name of a file beside it; anything else (a path, an address) is left to the readers,
who refuse it: nothing is fetched. Source: XML Schema 1.0, part 1 (W3C, second edition, 2004), 4.2. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final
from xml.parsers import expat

from gateway.policy.schemas import MAX_SCHEMA_BYTES, SCHEMA_FOLDER
from gateway.policy.values import SchemaText

# One file of a set names a few; a service of many namespaces some twenty.
MAX_PARTS: Final = 64
_XSD: Final = "http://www.w3.org/2001/XMLSchema"
_JOINT: Final = "\x1f"
_NAMING: Final = frozenset([f"{_XSD}{_JOINT}import", f"{_XSD}{_JOINT}include"])


def with_parts(schemas: Mapping[str, SchemaText]) -> dict[str, SchemaText]:
    """The same schemas, those of XML with all others that they need. Raises nothing.

    What would be too much together goes alone: its readers then miss what it refers to, and say so.
    """
    named = {path: tuple(_named(one.text)) for path, one in schemas.items() if _is_xml(path)}
    return {path: _whole(path, one, schemas, named) for path, one in schemas.items()}


def _whole(
    path: str,
    schema: SchemaText,
    schemas: Mapping[str, SchemaText],
    named: Mapping[str, tuple[str, ...]],
) -> SchemaText:
    reached = [path]
    for at in reached:
        for name in named.get(at, ()):
            other = f"{SCHEMA_FOLDER}/{name}"
            if other in schemas and _is_xml(other) and other not in reached:
                reached.append(other)
    others = [schemas[one] for one in reached[1:]]
    size_bytes = sum(len(one.text.encode("utf-8", "surrogatepass")) for one in (schema, *others))
    if not others or len(others) > MAX_PARTS or size_bytes > MAX_SCHEMA_BYTES:
        return schema
    digests = "".join(f"{one.path}\t{one.sha256}\n" for one in (schema, *others))
    parts = tuple((one.path.removeprefix(f"{SCHEMA_FOLDER}/"), one.text) for one in others)
    return replace(schema, parts=parts, sha256=hashlib.sha256(digests.encode()).hexdigest())


def _is_xml(path: str) -> bool:
    return path.endswith(".xsd")


def _named(text: str) -> Iterator[str]:
    """Locations at the top of a schema; none of one that is not well formed."""
    found: list[str] = []
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth == 2 and name in _NAMING and (said := attributes.get("schemaLocation")):
            found.append(said)

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate("utf-8", _JOINT)
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError:
        return
    yield from found
