"""Numbering plans: what makes a row of digits a number of somebody. Tables and checks of digits only.

Sources: GB 11643-1999 (identity numbers) with GB/T 2260 (the first two digits) and ISO 7064 (MOD 11-2);
the numbering plan of the Ministry of Industry and Information Technology (mobile segments, area codes);
ISO/IEC 7812 (issuer prefixes, Luhn). All take ASCII digits. No I/O.
"""

from __future__ import annotations

from datetime import date
from operator import mul
from typing import Final

from gateway.policy.check_digits import luhn_remainder

# Provinces, and 91 for people from abroad (GB/T 2260; 83 is given to residents from Taiwan).
REGIONS: Final = frozenset(
    str(n)
    for n in (
        *range(11, 16),
        *range(21, 24),
        *range(31, 38),
        *range(41, 47),
        *range(50, 55),
        *range(61, 66),
        *(71, 81, 82, 83, 91),
    )
)
# Of the date of birth; nobody who is in a hospital's records was born before that year.
_CENTURIES: Final = frozenset({"18", "19", "20"})
_FIRST_YEAR: Final = 1860
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS: Final = "10X98765432"

_MOBILE_DIGITS: Final = 11
MOBILE_SEGMENTS: Final = frozenset(
    str(n)
    for n in (
        *range(130, 140),
        *(140, 141, 144, 145, 146, 147, 148, 149),
        *(150, 151, 152, 153, 155, 156, 157, 158, 159),
        *(162, 165, 166, 167),
        *range(170, 179),
        *range(180, 190),
        *(190, 191, 192, 193, 195, 196, 197, 198, 199),
    )
)


def _codes(written: str) -> frozenset[str]:
    found: set[str] = set()
    for part in written.split():
        first, _, last = part.partition("-")
        found.update(f"0{n}" for n in range(int(first), int(last or first) + 1))
    return frozenset(found)


SHORT_AREA_CODES: Final = _codes("10 20-25 27-29")
LONG_AREA_CODES: Final = _codes(
    "310-319 335 349-359 370-379 391-396 398 411-419 421 427 429 431-440 448 451-459 464 467-469"
    " 470-479 482 483 510-520 523 527 530-539 543 546 550-559 561-566 570-580 591-599 631-635"
    " 660-663 668 691 692 701 710-719 722 724 728 730 731 734-739 743-746 750-760 762 763 766 768-779"
    " 790-799 812 813 816-818 825-839 851-859 870-879 883 886-888 891-899 901-903 906 908 909"
    " 911-917 919 930-939 941 943 951-955 970-979 990-999"
)
# First digit of a local number: 0 and 9 lead elsewhere, 1 is for services.
_LOCAL_FIRST: Final = "2345678"
_SHORT_LOCAL_DIGITS: Final = 8
_LONG_LOCAL_DIGITS: Final = (7, 8)

_LEAST_CARD_DIGITS: Final = 14
# (first prefix, last prefix, lengths). UnionPay, its banks' older prefixes, and what is met in China.
_ISSUERS: Final = (
    ("62", "62", range(16, 20)),
    ("81", "81", range(16, 20)),
    ("9558", "9558", (16, 19)),
    ("6013", "6013", (16, 19)),
    ("6011", "6011", (16, 19)),
    ("4", "4", (16, 19)),
    ("51", "55", (16,)),
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("3528", "3589", range(16, 20)),
    ("300", "305", (14,)),
    ("36", "36", (14,)),
    ("38", "39", (14,)),
    ("644", "649", (16, 19)),
    ("65", "65", (16, 19)),
)


def is_identity_number(number: str) -> bool:
    """18 characters, the last a digit or X: province, date of birth and check character are right."""
    return (
        number[6:8] in _CENTURIES
        and number[:2] in REGIONS
        and _CHECK_CHARACTERS[sum(map(mul, _WEIGHTS, map(int, number[:17]))) % 11] == number[17]
        and _is_day(number[6:14])
    )


def is_old_identity_number(number: str) -> bool:
    """15 digits as given out until 1999: province and date of birth; there is no check digit."""
    return number[:2] in REGIONS and _is_day(f"19{number[6:12]}")


def is_mobile(number: str) -> bool:
    """11 digits in a segment that is given out."""
    return len(number) == _MOBILE_DIGITS and number[:3] in MOBILE_SEGMENTS


def area_digits(number: str) -> int:
    """Digits of the area code of a landline number with its leading 0; 0 where it is none."""
    local = len(number) - 3
    if number[:3] in SHORT_AREA_CODES and local == _SHORT_LOCAL_DIGITS:
        area = 3
    elif number[:4] in LONG_AREA_CODES and local - 1 in _LONG_LOCAL_DIGITS:
        area = 4
    else:
        return 0
    return area if number[area] in _LOCAL_FIRST else 0


def is_bank_card(number: str) -> bool:
    """A known issuer's prefix, a length that it gives out, Luhn's check digit."""
    size = len(number)
    return (
        size >= _LEAST_CARD_DIGITS
        and any(
            size in lengths and first <= number[: len(first)] <= last
            for first, last, lengths in _ISSUERS
        )
        and luhn_remainder(number) == 0
    )


def _is_day(digits: str) -> bool:
    year = int(digits[:4])
    if year < _FIRST_YEAR:
        return False
    try:
        date(year, int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
