"""One record of a journal as bytes, and the chain that holds records together. No I/O.

    segment   0000000000000001.jsonl          named after the first sequence number in it
    line 1    {"journal":"edge","version":1,"id":"...","first_seq":1,"previous":"..."}
    line 2..  {"seq":1,"at_ns":...,"what":"captured",...,"hash":"0123...cdef"}
              |<------------- body ------------->|<----- trailer ---->|

    hash = SHA-256(hash of the record before, 64 hexadecimal characters, then the body)

The hash covers the bytes of the line as they stand, so a second spelling of a record is an edit too.
The first record's "hash before" is that of the journal's name and id (`genesis`); the first line of
each segment repeats the hash before its first record.
"""

from __future__ import annotations

import math
from contextlib import suppress
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.audit.event import Event
from gateway.errors import Field, Refused

VERSION: Final = 1
# Numbers, names and digests need a tenth of it; a longer line is none of ours.
MAX_LINE_BYTES: Final = 16 * 1024
# What is left of a value when a record would be longer than a line may be.
MAX_CUT_CHARACTERS: Final = 128
MAX_CUT_FIELDS: Final = 32

HASH_CHARACTERS: Final = 64
_OPEN: Final = b',"hash":"'
_CLOSE: Final = b'"}'
TRAILER_BYTES: Final = len(_OPEN) + HASH_CHARACTERS + len(_CLOSE)

_MAX_BODY_BYTES: Final = MAX_LINE_BYTES - TRAILER_BYTES - 1

_Positive = Annotated[int, Meta(ge=1, le=(1 << 63) - 1)]
_Count = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
_Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Record(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """An event with its place in a journal. seq counts from 1 without holes."""

    seq: _Positive
    at_ns: _Count
    what: str
    unit: _Count | None = None
    channel: str = ""
    number: _Count = 0
    fields: dict[str, Field] = {}


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of a segment. previous: the hash of record first_seq - 1."""

    journal: str
    version: Annotated[int, Meta(ge=VERSION, le=VERSION)]
    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    first_seq: _Positive
    previous: _Hash


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Record).decode
_decode_header = msgspec.json.Decoder(Header).decode
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def genesis(journal: str, journal_id: str) -> bytes:
    """The hash before the first record of a journal (64 hexadecimal characters)."""
    return sha256(f"ferrygate journal 1\n{journal}\n{journal_id}\n".encode()).hexdigest().encode()


def chain(previous: bytes, body: bytes) -> bytes:
    """The hash of a record, 64 hexadecimal characters, given the one before."""
    return sha256(previous + body).hexdigest().encode()


def line_of(event: Event, seq: int, previous: bytes) -> tuple[bytes, bytes]:
    """The line of an event (with its newline) and its hash. Always one that can be read back.

    What JSON has no word for (unpaired surrogates of file names, infinities, integers beyond 64
    bits) is written as text; what would not fit a line is cut.
    """
    body = _body(event, seq)
    head = chain(previous, body)
    return b"".join((body, _OPEN, head, _CLOSE, b"\n")), head


def decode_line(untrusted_line: bytes) -> tuple[Record, bytes]:
    """The record of a line (without newline) and the hash written in it, which is not checked here.

    Raises Refused 6023 and nothing else.
    """
    trailer = untrusted_line[-TRAILER_BYTES:]
    if (
        len(untrusted_line) > MAX_LINE_BYTES
        or not trailer.startswith(_OPEN)
        or not trailer.endswith(_CLOSE)
    ):
        raise Refused(6023)
    try:
        return _decode(untrusted_line[:-TRAILER_BYTES] + b"}"), trailer[len(_OPEN) : -len(_CLOSE)]
    except _NOT_JSON as error:
        raise Refused(6023) from error


def header_line(header: Header) -> bytes:
    """The first line of a segment, with its newline."""
    return _encode(header) + b"\n"


def decode_header(untrusted_line: bytes) -> Header:
    """The header of a segment from its first line. Raises Refused 6024 and nothing else."""
    try:
        header = _decode_header(untrusted_line)
    except _NOT_JSON as error:
        raise Refused(6024) from error
    if _encode(header) != untrusted_line:
        raise Refused(6024)
    return header


def plain(value: Field) -> Field:
    """A value as JSON can hold it: text without unpaired surrogates and cut, numbers or their text."""
    if isinstance(value, str):
        return _text(value)
    fits = math.isfinite(value) and (isinstance(value, float) or -(1 << 63) <= value < 1 << 63)
    return value if fits else str(value)[:MAX_CUT_CHARACTERS]


def _body(event: Event, seq: int) -> bytes:
    fields = dict(event.fields)
    odd = any(value.__class__ is float and not math.isfinite(value) for value in fields.values())
    if not odd:
        with suppress(UnicodeEncodeError, OverflowError, ValueError, TypeError):
            record = Record(
                seq, event.at_ns, event.what, event.unit, event.channel, event.number, fields
            )
            body = _encode(record)[:-1]
            if len(body) <= _MAX_BODY_BYTES and event.at_ns >= 0:
                return body
    return _encode(_plain(event, seq))[:-1]


def _plain(event: Event, seq: int) -> Record:
    fields = {
        _text(name): plain(value) for name, value in list(event.fields.items())[:MAX_CUT_FIELDS]
    }
    at_ns = min(max(event.at_ns, 0), (1 << 63) - 1)
    channel, what = _text(event.channel), _text(event.what)
    return Record(seq, at_ns, what, event.unit, channel, event.number, fields)


def _text(text: str) -> str:
    return text[:MAX_CUT_CHARACTERS].encode("utf-8", "backslashreplace").decode()
