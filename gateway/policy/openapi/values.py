"""The schema of a parameter or header as the line of a policy file, and a value that the line takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.policy.fitting import NotAPattern, compiled
from gateway.policy.openapi.description import Description
from gateway.policy.openapi.notes import Notes, NotExpressible
from gateway.policy.value_rules import MOST_TEXT

# Where a description says no length; a person decides.
USUAL_TEXT: Final = 256
_FORMATS: Final = {"uuid": "uuid", "date": "date", "date-time": "date and time"}
_WORD: Final = re.compile(r"[^\s,\x00-\x1f\x7f]{1,64}(?: [^\s,\x00-\x1f\x7f]{1,64}){0,7}")
_KINDS: Final = {"integer": "whole number", "number": "number", "boolean": "true or false"}
_BOUNDS: Final = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
)  # fmt: skip


def value_line(
    description: Description, schema: object, notes: Notes, operation: str, name: str
) -> str:
    """The line of one value. Raises NotExpressible for objects and lists; notes what is not asked."""
    plain = _single(description, description.resolved(schema))
    kind = plain.get("type")
    if isinstance(kind, list):
        kinds = [one for one in kind if one != "null"]
        kind = kinds[0] if len(kinds) == 1 else None
    if kind in ("object", "array"):
        raise NotExpressible(f"{name}: {kind}")
    for keyword in _BOUNDS:
        bound = plain.get(keyword)
        if bound is not None and not (keyword == "minLength" and bound in (0, 1)):
            notes.add(2371, operation, name=name, what=f"{keyword} {bound}"[:40])
    listed = [plain["const"]] if "const" in plain else plain.get("enum")
    if isinstance(listed, list) and (line := _listed(listed)):
        return line
    if isinstance(kind, str) and kind in _KINDS:
        return _KINDS[kind]
    return _text(plain, notes, operation, name)


def _text(plain: Mapping[str, Any], notes: Notes, operation: str, name: str) -> str:
    form, pattern, most = plain.get("format"), plain.get("pattern"), plain.get("maxLength")
    if form in _FORMATS:
        return _FORMATS[str(form)]
    if form is not None:
        notes.add(2371, operation, name=name, what=f"format {form}"[:40])
    if isinstance(pattern, str):
        whole = _whole_pattern(pattern)
        if whole:
            if most is not None:
                notes.add(2371, operation, name=name, what=f"maxLength {most}"[:40])
            return f"pattern {whole}"
        notes.add(2371, operation, name=name, what=f"pattern {pattern}"[:40])
    if isinstance(most, int) and not isinstance(most, bool) and most > 0:
        if most > MOST_TEXT:
            notes.add(2371, operation, name=name, what=f"maxLength {most}")
        return f"text at most {min(most, MOST_TEXT)}"
    return f"text at most {USUAL_TEXT}"


def _single(description: Description, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema without a choice between itself and nothing, as some programs write what is optional."""
    for keyword in ("allOf", "anyOf", "oneOf"):
        listed = schema.get(keyword)
        if not isinstance(listed, list):
            continue
        ways = [description.resolved(one) for one in listed]
        ways = [one for one in ways if one.get("type") != "null"]
        if len(ways) != 1:
            return {**schema, "format": keyword}
        return _single(
            description, {**ways[0], **{k: v for k, v in schema.items() if k != keyword}}
        )
    return schema


def _listed(values: list[object]) -> str:
    words = [
        "true" if v is True else "false" if v is False else str(v) for v in values if v is not None
    ]
    if words and all(_WORD.fullmatch(word) and " or " not in f" {word} " for word in words):
        return f"one of {', '.join(words)}"
    return ""


def _whole_pattern(pattern: str) -> str:
    """A pattern of JSON Schema (found anywhere) as one of a whole value; "" where RE2 does not take it."""
    begin = "" if pattern.startswith("^") else ".*"
    open_end = not pattern.endswith("$") or pattern.endswith("\\$")
    inner = pattern[0 if begin else 1 : None if open_end else -1]
    whole = f"{begin}(?:{inner}){'.*' if open_end else ''}"
    try:
        compiled(whole)
    except NotAPattern:
        return ""
    return whole if whole.isprintable() else ""


def sample_value(line: str) -> str:
    """A value that the line takes; "" where none is known (a pattern)."""
    rest = line.removeprefix("optional ").removeprefix("many ").removeprefix("optional ")
    if rest.startswith("one of "):
        return rest.removeprefix("one of ").partition(",")[0]
    known = {
        "uuid": "00000000-0000-4000-8000-000000000000", "date": "2026-01-05", "whole number": "1",
        "date and time": "2026-01-05T08:00:00Z", "number": "1", "true or false": "true",
    }  # fmt: skip
    return known.get(rest, "" if rest.startswith("pattern ") else "a")
