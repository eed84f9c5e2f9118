"""De-identifies a DICOM object by PS3.15, annex E: the basic application level profile and options.

    D  a dummy that is valid for the VR     X  removed      U  a new UID, the same for the same old one
    Z  empty                                SQ kept items are gone through at every level

One patient stays one patient: pseudonyms, new UIDs and the shift of dates follow from HMAC-SHA-256
with the site's key over what they replace; without the key nothing leads back. Besides the table:
texts that it does not list and that people write freely are dummies, and a name or number of the
patient that was taken away in one place is taken away wherever else it stands in a text.
Identifiers burned into the pixels are out of reach here; the object is refused where it says so.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, assert_never

from gateway.inspection.formats.dicom import (
    DOCUMENT,
    TEXT_VRS,
    WORD_BYTES,
    BurnedIn,
    DicomProfile,
    unsound,
)
from gateway.inspection.formats.dicom_confidentiality import action_of
from gateway.inspection.formats.dicom_rules import burned_in_fault
from gateway.inspection.formats.dicom_values import DicomObject, Element, Elements, Items

_PATIENT_NAME: Final = 0x00100010
_PATIENT_ID: Final = 0x00100020
_BURNED_IN: Final = 0x00280301
# Names, numbers and addresses of the patient and of those around: looked for in every text that stays.
_IDENTIFYING_VRS: Final = frozenset(["PN", "LO", "SH", "ST", "LT", "UT"])
_MIN_LEAK_BYTES: Final = 3
# Institution, station, department, addresses, numbers of the visit: under their own options.
_AROUND: Final = (
    *(0x00080050, 0x00080080, 0x00080081, 0x00080092, 0x00080094, 0x00081010, 0x00081040),
    *(0x00200010, 0x00380010, 0x00400009, 0x00401001),
)
# Written by people, in their own words; not on the table, and no object needs more of them than a dummy.
_FREE_VRS: Final = frozenset(["PN", "LT", "ST", "UT", "UC", "UR"])
# Of the D sequences, the one whose items name a person by codes alone.
_PERSON_CODES: Final = 0x00401101
# Shifts of one to ten years, to the past: a date in the future would stand out.
_SHIFT_DAYS: Final = (365, 3652)
_METHOD: Final = b"PS3.15 E.1 basic profile (2025-01)"
_DUMMY: Final = {
    "AE": b"ANON", "AS": b"000Y", "CS": b"ANON", "DA": b"19000101", "DS": b"0", "DT": b"19000101",
    "IS": b"0", "LO": b"ANON", "LT": b"ANON", "SH": b"ANON", "ST": b"ANON", "TM": b"000000",
    "UC": b"ANON", "UR": b"urn:anon", "UT": b"ANON",
}  # fmt: skip


class Dates(StrEnum):
    """What becomes of dates and times of acquisition; a date of birth always goes."""

    REMOVE = "remove"
    SHIFT = "shift"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class DeidentifyRules:
    """One rule for the whole gate. key: 32 bytes or more, the site's own.

    keep_*: the retain options of PS3.15, annex E.3. remove: further tags that go. number: what a
    patient's number becomes where other formats have the same patient; its pseudonym of here where None.
    """

    key: bytes
    dates: Dates = Dates.SHIFT
    keep_uids: bool = False
    keep_device: bool = False
    keep_characteristics: bool = False
    keep_institution: bool = False
    burned_in: BurnedIn = BurnedIn.REFUSE_YES
    remove: frozenset[int] = field(default_factory=frozenset)
    number: Callable[[str], str] | None = None

    def kept(self) -> frozenset[str]:
        """Letters of the options, as the table has them."""
        said = {"u": self.keep_uids, "v": self.keep_device}
        said |= {"p": self.keep_characteristics, "i": self.keep_institution}
        said["d"] = self.dates is not Dates.REMOVE
        return frozenset(letter for letter, on in said.items() if on)


def deidentify(values: DicomObject, rules: DeidentifyRules) -> DicomObject:
    """The same object about nobody. Raises Unsound 3921 (burned in), 3926 (a document within, which
    is beyond this table), and nothing else."""
    _refuse_what_stays(values, rules)
    hidden = _Hidden(
        rules.key,
        _text_of(values.data, _PATIENT_ID) or _text_of(values.data, _PATIENT_NAME),
        rules.number,
    )
    leaks = sorted(_identifiers(values.data, rules.kept()), key=len, reverse=True)
    worker = _Worker(rules, hidden, leaks)
    data = _with_marks(tuple(worker.elements(values.data)), rules)
    instance = values.sop_instance
    return DicomObject(
        values.transfer_syntax,
        values.sop_class,
        instance if rules.keep_uids else hidden.uid(instance),
        data,
    )


def _refuse_what_stays(values: DicomObject, rules: DeidentifyRules) -> None:
    said = _text_of(values.data, _BURNED_IN).decode("latin_1")
    wrong = burned_in_fault(DicomProfile(burned_in=rules.burned_in), said)
    if wrong:
        raise unsound(wrong.number, **wrong.fields)
    if any(element.tag == DOCUMENT and element.value for element in values.data):
        raise unsound(3926, value="de-identification")


@dataclass(frozen=True, slots=True)
class _Hidden:
    """What the key makes of old values."""

    key: bytes
    patient: bytes
    number: Callable[[str], str] | None = None

    def _digest(self, purpose: bytes, value: bytes) -> bytes:
        return hmac.new(self.key, purpose + b"\x00" + value, hashlib.sha256).digest()

    def pseudonym(self, value: bytes) -> bytes:
        """Sixteen characters of A-Z and 2-7: ten bytes of the digest, far beyond any collision."""
        return base64.b32encode(self._digest(b"name", value.strip(b" \0"))[:10])

    def patient_pseudonym(self) -> bytes:
        """The patient's number and name, which become the same."""
        if self.number is None:
            return self.pseudonym(self.patient)
        return self.number(self.patient.strip(b" \0").decode("utf-8", "replace")).encode()

    def uid(self, old: str) -> str:
        """2.25. and 128 bits (PS3.5, B.2)."""
        return f"2.25.{int.from_bytes(self._digest(b'uid', old.encode())[:16], 'big')}"

    def shift_days(self) -> int:
        first, last = _SHIFT_DAYS
        number = int.from_bytes(self._digest(b"days", self.patient.strip(b" \0"))[:8], "big")
        return first + number % (last - first)


@dataclass(frozen=True, slots=True)
class _Worker:
    rules: DeidentifyRules
    hidden: _Hidden
    leaks: list[bytes]

    def elements(self, elements: Elements) -> Iterator[Element]:
        kept = self.rules.kept()
        for element in elements:
            tag = element.tag
            # An overlay without its plane is no overlay: the group goes as a whole.
            if tag in self.rules.remove or tag >> 24 == 0x60:
                continue
            action = action_of(tag)
            if action is None:
                yield from self._unlisted(element)
            elif kept & set(action.options):
                yield from self._kept(element)
            else:
                yield from self._acted(element, action.action)

    def _acted(self, element: Element, action: str) -> Iterator[Element]:
        match action:
            case "X":
                return
            case "Z" if element.tag == _PATIENT_NAME:
                yield Element(element.tag, element.vr, self.hidden.patient_pseudonym())
            case "Z":
                yield _emptied(element)
            case "U" if element.vr == "UI":
                yield self._new_uids(element)
            case _:
                yield self._dummy(element)

    def _dummy(self, element: Element) -> Element:
        tag, vr, value = element.tag, element.vr, element.value
        if isinstance(value, Items):
            if tag == _PERSON_CODES:
                return _anonymous_code(tag)
            return self._gone_through(element)
        if not value:
            return element
        if tag == _PATIENT_ID:
            return Element(tag, vr, self.hidden.patient_pseudonym())
        if vr in ("PN", "LO", "SH") and isinstance(value, bytes):
            return Element(tag, vr, self.hidden.pseudonym(value))
        if vr in _DUMMY:
            return Element(tag, vr, _DUMMY[vr])
        if vr == "UI":
            return self._new_uids(element)
        return Element(tag, vr, bytes(WORD_BYTES.get(vr, 2)))

    def _unlisted(self, element: Element) -> Iterator[Element]:
        value, vr = element.value, element.vr
        if isinstance(value, Items):
            yield self._gone_through(element)
        elif vr in _FREE_VRS and value:
            yield self._dummy(element)
        elif vr in ("DA", "DT", "TM"):
            yield from self._dated(element)
        elif isinstance(value, bytes) and vr in TEXT_VRS:
            yield self._without_leaks(element, value)
        else:
            yield element

    def _kept(self, element: Element) -> Iterator[Element]:
        if element.vr in ("DA", "DT", "TM"):
            yield from self._dated(element)
        elif isinstance(element.value, Items):
            yield self._gone_through(element)
        elif isinstance(element.value, bytes) and element.vr in TEXT_VRS:
            yield self._without_leaks(element, element.value)
        else:
            yield element

    def _gone_through(self, element: Element) -> Element:
        assert isinstance(element.value, Items)
        items = tuple(tuple(self.elements(item)) for item in element.value.items)
        return Element(element.tag, "SQ", Items(items))

    def _without_leaks(self, element: Element, value: bytes) -> Element:
        lowered = value.lower()
        if any(leak in lowered for leak in self.leaks):
            return Element(element.tag, element.vr, _DUMMY.get(element.vr, b""))
        return element

    def _new_uids(self, element: Element) -> Element:
        """Each of a row; UIDs of the standard itself name classes, not instances."""
        assert isinstance(element.value, bytes)
        olds = element.value.decode("latin_1").rstrip("\0").split("\\")
        news = [o if not o or o.startswith("1.2.840.10008.") else self.hidden.uid(o) for o in olds]
        return Element(element.tag, "UI", "\\".join(news).encode())

    def _dated(self, element: Element) -> Iterator[Element]:
        match self.rules.dates:
            case Dates.KEEP:
                yield element
            case Dates.REMOVE:
                yield _emptied(element)
            case Dates.SHIFT:
                yield self._shifted(element)
            case _ as unreachable:
                assert_never(unreachable)

    def _shifted(self, element: Element) -> Element:
        if element.vr == "TM" or not isinstance(element.value, bytes):
            return element
        days = self.hidden.shift_days()
        shift = _shifted_date if element.vr == "DA" else _shifted_time
        parts = element.value.decode("latin_1").strip(" \0").split("\\")
        return Element(
            element.tag,
            element.vr,
            "\\".join(shift(part, days) for part in parts).encode("latin_1"),
        )


def _shifted_date(text: str, days: int) -> str:
    """YYYYMMDD, or the older form with dots; what is no date is nothing."""
    digits = text.strip().replace(".", "")
    if len(digits) != 8 or not (digits.isdecimal() and digits.isascii()):
        return ""
    try:
        old = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        return (old - timedelta(days=days)).strftime("%Y%m%d").rjust(8, "0")
    except (ValueError, OverflowError):
        return ""


def _shifted_time(text: str, days: int) -> str:
    """The date of a DT; with less than a day given, only the year remains, shifted."""
    head = text.strip()[:8]
    if len(head) == 8 and head.isdecimal():
        return _shifted_date(head, days) + text.strip()[8:] if _shifted_date(head, days) else ""
    if head[:4].isdecimal() and len(head[:4]) == 4:
        return str(max(1, int(head[:4]) - days // 365)).rjust(4, "0")
    return ""


def _emptied(element: Element) -> Element:
    return Element(element.tag, element.vr, Items(()) if element.vr == "SQ" else b"")


def _anonymous_code(tag: int) -> Element:
    item = (
        Element(0x00080100, "SH", b"ANON"),
        Element(0x00080102, "SH", b"99FERRYGATE"),
        Element(0x00080104, "LO", b"ANON"),
    )
    return Element(tag, "SQ", Items((item,)))


def _text_of(elements: Elements, tag: int) -> bytes:
    for element in elements:
        if element.tag == tag and isinstance(element.value, bytes):
            return element.value.strip(b" \0")
    return b""


def _identifiers(elements: Elements, kept: frozenset[str]) -> set[bytes]:
    """Values that the table takes away and that name people or places, in parts, in lower case."""
    found: set[bytes] = set()

    def take(element: Element) -> None:
        action = action_of(element.tag)
        around = element.tag >> 16 == 0x0010 or element.tag in _AROUND
        goes = action is not None and not kept & set(action.options)
        names = element.vr == "PN" or (around and goes)
        if names and element.vr in _IDENTIFYING_VRS and isinstance(element.value, bytes):
            for part in element.value.lower().replace(b"=", b"^").replace(b"\\", b"^").split(b"^"):
                if len(part.strip(b" \0")) >= _MIN_LEAK_BYTES:
                    found.add(part.strip(b" \0"))

    _each(elements, take)
    return found


def _each(elements: Elements, take: Callable[[Element], None]) -> None:
    waiting = [elements]
    while waiting:
        for element in waiting.pop():
            if isinstance(element.value, Items):
                waiting.extend(element.value.items)
            else:
                take(element)


# CID 7050: what was done, so that a reader knows.
_BASIC: Final = (b"113100", b"Basic Application Confidentiality Profile")
_OPTIONS: Final = {
    "u": (b"113110", b"Retain UIDs Option"),
    "v": (b"113109", b"Retain Device Identity Option"),
    "p": (b"113108", b"Retain Patient Characteristics Option"),
    "i": (b"113112", b"Retain Institution Identity Option"),
}
_DATE_OPTIONS: Final = {
    Dates.KEEP: (b"113106", b"Retain Longitudinal Temporal Information Full Dates Option"),
    Dates.SHIFT: (b"113107", b"Retain Longitudinal Temporal Information Modified Dates Option"),
}
_TEMPORAL: Final = {Dates.KEEP: b"UNMODIFIED", Dates.SHIFT: b"MODIFIED", Dates.REMOVE: b"REMOVED"}


def _with_marks(elements: Elements, rules: DeidentifyRules) -> Elements:
    """(0012,0062) to (0012,0064) and (0028,0303): that it was done, and how."""
    codes = [_BASIC] + [_OPTIONS[letter] for letter in sorted(rules.kept() & set(_OPTIONS))]
    codes += [_DATE_OPTIONS[rules.dates]] if rules.dates in _DATE_OPTIONS else []
    items = tuple(
        (
            Element(0x00080100, "SH", value),
            Element(0x00080102, "SH", b"DCM"),
            Element(0x00080104, "LO", meaning),
        )
        for value, meaning in codes
    )
    marks = {
        0x00120062: Element(0x00120062, "CS", b"YES"),
        0x00120063: Element(0x00120063, "LO", _METHOD),
        0x00120064: Element(0x00120064, "SQ", Items(items)),
        0x00280303: Element(0x00280303, "CS", _TEMPORAL[rules.dates]),
    }
    merged = {element.tag: element for element in elements} | marks
    return tuple(merged[tag] for tag in sorted(merged))
