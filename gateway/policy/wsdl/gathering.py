"""A WSDL document with those that it names beside it: other definitions, and the schemas of its types.

    orders.wsdl --wsdl:import--> common.wsdl --types--> schema --xs:import, xs:include--> types.xsd

A location is the bare name of a file of the same folder. Any other is left where it stands, for a note or for
whoever needs what it would bring in: nothing is fetched. WSDL 1.1 (W3C Note, 2001), 2.1.1. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.policy.wsdl.tree import Node

WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
XSD: Final = "http://www.w3.org/2001/XMLSchema"
# A service of many documents has some twenty.
MAX_DOCUMENTS: Final = 64
_BARE: Final = re.compile(r"(?:\./)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]{0,99})")


@dataclass(slots=True)
class Gathered:
    """documents: definitions, the first one first. schemas: of their types, and those that these name.

    missing: locations of definitions that are not beside it.
    """

    documents: list[Node] = field(default_factory=list)
    schemas: list[Node] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def gather(root: Node, beside: Callable[[str], Node | None]) -> Gathered:
    """All of them. beside: a document by its bare name, None for none; what it raises."""
    found, seen = Gathered(), set[str]()

    def other(location: str) -> Node | None:
        """A document that has not come yet; None for one that is not there."""
        bare = _BARE.fullmatch(location)
        if bare is None or len(seen) >= MAX_DOCUMENTS:
            return None
        seen.add(bare["name"])
        return beside(bare["name"])

    def has_come(location: str) -> bool:
        bare = _BARE.fullmatch(location)
        return bare is not None and bare["name"] in seen

    waiting = [root]
    while waiting:
        document = waiting.pop(0)
        found.documents.append(document)
        for node in document.of(WSDL, "import"):
            location = node.attributes.get("location", "")
            if has_come(location):
                continue
            imported = other(location)
            if imported is None or imported.name not in ((WSDL, "definitions"), (XSD, "schema")):
                found.missing.append(location)
            elif imported.name[0] == WSDL:
                waiting.append(imported)
            else:
                found.schemas.append(imported)
        found.schemas += [
            s for types in document.of(WSDL, "types") for s in types.of(XSD, "schema")
        ]
    at = 0
    while at < len(found.schemas):
        found.schemas[at] = _without_includes(found.schemas[at], found.schemas, other, has_come)
        at += 1
    return found


def _without_includes(
    schema: Node,
    schemas: list[Node],
    other: Callable[[str], Node | None],
    has_come: Callable[[str], bool],
) -> Node:
    """A schema whose includes have come to the others; one that cannot stays in it."""
    kept: list[Node] = []
    space = schema.attributes.get("targetNamespace", "")
    for node in schema.children:
        is_include = node.name == (XSD, "include")
        location = node.attributes.get("schemaLocation", "")
        if (not is_include and node.name != (XSD, "import")) or not location:
            kept.append(node)
            continue
        if not has_come(location):
            found = other(location)
            of_space = found is not None and found.attributes.get("targetNamespace", "") == space
            if found is None or found.name != (XSD, "schema") or (is_include and not of_space):
                kept.append(node)
                continue
            schemas.append(found)
        if not is_include:
            kept.append(node)
    return replace(schema, children=kept)
