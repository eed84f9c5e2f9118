"""The schemas in a WSDL document as files of a set: one for each namespace, each whole in itself.

An import that nothing in its schema needs goes; one that is needed cannot be said: a schema of ours is one
file of one namespace. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.policy.openapi.notes import NotExpressible
from gateway.policy.wsdl.description import XSD
from gateway.policy.wsdl.tree import Node, written

_FETCHING: Final = ("include", "redefine", "override")
_NAMING: Final = (
    "type", "ref", "base", "itemType", "memberTypes", "substitutionGroup", "refer",
)  # fmt: skip


def schema_of(space: str, schemas: Sequence[Node]) -> Node:
    """The one schema of a namespace. Raises NotExpressible where there is none, or it needs another."""
    found = [one for one in schemas if one.attributes.get("targetNamespace", "") == space]
    if not found:
        raise NotExpressible(f"no schema of {space}")
    whole = found[0] if len(found) == 1 else _merged(found)
    if any(True for _ in whole.of(XSD, *_FETCHING)):
        raise NotExpressible("include")
    imports = [one.attributes.get("namespace", "") for one in whole.of(XSD, "import")]
    needed = _named(whole) - {XSD, space}
    if needed:
        raise NotExpressible(f"import {min(needed)}")
    if not imports:
        return whole
    kept = [one for one in whole.children if one.name != (XSD, "import")]
    return replace(whole, children=kept)


def schema_text(schema: Node) -> str:
    """The schema as a file."""
    return written(schema)


def _merged(found: Sequence[Node]) -> Node:
    """Several of one namespace as one, where they say the same of their elements."""
    first = found[0]
    for other in found[1:]:
        scopes = {p: s for p, s in other.scope.items() if first.scope.get(p, s) != s}
        if other.attributes != first.attributes or scopes:
            raise NotExpressible("several schemas of one namespace")
    scope = {prefix: space for one in found for prefix, space in one.scope.items()}
    children = [child for one in found for child in one.children]
    return replace(first, scope=scope, children=children)


def _named(schema: Node) -> set[str]:
    """Namespaces of everything that a schema refers to."""
    spaces: set[str] = set()
    for node in schema.walk():
        for attribute in _NAMING:
            for text in node.attributes.get(attribute, "").split():
                name = node.qname(text)
                if name is not None:
                    spaces.add(name[0])
    return spaces
