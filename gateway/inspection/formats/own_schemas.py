"""A channel's own schemas, built by the side that checks, each once: kept by digest.

    SchemaText --checked--> Schema, Outline --this side's engine--> for a profile

Where a schema cannot be built is told with file and line: to whoever makes a policy set ready, before any
unit, and as a fault of the unit otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from gateway.inspection.formats.json import CompiledSchema
from gateway.inspection.formats.json_schema import Schema, checked_schema
from gateway.inspection.formats.xml_schema import Outline, XmlSchema, outline_of
from gateway.policy.values import SchemaText

# A child serves one channel, which has one or two; a test process a few more.
_KEPT: Final = 32

T = TypeVar("T")


class OwnSchemas:
    """The engines of one side. json: Schema to rules. xml: Outline to rules."""

    def __init__(
        self, json: Callable[[Schema], CompiledSchema], xml: Callable[[Outline], XmlSchema]
    ) -> None:
        self._json_engine, self._xml_engine = json, xml
        self._json: dict[tuple[str, str], CompiledSchema] = {}
        self._xml: dict[tuple[str, str], XmlSchema] = {}

    def json(self, schema: SchemaText) -> CompiledSchema:
        """A JSON Schema. Raises Misconfigured 3520 to 3526 and nothing else."""
        return _kept(
            self._json,
            schema,
            lambda: self._json_engine(checked_schema(schema.text.encode(), schema.path)),
        )

    def xml(self, schema: SchemaText) -> XmlSchema:
        """An XML Schema. Raises Misconfigured 3527 to 3529 and nothing else."""
        return _kept(
            self._xml,
            schema,
            lambda: self._xml_engine(outline_of(schema.text, schema.path, dict(schema.parts))),
        )


def _kept(shelf: dict[tuple[str, str], T], schema: SchemaText, build: Callable[[], T]) -> T:
    # The path is in what an engine says of a schema, so it belongs to the key.
    key = (schema.sha256, schema.path)
    built = shelf.get(key)
    if built is None:
        built = build()
        if len(shelf) >= _KEPT:
            shelf.clear()
        shelf[key] = built
    return built
