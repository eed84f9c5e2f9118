"""Follows the chain of one journal, line by line, and says where it does not hold. No I/O.

After a finding it goes on with what the line itself says, so that one edited record is one finding
and not a million.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from gateway.audit.record import (
    HASH_CHARACTERS,
    MAX_LINE_BYTES,
    TRAILER_BYTES,
    Header,
    Record,
    decode_header,
    genesis,
)
from gateway.errors import Refused

_decode = msgspec.json.Decoder(Record).decode
_BAD_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_HEX: Final = frozenset(b"0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold. number: 6020 edited, 6021 removed, 6022 out of order,
    6023 no record, 6024 wrong segment head. seq to last_seq: the records concerned."""

    number: int
    seq: int
    last_seq: int


class Chain:
    """The place reached in a journal: `seq` of the last record, `head` its hash (64 characters).

    A head of None means that nothing is known yet: the next line is believed.
    """

    __slots__ = ("head", "journal_id", "process", "record", "seq")

    def __init__(self, process: str) -> None:
        self.process = process
        self.journal_id: str | None = None
        self.seq = 0
        self.head: bytes | None = None
        self.record: Record | None = None

    def open_segment(self, untrusted_line: bytes, first_seq: int) -> Break | None:
        """Take the first line of the segment that is named after first_seq.

        The first segment that is seen sets the place; each further one must fit to it.
        """
        try:
            header = decode_header(untrusted_line)
        except Refused:
            return self._reopened(first_seq, None)
        if not self._fits(header, first_seq):
            return self._reopened(first_seq, header)
        self.journal_id = header.id
        self.seq, self.head = header.first_seq - 1, header.previous.encode()
        return None

    def take(self, untrusted_line: bytes) -> Break | None:
        """Take the next line (without newline). `record` is what it held, None if nothing."""
        body = untrusted_line[:-TRAILER_BYTES]
        try:
            record = _decode(body + b"}")
        except _BAD_JSON:
            return self._unreadable(untrusted_line)
        head = self.head
        trailer = untrusted_line[-TRAILER_BYTES:]
        self.record = record
        expected = self.seq + 1
        if head is not None and record.seq == expected:
            true_head = sha256(head + body).hexdigest().encode()
            if trailer == b',"hash":"' + true_head + b'"}':
                self.seq = expected
                self.head = true_head
                return None
        return self._mismatch(record, untrusted_line, expected)

    def _mismatch(self, record: Record, untrusted_line: bytes, expected: int) -> Break | None:
        believed = self.head is None
        written = _written_hash(untrusted_line)
        if record.seq < expected and not believed:
            # The place stays: what follows belongs after what came before.
            return Break(6022, record.seq, record.seq)
        self.seq, self.head = record.seq, written
        if written is None:
            return Break(6020, record.seq, record.seq)
        if believed:
            return None
        if record.seq > expected:
            return Break(6021, expected, record.seq - 1)
        return Break(6020, record.seq, record.seq)

    def _unreadable(self, untrusted_line: bytes) -> Break:
        self.record = None
        self.seq += 1
        self.head = _written_hash(untrusted_line)
        return Break(6023, self.seq, self.seq)

    def _fits(self, header: Header, first_seq: int) -> bool:
        if header.journal != self.process or header.first_seq != first_seq:
            return False
        if self.journal_id is None:
            start = genesis(header.journal, header.id).decode()
            return first_seq > 1 or header.previous == start
        known = self.head.decode() if self.head is not None else header.previous
        return (self.journal_id, self.seq + 1, known) == (header.id, first_seq, header.previous)

    def _reopened(self, first_seq: int, header: Header | None) -> Break:
        expected = self.seq + 1
        if header is None or header.journal != self.process:
            self.seq, self.head = first_seq - 1, None
            return Break(6024, first_seq, first_seq)
        same = self.journal_id == header.id
        self.journal_id = header.id
        self.seq, self.head = header.first_seq - 1, header.previous.encode()
        if same and first_seq == header.first_seq > expected:
            return Break(6021, expected, first_seq - 1)
        return Break(6024, first_seq, first_seq)


def _written_hash(untrusted_line: bytes) -> bytes | None:
    trailer = untrusted_line[-TRAILER_BYTES:]
    written = trailer[9 : 9 + HASH_CHARACTERS]
    whole = len(untrusted_line) <= MAX_LINE_BYTES and len(trailer) == TRAILER_BYTES
    fits = whole and trailer.startswith(b',"hash":"') and trailer.endswith(b'"}')
    return written if fits and _HEX.issuperset(written) else None
