"""The JSON Schema for editors (draft 07, which the YAML language server reads), made from the table.

    python -m gateway.policy.schema > policies/policy.schema.json

It helps while typing; what counts is `ferrygate policy check`, which knows more.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from gateway.policy.model import Section
from gateway.policy.parts import PARTS
from gateway.policy.request_reference import request_schema
from gateway.policy.words import words_of
from gateway.policy.written_words import Word
from gateway.unit.model import Kind


def json_schema() -> dict[str, Any]:
    """The whole schema as plain values: of the kind that the file says it carries."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "ferrygate policy",
        "type": "object",
        "required": ["carries"],
        "if": {"properties": {"carries": {"const": Kind.REQUESTS.value}}, "required": ["carries"]},
        "then": request_schema(_word),
        "else": _of_files(),
    }


def _of_files() -> dict[str, Any]:
    top = _section(Section.CHANNEL, "A channel of ferrygate: one permitted exchange.")
    for part in PARTS:
        inner = (
            _tests(part.en) if part.section is Section.TESTS else _section(part.section, part.en)
        )
        top["properties"][part.section.value] = inner
        if part.obligatory:
            top["required"].append(part.section.value)
    return top


def schema_text() -> str:
    """The schema as it lies in policies/policy.schema.json."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def _section(section: Section, description: str) -> dict[str, Any]:
    words = words_of(section)
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": {name: _word(word) for name, word in words.items()},
        "required": [name for name, word in words.items() if word.obligatory],
    }


def _tests(description: str) -> dict[str, Any]:
    test = _section(Section.TESTS, "One test.")
    test["properties"]["try"] = _section(Section.TRY, "What is tried.") | {
        "oneOf": [{"required": ["file"]}, {"required": ["generated"]}]
    }
    test["required"].append("try")
    return {"type": "array", "description": description, "items": test}


def _word(word: Word[Any]) -> dict[str, Any]:
    described = {"description": word.en, "examples": [word.example]}
    text: dict[str, Any] = {"type": "string", "pattern": word.pattern}
    if word.editors:
        # `grade: 3` is a number to an editor and text to the gate.
        return {"type": ["string", *word.editors], "pattern": word.pattern, **described}
    if not word.many:
        return text | described
    items = {"type": "array", "minItems": 1, "items": text}
    return {"anyOf": [text, items], **described}


if __name__ == "__main__":
    sys.stdout.write(schema_text())
