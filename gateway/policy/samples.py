"""Samples that a test makes when it runs: nothing that a scanner would shout at lies in a folder.

Bytes only; the standard library's zip writer and the traditional PKWARE cipher (APPNOTE.TXT 6.1).
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Final

from gateway.policy.texts import GENERATED

# The EICAR test file in two halves, so that these lines are not it.
_EICAR: Final = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
# Deflate takes zeros down to about a thousandth: five times the ratio that channels allow.
_BOMB_BYTES: Final = 16 << 20
# Any date: samples must not depend on the clock.
_WHEN: Final = (2026, 1, 5, 8, 0, 0)


def generate_sample(word: str) -> bytes:
    """The bytes of a generated sample (words: texts.GENERATED). RuntimeError for any other word."""
    match word:
        case "eicar":
            return _EICAR
        case "eicar in a zip":
            return zip_of({"inner.zip": zip_of({"letter.txt": _EICAR})})
        case "elf program":
            # ELF-64 header, little endian, System V, executable, x86-64 (ELF specification, Figure 1-3).
            head = struct.pack("<4s5B7x", b"\x7fELF", 2, 1, 1, 0, 0)
            return head + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 0, 64, 0, 0)
        case "windows program":
            stub = b"MZ" + bytes(58) + struct.pack("<I", 64)
            return (
                stub + b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 0, 0, 0, 0, 0, 0x22) + bytes(64)
            )
        case "script":
            return b"#!/bin/sh\necho sample\n"
        case "encrypted zip":
            return _encrypted_zip(b"report.txt", b"a sample that nobody can read\n", b"sample")
        case "zip bomb":
            return zip_of({"zeros.bin": bytes(_BOMB_BYTES)})
        case "climbing zip":
            return zip_of({"../../etc/cron.d/x": b"sample\n"})
        case "empty":
            return b""
        case _:
            raise RuntimeError(f"no generated sample {word!r}; there are {', '.join(GENERATED)}")


def zip_of(members: dict[str, bytes]) -> bytes:
    """A zip archive of these members, the same bytes each time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _WHEN), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _encrypted_zip(name: bytes, content: bytes, password: bytes) -> bytes:
    """One stored member under the traditional PKWARE encryption (APPNOTE.TXT 4.3.7, 6.1)."""
    crc = zlib.crc32(content)
    # The last byte of the encryption header is the CRC's highest, so that a reader can check.
    body = _pkware_encrypted(bytes(11) + bytes([crc >> 24]) + content, password)
    common = struct.pack("<HHHHIIIHH", 1, 0, 0, 0, crc, len(body), len(content), len(name), 0)
    local = b"PK\3\4" + struct.pack("<H", 20) + common + name + body
    entry = (
        b"PK\1\2"
        + struct.pack("<HH", 20, 20)
        + common
        + struct.pack("<HHHII", 0, 0, 0, 0, 0)
        + name
    )
    end = struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local), 0)
    return local + entry + b"PK\5\6" + end


def _pkware_encrypted(plain: bytes, password: bytes) -> bytes:
    keys = [0x12345678, 0x23456789, 0x34567890]
    for byte in password:
        _stir(keys, byte)
    sealed = bytearray()
    for byte in plain:
        mixed = keys[2] | 2
        sealed.append(byte ^ (mixed * (mixed ^ 1) >> 8 & 0xFF))
        _stir(keys, byte)
    return bytes(sealed)


def _stir(keys: list[int], byte: int) -> None:
    keys[0] = _crc_step(keys[0], byte)
    keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
    keys[2] = _crc_step(keys[2], keys[1] >> 24)


def _crc_step(crc: int, byte: int) -> int:
    # zlib keeps the register inverted between calls; the cipher wants it as it is.
    return zlib.crc32(bytes([byte]), crc ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
