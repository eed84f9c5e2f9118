"""A channel's own JSON Schema: read, checked word by word, and refused with its line when it says more.

    file --load_schema--> Schema --compiled (each side's own)--> CompiledSchema

Only keywords that both engines understand alike are taken: one that a validator would pass over in silence
(`format` is such a one) is no rule, and stands here as an error at load. References stay within the file.
Source: JSON Schema draft 2020-12, and draft 7 where the two agree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.errors import Misconfigured
from gateway.inspection.formats.json_patterns import unsafe

MAX_SCHEMA_BYTES: Final = 4 << 20
MAX_DEPTH: Final = 64
# More would only hide the first ones.
MAX_FAULTS: Final = 20
# Longer strings are refused where a pattern stands: a pattern is for codes and names.
MAX_PATTERN_CHARACTERS: Final = 4_096

_ONE: Final = ("additionalProperties", "items", "not", "if", "then", "else", "propertyNames")
_LISTED: Final = ("allOf", "anyOf", "oneOf")
_NAMED: Final = ("properties", "patternProperties", "$defs", "definitions")
_COUNTS: Final = (
    "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties",
)  # fmt: skip
_NUMBERS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_OWN: Final = ("type", "enum", "const", "required", "pattern", "uniqueItems", "$ref")
_NOTES: Final = (
    "$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated",
    "readOnly", "writeOnly",
)  # fmt: skip
KEYWORDS: Final = frozenset((*_ONE, *_LISTED, *_NAMED, *_COUNTS, *_NUMBERS, *_OWN, *_NOTES))
_TYPES: Final = frozenset(["object", "array", "string", "number", "integer", "boolean", "null"])
_DRAFTS: Final = re.compile(
    r"https?://json-schema\.org/(draft/2020-12|draft/2019-09|draft-07|draft-06)/schema#?"
)

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema that both sides can compile. name: for messages. document: an object, or true or false."""

    name: str
    document: Mapping[str, Any] | bool


def load_schema(path: Path) -> Schema:
    """Read and check a schema file. Raises Misconfigured 3520 to 3526 with file and line. Reads a file."""
    try:
        written = path.read_bytes()
    except OSError as error:
        raise Misconfigured(3520, file=path.name, reason=error.strerror or "") from error
    return checked_schema(written, path.name)


def checked_schema(written: bytes, name: str) -> Schema:
    """A schema from its text. Raises Misconfigured 3520 to 3526 and nothing else. No I/O."""
    if len(written) > MAX_SCHEMA_BYTES:
        raise Misconfigured(3520, file=name, reason=f"more than {MAX_SCHEMA_BYTES} bytes")
    try:
        document = json.loads(written.decode())
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise Misconfigured(3521, file=name, line=line, reason=str(error)[:80]) from error
    _Checker(name, written.decode(), document).check(document, ())
    return Schema(name, document)


class _Checker:
    """One pass over a schema; what is wrong is raised with the line where it stands."""

    def __init__(self, name: str, text: str, document: Any) -> None:
        self._name = name
        self._text = text
        self._document = document

    def check(self, schema: Any, at: Steps) -> None:
        if isinstance(schema, bool):
            return
        if not isinstance(schema, dict) or len(at) > MAX_DEPTH:
            raise self._wrong(3525, at, keyword=str(at[-1]) if at else "$", wanted="a schema")
        for keyword, value in schema.items():
            here = (*at, keyword)
            if keyword not in KEYWORDS:
                raise self._wrong(3522, here, keyword=keyword)
            self._keyword(keyword, value, here)

    def _keyword(self, keyword: str, value: Any, at: Steps) -> None:
        if keyword in _ONE:
            self.check(value, at)
        elif keyword in _LISTED:
            self._want(isinstance(value, list) and value != [], at, "a list of schemas")
            for place, one in enumerate(value):
                self.check(one, (*at, place))
        elif keyword in _NAMED:
            self._want(isinstance(value, dict), at, "an object of schemas")
            for key, one in value.items():
                if keyword == "patternProperties":
                    self._pattern(key, (*at, key))
                self.check(one, (*at, key))
        elif keyword == "pattern":
            self._want(isinstance(value, str), at, "a regular expression")
            self._pattern(value, at)
        elif keyword == "$ref":
            self._reference(value, at)
        else:
            self._plain(keyword, value, at)

    def _plain(self, keyword: str, value: Any, at: Steps) -> None:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if keyword in _COUNTS:
            self._want(whole and value >= 0, at, "a whole number")
        elif keyword in _NUMBERS:
            self._want(whole or isinstance(value, float), at, "a number")
        elif keyword == "type":
            listed = value if isinstance(value, list) else [value]
            known = listed != [] and all(isinstance(t, str) and t in _TYPES for t in listed)
            self._want(known, at, ", ".join(sorted(_TYPES)))
        elif keyword == "required":
            strings = isinstance(value, list) and all(isinstance(k, str) for k in value)
            self._want(strings, at, "a list of keys")
        elif keyword == "enum":
            self._want(isinstance(value, list) and value != [], at, "a list of values")
        elif keyword == "uniqueItems":
            self._want(isinstance(value, bool), at, "true or false")
        elif keyword == "$schema":
            self._want(
                isinstance(value, str) and bool(_DRAFTS.fullmatch(value)), at, "draft 2020-12 or 7"
            )
        elif keyword == "$id":
            self._want(len(at) == 1 and isinstance(value, str), at, "a name, at the top only")

    def _reference(self, value: Any, at: Steps) -> None:
        self._want(isinstance(value, str), at, "a reference")
        if value != "#" and not value.startswith("#/"):
            raise self._wrong(3523, at, reference=value)
        # One that comes back to itself on the same value would be followed for ever.
        if not isinstance(resolve(self._document, value), dict | bool) or value in self._reached(
            value
        ):
            raise self._wrong(3524, at, reference=value)

    def _reached(self, reference: str) -> set[str]:
        """References that are followed for the same value once this one is."""
        reached: set[str] = set()
        waiting = [resolve(self._document, reference)]
        while waiting:
            for one in _in_place(waiting.pop()):
                if one not in reached:
                    reached.add(one)
                    waiting.append(resolve(self._document, one))
        return reached

    def _pattern(self, pattern: str, at: Steps) -> None:
        reason = unsafe(pattern)
        if reason:
            raise self._wrong(3526, at, pattern=pattern, reason=reason)

    def _want(self, right: bool, at: Steps, wanted: str) -> None:
        if not right:
            raise self._wrong(3525, at, keyword=str(at[-1]), wanted=wanted)

    def _wrong(self, number: int, at: Steps, **fields: str) -> Misconfigured:
        return Misconfigured(number, file=self._name, line=line_of(self._text, at), **fields)


def _in_place(schema: Any) -> Iterator[str]:
    """References in a schema that apply to the very value that it applies to."""
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("$ref"), str):
        yield schema["$ref"]
    for keyword in ("not", "if", "then", "else"):
        yield from _in_place(schema.get(keyword))
    for keyword in _LISTED:
        listed = schema.get(keyword)
        for one in listed if isinstance(listed, list) else ():
            yield from _in_place(one)


def resolve(document: Any, reference: str) -> Any:
    """What a local reference (RFC 6901) points to; None where nothing stands."""
    target = document
    for step in reference.removeprefix("#").split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(target, list):
            target = target[int(key)] if key.isdecimal() and int(key) < len(target) else None
        else:
            target = target.get(key) if isinstance(target, dict) else None
    return target


_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def line_of(text: str, at: Steps) -> int:
    """The line (from 1) where the value at these steps begins; that of its parent where it has none."""
    best = 0
    for path, offset in _places(text):
        if path == at[: len(path)]:
            best = offset
        if path == at:
            break
    return text.count("\n", 0, best) + 1


def _places(text: str) -> Iterator[tuple[Steps, int]]:
    """(steps, offset) of each key and item of a JSON text that is known to be right."""
    path: list[str | int] = []
    key_next: list[bool] = []
    tokens = list(_TOKEN.finditer(text))
    for token in tokens:
        mark = token[0]
        if mark in "{[":
            path.append("" if mark == "{" else 0)
            key_next.append(mark == "{")
            if mark == "[":
                yield tuple(path), token.start()
        elif mark in "]}":
            path.pop()
            key_next.pop()
        elif mark == ",":
            last = path[-1]
            if isinstance(last, int):
                path[-1] = last + 1
                yield tuple(path), token.start()
            else:
                key_next[-1] = True
        elif mark == ":":
            key_next[-1] = False
        elif key_next and key_next[-1]:
            path[-1] = json.loads(mark)
            yield tuple(path), token.start()
