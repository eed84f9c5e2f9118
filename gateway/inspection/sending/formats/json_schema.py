"""A channel's JSON Schema on the sending side: compiled by jsonschema-rs, asked for every error."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NoReturn

import jsonschema_rs

from gateway.errors import Misconfigured
from gateway.inspection.formats.json import Value, fault
from gateway.inspection.formats.json_schema import MAX_FAULTS, Schema
from gateway.inspection.unsound import Fault


class RustSchema:
    """A compiled schema. Patterns run without back-tracking; nothing is ever fetched."""

    def __init__(self, schema: Schema) -> None:
        """Raises Misconfigured 3525 where the engine takes less than the check of keywords let through."""
        document: Any = (
            schema.document if isinstance(schema.document, bool) else dict(schema.document)
        )
        try:
            self._validator = jsonschema_rs.validator_for(
                document, retriever=_never, pattern_options=jsonschema_rs.RegexOptions()
            )
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            reason = str(error).partition("\n")[0][:80]
            raise Misconfigured(
                3525, file=schema.name, line=1, keyword="schema", wanted=reason
            ) from error

    def faults(self, value: Value) -> Iterator[Fault]:
        """Fault 3544 for each rule that is broken, at most MAX_FAULTS."""
        if self._validator.is_valid(value):
            return
        for error in itertools.islice(self._validator.iter_errors(value), MAX_FAULTS):
            place = "$" + "".join(
                f"[{s}]" if isinstance(s, int) else f".{s}" for s in error.instance_path
            )
            rule = str(error.schema_path[-1]) if error.schema_path else "false"
            yield fault(3544, place=place[:120], rule=rule)


def _never(_uri: str) -> NoReturn:
    raise ValueError("references stay within the schema's file")
