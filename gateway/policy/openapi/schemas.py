"""A schema of a description as a JSON Schema of a policy set: itself, and what it refers to, in one file.

    #/components/schemas/Order --> schemas/NAME-order.json: {"$ref": "#/$defs/Order", "$defs": {...}}

Keywords that a gate does not ask (`format` is one) are left out and noted; so is an object that takes keys
which nobody has named.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from gateway.policy.openapi.description import Description
from gateway.policy.openapi.notes import Notes, NotExpressible

# As gateway.inspection.formats.json_schema takes them.
_SCHEMAS: Final = ("additionalProperties", "items", "not", "if", "then", "else", "propertyNames")
_LISTS: Final = ("allOf", "anyOf", "oneOf")
_NAMED: Final = ("properties",)
_PLAIN: Final = frozenset([
    "type", "enum", "const", "required", "uniqueItems", "minItems", "maxItems", "minLength", "maxLength",
    "minProperties", "maxProperties", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "title",
])  # fmt: skip
# They say nothing of what a value may be.
_NOTES: Final = frozenset([
    "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "xml",
    "externalDocs", "nullable", "$comment", "$id", "$schema",
])  # fmt: skip
_HOME: Final = "#/components/schemas/"
MOST_DEPTH: Final = 48


def schema_file(
    description: Description,
    schema: object,
    file: str,
    notes: Notes,
    operation: str,
    takes_pattern: Callable[[str], bool],
) -> str:
    """The text of the schema's file. Raises NotExpressible (a reference that leads elsewhere, too deep).

    takes_pattern: whether readers of JSON take this regular expression.
    """
    maker = _Maker(description, takes_pattern)
    top = maker.converted(schema, 0)
    made = top if isinstance(top, dict) else {"allOf": [top]}
    for keyword, count in sorted(maker.left_out.items()):
        notes.add(2374, operation, file=file, keyword=keyword[:40], count=count)
    if maker.open_objects:
        notes.add(2375, operation, file=file, count=maker.open_objects)
    whole = {**made, **({"$defs": maker.kept} if maker.kept else {})}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


class _Maker:
    """One file. kept: what it refers to. left_out: keywords that are not asked, how often."""

    def __init__(self, description: Description, takes_pattern: Callable[[str], bool]) -> None:
        self._description = description
        self._takes_pattern = takes_pattern
        self.kept: dict[str, object] = {}
        self.left_out: Counter[str] = Counter()
        self.open_objects = 0

    def converted(self, schema: object, depth: int) -> object:
        """A schema in the words of JSON Schema. Raises NotExpressible."""
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict) or depth > MOST_DEPTH:
            raise NotExpressible("schema")
        if isinstance(reference := schema.get("$ref"), str):
            return self._reference(reference, depth)
        made: dict[str, object] = {}
        for keyword, value in schema.items():
            self._keyword(keyword, value, made, depth)
        if self._description.is_30:
            _of_30(schema, made)
        if (made.get("type") == "object" or "properties" in made) and (
            schema.get("additionalProperties") is None and "allOf" not in made
        ):
            self.open_objects += 1
        return made

    def _keyword(self, keyword: str, value: object, made: dict[str, object], depth: int) -> None:
        if keyword in _SCHEMAS:
            made[keyword] = self.converted(value, depth + 1)
        elif keyword in _LISTS and isinstance(value, list):
            made[keyword] = [self.converted(one, depth + 1) for one in value]
        elif keyword in _NAMED and isinstance(value, dict):
            made[keyword] = {name: self.converted(one, depth + 1) for name, one in value.items()}
        elif keyword in _PLAIN or (keyword == "pattern" and self._is_taken(value)):
            made[keyword] = value
        elif keyword not in _NOTES and not keyword.startswith("x-"):
            self.left_out[keyword] += 1

    def _is_taken(self, pattern: object) -> bool:
        return isinstance(pattern, str) and self._takes_pattern(pattern)

    def _reference(self, reference: str, depth: int) -> object:
        if not reference.startswith(_HOME) or "/" in reference.removeprefix(_HOME):
            return self.converted(self._description.at(reference), depth + 1)
        name = reference.removeprefix(_HOME)
        if name not in self.kept:
            # First its place: a schema may refer to itself.
            self.kept[name] = True
            self.kept[name] = self.converted(self._description.at(reference), depth + 1)
        return {"$ref": f"#/$defs/{name}"}


def _of_30(schema: Mapping[str, Any], made: dict[str, object]) -> None:
    """OpenAPI 3.0, 4.7.24: `nullable`, and bounds that are excluded by a truth value."""
    kind = made.get("type")
    if schema.get("nullable") is True and isinstance(kind, str):
        made["type"] = [kind, "null"]
        listed = made.get("enum")
        if isinstance(listed, list) and None not in listed:
            made["enum"] = [*listed, None]
    for excluded, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        said = made.pop(excluded, None)
        if said is True and bound in made:
            made[excluded] = made.pop(bound)
        elif said is not None and not isinstance(said, bool):
            made[excluded] = said
