"""A small value that follows a JSON Schema of ours, for the first test of a channel. The test tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.policy.openapi.schemas import MOST_DEPTH

_HOME: Final = "#/$defs/"


def sample_json(schema: Mapping[str, Any]) -> object:
    """The value; of an object its obligatory keys only. None where the schema says nothing."""
    return _sample(schema, schema.get("$defs", {}), 0)


def _sample(schema: object, kept: Mapping[str, object], depth: int) -> Any:
    if not isinstance(schema, dict) or depth > MOST_DEPTH:
        return None
    if isinstance(reference := schema.get("$ref"), str):
        return _sample(kept.get(reference.removeprefix(_HOME)), kept, depth + 1)
    if "const" in schema:
        return schema["const"]
    if isinstance(listed := schema.get("enum"), list) and listed:
        return listed[0]
    for keyword in ("anyOf", "oneOf"):
        if isinstance(ways := schema.get(keyword), list) and ways:
            return _sample(ways[0], kept, depth + 1)
    if isinstance(parts := schema.get("allOf"), list) and parts:
        made = [_sample(part, kept, depth + 1) for part in parts]
        made.append(_plain({k: v for k, v in schema.items() if k != "allOf"}, kept, depth))
        objects = [one for one in made if isinstance(one, dict)]
        return {k: v for one in objects for k, v in one.items()} if objects else made[0]
    return _plain(schema, kept, depth)


def _plain(schema: Mapping[str, Any], kept: Mapping[str, object], depth: int) -> object:
    kind = schema.get("type", "object" if "properties" in schema else None)
    match kind[0] if isinstance(kind, list) and kind else kind:
        case "object":
            properties, required = schema.get("properties", {}), schema.get("required", [])
            return {name: _sample(properties.get(name), kept, depth + 1) for name in required}
        case "array":
            return [_sample(schema.get("items"), kept, depth + 1)] * int(schema.get("minItems", 0))
        case "string":
            return "a" * max(1, int(schema.get("minLength", 1)))
        case "integer" | "number":
            low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
            high = schema.get("maximum", low + 1)
            return min(low + 1, high) if "exclusiveMinimum" in schema else max(low, min(0, high))
        case "boolean":
            return True
        case _:
            return None
