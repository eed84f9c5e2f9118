"""JSON, as the sending guard reads it: the standard library's scanner, watched at every object.

bytes --shape--> depth and number of values, before anything is built
      --json.loads--> object_pairs_hook sees each key as often as it stands; parse_float keeps the digits
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Final, NoReturn

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.json import (
    MAX_DOCUMENT_BYTES,
    JsonProfile,
    Value,
    characters_of,
    items_of,
    number_of,
    refuse_halves,
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


def read(untrusted: bytes, limits: FormatLimits) -> Value:
    """The values of a document. Raises Unsound and nothing else."""
    text = utf8_of(untrusted)
    _measure(untrusted, limits)
    try:
        value = _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise unsound(3532, offset=error.pos) from error
    except RecursionError as error:
        raise unsound(3533, limit=limits.depth) from error
    except ValueError as error:
        # An integer of more digits than Python turns into a number (4,300).
        raise unsound(3542, place="$") from error
    refuse_halves(untrusted, value)
    return value


_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = {91: 1, 123: 1, 93: -1, 125: -1}


def _measure(untrusted: bytes, limits: FormatLimits) -> None:
    """Depth and values counted on the text without its strings. Raises Unsound 3533, 3534, 3537.

    Outside strings a backslash is an error that the parser finds; inside, pairs count from the left.
    """
    bare = untrusted
    if b"\\" in bare:
        bare = bare.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Two strings a value at most: a key and itself.
    if bare.count(b'"') > 4 * limits.values:
        raise unsound(3534, limit=limits.values)
    pieces = bare.split(b'"')
    if (
        len(untrusted) > limits.text_bytes
        and len(max(pieces[1::2], key=len, default=b"")) > limits.text_bytes
    ):
        raise unsound(3537, place="$", limit_bytes=limits.text_bytes)
    bare = b"".join(pieces[::2])
    opened = bare.count(b"{") + bare.count(b"[")
    if opened + bare.count(b",") > limits.values:
        raise unsound(3534, limit=limits.values)
    if opened > limits.depth:
        brackets = bare.translate(None, _BRACKETS)
        if max(itertools.accumulate(map(_STEPS.__getitem__, brackets))) > limits.depth:
            raise unsound(3533, limit=limits.depth)


def _object(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise unsound(3536, key=twice[:80])
    return made


def _no_number(word: str) -> NoReturn:
    raise unsound(3535, value=word)


_decoder: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=number_of, parse_constant=_no_number
)
