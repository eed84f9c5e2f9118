"""DICOM objects of our own: good ones, and each way we know to make one bad. No library writes them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Final

from tests.gateway.inspection.packing import pe

IMPLICIT: Final = "1.2.840.10008.1.2"
EXPLICIT: Final = "1.2.840.10008.1.2.1"
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
BIG: Final = "1.2.840.10008.1.2.2"
JPEG: Final = "1.2.840.10008.1.2.4.50"
JPEG_2000: Final = "1.2.840.10008.1.2.4.90"
RLE: Final = "1.2.840.10008.1.2.5"
SECONDARY: Final = "1.2.840.10008.5.1.4.1.1.7"
PDF_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.104.1"
INSTANCE: Final = "1.2.826.0.1.3680043.9.9999.4711"
_LONG: Final = ("OB", "OW", "OF", "OD", "OL", "SQ", "UN", "UT", "UC", "UR")


def even(value: bytes, pad: bytes = b" ") -> bytes:
    return value + pad * (len(value) % 2)


def element(tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
    """Explicit little endian; length: a lie."""
    size = len(value) if length is None else length
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    if vr in _LONG:
        return head + b"\0\0" + struct.pack("<I", size) + value
    return head + struct.pack("<H", size) + value


def implicit(tag: int, value: bytes) -> bytes:
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


def uid(tag: int, value: str) -> bytes:
    return element(tag, "UI", even(value.encode(), b"\0"))


def text(tag: int, vr: str, value: str, codec: str = "ascii") -> bytes:
    return element(tag, vr, even(value.encode(codec)))


def short(tag: int, value: int) -> bytes:
    return element(tag, "US", struct.pack("<H", value))


def item(data: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(data) if length is None else length) + data


def open_item(data: bytes) -> bytes:
    return item(data, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)


SEQUENCE_END: Final = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def open_sequence(tag: int, *items: bytes) -> bytes:
    return element(tag, "SQ", b"".join(items) + SEQUENCE_END, 0xFFFFFFFF)


def meta(syntax: str = EXPLICIT, sop: str = SECONDARY, extra: bytes = b"", lie: int = 0) -> bytes:
    body = element(0x00020001, "OB", b"\0\1") + uid(0x00020002, sop) + uid(0x00020003, INSTANCE)
    body += uid(0x00020010, syntax) + uid(0x00020012, "1.2.3.4") + extra
    return element(0x00020000, "UL", struct.pack("<I", len(body) + lie)) + body


def head_elements(sop: str = SECONDARY, charset: str = "ISO_IR 192") -> bytes:
    return text(0x00080005, "CS", charset) + uid(0x00080016, sop) + uid(0x00080018, INSTANCE)


def patient(name: bytes = "张^三".encode()) -> bytes:
    return element(0x00100010, "PN", even(name)) + text(0x00100020, "LO", "7001")


def pixel_module(rows: int = 4, columns: int = 4, bits: int = 8, frames: int = 0) -> bytes:
    data = short(0x00280002, 1) + text(0x00280004, "CS", "MONOCHROME2")
    data += text(0x00280008, "IS", str(frames)) if frames else b""
    data += short(0x00280010, rows) + short(0x00280011, columns) + short(0x00280100, bits)
    return data + short(0x00280101, bits) + short(0x00280102, bits - 1) + short(0x00280103, 0)


def native(value: bytes = bytes(range(16)), length: int | None = None) -> bytes:
    return element(0x7FE00010, "OB", value, length)


def fragments(*pieces: bytes, table: bytes = b"", end: bytes = SEQUENCE_END) -> bytes:
    body = item(table) + b"".join(item(even(piece, b"\0")) for piece in pieces) + end
    return element(0x7FE00010, "OB", body, 0xFFFFFFFF)


def file(*elements: bytes, preamble: bytes = bytes(128), group_2: bytes | None = None) -> bytes:
    return preamble.ljust(128, b"\0") + b"DICM" + (group_2 or meta()) + b"".join(elements)


def good(*more: bytes) -> bytes:
    return file(head_elements(), patient(), *more, pixel_module(), native())


def frame(width: int = 4, height: int = 4) -> bytes:
    """A baseline JPEG by its segments: what its coded data give is of no matter here."""
    quantise = b"\xff\xdb\0\x43\0" + bytes([1] * 64)
    huffman = b"\xff\xc4\0\x14\0" + b"\1" + bytes(15) + b"\0"
    start = b"\xff\xc0\0\x0b\x08" + struct.pack(">HH", height, width) + b"\1\1\x11\0"
    scan = b"\xff\xda\0\x08\1\1\0\0\x3f\0" + b"\x2a\xff\0\x15" * 4
    return b"\xff\xd8" + quantise + huffman + start + scan + b"\xff\xd9"


def j2k(width: int = 4, height: int = 4, tail: bytes = b"\xff\xd9") -> bytes:
    size = struct.pack(">HIIIIIIIIH", 0, width, height, 0, 0, width, height, 0, 0, 1) + b"\7\1\1"
    head = b"\xff\x4f\xff\x51" + struct.pack(">H", len(size) + 2) + size
    tile = b"\xff\x93" + b"\x80" * 6
    return head + b"\xff\x90" + struct.pack(">HHIBB", 10, 0, 12 + len(tile), 0, 1) + tile + tail


def rle(plane: bytes = bytes(range(16)), behind: bytes = b"") -> bytes:
    packed = bytes([len(plane) - 1]) + plane
    return struct.pack("<16I", 1, 64, *[0] * 14) + even(packed, b"\0") + behind


def compressed(*elements: bytes, syntax: str = JPEG) -> bytes:
    return file(head_elements(), patient(), pixel_module(), *elements, group_2=meta(syntax))


def deep(levels: int, defined: bool = False) -> bytes:
    """Sequences in sequences."""
    data = text(0x0040A160, "UT", "x ")
    for _ in range(levels):
        data = (
            element(0x0040A730, "SQ", item(data))
            if defined
            else open_sequence(0x0040A730, open_item(data))
        )
    return file(head_elements(), patient(), data)


def document(
    body: bytes = b"%PDF-1.4 script", mime: str = "application/pdf", said: int = -1
) -> bytes:
    length = len(body) if said < 0 else said
    return file(
        head_elements(PDF_STORAGE),
        patient(),
        element(0x00420011, "OB", even(body, b"\0")),
        text(0x00420012, "LO", mime),
        element(0x00420015, "UL", struct.pack("<I", length)),
        group_2=meta(sop=PDF_STORAGE),
    )


def implicit_file() -> bytes:
    body = implicit(0x00080005, b"ISO_IR 192") + implicit(
        0x00080016, even(SECONDARY.encode(), b"\0")
    )
    body += implicit(0x00080018, even(INSTANCE.encode(), b"\0")) + implicit(
        0x00100010, "张^三 ".encode()
    )
    body += implicit(0x0040A730, item(implicit(0x0040A160, "in 里边!".encode())))
    return file(body, group_2=meta(IMPLICIT))


def deflated_bomb(size_bytes: int = 8 << 20) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    inner = head_elements() + element(0x00420011, "OB", bytes(size_bytes))
    return file(packer.compress(inner) + packer.flush(), group_2=meta(DEFLATED))


def zip_with(data: bytes = b"payload") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", data)
    return buffer.getvalue()


def overlay(rows: int = 4, columns: int = 4, length: int = 2) -> bytes:
    return (
        short(0x60000010, rows)
        + short(0x60000011, columns)
        + text(0x60000040, "CS", "G")
        + element(0x60000050, "SS", struct.pack("<hh", 1, 1))
        + short(0x60000100, 1)
        + short(0x60000102, 0)
        + element(0x60003000, "OW", bytes(length))
    )


def with_overlay(**lie: int) -> bytes:
    return file(head_elements(), patient(), pixel_module(), overlay(**lie), native())


def icon(picture: bytes) -> bytes:
    inner = pixel_module() + fragments(picture)
    return compressed(open_sequence(0x00880200, open_item(inner)), fragments(frame()))


GOOD: Final[dict[str, Callable[[], bytes]]] = {
    "a secondary capture": good,
    "implicit little endian": implicit_file,
    "GB 18030": lambda: file(
        head_elements(charset="GB18030"), patient("张^三".encode("gb18030")), pixel_module(), native()
    ),
    "GB 18030 with a backslash within a character": lambda: file(
        head_elements(charset="GB18030"), patient("乗^兂".encode("gb18030"))
    ),
    "Japanese with escapes": lambda: file(
        head_elements(charset="\\ISO 2022 IR 87"),
        patient(b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"),
    ),
    "Chinese with escapes": lambda: file(
        head_elements(charset="\\ISO 2022 IR 58"),
        patient(b"Zhang^San=\x1b$)A" + "张".encode("gb2312") + b"^\x1b$)A" + "三".encode("gb2312")),
    ),
    "sixteen levels": lambda: deep(16),
    "sixteen levels of defined length": lambda: deep(16, defined=True),
    "a document": document,
    "an overlay": with_overlay,
    "JPEG": lambda: compressed(fragments(frame())),
    "JPEG in two fragments": lambda: compressed(fragments(frame()[:40], frame()[40:])),
    "JPEG with an icon": lambda: icon(frame()),
    "JPEG 2000": lambda: compressed(fragments(j2k()), syntax=JPEG_2000),
    "RLE": lambda: compressed(fragments(rle()), syntax=RLE),
    "two frames with a table": lambda: file(
        head_elements(), patient(), pixel_module(frames=2),
        fragments(frame(), frame(), table=struct.pack("<II", 0, 8 + len(even(frame())))),
        group_2=meta(JPEG),
    ),
    "an empty sequence": lambda: file(head_elements(), patient(), element(0x0040A730, "SQ", b"")),
}  # fmt: skip

# What it is, its bytes, the numbers one of which must be among the faults of both sides.
CASES: Final[list[tuple[str, Callable[[], bytes], set[int]]]] = [
    ("a program in the preamble", lambda: pe()[:128] + good()[128:], {3900}),
    ("a script in the preamble", lambda: file(preamble=b"#!/bin/sh\nexec cat /etc/passwd\n#"), {3900}),
    ("a TIFF in the preamble", lambda: b"II*\0" + good()[4:], {3901}),
    ("one byte in the preamble", lambda: bytes(100) + b"\1" + good()[101:], {3900}),
    ("no DICM", lambda: good()[132:], {3902}),
    ("nothing behind DICM", lambda: bytes(128) + b"DICM", {3902}),
    ("no transfer syntax", lambda: file(good()[132:], group_2=element(0x00020000, "UL", bytes(4))), {3902, 3903}),
    ("group 2 longer than it says", lambda: file(head_elements(), group_2=meta(lie=-8)), {3903}),
    ("group 2 shorter than it says", lambda: file(head_elements(), group_2=meta(lie=64)), {3903}),
    ("group 2 with a private payload", lambda: file(head_elements(), group_2=meta(extra=uid(0x00020100, "1.2") + element(0x00020102, "OB", pe()))), {3917}),
    ("group 2 with a strange VR", lambda: file(head_elements(), group_2=meta(extra=element(0x00020013, "UT", b"x "))), {3903}),
    ("a deflate bomb", deflated_bomb, {3904}),
    ("big endian", lambda: file(group_2=meta(BIG)), {3904}),
    ("a film", lambda: file(head_elements(), group_2=meta("1.2.840.10008.1.2.4.102")), {3904}),
    ("a transfer syntax of nobody", lambda: file(head_elements(), group_2=meta("1.2.3.4.5")), {3904}),
    ("a transfer syntax that is no UID", lambda: file(head_elements(), group_2=meta("1.2.x")), {3911}),
    ("a print job", lambda: file(head_elements("1.2.840.10008.5.1.1.1"), group_2=meta(sop="1.2.840.10008.5.1.1.1")), {3918}),
    ("another class than group 2 says", lambda: file(head_elements("1.2.840.10008.5.1.4.1.1.2")), {3903}),
    ("no class in the data set", lambda: file(text(0x00080005, "CS", "ISO_IR 192"), patient()), {3903}),
    ("cut within the pixels", lambda: good()[:-5], {3905}),
    ("cut within a header", lambda: good()[:-25], {3905, 3906}),
    ("cut within group 2", lambda: good()[:180], {3902, 3905}),
    ("bytes behind the pixels", lambda: good() + b"payload behind", {3905, 3906, 3909, 3919, 3922}),
    ("a zip behind the pixels", lambda: good() + zip_with(), {3905, 3906, 3909, 3919, 3922}),
    ("a zip in the padding at the end", lambda: good() + element(0xFFFCFFFC, "OB", even(zip_with())), {3906}),
    ("a length beyond the end", lambda: file(head_elements(), patient(), native(bytes(4), 1 << 30)), {3905}),
    ("a length of four gigabytes", lambda: file(head_elements(), element(0x00420011, "OB", b"ab", 0xFFFFFFFE)), {3905}),
    ("an item longer than its sequence", lambda: file(head_elements(), element(0x0040A730, "SQ", item(text(0x0040A160, "UT", "x "), 400), 22), bytes(400)), {3905, 3919, 3920}),
    ("an item shorter than its elements", lambda: file(head_elements(), open_sequence(0x0040A730, item(text(0x0040A160, "UT", "abcdef"), 14))), {3905, 3920}),
    ("a delimiter with a length", lambda: file(head_elements(), open_sequence(0x0040A730)[:-4] + struct.pack("<I", 8) + b"payload!"), {3920, 3905, 3929}),
    ("a sequence without an end", lambda: file(head_elements(), open_sequence(0x0040A730, open_item(text(0x0040A160, "UT", "x ")))[:-8]), {3905, 3920, 3929}),
    ("an item's end among elements", lambda: file(head_elements(), struct.pack("<HHI", 0xFFFE, 0xE00D, 0), patient()), {3906, 3909, 3920, 3922}),
    ("seventeen levels", lambda: deep(17), {3907}),
    ("a thousand levels", lambda: deep(1000), {3907}),
    ("two hundred levels of defined length", lambda: deep(200, defined=True), {3907}),
    ("a million elements", lambda: file(head_elements(), open_sequence(0x0040A730, item(b"")[:8] * 300_000)), {3908}),
    ("an unknown VR", lambda: file(head_elements(), element(0x00100010, "ZZ", b"ab")), {3909}),
    ("a name as binary", lambda: file(head_elements(), element(0x00100010, "OB", b"MZ" + bytes(40))), {3909}),
    ("implicit elements in an explicit file", lambda: file(head_elements(), implicit(0x00100010, b"A^B ")), {3909}),
    ("implicit items in an explicit file", lambda: file(head_elements(), open_sequence(0x0040A730, item(implicit(0x0040A160, b"abcd")))), {3909}),
    ("undefined length of a text", lambda: file(head_elements(), element(0x0040A160, "UT", b"abcd" + SEQUENCE_END, 0xFFFFFFFF)), {3905, 3909}),
    ("bytes in the reserved field", lambda: file(head_elements(), element(0x0040A160, "UT", b"ab").replace(b"UT\0\0", b"UTMZ")), {3909}),
    ("an odd length", lambda: file(head_elements(), element(0x00100020, "LO", b"abc")), {3910}),
    ("three bytes of a number", lambda: file(head_elements(), element(0x00280010, "US", b"\1\0\0\0\0")), {3910}),
    ("a name of 200 characters", lambda: file(head_elements(), patient(b"x" * 200)), {3910}),
    ("a UID with a letter", lambda: file(head_elements(), uid(0x0020000D, "1.2.3.a")), {3911}),
    ("a UID that is a path", lambda: file(head_elements(), uid(0x0020000D, "../../etc/x")), {3911}),
    ("a UID of 80 digits", lambda: file(head_elements(), uid(0x0020000D, "1." + "2" * 80)), {3911}),
    ("a character set of nobody", lambda: file(head_elements(charset="utf-8"), patient()), {3912}),
    ("UTF-7", lambda: file(head_elements(charset="UTF-7"), patient()), {3912}),
    ("UTF-8 with escapes to another", lambda: file(head_elements(charset="ISO_IR 192\\ISO 2022 IR 87"), patient()), {3912}),
    ("Chinese without a character set", lambda: file(head_elements(charset="ISO_IR 6"), patient()), {3913}),
    ("GB 18030 declared as UTF-8", lambda: file(head_elements(), patient("张^三".encode("gb18030"))), {3913}),
    ("half a character", lambda: file(head_elements(), patient("张".encode()[:2] + b"^a")), {3913}),
    ("an escape to a set not declared", lambda: file(head_elements(charset="\\ISO 2022 IR 87"), patient(b"a=\x1b$)C\xb1\xe8")), {3913}),
    ("more pixels than rows and columns", lambda: file(head_elements(), pixel_module(), native(bytes(16) + b"payload!")), {3914}),
    ("fewer pixels than rows and columns", lambda: file(head_elements(), pixel_module(), native(bytes(8))), {3914}),
    ("pixels without rows", lambda: file(head_elements(), native()), {3915}),
    ("no frames", lambda: file(head_elements(), pixel_module(frames=1).replace(b"IS\2\x001 ", b"IS\2\x000 "), native()), {3915}),
    ("65535 by 65535", lambda: file(head_elements(), pixel_module(65535, 65535), native()), {3914, 3925}),
    ("fragments in a native file", lambda: file(head_elements(), pixel_module(), fragments(frame())), {3916}),
    ("native pixels in a JPEG file", lambda: compressed(native()), {3916}),
    ("fragments without an end", lambda: compressed(fragments(frame(), end=b"")), {3905, 3916}),
    ("fragments that are no items", lambda: compressed(element(0x7FE00010, "OB", text(0x00100010, "PN", "abcd") + SEQUENCE_END, 0xFFFFFFFF)), {3905, 3916}),
    ("a fragment beyond the end", lambda: compressed(element(0x7FE00010, "OB", item(b"") + item(frame(), 1 << 30), 0xFFFFFFFF)), {3905, 3916}),
    ("an offset table that lies", lambda: compressed(fragments(frame(), table=struct.pack("<I", 6))), {3916, 3929}),
    ("more frames than said", lambda: compressed(fragments(frame(), frame(), table=struct.pack("<II", 0, 8 + len(even(frame()))))), {3916}),
    ("a script behind a frame", lambda: compressed(fragments(frame() + b"<script>alert(1)</script>")), {3928}),
    ("a second picture behind a frame", lambda: compressed(fragments(frame() + frame())), {3928}),
    ("a program as a frame", lambda: compressed(fragments(even(pe()))), {3928}),
    ("bytes behind a JPEG 2000 frame", lambda: compressed(fragments(j2k() + b"payload of some length"), syntax=JPEG_2000), {3928}),
    ("a JPEG 2000 file for a codestream", lambda: compressed(fragments(b"\0\0\0\x0cjP  \r\n\x87\n" + j2k()), syntax=JPEG_2000), {3928}),
    ("a JPEG in an RLE file", lambda: compressed(fragments(frame()), syntax=RLE), {3928}),
    ("a frame of another size", lambda: compressed(fragments(frame(8, 8))), {3914}),
    ("a private payload", lambda: good(element(0x00110010, "LO", b"ACME"), element(0x00111001, "OB", even(pe()))), {3917}),
    ("a private element without its creator", lambda: good(element(0x00111001, "OB", b"ab")), {3917}),
    ("a private sequence in a sequence", lambda: file(head_elements(), open_sequence(0x0040A730, open_item(text(0x00110010, "LO", "ACME")))), {3917}),
    ("an element twice", lambda: file(head_elements(), patient(), patient()), {3919}),
    ("an element twice in an item", lambda: file(head_elements(), open_sequence(0x0040A730, open_item(text(0x0040A160, "UT", "a ") * 2))), {3919}),
    ("elements out of order", lambda: file(patient(b"A^B "), head_elements()), {3919}),
    ("names burned in", lambda: file(head_elements(), text(0x00280301, "CS", "YES")), {3921}),
    ("a command", lambda: file(element(0x00000100, "US", b"\1\0"), head_elements()), {3922}),
    ("group 2 within the data set", lambda: file(head_elements(), open_sequence(0x0040A730, open_item(short(0xFFFF0001, 1)))), {3922}),
    ("a public element of nobody", lambda: good(element(0x00140002, "OB", even(pe()))), {3922}),
    ("a curve", lambda: file(head_elements(), short(0x50000005, 2)), {3923}),
    ("an overlay that is too long", lambda: with_overlay(length=600), {3923}),
    ("a NUL within a name", lambda: file(head_elements(), patient(b"a\0b^c")), {3924}),
    ("a terminal's escape in a name", lambda: file(head_elements(), patient(b"a\x9b2J")), {3913}),
    ("a line's end in a name", lambda: file(head_elements(), patient(b"a\r\nb")), {3924}),
    ("an MLLP frame in a comment", lambda: file(head_elements(), text(0x00104000, "LT", "a\x1c\rb")), {3924}),
    ("a text of 20 MiB", lambda: file(head_elements(), element(0x0040A160, "UT", b"x" * (20 << 20))), {3925}),
    ("a value of 65 MiB", lambda: file(head_elements(), element(0x00420011, "OB", bytes(65 << 20))), {3925}),
    ("a document of another kind", lambda: document(mime="application/x-sh"), {3926}),
    ("a document longer than it says", lambda: document(b"%PDF-1.4" + pe(), said=8), {3926}),
    ("a date that is none", lambda: file(head_elements(), text(0x00080020, "DA", "<script>")), {3927}),
    ("a number that is none", lambda: file(head_elements(), text(0x00280008, "IS", "1;ls")), {3927}),
    ("a code in small letters", lambda: file(head_elements(), text(0x00080060, "CS", "select *")), {3927}),
]  # fmt: skip

# Files that are let through only as members or texts: what is inside must be handed on.
HANDED_ON: Final[list[tuple[str, Callable[[], bytes], bytes]]] = [
    ("a document with a script", lambda: document(b"%PDF-1.4 /JavaScript (app.alert(1))"), b"/JavaScript"),
    ("an icon with a script", lambda: icon(frame()[:2] + b"\xff\xfe\0\x0a<script" + frame()[2:]), b"<script"),
    ("a program in a palette", lambda: file(head_elements(), element(0x00281201, "OW", even(pe()))), b"This program"),
    ("a zip in curve-like bulk", lambda: file(head_elements(), element(0x00281202, "OW", even(zip_with()))), b"PK"),
]  # fmt: skip
