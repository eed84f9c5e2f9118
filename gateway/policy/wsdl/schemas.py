"""The schemas of a WSDL document as files of a set: one for each namespace, each naming those that it needs.

    schema of urn:a, needs urn:b --> orders.xsd (import orders-2.xsd), orders-2.xsd

An import that nothing in its schema needs goes. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.policy.openapi.notes import NotExpressible
from gateway.policy.wsdl.description import XSD
from gateway.policy.wsdl.tree import Node, written

_FETCHING: Final = ("include", "redefine", "override")
_NAMING: Final = (
    "type", "ref", "base", "itemType", "memberTypes", "substitutionGroup", "refer",
)  # fmt: skip


def schemas_of(space: str, schemas: Sequence[Node]) -> dict[str, tuple[Node, ...]]:
    """The schemas of a namespace first, then those that it needs, by namespace; none names another yet.

    Several of one namespace are one where they can be; else the first is to include the others. Raises
    NotExpressible where one of them is not there, or would bring in something else.
    """
    found: dict[str, tuple[Node, ...]] = {}
    waiting = [space]
    while waiting:
        one = waiting.pop(0)
        if one not in found:
            found[one] = _of_space(one, schemas)
            needed = {other for node in found[one] for other in _named(node)}
            waiting += sorted(needed - {XSD, one})
    return found


def schema_text(schema: Node, imports: Mapping[str, str], includes: Sequence[str] = ()) -> str:
    """The schema as a file. imports: names by the namespaces that it may need; includes: of its own."""
    space = schema.attributes.get("targetNamespace", "")
    prefix = schema.raw.rpartition(":")[0]

    def naming(word: str, said: dict[str, str]) -> Node:
        return Node(f"{prefix}:{word}" if prefix else word, (XSD, word), said, schema.scope, {})

    named = [naming("include", {"schemaLocation": name}) for name in includes]
    for other in sorted(_named(schema) - {XSD, space}):
        of = {"namespace": other} if other else {}
        named.append(naming("import", {**of, "schemaLocation": imports[other]}))
    return written(replace(schema, children=[*named, *schema.children]))


def _of_space(space: str, schemas: Sequence[Node]) -> tuple[Node, ...]:
    found = [one for one in schemas if one.attributes.get("targetNamespace", "") == space]
    if not found:
        raise NotExpressible(f"no schema of {space}")
    whole = [_merged(found)] if _can_merge(found) else found
    if any(True for one in whole for _ in one.of(XSD, *_FETCHING)):
        raise NotExpressible("include")
    return tuple(
        replace(one, children=[node for node in one.children if node.name != (XSD, "import")])
        for one in whole
    )


def _can_merge(found: Sequence[Node]) -> bool:
    """Whether they say the same of their elements, and mean the same by their prefixes."""
    first = found[0]
    return all(
        other.attributes == first.attributes
        and all(first.scope.get(prefix, space) == space for prefix, space in other.scope.items())
        for other in found[1:]
    )


def _merged(found: Sequence[Node]) -> Node:
    scope = {prefix: space for one in found for prefix, space in one.scope.items()}
    children = [child for one in found for child in one.children]
    return replace(found[0], scope=scope, children=children)


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
