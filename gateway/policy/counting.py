"""What the lines of `counted_if` found in a unit, as its record keeps it: how often, and of which kind.

    identifiers: 12 mobile numbers, 3 identity numbers; words: 2 staff-names

Neither what was found nor where. Each number comes first: where a record is cut, a name is missing and no
number is another. Written by a guard, read by metrics and screens. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

# There are eight kinds of identifiers; what a line with more lists found is told together.
_MOST_KINDS: Final = 12
# A file has fewer characters than such a number.
_MOST_DIGITS: Final = 15


def say_counted(lines: Iterable[tuple[str, Mapping[str, int]]]) -> str:
    """Words of lines, each with how often it found what; a line that found nothing is left out."""
    return "; ".join(f"{word}: {say_kinds(found)}" for word, found in lines if found)


def say_kinds(found: Mapping[str, int]) -> str:
    """`12 mobile numbers, 3 identity numbers`: what there is most of first."""
    kinds = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    said = [f"{count} {name}" for name, count in kinds[:_MOST_KINDS]]
    if more := kinds[_MOST_KINDS:]:
        said.append(f"{sum(count for _, count in more)} of {len(more)} more")
    return ", ".join(said)


def read_counted(said: str) -> dict[str, int]:
    """By word, how often its line found anything. Raises nothing for any text."""
    found: dict[str, int] = {}
    for line in said.split("; "):
        word, _, kinds = line.partition(": ")
        for kind in kinds.split(", "):
            number, _, name = kind.partition(" ")
            if name and number.isascii() and number.isdecimal() and len(number) <= _MOST_DIGITS:
                found[word] = found.get(word, 0) + int(number)
    return found
