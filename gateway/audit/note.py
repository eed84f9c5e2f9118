"""A checkpoint as a signed note: text that can be printed, read aloud and checked. No I/O.

    ferrygate checkpoint 1
    host inner
    number 42
    time 2026-11-21T04:03:00.123456789Z
    head edge 410223 068b3ee9...           process, last sequence number, its hash
    head guard 388007 5e6dff48...
    break edge 410100 6020                 only where a chain did not hold since the note before
    previous 9c1f...                       SHA-256 of the whole note before, or "none"
    words otter lantern nine cedar ...     of all the lines above
                                           (an empty line)
    - inner-guard-1 bm90IGEgcmVhbCBzaWduYXR1cmU=

The signature is over everything up to and with the empty line. The form follows the C2SP signed
note (text, empty line, signature line); ours has a plain hyphen and a whole key id in place of the
key hash. Each note holds the hash of the one before, so that a later note vouches for all earlier.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, NamedTuple

from gateway.audit.words import words_of
from gateway.errors import Refused

FIRST_LINE: Final = b"ferrygate checkpoint 1\n"
# Three heads, some breaks, a signature of any scheme: a longer note is none of ours.
MAX_NOTE_BYTES: Final = 16 * 1024
# More are not listed: the first ones say enough, and verify finds the rest.
MAX_BREAKS: Final = 16

_NS: Final = 1_000_000_000
_TIME: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
_TEXT: Final = re.compile(
    rb"ferrygate checkpoint 1\n"
    rb"host ([a-z0-9-]{1,64})\n"
    rb"number ([1-9][0-9]{0,17})\n"
    rb"time (" + _TIME.encode() + rb")\.([0-9]{9})Z\n"
    rb"((?:head [a-z0-9-]{1,64} (?:0|[1-9][0-9]{0,17}) [0-9a-f]{64}\n)*)"
    rb"((?:break [a-z0-9-]{1,64} (?:0|[1-9][0-9]{0,17}) [0-9]{4}\n)*)"
    rb"previous (none|[0-9a-f]{64})\n"
    rb"words ([a-z ]{1,200})\n"
    rb"\n"
)
_SIGNATURE: Final = re.compile(
    rb"- ([A-Za-z0-9][A-Za-z0-9._:+/=-]{0,199}) ([A-Za-z0-9+/]+={0,2})\n"
)


class Head(NamedTuple):
    """How far a journal goes: its last sequence number and that record's hash (hexadecimal)."""

    process: str
    seq: int
    hash: str


class ChainBreak(NamedTuple):
    """Where the checkpointing process saw that a chain does not hold, and the finding's number."""

    process: str
    seq: int
    number: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a note says. previous: hexadecimal, "" in the first note."""

    host: str
    number: int
    at_ns: int
    heads: tuple[Head, ...]
    breaks: tuple[ChainBreak, ...]
    previous: str


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint as it was written. text is what is signed; hash is what the next note repeats."""

    checkpoint: Checkpoint
    text: bytes
    key_id: str
    signature: bytes

    @property
    def data(self) -> bytes:
        line = f"- {self.key_id} {base64.b64encode(self.signature).decode()}\n"
        return self.text + line.encode()

    @property
    def hash(self) -> str:
        return sha256(self.data).hexdigest()

    @property
    def words(self) -> str:
        """Six words for a person to compare."""
        return words_of(self.text[: self.text.rindex(b"words ")])


def text_of(checkpoint: Checkpoint) -> bytes:
    """What is signed."""
    seconds, ns = divmod(checkpoint.at_ns, _NS)
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    lines = [
        "ferrygate checkpoint 1",
        f"host {checkpoint.host}",
        f"number {checkpoint.number}",
        f"time {moment}.{ns:09d}Z",
        *(f"head {head.process} {head.seq} {head.hash}" for head in checkpoint.heads),
        *(f"break {one.process} {one.seq} {one.number}" for one in checkpoint.breaks),
        f"previous {checkpoint.previous or 'none'}",
    ]
    above = ("\n".join(lines) + "\n").encode()
    return above + f"words {words_of(above)}\n\n".encode()


def decode_note(untrusted_note: bytes) -> Note:
    """A note from its bytes; the signature is not checked here. Raises Refused 6029 and nothing else."""
    if len(untrusted_note) > MAX_NOTE_BYTES:
        raise Refused(6029)
    text = _TEXT.match(untrusted_note)
    signed = _SIGNATURE.fullmatch(untrusted_note, text.end()) if text else None
    if text is None or signed is None:
        raise Refused(6029)
    try:
        checkpoint = _checkpoint(text)
        signature = base64.b64decode(signed[2], validate=True)
    except ValueError as error:
        raise Refused(6029) from error
    note = Note(checkpoint, text[0], signed[1].decode(), signature)
    # One spelling for each note: what we would write is what stands there.
    if text_of(checkpoint) != text[0] or note.data != untrusted_note:
        raise Refused(6029)
    return note


def _checkpoint(text: re.Match[bytes]) -> Checkpoint:
    moment = datetime.strptime(text[3].decode(), "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    heads = [line.split(" ")[1:] for line in text[5].decode().splitlines()]
    breaks = [line.split(" ")[1:] for line in text[6].decode().splitlines()]
    return Checkpoint(
        host=text[1].decode(),
        number=int(text[2]),
        at_ns=int(moment.timestamp()) * _NS + int(text[4]),
        heads=tuple(Head(process, int(seq), hash_) for process, seq, hash_ in heads),
        breaks=tuple(ChainBreak(process, int(seq), int(number)) for process, seq, number in breaks),
        previous="" if text[7] == b"none" else text[7].decode(),
    )
