"""Places that are taken out of a JSON answer: `response.subject.display: removed`.

    bytes that inspection has let pass --json--> values --without the places--> bytes, written anew

Of FHIR the places are those of a resource: in a Bundle each resource of an entry loses them, and with a key
goes what belongs to it (`_display`, HL7 FHIR R4 2.6.2.3). A number stays as it was written. No I/O.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.errors import Refused
from gateway.policy.request_channel import Removal

# Deeper than any content that inspection lets pass; what is deeper is refused there.
_MOST_DEPTH: Final = 200


@dataclass(frozen=True, slots=True)
class _Number:
    """A number as it was written: 1.0 and 1.00 are two things to a laboratory."""

    text: str


def without_places(content: bytes, removals: Iterable[Removal]) -> bytes:
    """The content without these places, one way to write each value.

    content: JSON that both readers of inspection took. Raises Refused 2364 (it is none, or too deep) and
    nothing else.
    """
    try:
        value = json.loads(content.decode("utf-8"), parse_float=_Number, parse_int=_Number,
                           parse_constant=_no_constant)  # fmt: skip
        for removal in removals:
            for resource in _resources(value, 0):
                _remove(resource, removal.place)
        return "".join(_written(value, 0)).encode()
    except (ValueError, RecursionError) as error:
        raise Refused(2364, what=type(error).__name__) from error


def _no_constant(text: str) -> object:
    raise ValueError(text)


def _resources(value: object, depth: int) -> Iterator[object]:
    """The outermost value, and each resource of its entries where it is a Bundle."""
    yield value
    if depth > _MOST_DEPTH:
        raise ValueError("too deep")
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        entries = value.get("entry")
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and "resource" in entry:
                yield from _resources(entry["resource"], depth + 1)


def _remove(value: object, place: tuple[str, ...]) -> None:
    if isinstance(value, list):
        for item in value:
            _remove(item, place)
    elif isinstance(value, dict):
        key, rest = place[0], place[1:]
        if rest:
            _remove(value.get(key), rest)
        else:
            value.pop(key, None)
            value.pop(f"_{key}", None)


def _written(value: object, depth: int) -> Iterator[str]:
    if depth > _MOST_DEPTH:
        raise ValueError("too deep")
    match value:
        case _Number():
            yield value.text
        case dict():
            yield "{"
            for at, (key, item) in enumerate(value.items()):
                yield f"{',' if at else ''}{json.dumps(key, ensure_ascii=False)}:"
                yield from _written(item, depth + 1)
            yield "}"
        case list():
            yield "["
            for at, item in enumerate(value):
                if at:
                    yield ","
                yield from _written(item, depth + 1)
            yield "]"
        case _:
            yield json.dumps(value, ensure_ascii=False)
