"""JSON: what a channel may allow, and what both readers share once a text has become values.

    bytes --each side's own reader--> values --items_of--> Text per string, Member per file in base64

Source: RFC 8259, and RFC 7493 (I-JSON) where RFC 8259 leaves a choice: UTF-8, no key twice, no unpaired
surrogate. Values are dict, list, str, int, Decimal (a fraction or an exponent), bool and None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import isinf
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from gateway.errors import Field
from gateway.inspection.formats.base64_leaves import LEAST_CHARACTERS, members_in
from gateway.inspection.formats.contract import FormatLimits, Item, Text, texts_of
from gateway.inspection.formats.json_paths import keys_of, leaves_of
from gateway.inspection.unsound import Fault, Unsound, Word

WORD: Final = Word.JSON

# Values take about ten times the memory of their text; a child of the sandbox has 512 MiB.
MAX_DOCUMENT_BYTES: Final = 32 << 20
# A key is a name; one longer than a screen line is content in disguise.
MAX_KEY_CHARACTERS: Final = 256

Value: TypeAlias = Any


class CompiledSchema(Protocol):
    """A channel's own JSON Schema, as one side has compiled it."""

    def faults(self, value: Value) -> Iterator[Fault]:
        """What the value breaks, at most a few. Raises nothing."""
        ...


@dataclass(frozen=True, slots=True)
class JsonProfile:
    """What a channel takes of JSON.

    schema: its own JSON Schema, compiled by the side that checks. top: kinds of the outermost value.
    base64_paths: JSON paths without indexes (`$.report.pdf`, `$.images[]`) whose strings are files,
    whatever they begin with. exact_numbers: refuse numbers that a double cannot hold exactly.
    controls: let control characters through in strings (never NUL). texts: somebody wants them; where
    nobody does, only what may be a fault or a file is gone through place by place.
    """

    schema: CompiledSchema | None = None
    top: frozenset[str] = frozenset(["object", "array"])
    base64_paths: frozenset[str] = frozenset()
    exact_numbers: bool = False
    controls: bool = False
    texts: bool = True


# A double holds every number of so many digits; one with an exponent is looked at.
_NEVER_BEYOND: Final = 300


def number_of(text: str) -> Decimal:
    """A number with a fraction or an exponent, digit by digit: 1.10 stays 1.10.

    Raises Unsound 3535 where no double comes near it.
    """
    long = len(text) > _NEVER_BEYOND or "e" in text or "E" in text
    if long and isinf(float(text)):
        raise Unsound(3535, WORD, value=text[:40])
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise Unsound(3535, WORD, value=text[:40]) from error


def unsound(number: int, /, **fields: Field) -> Unsound:
    """A text that this reader cannot go on with."""
    return Unsound(number, WORD, **fields)


def fault(number: int, /, **fields: Field) -> Fault:
    """Something wrong after which reading can go on."""
    return Fault(WORD, number, fields)


KINDS: Final = frozenset(["object", "array", "string", "number", "boolean", "null"])


def kind_of(value: Value) -> str:
    """The JSON name of a value's kind (RFC 8259, section 3)."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "number"


# What may become a control character or half a character is only ever written as an escape.
_ESCAPED_CONTROL: Final = re.compile(rb"\\(?:u00[017]|[bf])|\x7f")
_ESCAPED_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def utf8_of(untrusted: bytes) -> str:
    """The text of a document. Raises Unsound 3530 (size), 3531 (not plain UTF-8)."""
    if len(untrusted) > MAX_DOCUMENT_BYTES:
        raise unsound(3530, limit_bytes=MAX_DOCUMENT_BYTES)
    if untrusted.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) or b"\0" in untrusted:
        raise unsound(3531, offset=max(0, untrusted.find(b"\0")))
    try:
        return untrusted.decode()
    except UnicodeDecodeError as error:
        raise unsound(3531, offset=error.start) from error


def characters_of(untrusted: bytes, value: Value, profile: JsonProfile) -> Iterator[Fault]:
    """Fault 3538: control characters in strings and keys, NUL whatever the profile says."""
    escaped = b"\\" in untrusted or b"\x7f" in untrusted
    if not escaped or not _ESCAPED_CONTROL.search(untrusted):
        return
    for where, text in _strings_and_keys(value):
        found = _CONTROL.search(text)
        if found and not (profile.controls and "\0" not in text):
            yield fault(3538, place=where, character=f"U+{ord(found[0]):04X}")


def refuse_halves(untrusted: bytes, value: Value) -> None:
    """Raises Unsound 3539 for half a character (an unpaired surrogate) in a string or key.

    For a parser that lets them through; no codec and no other library takes such a string.
    """
    if b"\\" in untrusted and _ESCAPED_SURROGATE.search(untrusted):
        for where, text in _strings_and_keys(value):
            if _SURROGATE.search(text):
                raise unsound(3539, place=ascii(where))


def _strings_and_keys(value: Value) -> Iterator[tuple[str, str]]:
    for where, one in leaves_of(value):
        if isinstance(one, str):
            yield where, one
    for key in keys_of(value):
        yield f"$ {key[:40]!a}", key


# An int written with so many digits may be a card or a telephone number.
_TELLING_DIGITS: Final = 6
_INDEX: Final = re.compile(r"\[[0-9]+\]")
_TRIED_CHARACTERS: Final = 4_096
# Both ends of what common programs read an integer into.
_LEAST_INTEGER: Final = -(1 << 63)
_MOST_INTEGER: Final = (1 << 64) - 1
_EXACT_INTEGER: Final = 1 << 53


def items_of(value: Value, limits: FormatLimits, profile: JsonProfile) -> Iterator[Item]:
    """Texts and files of a document's strings, faults of its numbers, its keys as one last text."""
    if kind_of(value) not in profile.top:
        yield fault(3540, kind=kind_of(value), allowed=", ".join(sorted(profile.top)))
    if not profile.texts and _is_plain(value, limits, profile):
        return
    watched = bool(profile.base64_paths)
    for where, one in leaves_of(value):
        if isinstance(one, str):
            if len(one) < LEAST_CHARACTERS and one and not watched:
                yield Text(where, one)
                continue
            if len(one) > limits.text_bytes:
                yield fault(3537, place=where, limit_bytes=limits.text_bytes)
            yield from texts_of(where, one)
            yield from files_of(where, one, profile)
        elif one is not None and not isinstance(one, bool):
            yield from number_items(where, one, exact=profile.exact_numbers)
    yield from _key_items(value)


def _is_plain(value: Value, limits: FormatLimits, profile: JsonProfile) -> bool:
    """Whether neither a fault nor a file can be in it; said of most documents, and of no other."""
    if profile.base64_paths or profile.exact_numbers:
        return False
    waiting = [value]
    while waiting:
        one = waiting.pop()
        kind = type(one)
        if kind is str:
            if len(one) >= LEAST_CHARACTERS and not _is_only_text(one, limits):
                return False
        elif kind is dict:
            for key in one:
                if len(key) > MAX_KEY_CHARACTERS:
                    return False
            waiting += one.values()
        elif kind is list:
            waiting += one
        elif kind is int:
            if not _LEAST_INTEGER <= one <= _MOST_INTEGER:
                return False
        elif not (one is None or kind is Decimal or kind is bool):
            return False
    return True


def _is_only_text(text: str, limits: FormatLimits) -> bool:
    """Whether a string of some length holds no file; said of short ones only: a file is decoded once."""
    most = min(_TRIED_CHARACTERS, limits.text_bytes)
    return len(text) <= most and next(members_in("$", text), None) is None


def files_of(where: str, text: str, profile: JsonProfile) -> Iterator[Item]:
    """What a string holds in base64, and fault 3543 where the profile says it must and it does not."""
    declared = bool(profile.base64_paths) and _INDEX.sub("[]", where) in profile.base64_paths
    members = list(members_in(where, text, declared=declared))
    if declared and not members:
        yield fault(3543, place=where)
    yield from members


def number_items(where: str, number: int | Decimal, *, exact: bool) -> Iterator[Item]:
    """Fault 3542 beyond 64 bits, 3541 beyond a double if asked; the digits as a text if they may tell."""
    if isinstance(number, int) and not _LEAST_INTEGER <= number <= _MOST_INTEGER:
        yield fault(3542, place=where)
        return
    text = str(number)
    if exact and not _is_exact(number):
        yield fault(3541, place=where, value=text[:40])
    if len(text) >= _TELLING_DIGITS:
        yield from texts_of(where, text)


def _is_exact(number: int | Decimal) -> bool:
    """Whether a double gives back the same digits (RFC 7493, section 2.2)."""
    if isinstance(number, int):
        return abs(number) <= _EXACT_INTEGER
    return Decimal(repr(float(number))) == number


def _key_items(value: Value) -> Iterator[Item]:
    names = dict.fromkeys(keys_of(value))
    for name in names:
        if len(name) > MAX_KEY_CHARACTERS:
            yield fault(3545, key=name[:40], limit=MAX_KEY_CHARACTERS)
    if names:
        yield from texts_of("$ keys", "\n".join(names))


_encoder: Final = msgspec.json.Encoder(decimal_format="number")


def serialise(value: Value) -> bytes:
    """Values written anew, canonical but for the order of keys: no blanks, no needless escapes.

    Numbers keep the digits that they came with (1.10 stays 1.10; 1e5 becomes 1E+5). Raises TypeError for
    what no reader gives.
    """
    return _encoder.encode(value)
