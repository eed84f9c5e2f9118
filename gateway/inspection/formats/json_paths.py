"""The way through JSON values: each leaf with its path, each key. No recursion, in the order of the text.

{"a": [{"b": 1}], "c d": 2}   ->   ("$.a[0].b", 1), ("$['c d']", 2)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

# A document has few keys, each many times; one with more is not helped by remembering them.
_REMEMBERED_STEPS: Final = 1_000


def leaves_of(value: Any) -> Iterator[tuple[str, Any]]:
    """(JSON path, value) of everything that is neither object nor array, in the order of the text."""
    if not isinstance(value, (dict, list)):
        yield "$", value
        return
    steps: dict[str, str] = {}
    open_: list[tuple[str, Iterator[tuple[Any, Any]], bool]] = [_opened("$", value)]
    while open_:
        path, inside, named = open_[-1]
        for key, one in inside:
            if not named:
                where = f"{path}[{key}]"
            elif (step := steps.get(key)) is not None:
                where = path + step
            else:
                step = _step(key)
                where = path + step
                if len(steps) < _REMEMBERED_STEPS:
                    steps[key] = step
            if isinstance(one, (dict, list)):
                open_.append(_opened(where, one))
                break
            yield where, one
        else:
            open_.pop()


def _opened(path: str, value: Any) -> tuple[str, Iterator[tuple[Any, Any]], bool]:
    if isinstance(value, dict):
        return path, iter(value.items()), True
    return path, iter(enumerate(value)), False


def _step(key: str) -> str:
    if key.isidentifier():
        return f".{key}" if len(key) <= 60 else f".{key[:60]}~"
    return f"[{key[:60]!a}]"


def keys_of(value: Any) -> Iterator[str]:
    """Every key of every object, as often as it stands."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from one
            waiting.extend([v for v in one.values() if isinstance(v, (dict, list))])
        elif isinstance(one, list):
            waiting.extend([v for v in one if isinstance(v, (dict, list))])
