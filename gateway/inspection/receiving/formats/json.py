"""JSON, as the receiving guard reads it: msgspec's parser, and a count of its own beside it.

bytes --bared--> the text without its strings: brackets peeled layer by layer (depth), commas
      (values), colons (keys as often as they stand)
      --msgspec--> values; fewer keys than colons: one stood twice
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.json import (
    MAX_DOCUMENT_BYTES,
    JsonProfile,
    Value,
    characters_of,
    items_of,
    number_of,
    unsound,
    utf8_of,
)


def check(content: Content, limits: FormatLimits, profile: JsonProfile) -> Iterator[Item]:
    """Faults, texts and files of one document. Raises Unsound 3530 to 3539 and OSError."""
    untrusted = content.read_at(0, MAX_DOCUMENT_BYTES + 1)
    value = read(untrusted, limits)
    yield from characters_of(untrusted, value, profile)
    if profile.schema is not None:
        yield from profile.schema.faults(value)
    yield from items_of(value, limits, profile)


_decoder: Final = msgspec.json.Decoder(float_hook=number_of)


def read(untrusted: bytes, limits: FormatLimits) -> Value:
    """The values of a document. Raises Unsound and nothing else."""
    utf8_of(untrusted)
    colons = _measured(untrusted, limits)
    try:
        value = _decoder.decode(untrusted)
    except msgspec.ValidationError as error:
        # The only value that nothing but its size is wrong with: an integer beyond measure.
        raise unsound(3542, place="$") from error
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise unsound(3532, offset=_offset(error)) from error
    except RecursionError as error:
        raise unsound(3533, limit=limits.depth) from error
    if _keys(value) != colons:
        raise unsound(3536, key="?")
    return value


_AT: Final = re.compile(r"\(byte ([0-9]+)\)")


def _offset(error: Exception) -> int:
    found = _AT.search(str(error))
    return int(found[1]) if found else 0


# Possessive: nothing is tried twice, and an open end costs one pass.
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_NO_BRACKET: Final = re.compile(rb"[^\[\]{}]+")
_PAIR: Final = re.compile(rb"\[\]|\{\}")


def _measured(untrusted: bytes, limits: FormatLimits) -> int:
    """How many colons stand outside strings. Raises Unsound 3533, 3534, 3537."""
    if len(untrusted) > limits.text_bytes:
        for found in _STRING.finditer(untrusted):
            if found.end() - found.start() - 2 > limits.text_bytes:
                raise unsound(3537, place="$", limit_bytes=limits.text_bytes)
    # Two strings a value at most; a quote behind a backslash does not end one, or rarely.
    if untrusted.count(b'"') - untrusted.count(b'\\"') > 4 * limits.values:
        raise unsound(3534, limit=limits.values)
    bare = _STRING.sub(b"", untrusted)
    values = bare.count(b",") + bare.count(b"{") + bare.count(b"[")
    if values > limits.values:
        raise unsound(3534, limit=limits.values)
    brackets = _NO_BRACKET.sub(b"", bare) if values > limits.depth else b""
    layers = 0
    while brackets:
        layers += 1
        if layers > limits.depth:
            raise unsound(3533, limit=limits.depth)
        peeled = _PAIR.sub(b"", brackets)
        if len(peeled) == len(brackets):
            break
        brackets = peeled
    return bare.count(b":")


def _keys(value: Value) -> int:
    count = 0
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if type(one) is dict:
            count += len(one)
            waiting.extend(one.values())
        elif type(one) is list:
            waiting.extend(one)
    return count
