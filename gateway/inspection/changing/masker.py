"""What becomes of one value that is about a person, and of what stands about persons in any text.

    pseudonym   HMAC-SHA-256 (RFC 2104, FIPS 180-4) under the site's key over the rule's name and the value,
                80 bits in base 32: the same value under one rule is the same pseudonym, in every format
    masked      `*` for each letter and digit; marks and blanks stay, so that forms stay

What a rule has masked in one place of a file is masked wherever else it stands in its texts. Nothing leads
back without the key, and with it only by trying values. No I/O. One thread at a time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
import uuid
from collections import Counter
from typing import Final

from gateway.inspection.formats.contract import Text
from gateway.inspection.looking import identifiers_of
from gateway.inspection.text.search import Kind, Searcher, SearchPlan
from gateway.inspection.unsound import Unsound, Word
from gateway.policy.masking import Becomes, Masking, MaskRule

_PSEUDONYM_BYTES: Final = 10
_YEAR: Final = re.compile(r"\s*((?:1[89]|20)[0-9]{2})")
_KEPT_CHARACTERS: Final = 4
# The shortest thing that names a person in a text by itself.
_LEAST_CHARACTERS: Final = 6
# Shorter values stand in any text by chance: `Li`, `M`, one ideograph.
_LEAST_ASCII: Final = 3
_LEAST_NON_ASCII: Final = 2
_MAX_ORIGINAL_CHARACTERS: Final = 1_000
# Of one file, all persons in it together.
MAX_ORIGINALS: Final = 10_000
# What stands before the number of the one who is referred to, and behind it.
_REFERENCE: Final = re.compile(
    r"(#|.*?[A-Z][A-Za-z]+/)([A-Za-z0-9.-]{1,64})((?:/_history/.*)?)", re.DOTALL
)
_URN: Final = "urn:uuid:"
# Ideographs, or the digits of a number, or an address.
_TELLING: Final = re.compile(r"[^\x00-\x7f]|[0-9].*[0-9].*[0-9]|@", re.DOTALL)
_ANY: Final = re.compile(r"\w")


def _starred(text: str) -> str:
    return _ANY.sub("*", text)


def _kept(text: str, first: int, last: int) -> str:
    """Masked but for some characters; a value of no more than twice as many is masked whole."""
    plain = text.strip()
    if len(plain) < 2 * (first + last):
        return _starred(text)
    end = len(plain) - last
    return plain[:first] + _starred(plain[first:end]) + plain[end:]


def leaks_of(originals: set[str]) -> re.Pattern[str] | None:
    """A pattern that finds any of these in a text; a word of ASCII only where it stands alone."""
    longest = sorted(originals, key=lambda text: (-len(text), text))
    wanted = [
        rf"(?<![A-Za-z0-9]){re.escape(one)}(?![A-Za-z0-9])" if one.isascii() else re.escape(one)
        for one in longest
        if not one.isascii() or len(one) >= _LEAST_ASCII
    ]
    return re.compile("|".join(wanted)) if wanted else None


class Masker:
    """The rules of a set with the key of a site. masked: values by rule since `begin`, for the audit."""

    def __init__(self, masking: Masking, key: bytes) -> None:
        self.masking: Final = masking
        self._key = key
        self._searcher = (
            Searcher(SearchPlan(identifiers_of(masking.in_text))) if masking.in_text else None
        )
        self.masked: Counter[str] = Counter()
        self._originals: set[str] = set()
        self._leaks: re.Pattern[str] | None = None

    def begin(self) -> None:
        """A file begins, or begins anew."""
        self.masked.clear()
        self._originals = set()

    def seek(self) -> None:
        """What was noted of the file is sought in all its texts from now on."""
        self._leaks = self.noted()

    def note(self, text: str) -> None:
        """A value that must not stand anywhere else. Raises Unsound 3836: too many to be sought."""
        plain = text.strip()
        if len(plain) >= _LEAST_NON_ASCII:
            self._originals.add(plain[:_MAX_ORIGINAL_CHARACTERS])
            if len(self._originals) > MAX_ORIGINALS:
                raise Unsound(3836, Word.TEXT, limit=MAX_ORIGINALS)

    def note_removed(self, text: str) -> None:
        """The same for what lies somewhere in a thing that is removed: codes and addresses of systems do not
        name anybody."""
        if _TELLING.search(text) is not None and not text.startswith(("http", "urn:")):
            self.note(text)

    def noted(self) -> re.Pattern[str] | None:
        """What was noted since the last call, to be sought."""
        leaks, self._originals = leaks_of(self._originals), set()
        return leaks

    def value(self, rule: MaskRule, text: str) -> str:
        """What a value becomes; "" where it is removed."""
        if not text.strip():
            return text
        self.masked[rule.name] += 1
        self.note(text)
        match rule.becomes:
            case Becomes.REMOVED:
                return ""
            case Becomes.PSEUDONYM:
                return self.pseudonym(rule, text)
            case Becomes.MASKED:
                return _starred(text)
            case Becomes.FIRST:
                return _kept(text, 1, 0)
            case Becomes.LAST:
                return _kept(text, 0, _KEPT_CHARACTERS)
            case Becomes.YEAR:
                found = _YEAR.match(text)
                return found[1] if found else ""

    def rest(self, rule: MaskRule, text: str) -> str:
        """A further part of a value whose first part is masked by the rule: nothing of it is kept."""
        if rule.becomes in (Becomes.FIRST, Becomes.LAST):
            self.note(text)
            return _starred(text)
        return self.value(rule, text)

    def pseudonym(self, rule: MaskRule, text: str) -> str:
        """16 characters, A to Z and 2 to 7."""
        return base64.b32encode(self._digest(rule, text)[:_PSEUDONYM_BYTES]).decode()

    def _digest(self, rule: MaskRule, text: str) -> bytes:
        plain = unicodedata.normalize("NFKC", text).strip()
        data = f"{rule.name}\0{plain}".encode()
        return hmac.new(self._key, data, hashlib.sha256).digest()

    def reference(self, rule: MaskRule, text: str) -> str:
        """A reference of FHIR (R4, 2.3.0.1): what names the one who is referred to becomes his pseudonym."""
        if text.startswith(_URN):
            self.masked[rule.name] += 1
            self.note(text)
            return f"{_URN}{uuid.UUID(bytes=self._digest(rule, text)[:16], version=5)}"
        found = _REFERENCE.fullmatch(text)
        if found is None:
            return self.value(rule, text)
        return f"{found[1]}{self.value(rule, found[2])}{found[3]}"

    def text(self, text: str) -> str:
        """The same text with what names a person masked. Raises Unsound 3973: too much to be found."""
        return self._searched(text if self._leaks is None else self.without(self._leaks, text))

    def without(self, leaks: re.Pattern[str], text: str) -> str:
        """A text without values that its file has elsewhere under a rule."""
        masked, count = leaks.subn(lambda found: _starred(found[0]), text)
        if count:
            self.masked["the same elsewhere"] += count
        return masked

    def _searched(self, text: str) -> str:
        if self._searcher is None or len(text) < _LEAST_CHARACTERS:
            return text
        pieces: list[str] = []
        at = 0
        for hit in self._searcher.search([Text("", text)]):
            if hit.kind is Kind.OVERFLOW:
                raise Unsound(3973, Word.TEXT, where="", count=self._searcher.plan.most_hits)
            if hit.end <= at:
                continue
            start = max(at, hit.start)
            pieces += (text[at:start], _starred(text[start : hit.end]))
            at = hit.end
            self.masked[hit.name] += 1
        return "".join(pieces) + text[at:] if pieces else text
