"""What becomes of one value that is about a person, and of what stands about persons in any text.

    pseudonym   HMAC-SHA-256 (RFC 2104, FIPS 180-4) under the site's key over the rule's name and the value,
                80 bits in base 32: the same value under one rule is the same pseudonym, in every format
    masked      `*` for each character but blanks and ASCII marks, so that forms stay

A file is gone through twice: first its rules' values are noted, then they are sought in all its texts, in
every writing (width, case, blanks between ideographs) that the search knows. Nothing leads back without the
key, and with it only by trying values. No I/O. One thread at a time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.errors import Misconfigured
from gateway.inspection.formats.contract import Text
from gateway.inspection.text.normalise import normalise
from gateway.inspection.text.search import Hit, Kind, Searcher, SearchPlan
from gateway.inspection.text.words import Word, WordList
from gateway.inspection.texts_sought import identifiers_of
from gateway.inspection.unsound import Unsound
from gateway.inspection.unsound import Word as Rule
from gateway.policy.masking import Becomes, Masking, MaskRule

# Of one file, all persons in it together.
MAX_ORIGINALS: Final = 10_000
# What a rule has masked in one place and what stands elsewhere, by this name in the audit.
ELSEWHERE: Final = "the same elsewhere"
_PSEUDONYM_BYTES: Final = 10
_KEPT_CHARACTERS: Final = 4
# The shortest thing that names a person in a text by itself.
_LEAST_CHARACTERS: Final = 2
# Shorter values stand in any text by chance: `Li`, `M`, a bed's number, one ideograph.
_LEAST_LETTERS: Final = 3
_LEAST_DIGITS: Final = 5
_MAX_ORIGINAL_CHARACTERS: Final = 128
_YEAR: Final = re.compile(r"\s*((?:1[89]|20)[0-9]{2})")
_DAY: Final = re.compile(
    r"\s*((?:1[89]|20)[0-9]{2})[-/.年]?([0-9]{2})[-/.月]?([0-9]{2})(?![0-9]{1,5}\Z)"
)
# What stands behind the last `/` of a reference is who is referred to (FHIR R4, 2.3.0.1).
_HISTORY: Final = "/_history/"
_URN: Final = "urn:uuid:"
_SHOWN: Final = re.compile(r"[^\s!-/:-@\[-`{-~]")
# Many digits, an address of mail, or more ideographs than a word or a city has.
_TELLING: Final = re.compile(r"(?:[0-9][^0-9]{0,2}){5}|@|[^\x00-\x7f]{5}")


def starred(text: str) -> str:
    """A text of which nothing is left to read but where its blanks and marks stood."""
    return _SHOWN.sub("*", text)


def _kept(text: str, first: int, last: int) -> str:
    """Masked but for some characters; a value of no more than twice as many is masked whole."""
    plain = text.strip()
    if len(plain) < 2 * (first + last):
        return starred(text)
    end = len(plain) - last
    return plain[:first] + starred(plain[first:end]) + plain[end:]


class Masker:
    """The rules of a set with the key of a site. masked: values by rule since `begin`, for the audit."""

    def __init__(self, masking: Masking, key: bytes) -> None:
        self.masking: Final = masking
        self._key = key
        self._identifiers = identifiers_of(masking.in_text)
        self._searcher = Searcher(SearchPlan(self._identifiers)) if self._identifiers else None
        self._originals: set[str] | None = set()
        self.masked: Counter[str] = Counter()

    def begin(self) -> None:
        """The file begins, or begins anew."""
        self.masked.clear()
        if self._originals is not None:
            self._originals = set()

    def seek(self, *, must: bool = True) -> None:
        """What was noted is sought in all texts of the file from now on, which is gone through again.

        must: False where the file is masked record by record as well, and may name more persons than can
        be sought. Raises Unsound 3836: too many.
        """
        originals, self._originals = self._originals or set(), None
        if len(originals) > MAX_ORIGINALS:
            if must:
                raise Unsound(3836, Rule.TEXT, limit=MAX_ORIGINALS)
            return
        words = tuple(Word(one, 0) for one in sorted(originals))
        if not words:
            return
        listed = WordList(ELSEWHERE, "", words, whole_words=True)
        try:
            self._searcher = Searcher(SearchPlan(self._identifiers, (listed,)))
        except Misconfigured as error:
            raise Unsound(3836, Rule.TEXT, limit=MAX_ORIGINALS) from error

    def note(self, text: str) -> None:
        """A value that must not stand anywhere else."""
        if self._originals is None or len(self._originals) > MAX_ORIGINALS:
            return
        for written in _writings(text):
            plain = normalise(written[:_MAX_ORIGINAL_CHARACTERS]).text.strip()
            least = (
                _LEAST_CHARACTERS if not plain.isascii()
                else _LEAST_DIGITS if plain.isdecimal() else _LEAST_LETTERS
            )  # fmt: skip
            if len(plain) >= least and "\f" not in plain:
                self._originals.add(plain)

    def note_parts(self, parts: Sequence[str]) -> None:
        """A name in parts stands whole in a text: 李 and 一 are 李一, whichever came first."""
        if 1 < len(parts) <= 5:
            for joint in ("", " "):
                self.note(joint.join(parts))
                self.note(joint.join(reversed(parts)))

    def note_removed(self, text: str) -> None:
        """The same for what lies somewhere in a thing that is removed, where it can name somebody."""
        if _TELLING.search(text) is not None and not text.startswith(("http", "urn:")):
            self.note(text)

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
                return starred(text)
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
            return starred(text)
        return self.value(rule, text)

    def pseudonym(self, rule: MaskRule, text: str) -> str:
        """16 characters, A to Z and 2 to 7."""
        return base64.b32encode(self._digest(rule, text)[:_PSEUDONYM_BYTES]).decode()

    def _digest(self, rule: MaskRule, text: str) -> bytes:
        plain = unicodedata.normalize("NFKC", text).strip()
        data = f"{rule.name}\0{plain}".encode("utf-8", "replace")
        return hmac.new(self._key, data, hashlib.sha256).digest()

    def reference(self, rule: MaskRule, text: str) -> str:
        """A reference of FHIR (R4, 2.3.0.1): what names the one who is referred to becomes his pseudonym.

        Of what stands before the type nothing is kept, nor of a version.
        """
        if text.startswith(_URN):
            self.masked[rule.name] += 1
            self.note(text)
            return f"{_URN}{uuid.UUID(bytes=self._digest(rule, text)[:16], version=5)}"
        if text.startswith("#"):
            return "#" + self.value(rule, text[1:])
        head, slash, name = text.partition(_HISTORY)[0].rpartition("/")
        if not slash:
            return self.value(rule, text)
        kind = head.rpartition("/")[2]
        root = "http://masked.invalid/" if "://" in head else ""
        return f"{root}{kind}/{self.value(rule, name)}"

    def text(self, text: str) -> str:
        """The same text with what names a person masked. Raises Unsound 3973: too much to be found."""
        return self.texts([text])[0]

    def texts(self, texts: Sequence[str]) -> list[str]:
        """The same of several, which are searched together and each by itself."""
        if self._searcher is None:
            return list(texts)
        found: dict[int, list[Hit]] = {}
        for number, hit in self._searcher.search_numbered(Text("", one) for one in texts):
            if hit.kind is Kind.OVERFLOW:
                raise Unsound(3973, Rule.TEXT, where="", count=self._searcher.plan.most_hits)
            found.setdefault(number, []).append(hit)
        return [
            self._without(text, found[number]) if number in found else text
            for number, text in enumerate(texts)
        ]

    def _without(self, text: str, hits: Sequence[Hit]) -> str:
        pieces: list[str] = []
        at = 0
        for hit in hits:
            if hit.end <= at:
                continue
            start = max(at, hit.start)
            pieces += (text[at:start], starred(text[start : hit.end]))
            at = hit.end
            self.masked[hit.name] += 1
        return "".join(pieces) + text[at:]

    def names_somebody(self, text: str) -> bool:
        """Whether a text holds an identifier, or a value of the file that was gone through last."""
        return self.text(text) != text


def _writings(text: str) -> Iterator[str]:
    """A value as texts may have it: a day in the ways that people write days."""
    yield text
    found = _DAY.match(text)
    if found is not None:
        year, month, day = found.groups()
        yield f"{year}{month}{day}"
        for mark in "-/.":
            yield f"{year}{mark}{month}{mark}{day}"
            yield f"{year}{mark}{int(month)}{mark}{int(day)}"
        yield f"{year}年{int(month)}月{int(day)}日"
        yield f"{year}年{month}月{day}日"
