"""The words of gate.yaml: how the text of one setting is read, its default, and what it is for. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from gateway.policy.phrases import Misread, read_duration, read_number, read_size, read_word

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One setting: how its text is read, its default (None: obligatory) and what it is for."""

    read: Callable[[str], T]
    default: str | None
    meaning: str


def read_rate(text: str) -> int:
    """`5 Gbit/s`. Raises Misread 1021."""
    number, _, unit = text.partition(" ")
    factor = {"kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9}.get(unit)
    if factor is None:
        raise Misread(1021, 0, len(text), ("kbit/s", "Mbit/s", "Gbit/s"), text=text)
    return read_number(number, 1, 100_000) * factor


def read_percent(text: str) -> int:
    number, _, unit = text.partition(" ")
    if unit != "%":
        raise Misread(1022, 0, len(text), text=text)
    return read_number(number, 1, 100)


# Below it a large unit would be missing for days, above it nothing new would get through.
_LEAST_SHARE_PERCENT: Final = 5
_MOST_SHARE_PERCENT: Final = 90


def read_share(text: str) -> float:
    """`50 %` as 0.5. Raises Misread 1022, 2123."""
    number, _, unit = text.partition(" ")
    if unit != "%":
        raise Misread(1022, 0, len(text), text=text)
    return read_number(number, _LEAST_SHARE_PERCENT, _MOST_SHARE_PERCENT) / 100


def read_blocks(text: str) -> int:
    number, _, unit = text.partition(" ")
    if unit not in ("block", "blocks"):
        raise Misread(1023, 0, len(text), text=text)
    return read_number(number, 1, 64)


def read_bytes(text: str) -> int:
    return read_size(text).size_bytes


def read_age(text: str) -> float:
    return 0.0 if text == "any age" else read_duration(text)


def read_text(text: str) -> str:
    return text


_TCP: Final = re.compile(r"tcp://(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")


def read_clamd(text: str) -> str:
    """A path, `none`, or `tcp://HOST:PORT`. Raises Misread 3331."""
    if text.startswith("tcp:") and not _TCP.fullmatch(text):
        raise Misread(3331, 0, len(text), text=text)
    return text


def one_of(*words: str) -> Callable[[str], str]:
    return lambda text: read_word(text, words)


@dataclass(frozen=True, slots=True)
class Values:
    """What was read, by key; each field's reader has given it its type."""

    values: Mapping[str, object]

    def get(self, key: str, kind: type[T]) -> T:
        value = self.values[key]
        if not isinstance(value, kind):
            raise RuntimeError(f"{key} was read as {type(value).__name__}")
        return value
