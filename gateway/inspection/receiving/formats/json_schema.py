"""A channel's JSON Schema on the receiving side: our own compiler, from keywords to functions.

    {"type": "object", "required": ["a"]}  -->  one function per keyword; the first that says no is the fault
                                                for each kind of value those that can say no to it

Takes what gateway.inspection.formats.json_schema has let through and nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from gateway.inspection.formats.json import Value, fault
from gateway.inspection.formats.json_schema import MAX_PATTERN_CHARACTERS, Schema, resolve
from gateway.inspection.unsound import Fault

# The keyword that is broken and the way to the value, innermost step first; None: nothing is wrong.
Broken = tuple[str, list[str | int]] | None
Test = Callable[[Value], Broken]
# Of what is asked of strings, numbers, ... nothing need be asked of any other kind.
_ASKED_OF: Final[Mapping[str, tuple[type, ...]]] = {
    **dict.fromkeys(("pattern", "minLength", "maxLength"), (str,)),
    **dict.fromkeys(("uniqueItems", "minItems", "maxItems", "items"), (list,)),
    **dict.fromkeys(
        ("required", "minProperties", "maxProperties", "propertyNames", "properties",
         "patternProperties", "additionalProperties"), (dict,)),
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), (int, Decimal)),
}  # fmt: skip
# Every kind of value that a reader gives; a value of another is asked everything.
_KINDS: Final = (dict, list, str, int, Decimal, bool, type(None))
# What a type's name says of a kind by itself: only whole numbers must be looked at.
_ALWAYS: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "null": (type(None),),
    "number": (int, Decimal), "integer": (int,),
}  # fmt: skip


class FunctionSchema:
    """A compiled schema. A document too deep for it is refused by it."""

    def __init__(self, schema: Schema) -> None:
        self._test = _Compiler(schema.document).compiled("#")

    def faults(self, value: Value) -> Iterator[Fault]:
        """Fault 3544 for the first rule that is broken."""
        try:
            broken = self._test(value)
        except RecursionError:
            broken = ("depth", [])
        if broken is not None:
            rule, steps = broken
            place = "$" + "".join(
                f"[{s}]" if isinstance(s, int) else f".{s}" for s in reversed(steps)
            )
            yield fault(3544, place=place[:120], rule=rule)


_NUMBERS: Final = (int, float, Decimal)


def _number(value: Value) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


_TYPE_TESTS: Final[Mapping[str, Callable[[Value], bool]]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "number": _number,
    "integer": lambda v: _number(v) and v == int(v),
}


def same(one: Value, other: Value) -> bool:
    """Equality of JSON values: 1 is 1.0, true is not 1, keys stand in any order."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(v, other[k]) for k, v in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if _number(one) and _number(other):
        return bool(_exact(one) == _exact(other))
    return type(one) is type(other) and bool(one == other)


def _exact(number: Value) -> Decimal | int:
    """A schema's 0.1 is the decimal 0.1, not the double next to it."""
    return Decimal(repr(number)) if isinstance(number, float) else number


class _Compiler:
    def __init__(self, document: Any) -> None:
        self._document = document
        self._made: dict[str, list[Test]] = {}

    def compiled(self, reference: str) -> Test:
        """The test of a referenced schema; a schema may refer to itself."""
        if reference not in self._made:
            tests = self._made[reference] = []
            tests.append(self._schema(resolve(self._document, reference)))
        tests = self._made[reference]
        return lambda value: tests[0](value)

    def _schema(self, schema: Any) -> Test:
        if isinstance(schema, bool):
            return lambda _value: None if schema else ("false", [])
        made = [(k, t) for k, v in schema.items() if (t := self._keyword(k, v, schema)) is not None]
        everything = [test for _, test in made]
        asked = {
            kind: [test for word, test in made if _can_say_no(word, schema[word], kind)]
            for kind in _KINDS
        }

        def every(value: Value) -> Broken:
            for test in asked.get(type(value), everything):
                broken = test(value)
                if broken is not None:
                    return broken
            return None

        return every

    def _keyword(self, keyword: str, value: Any, schema: Mapping[str, Any]) -> Test | None:
        if keyword in _PLAIN:
            return _plain(keyword, _PLAIN[keyword](value))
        if keyword == "$ref":
            return self.compiled(value)
        if keyword in ("properties", "patternProperties", "additionalProperties"):
            # The three depend on each other: one test, made where the first of them stands.
            first = next(
                k
                for k in schema
                if k in ("properties", "patternProperties", "additionalProperties")
            )
            return self._members(schema) if keyword == first else None
        if keyword == "propertyNames":
            return self._names(self._schema(value))
        if keyword == "items":
            return self._items(self._schema(value))
        if keyword in ("allOf", "anyOf", "oneOf"):
            return _combined(keyword, [self._schema(one) for one in value])
        if keyword == "not":
            inner = self._schema(value)
            return lambda v: ("not", []) if inner(v) is None else None
        if keyword == "if":
            return self._condition(schema)
        return None

    def _members(self, schema: Mapping[str, Any]) -> Test:
        named = {k: self._schema(v) for k, v in schema.get("properties", {}).items()}
        matched = [
            (_compiled(k), self._schema(v)) for k, v in schema.get("patternProperties", {}).items()
        ]
        other = schema.get("additionalProperties", True)
        rest = None if other is True else self._schema(other)

        def members(value: Value) -> Broken:
            if not isinstance(value, dict):
                return None
            for key, one in value.items():
                test = named.get(key)
                if matched:
                    tests = [] if test is None else [test]
                    tests += [test for pattern, test in matched if pattern.search(key)]
                    test = tests[0] if len(tests) == 1 else _all_of(tests) if tests else None
                broken = (test or rest or _nothing)(one)
                if broken is not None:
                    unknown = test is None and other is False
                    return ("additionalProperties" if unknown else broken[0], [*broken[1], key])
            return None

        return members

    def _names(self, inner: Test) -> Test:
        def names(value: Value) -> Broken:
            if isinstance(value, dict) and any(inner(key) is not None for key in value):
                return ("propertyNames", [])
            return None

        return names

    def _items(self, inner: Test) -> Test:
        def items(value: Value) -> Broken:
            for place, one in enumerate(value if isinstance(value, list) else ()):
                broken = inner(one)
                if broken is not None:
                    return (broken[0], [*broken[1], place])
            return None

        return items

    def _condition(self, schema: Mapping[str, Any]) -> Test:
        asked = self._schema(schema["if"])
        then = self._schema(schema.get("then", True))
        otherwise = self._schema(schema.get("else", True))
        return lambda value: then(value) if asked(value) is None else otherwise(value)


def _can_say_no(word: str, said: Any, kind: type) -> bool:
    """Whether a value of this kind can break this keyword at all."""
    if word == "type":
        names = said if isinstance(said, list) else [said]
        return not any(kind in _ALWAYS[name] for name in names)
    return kind in _ASKED_OF.get(word, _KINDS)


def _nothing(_value: Value) -> Broken:
    return None


def _all_of(tests: list[Test]) -> Test:
    return lambda value: next((b for test in tests if (b := test(value)) is not None), None)


def _combined(keyword: str, tests: list[Test]) -> Test:
    def counted(value: Value) -> Broken:
        right = sum(test(value) is None for test in tests)
        return None if right == 1 or (right and keyword == "anyOf") else (keyword, [])

    return _all_of(tests) if keyword == "allOf" else counted


def _plain(keyword: str, holds: Callable[[Value], bool]) -> Test:
    broken: Broken = (keyword, [])
    return lambda value: None if holds(value) else broken


def _type(wanted: Any) -> Callable[[Value], bool]:
    tests = [_TYPE_TESTS[t] for t in (wanted if isinstance(wanted, list) else [wanted])]
    return lambda value: any(test(value) for test in tests)


def _pattern(pattern: str) -> Callable[[Value], bool]:
    found = _compiled(pattern).search
    return lambda v: (
        not isinstance(v, str) or (len(v) <= MAX_PATTERN_CHARACTERS and found(v) is not None)
    )


_PIECE: Final = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\$", re.DOTALL)


def _compiled(pattern: str) -> re.Pattern[str]:
    """As ECMA 262 reads it: $ is the very end (Python: or before a last line feed), \\d is ASCII."""
    return re.compile(_PIECE.sub(lambda m: r"\Z" if m[0] == "$" else m[0], pattern), re.ASCII)


def _enum(listed: list[Any]) -> Callable[[Value], bool]:
    # A string is like another string only.
    strings = frozenset(one for one in listed if isinstance(one, str))
    return lambda v: v in strings if type(v) is str else any(same(v, one) for one in listed)


def _required(keys: list[str]) -> Callable[[Value], bool]:
    wanted = frozenset(keys)
    return lambda v: not isinstance(v, dict) or wanted <= v.keys()


def _unique(wanted: bool) -> Callable[[Value], bool]:
    def unique(value: Value) -> bool:
        if not wanted or not isinstance(value, list):
            return True
        seen: set[Hashable] = set()
        for one in value:
            seen.add(_key(one))
        return len(seen) == len(value)

    return unique


def _key(value: Value) -> Hashable:
    """Something that is equal for two values where same() says so, and for no others: each is looked at
    once, where a comparison with each other one would take the square of the time."""
    if isinstance(value, bool) or value is None:
        return (type(value), value)
    if isinstance(value, dict):
        return (dict, frozenset((key, _key(one)) for key, one in value.items()))
    if isinstance(value, list):
        return (list, tuple(map(_key, value)))
    return _digits(value) if _number(value) else (type(value), value)


def _digits(number: Value) -> Hashable:
    """A number as text: hashes of numbers can be made alike by whoever writes them."""
    sign, digits, exponent = Decimal(_exact(number)).as_tuple()
    text = "".join(map(str, digits))
    short = text.rstrip("0")
    if not short or not isinstance(exponent, int):
        return (Decimal, short)
    return (Decimal, sign, short.lstrip("0"), exponent + len(text) - len(short))


_PLAIN: Final[Mapping[str, Callable[[Any], Callable[[Value], bool]]]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda wanted: lambda v: same(v, wanted),
    "pattern": _pattern,
    "uniqueItems": _unique,
    "required": _required,
    "minLength": lambda n: lambda v: not isinstance(v, str) or len(v) >= n,
    "maxLength": lambda n: lambda v: not isinstance(v, str) or len(v) <= n,
    "minItems": lambda n: lambda v: not isinstance(v, list) or len(v) >= n,
    "maxItems": lambda n: lambda v: not isinstance(v, list) or len(v) <= n,
    "minProperties": lambda n: lambda v: not isinstance(v, dict) or len(v) >= n,
    "maxProperties": lambda n: lambda v: not isinstance(v, dict) or len(v) <= n,
    "minimum": lambda n: lambda v: not _number(v) or v >= _exact(n),
    "maximum": lambda n: lambda v: not _number(v) or v <= _exact(n),
    "exclusiveMinimum": lambda n: lambda v: not _number(v) or v > _exact(n),
    "exclusiveMaximum": lambda n: lambda v: not _number(v) or v < _exact(n),
}
