"""Streams of PDF decoded (7.4) with limits that are counted while decoding, at every stage of a chain.

    data --filter--> pieces --filter--> pieces, each stage counted; a codec of images ends the chain

What stands behind the end of compressed data is a fault, never ignored. No I/O, no parser of objects.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Final

from gateway.inspection.formats.pdf import Document, Value, unsound
from gateway.inspection.formats.pdf_tables import BYTE_FILTERS, IMAGE_FILTERS, MAX_FILTERS

_PIECE_BYTES: Final = 64 << 10
_WHITE: Final = b"\x00\t\n\x0c\r "
# LZW is decoded in Python; nobody has written it for twenty years.
_LZW_BYTES: Final = 16 << 20


def filters_of(document: Document, value: dict[str, Value]) -> list[str]:
    """The filters of a stream in order. Raises Unsound 3889."""
    given = document.resolved(value.get("/Filter"))
    names = given if isinstance(given, list) else [] if given is None else [given]
    names = [document.resolved(name) for name in names[: MAX_FILTERS + 1]]
    wrong = [str(n)[:40] for n in names if n not in BYTE_FILTERS and n not in IMAGE_FILTERS]
    # A codec ends a chain: what it gives are pixels.
    if wrong or len(names) > MAX_FILTERS or any(name in IMAGE_FILTERS for name in names[:-1]):
        raise unsound(3889, filters=" ".join(str(name)[:40] for name in names))
    return names


def has_predictor(document: Document, value: dict[str, Value]) -> bool:
    """Whether bytes are differences (7.4.4.4): of images and tables that is common, of files not."""
    given = document.resolved(value.get("/DecodeParms"))
    every = given if isinstance(given, list) else [given]
    found = (document.dictionary(one).get("/Predictor", 1) for one in every)
    return any(document.resolved(predictor) not in (1, None) for predictor in found)


def decoded(ref: str, data: bytes, filters: list[str], limit_bytes: int) -> Iterator[bytes]:
    """The bytes behind all filters but a codec of images. Raises Unsound 3890, 3891."""
    pieces: Iterator[bytes] = (
        data[at : at + _PIECE_BYTES] for at in range(0, len(data), _PIECE_BYTES)
    )
    for name in filters:
        if name in IMAGE_FILTERS:
            break
        pieces = _counted(ref, _stage(ref, name, pieces), limit_bytes)
    return pieces


def _stage(ref: str, name: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    match name:
        case "/FlateDecode":
            return _inflated(ref, pieces)
        case "/ASCIIHexDecode":
            return _hex(ref, pieces)
        case "/ASCII85Decode":
            return _ascii85(ref, pieces)
        case "/RunLengthDecode":
            return _runs(ref, pieces)
        case _:
            return _lzw(ref, pieces)


def _counted(ref: str, pieces: Iterator[bytes], limit_bytes: int) -> Iterator[bytes]:
    so_far = 0
    for piece in pieces:
        so_far += len(piece)
        if so_far > limit_bytes:
            raise unsound(3890, object=ref, limit_bytes=limit_bytes)
        yield piece


def _broken(ref: str, reason: str) -> Exception:
    return unsound(3891, object=ref, reason=reason)


def _inflated(ref: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj()
    for piece in pieces:
        if inflate.eof:
            _nothing_behind(ref, piece)
            continue
        waiting = piece
        while not inflate.eof:
            try:
                out = inflate.decompress(waiting, _PIECE_BYTES)
            except zlib.error as error:
                raise _broken(ref, "deflate") from error
            waiting = inflate.unconsumed_tail
            if out:
                yield out
            if not waiting and len(out) < _PIECE_BYTES:
                break
        _nothing_behind(ref, inflate.unused_data)
    if not inflate.eof:
        raise _broken(ref, "deflate ends early")


def _nothing_behind(ref: str, rest: bytes) -> None:
    if rest.strip(_WHITE):
        raise _broken(ref, "bytes behind the end")


def _ended(ref: str, pieces: Iterator[bytes], mark: bytes) -> bytes:
    data, _, behind = b"".join(pieces).partition(mark)
    _nothing_behind(ref, behind)
    return data


def _hex(ref: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    digits = _ended(ref, pieces, b">").translate(None, _WHITE)
    try:
        yield bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    except ValueError as error:
        raise _broken(ref, "hexadecimal") from error


_EIGHTY_FIVE: Final = re.compile(rb"[!-uz]*")


def _ascii85(ref: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    letters = _ended(ref, pieces, b"~>").translate(None, _WHITE)
    if _EIGHTY_FIVE.fullmatch(letters) is None:
        raise _broken(ref, "base 85")
    letters = letters.replace(b"z", b"!!!!!")
    short = -len(letters) % 5
    out = bytearray()
    letters += b"u" * short
    for at in range(0, len(letters), 5):
        number = 0
        for letter in letters[at : at + 5]:
            number = number * 85 + letter - 33
        if number >= 1 << 32:
            raise _broken(ref, "base 85")
        out += number.to_bytes(4, "big")
    yield bytes(out[: len(out) - short])


def _runs(ref: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    data, at = b"".join(pieces), 0
    while at < len(data):
        length = data[at]
        if length == 128:
            _nothing_behind(ref, data[at + 1 :])
            return
        if length < 128:
            yield data[at + 1 : at + 2 + length]
            at += 2 + length
        else:
            yield data[at + 1 : at + 2] * (257 - length)
            at += 2
    raise _broken(ref, "runs end early")


def _lzw(ref: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """LZW as TIFF has it (7.4.4.2), codes of 9 to 12 bits, /EarlyChange 1."""
    table: list[bytes] = []
    bits, width, buffer, so_far, last = 0, 9, 0, 0, b""
    for piece in pieces:
        out = bytearray()
        for byte in piece:
            buffer, bits = (buffer << 8 | byte) & 0xFFFFFF, bits + 8
            if bits < width:
                continue
            bits -= width
            code = buffer >> bits & (1 << width) - 1
            if code == 257:
                yield bytes(out)
                return
            if code == 256:
                table, width, last = [bytes([n]) for n in range(256)] + [b"", b""], 9, b""
                continue
            if code > len(table) or not table or (code == len(table) and not last):
                raise _broken(ref, "LZW")
            entry = table[code] if code < len(table) else last + last[:1]
            out += entry
            so_far += len(entry)
            if so_far > _LZW_BYTES:
                raise unsound(3890, object=ref, limit_bytes=_LZW_BYTES)
            if last and len(table) < 4096:
                table.append(last + entry[:1])
            last = entry
            width = min(12, max(9, (len(table) + 1).bit_length()))
        yield bytes(out)
    raise _broken(ref, "LZW ends early")
