"""Made-up identifiers of every kind, and disguises that leave them readable to a person. By seed only."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from gateway.inspection.text.found import Identifier
from gateway.inspection.text.numbering import LONG_AREA_CODES, MOBILE_SEGMENTS

Make = Callable[[random.Random], str]

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def identity_number(rng: random.Random) -> str:
    region = rng.choice(("110105", "330106", "510107", "650102", "820000"))
    birth = f"{rng.randint(1920, 2026)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    body = region + birth + digits(rng, 3)
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, body, strict=True)) % 11]


def mobile(rng: random.Random) -> str:
    return rng.choice(sorted(MOBILE_SEGMENTS)) + digits(rng, 8)


def landline(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return rng.choice(("010", "021", "028")) + rng.choice("2345678") + digits(rng, 7)
    return rng.choice(sorted(LONG_AREA_CODES)) + rng.choice("2345678") + digits(rng, 7)


def bank_card(rng: random.Random) -> str:
    prefix, length = rng.choice((("622202", 19), ("621700", 19), ("622588", 16), ("4563", 16)))
    body = prefix + digits(rng, length - len(prefix) - 1)
    for check in "0123456789":
        number = body + check
        doubled = (int(d) * 2 for d in number[-2::-2])
        if (sum(map(int, number[-1::-2])) + sum(d - 9 if d > 9 else d for d in doubled)) % 10 == 0:
            return number
    raise AssertionError


def passport(rng: random.Random) -> str:
    return rng.choice("EG") + digits(rng, 8)


def email(rng: random.Random) -> str:
    return f"zhang.san{digits(rng, 3)}@hospital-{rng.randint(1, 9)}.example.cn"


def address(rng: random.Random) -> str:
    place = rng.choice(
        ("浙江省杭州市西湖区文三路", "北京市朝阳区建国门外大街", "四川省成都市武侯区一环路南四段")
    )
    return f"{place}{rng.randint(1, 999)}号{rng.randint(1, 30)}幢{rng.randint(101, 2500)}室"


MAKERS: Final[dict[Identifier, Make]] = {
    Identifier.IDENTITY_NUMBER: identity_number,
    Identifier.MOBILE: mobile,
    Identifier.LANDLINE: landline,
    Identifier.BANK_CARD: bank_card,
    Identifier.PASSPORT: passport,
    Identifier.EMAIL: email,
    Identifier.ADDRESS: address,
}


def plain(value: str, _: random.Random) -> str:
    return value


def full_width(value: str, _: random.Random) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in value)


def zero_width(value: str, rng: random.Random) -> str:
    return "".join(c + rng.choice("\u200b\u200d\u2060\ufeff\u00ad\u034f") for c in value)[:-1]


def controls(value: str, rng: random.Random) -> str:
    return "".join(c + rng.choice("\x00\x01\x7f") for c in value)[:-1]


def arabic_digits(value: str, _: random.Random) -> str:
    return "".join(chr(0x0660 + int(c)) if c.isdigit() else c for c in value)


def bold_digits(value: str, _: random.Random) -> str:
    return "".join(chr(0x1D7CE + int(c)) if c.isdigit() else c for c in value)


def variation_selectors(value: str, rng: random.Random) -> str:
    return "".join(c + rng.choice(("", "\ufe0f")) if c.isdigit() else c for c in value).rstrip(
        "\ufe0f"
    )


# Leave every character in its place or add ones that nobody sees: every identifier must be found.
UNSEEN: Final = (
    plain,
    full_width,
    zero_width,
    controls,
    arabic_digits,
    bold_digits,
    variation_selectors,
)


def spaced(value: str, _: random.Random) -> str:
    return " ".join(value)


def dashed_groups(value: str, _: random.Random) -> str:
    return "-".join(value[k : k + 4] for k in range(0, len(value), 4))


def wide_spaced(value: str, _: random.Random) -> str:
    return "\u3000".join(value)


def en_dashed(value: str, _: random.Random) -> str:
    return "–".join((value[:6], value[6:]))


def numerals(value: str, _: random.Random) -> str:
    return value.translate(str.maketrans("0123456789", "零一二三四五六七八九"))


def split_cells(value: str, _: random.Random) -> str:
    return "\x1f".join((value[:4], value[4:8], value[8:]))


# For numbers that are nothing but digits (and X).
PARTED: Final = (spaced, wide_spaced, numerals)
PARTED_BY_KIND: Final = {
    Identifier.IDENTITY_NUMBER: (*PARTED, dashed_groups, en_dashed, split_cells),
    Identifier.MOBILE: PARTED,
    Identifier.BANK_CARD: (*PARTED, dashed_groups),
    Identifier.LANDLINE: (numerals,),
}
