"""Identifiers of people in a normal form (normalise.py). Runs of digits: runs.py. Addresses: addresses.py.

What a find is worth, as tests/gateway/inspection/text/test_precision.py measures it on random input:

    identity-number      3 in 100,000 of 18 random digits: province, day of birth, check character (GB 11643)
    identity-number-15   given out until 1999, no check digit: only behind a word that announces it, or in
                         a field of such a name
    mobile               6 in 100 of 11 random digits: nothing but the segment tells
    landline             3 in 100 of 11 or 12 random digits: area code and first local digit
    bank-card            3 in 100 of 16 random digits, 2 in 100 of 19: issuer, length, Luhn
    passport             ordinary ones of China (E, G) anywhere, 2 in 26 of a random capital and eight
                         digits; any other only behind a word that announces it
    travel-permit        only behind such a word: a letter and eight digits is what laboratories call samples
    address              none of the 40 sentences of a hospital that only look like it
    email                a mailbox in its plain form with a dot in the domain (RFC 5321, 4.1.2)
    medical-record       by the site's own patterns (search.py)

Not seen: digits glued to further digits; a mobile or card number parted by a line end or by more than
three joiners; base64 and other encodings, which the caller takes off first. No I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.inspection.text.addresses import find_addresses
from gateway.inspection.text.expressions import compiled
from gateway.inspection.text.found import Around, Bytes, Found, Identifier
from gateway.inspection.text.runs import RUN_NAMES, find_in_runs

_LETTERED: Final = compiled(r"[A-Za-z]{1,2}[ -]{0,2}[0-9](?:[ -]?[0-9]){5,9}")
_LETTERED_NAMES: Final = frozenset({Identifier.PASSPORT, Identifier.TRAVEL_PERMIT})
# Of residents of Taiwan: eight digits and nothing else, so the word must stand there.
_EIGHT: Final = compiled("(?:台胞证|台湾居民|来往大陆)[^0-9\\n\\x0c\\x1f]{0,16}[0-9]{8}")
_EIGHT_DIGITS: Final = 8
_EMAIL: Final = compiled(
    r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}"
)
_PASSPORT_WORDS: Final = re.compile("护照|passport", re.IGNORECASE)
_PERMIT_WORDS: Final = re.compile(
    "通行证|回乡证|台胞证|港澳|来往内地|来往大陆|permit|travel.?document", re.IGNORECASE
)
# E or G and eight digits, or E, a letter but I and O, and seven: the ordinary passport of China.
_CHINESE_PASSPORT: Final = re.compile("[EG][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}")
_ANY_PASSPORT: Final = re.compile("[A-Z]{1,2}[0-9]{6,9}")
# To and from Hong Kong and Macau (C, W, H, M) and Taiwan (L, T).
_PERMIT: Final = re.compile("[HM][0-9]{8}(?:[0-9]{2})?|[CWLT][0-9]{8}|C[A-HJ-NP-Z][0-9]{7}")


def find_identifiers(
    text: str, utf8: bytes, wanted: frozenset[Identifier], around: Around
) -> Iterator[Found]:
    """Identifiers of the wanted kinds in a normal text and its UTF-8. Raises nothing."""
    if wanted & RUN_NAMES:
        yield from find_in_runs(text, utf8, wanted, around)
    if wanted & _LETTERED_NAMES:
        yield from _lettered(text, utf8, wanted, around)
    if Identifier.EMAIL in wanted and b"@" in utf8:
        places = Bytes(utf8, len(text))
        for match in _EMAIL.finditer(utf8):
            yield Found(
                Identifier.EMAIL, places.character(match.start()), places.character(match.end())
            )
    if Identifier.ADDRESS in wanted and len(utf8) > len(text):
        yield from find_addresses(text, utf8)


def _lettered(
    text: str, utf8: bytes, wanted: frozenset[Identifier], around: Around
) -> Iterator[Found]:
    places = Bytes(utf8, len(text))
    for match in _LETTERED.finditer(utf8):
        start, end = places.character(match.start()), places.character(match.end())
        name = _lettered_name(text, start, end, around)
        if name in wanted:
            yield Found(name, start, end)
    if Identifier.TRAVEL_PERMIT in wanted and len(utf8) > len(text):
        for match in _EIGHT.finditer(utf8):
            end = places.character(match.end())
            if not text[end : end + 1].isdigit():
                yield Found(Identifier.TRAVEL_PERMIT, end - _EIGHT_DIGITS, end)


def _lettered_name(text: str, start: int, end: int, around: Around) -> Identifier | None:
    if text[end : end + 1].isdigit() or _is_word(text[end : end + 1]):
        return None
    if _is_word(text[start - 1 : start] if start else ""):
        return None
    number = text[start:end].replace(" ", "").replace("-", "").upper()
    if _PERMIT.fullmatch(number) and around.announces(_PERMIT_WORDS, start):
        return Identifier.TRAVEL_PERMIT
    if _CHINESE_PASSPORT.fullmatch(number):
        return Identifier.PASSPORT
    if _ANY_PASSPORT.fullmatch(number) and around.announces(_PASSPORT_WORDS, start):
        return Identifier.PASSPORT
    return None


def _is_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")
