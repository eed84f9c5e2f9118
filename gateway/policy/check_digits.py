"""Check digits that more than one kind of number has. All take ASCII digits. No I/O."""

from __future__ import annotations

from typing import Final

_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn_remainder(number: str) -> int:
    """Of digits with their check digit: 0 where it is right (ISO/IEC 7812-1, annex B)."""
    total = sum(map(int, number[-1::-2]))
    total += sum(_DOUBLED[int(digit)] for digit in number[-2::-2])
    return total % 10
