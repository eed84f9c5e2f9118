"""HL7 version 2 in text form: what both readers hold a message to (HL7 v2.9, chapters 2 and 2A).

    parser of one side --> Message (segments, fields as text) --> faults_of --> Fault
                                                              --> items_of  --> Text, Member

The two sides take a message apart with parsers of their own; the rules are here, once. Everything that
is not said is refused: other delimiters, escapes that carry bytes, batches, segments of one's own.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.inspection.formats.contract import Item, Text
from gateway.inspection.unsound import CHUNK_BYTES, Fault, Member, Unsound, Word

WORD: Final = Word.HL7

MAX_MESSAGE_BYTES: Final = 16 << 20
MAX_SEGMENTS: Final = 2_000
MAX_FIELDS: Final = 200
MAX_REPETITIONS: Final = 100
# Components and subcomponents of one repetition together.
MAX_PARTS: Final = 400

# Field separator and encoding characters of every message that we know in use (2.5.4).
SEPARATORS: Final = "|^~\\&"
# 2.7: these carry no bytes of their own. \X..\, \C..\, \M..\ and \Z..\ do.
ESCAPES: Final = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\", ".br": "\n", "H": "", "N": ""}
_ESCAPE: Final = re.compile(r"\\([^\\]{0,100})\\")
VERSIONS: Final = frozenset(
    ["2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1",
     "2.8.2", "2.9"]
)  # fmt: skip
# Table 0211, as far as it is one code without shifting inside the text. "" is ASCII.
CHARACTER_SETS: Final = {
    "": "ascii", "ASCII": "ascii", "UNICODE UTF-8": "utf-8", "UNICODE": "utf-8", "UTF-8": "utf-8",
    "GB 18030-2000": "gb18030", "GB18030": "gb18030", "GBK": "gbk", "GB2312": "gb2312",
    "8859/1": "latin-1",
}  # fmt: skip
_SPECIAL: Final = re.compile(r"[\\^~&]")
_APART: Final = str.maketrans("^&~", "  \n")
_SEGMENT_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}")
_MESSAGE_TYPE: Final = re.compile(r"[A-Z]{3}")
_EVENT: Final = re.compile(r"[A-Z][A-Z0-9]{2}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{0,30})?")
# 2A.21 DTM: year to a tenth of a millisecond, with an offset.
_TIME: Final = re.compile(
    r"(?P<date>[0-9]{4}(?:[0-9]{2}(?:[0-9]{2})?)?)"
    r"(?P<time>(?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:[0-5][0-9](?:\.[0-9]{1,4})?)?)?)?"
    r"(?:[+-](?:0[0-9]|1[0-4])[0-5][0-9])?"
)
# Fields that hold a time, in the segments that every interface has.
_TIMES: Final = {
    "MSH": (7,), "EVN": (2,), "PID": (7,), "PV1": (44, 45), "OBR": (7, 22), "OBX": (14,)
}  # fmt: skip
# What the messages that hospitals exchange cannot do without (chapters 3, 4, 7).
_NEEDS: Final = {
    "ADT": ("EVN", "PID"), "ORU": ("PID", "OBR"), "ORM": ("ORC",), "OML": ("ORC",),
    "SIU": ("SCH",), "MDM": ("PID", "TXA"), "ACK": ("MSA",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hl7Profile:
    """What a channel takes. messages: `ADT^A01` or `ADT` for every event of it; empty for any.

    own_segments: whether segments that begin with Z may stand in it. components: they are texts of
    their own, besides their field.
    """

    messages: frozenset[str] = frozenset()
    own_segments: bool = False
    components: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """name: three characters. fields: as written, fields[0] is field 1 (of MSH the separator)."""

    name: str
    fields: tuple[str, ...]

    def field(self, place: int) -> str:
        """A field by its number in the standard, "" where it is not there."""
        return self.fields[place - 1] if 0 < place <= len(self.fields) else ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, taken apart into fields. character_set: a Python codec's name."""

    segments: tuple[Segment, ...]
    character_set: str

    @property
    def header(self) -> Segment:
        return self.segments[0]


def unescaped(text: str) -> str:
    """What a person reads; escapes that carry bytes have been refused before."""
    if "\\" not in text:
        return text
    pieces = text.split("\\")
    if _all_known(pieces):
        pieces[1::2] = map(ESCAPES.__getitem__, pieces[1::2])
        return "".join(pieces)
    return _ESCAPE.sub(lambda match: ESCAPES.get(match[1], ""), text)


def _all_known(pieces: list[str]) -> bool:
    """Whether a text split at its backslashes has escapes of the table only: at every other piece."""
    return len(pieces) % 2 == 1 and ESCAPES.keys() >= set(pieces[1::2])


def faults_of(message: Message, profile: Hl7Profile) -> Iterator[Fault]:
    """What the standard, this gate or the channel does not allow."""
    yield from _header_faults(message.header, profile)
    names = [segment.name for segment in message.segments]
    if "MSH" in names[1:]:
        yield Fault(WORD, 3705, {"count": names.count("MSH")})
    kind = message.header.field(9).partition("^")[0]
    for name in _NEEDS.get(kind, ()):
        if name not in names:
            yield Fault(WORD, 3717, {"type": kind, "segment": name})
    for place, segment in enumerate(message.segments, 1):
        yield from _segment_faults(place, segment, profile)


def _header_faults(header: Segment, profile: Hl7Profile) -> Iterator[Fault]:
    kind, event = [*header.field(9).split("^"), ""][:2]
    if not _MESSAGE_TYPE.fullmatch(kind) or (event and not _EVENT.fullmatch(event)):
        yield Fault(WORD, 3710, {"field": "MSH-9", "value": header.field(9)[:40]})
    elif profile.messages and not {kind, f"{kind}^{event}"} & profile.messages:
        yield Fault(WORD, 3707, {"type": f"{kind}^{event}".removesuffix("^")})
    version = header.field(12).partition("^")[0]
    if version not in VERSIONS:
        yield Fault(WORD, 3708, {"version": version[:20]})
    if not 0 < len(header.field(10)) <= 199:
        yield Fault(WORD, 3710, {"field": "MSH-10", "value": header.field(10)[:40]})
    if header.field(11).partition("^")[0] not in ("P", "D", "T"):
        yield Fault(WORD, 3710, {"field": "MSH-11", "value": header.field(11)[:40]})


def _segment_faults(place: int, segment: Segment, profile: Hl7Profile) -> Iterator[Fault]:
    if not _SEGMENT_NAME.fullmatch(segment.name):
        yield Fault(WORD, 3704, {"segment": segment.name[:10], "place": place})
        return
    if segment.name in ("FHS", "BHS", "BTS", "FTS"):
        yield Fault(WORD, 3718, {"segment": segment.name})
    if segment.name.startswith("Z") and not profile.own_segments:
        yield Fault(WORD, 3706, {"segment": segment.name})
    first = 2 if segment.name == "MSH" else 0
    for number, text in enumerate(segment.fields[first:], first + 1):
        if _SPECIAL.search(text) is not None:
            yield from _field_faults(f"{segment.name}-{number}", text)
    for number in _TIMES.get(segment.name, ()):
        time = segment.field(number)
        if time and not is_time(time.partition("^")[0]):
            yield Fault(WORD, 3713, {"field": f"{segment.name}-{number}", "value": time[:40]})
    if segment.name == "OBX":
        yield from _observation_faults(place, segment)


def _field_faults(where: str, text: str) -> Iterator[Fault]:
    repetitions = text.count("~") + 1
    if repetitions > MAX_REPETITIONS or text.count("^") + text.count("&") > MAX_PARTS * repetitions:
        yield Fault(WORD, 3702, {"field": where})
    if "\\" in text:
        yield from _escape_faults(where, text)


def _escape_faults(where: str, text: str) -> Iterator[Fault]:
    if _all_known(text.split("\\")):
        return
    for match in _ESCAPE.finditer(text):
        if match[1] not in ESCAPES and not re.fullmatch(
            r"\.(?:sp|in|ti|fi|nf|ce)[0-9+-]*", match[1]
        ):
            yield Fault(WORD, 3709, {"field": where, "escape": match[1][:20]})
            return
    if _ESCAPE.sub("", text).count("\\"):
        yield Fault(WORD, 3709, {"field": where, "escape": "\\"})


def _observation_faults(place: int, segment: Segment) -> Iterator[Fault]:
    kind, value = segment.field(2), segment.field(5)
    where = f"OBX-5 of segment {place}"
    if value and not kind:
        yield Fault(WORD, 3711, {"field": where, "type": "", "value": value[:40]})
    for one in value.split("~") if value else ():
        if not _is_of_kind(kind, one):
            yield Fault(WORD, 3711, {"field": where, "type": kind, "value": one[:40]})


def _is_of_kind(kind: str, value: str) -> bool:
    if kind == "NM":
        return _NUMBER.fullmatch(value.strip()) is not None
    return kind not in ("DT", "TS", "DTM") or is_time(value.partition("^")[0])


def is_time(text: str) -> bool:
    """Whether a text is a DTM of the standard and a day that exists."""
    match = _TIME.fullmatch(text)
    if match is None or (match["time"] and len(match["date"]) < 8):
        return False
    day = match["date"]
    try:
        date(int(day[:4]), int(day[4:6] or 1), int(day[6:8] or 1))
    except ValueError:
        return False
    return True


def items_of(message: Message, profile: Hl7Profile) -> Iterator[Item]:
    """Texts of every field, and the files that encapsulated data (ED) hold."""
    for place, segment in enumerate(message.segments, 1):
        for number, text in enumerate(segment.fields, 1):
            if not text or (segment.name == "MSH" and number <= 2):
                continue
            if segment.name == "OBX" and number == 5 and segment.field(2) == "ED":
                yield from _encapsulated(place, text)
                continue
            yield Text(f"{segment.name}-{number}", unescaped(text.translate(_APART)))
            if profile.components:
                yield from _components(f"{segment.name}-{number}", text)


def _components(where: str, text: str) -> Iterator[Text]:
    """DG1-3.1 and so on, of each repetition; one without separators is its own first component."""
    for repetition in text.split("~"):
        for number, one in enumerate(repetition.split("^"), 1):
            if one:
                yield Text(f"{where}.{number}", unescaped(one.replace("&", " ")))


def _encapsulated(place: int, text: str) -> Iterator[Item]:
    """2A.24 ED: source ^ type ^ subtype ^ encoding ^ data."""
    for repetition, one in enumerate(text.split("~"), 1):
        parts = one.split("^")
        encoding, data = (parts[3], parts[4]) if len(parts) == 5 else ("", "")
        where = f"OBX-5 of segment {place}" + (f", {repetition}" if repetition > 1 else "")
        if encoding.upper() == "A":
            yield Text(where, unescaped(data))
            continue
        content = _decoded(encoding, data)
        if content is None:
            yield Fault(WORD, 3712, {"field": where, "encoding": encoding[:20]})
            continue
        pieces = (content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES))
        yield Member(f"OBX-5.{place}.{repetition}", pieces)


def _decoded(encoding: str, data: str) -> bytes | None:
    data = unescaped(data)
    try:
        match encoding.lower():
            case "base64":
                joined = data.replace("\n", "").replace(" ", "")
                return base64.b64decode(joined, validate=True)
            case "hex":
                return bytes.fromhex(data)
            case _:
                return None
    except (ValueError, binascii.Error):
        return None


def decoded(untrusted: bytes) -> tuple[str, str]:
    """The characters of a message and its codec, by what MSH-18 declares.

    Raises Unsound 3700 (too large), 3701 (control characters), 3703 (no header of ours), 3714
    (character set not on the list, or bytes that it does not have), 3702 (too many segments).
    """
    if len(untrusted) > MAX_MESSAGE_BYTES:
        raise Unsound(3700, WORD, size_bytes=len(untrusted), limit_bytes=MAX_MESSAGE_BYTES)
    if not untrusted.startswith(b"MSH" + SEPARATORS.encode()):
        raise Unsound(3703, WORD)
    if (found := _FORBIDDEN.search(untrusted)) is not None:
        raise Unsound(3701, WORD, byte=f"0x{found[0][0]:02x}", offset=found.start())
    header = untrusted[:MAX_MESSAGE_BYTES].split(b"\r", 1)[0].split(b"\n", 1)[0]
    fields = header.split(b"|")
    declared = fields[17].decode("latin-1").split("~")[0].strip() if len(fields) > 17 else ""
    codec = CHARACTER_SETS.get(declared.upper())
    if codec is None:
        raise Unsound(3714, WORD, declared=declared[:40])
    try:
        text = untrusted.decode(codec)
    except UnicodeDecodeError as error:
        raise Unsound(3714, WORD, declared=declared or "ASCII", offset=error.start) from error
    if text.count("\r") > 2 * MAX_SEGMENTS or text.count("\n") > 2 * MAX_SEGMENTS:
        raise Unsound(3702, WORD, field="segments")
    return text, codec


# All of C0 but tab and the two ends of a line; DEL. 0x0b and 0x1c frame messages (MLLP).
_FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def lines_of(text: str) -> list[str]:
    """Segments as lines: one kind of line end in a message, none of them empty. Raises Unsound 3715."""
    ends = [end for end in ("\r\n", "\r", "\n") if end in text]
    end = ends[0] if ends else "\r"
    lines = text.removesuffix(end).split(end)
    if any(not line or "\r" in line or "\n" in line for line in lines):
        raise Unsound(3715, WORD)
    if len(lines) > MAX_SEGMENTS:
        raise Unsound(3702, WORD, field="segments")
    return lines
