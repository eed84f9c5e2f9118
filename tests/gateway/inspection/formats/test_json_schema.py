# ruff: noqa: E501 (tables: one case, one line)
"""A channel's own JSON Schema: two engines that agree, and errors at load with their line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Misconfigured
from gateway.inspection.formats.json import JsonProfile
from gateway.inspection.formats.json_schema import checked_schema, load_schema
from gateway.inspection.receiving.formats import json as receiving
from gateway.inspection.receiving.formats.json_schema import FunctionSchema
from gateway.inspection.sending.formats import json as sending
from gateway.inspection.sending.formats.json_schema import RustSchema
from gateway.inspection.unsound import Fault, Word
from gateway.messages.formats_json import TEXTS
from tests.gateway.inspection.formats.reading import LIMITS, Reader

ENGINES: list[Any] = [
    pytest.param(RustSchema, id="sending"),
    pytest.param(FunctionSchema, id="receiving"),
]
JSON = Reader(JsonProfile(), TEXTS, frozenset({Word.JSON}))
ORDER = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["id", "lines"],
    "additionalProperties": False,
    "patternProperties": {"^x-": {"type": "string"}},
    "properties": {
        "id": {"type": "string", "pattern": "^[A-Z]{2}\\d+$", "maxLength": 8},
        "lines": {"type": "array", "minItems": 1, "maxItems": 3, "uniqueItems": True, "items": {"$ref": "#/$defs/line"}},
        "note": {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 2}]},
        "kind": {"enum": ["a", 1, None, 1.5]},
        "either": {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 0.5}]},
        "odd": {"not": {"const": "bad"}, "if": {"type": "string"}, "then": {"maxLength": 3}, "else": {"type": "boolean"}},
        "names": {"type": "object", "propertyNames": {"maxLength": 2}, "minProperties": 1, "maxProperties": 2},
    },
    "$defs": {"line": {"type": "object", "properties": {"n": {"type": "integer", "exclusiveMinimum": 0},
                       "price": {"type": "number", "minimum": 0.1, "maximum": 9.9},
                       "parts": {"items": {"$ref": "#/$defs/line"}}}}},
}  # fmt: skip

VERDICTS: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"id": None}, "type"), ({"id": "AB1\n"}, "pattern"), ({"id": "AB١"}, "pattern"), ({"id": "AB1234567"}, "maxLength"),
    ({"more": 1}, "additionalProperties"), ({"x-a": "b"}, ""), ({"x-a": 1}, "type"),
    ({"lines": []}, "minItems"), ({"lines": [{"n": n + 1} for n in range(4)]}, "maxItems"),
    ({"lines": [{"n": 1}, {"n": 1.0}]}, "uniqueItems"), ({"lines": [{"n": 0}]}, "exclusiveMinimum"),
    ({"lines": [{"n": 2.0}]}, ""), ({"lines": [{"n": 2.5}]}, "type"), ({"lines": [{"n": True}]}, "type"),
    ({"lines": [{"price": 0.1}]}, ""), ({"lines": [{"price": 0.09}]}, "minimum"), ({"lines": [{"price": 10}]}, "maximum"),
    ({"lines": [{"parts": [{"parts": [{"n": "x"}]}]}]}, "type"),
    ({"note": None}, ""), ({"note": "x"}, "anyOf"), ({"kind": 1.0}, ""), ({"kind": True}, "enum"), ({"kind": 1.50}, ""),
    ({"either": 1}, "oneOf"), ({"either": 0.75}, ""), ({"either": -1}, ""), ({"either": 0.25}, "oneOf"),
    ({"odd": "bad"}, "not"), ({"odd": "long"}, "maxLength"), ({"odd": True}, ""), ({"odd": 1}, "type"),
    ({"names": {}}, "minProperties"), ({"names": {"abc": 1}}, "propertyNames"), ({"names": {"a": 1, "b": 2, "c": 3}}, "maxProperties"),
]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("changes", "rule"), VERDICTS)
def test_both_engines_give_the_same_verdict(
    engine: Any, changes: dict[str, Any], rule: str
) -> None:
    compiled = engine(checked_schema(json.dumps(ORDER).encode(), "order.json"))
    document = json.dumps({"id": "AB1", "lines": [{"n": 1}], **changes}).encode()
    side = sending if engine is RustSchema else receiving
    profile = JsonProfile(schema=compiled)
    items = JSON.items(side.check, document, profile)
    assert JSON.untold(items) == []
    found = [one for one in items if isinstance(one, Fault)]
    assert {one.number for one in found} == ({3544} if rule else set())
    if rule and rule != "propertyNames":
        assert rule in {one.fields["rule"] for one in found}


WRONG: list[tuple[str, int, int]] = [
    ('{"a', 3521, 1),
    ('{\n"type": "objct"}', 3525, 2),
    ('{"type": "object",\n"properties": {\n"a": {"format": "date"}}}', 3522, 3),
    ('{"$ref":\n"https://example.org/x.json"}', 3523, 1),
    ('{"allOf": [{},\n{"$ref": "other.json#/a"}]}', 3523, 2),
    ('{"$ref": "#/$defs/none"}', 3524, 1),
    ('{"allOf": [{"$ref": "#"}]}', 3524, 1),
    ('{"$defs": {"a": {"not": {"$ref": "#/$defs/b"}},\n"b": {"$ref": "#/$defs/a"}}}', 3524, 1),
    ('{"properties": {"a":\n{"pattern": "(a+)+$"}}}', 3526, 2),
    ('{"pattern": "(a|aa)*"}', 3526, 1),
    ('{"pattern": "(?=a)"}', 3526, 1),
    ('{"pattern": "(a)\\\\1"}', 3526, 1),
    ('{"pattern": "["}', 3526, 1),
    ('{"patternProperties": {"(x*)*": {}}}', 3526, 1),
    ('{"required": "a"}', 3525, 1),
    ('{"minLength": -1}', 3525, 1),
    ('{"minimum": "1"}', 3525, 1),
    ('{"enum": []}', 3525, 1),
    ('{"items": [{}]}', 3525, 1),
    ('{"$schema": "http://json-schema.org/draft-04/schema#"}', 3525, 1),
    ('{"not": ' * 70 + "{}" + "}" * 70, 3525, 1),
]


@pytest.mark.parametrize(("text", "number", "line"), WRONG)
def test_a_schema_that_says_more_is_refused_with_its_line(
    text: str, number: int, line: int
) -> None:
    with pytest.raises(Misconfigured) as caught:
        checked_schema(text.encode(), "x.json")
    assert caught.value.number == number
    assert caught.value.fields["file"] == "x.json"
    assert caught.value.fields["line"] == line


def test_a_schema_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("true")
    assert load_schema(tmp_path / "a.json").document is True
    with pytest.raises(Misconfigured, match="3520"):
        load_schema(tmp_path / "b.json")


TYPES = st.sampled_from(["object", "array", "string", "number", "integer", "boolean", "null"])
SCHEMAS = st.recursive(
    st.booleans()
    | st.fixed_dictionaries({}, optional={
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
        "enum": st.lists(st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["a", "b"]), min_size=1, max_size=3),
        "minLength": st.integers(0, 2), "maxItems": st.integers(0, 2), "minimum": st.integers(0, 2),
        "pattern": st.sampled_from(["^a", "b$"]), "exclusiveMaximum": st.integers(0, 2), "minProperties": st.integers(0, 2),
        "required": st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True), "uniqueItems": st.booleans(),
    }),
    lambda inner: st.fixed_dictionaries({}, optional={
        "properties": st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2), "items": inner,
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=2),
        "additionalProperties": inner, "anyOf": st.lists(inner, min_size=1, max_size=2),
        "oneOf": st.lists(inner, min_size=1, max_size=2), "not": inner, "if": inner, "then": inner, "else": inner,
    }),
    max_leaves=6,
)  # fmt: skip
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "b", "ab"]) | st.sampled_from([0.5, 1.0, 2.0]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(deadline=None)
@given(SCHEMAS, DOCUMENTS)
def test_the_engines_agree_on_any_schema_and_document(schema: Any, document: Any) -> None:
    checked = checked_schema(json.dumps(schema).encode(), "x.json")
    value = sending.read(json.dumps(document).encode(), LIMITS)
    assert bool(list(RustSchema(checked).faults(value))) == bool(
        list(FunctionSchema(checked).faults(value))
    )
