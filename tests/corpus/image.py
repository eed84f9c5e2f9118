"""Images of our own: good ones by Pillow and by hand, and each way we know to make one bad."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PIL import Image, PngImagePlugin

from tests.corpus.dicom import zip_with
from tests.gateway.inspection.packing import pe

SCRIPT: Final = b"<script>alert(1)</script>"


def drawn(mode: str = "RGB") -> Image.Image:
    grey = Image.linear_gradient("L").resize((97, 61))
    if mode == "I;16":
        return grey.convert("I").convert("I;16")
    return Image.merge(
        "RGB", (grey, grey.transpose(Image.Transpose.FLIP_LEFT_RIGHT), grey)
    ).convert(mode)


def saved(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    buffer = io.BytesIO()
    drawn(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def exif(text: str = "ward 3") -> Image.Exif:
    tags = Image.Exif()
    tags[270], tags[0x0112] = text, 6
    return tags


def png_texts() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Zhang San")
    info.add_itxt("Title", "张三", "zh")
    info.add_text("Comment", "packed " * 100, zip=True)
    return info


def chunk(name: bytes, data: bytes, lie: int = 0) -> bytes:
    return (
        struct.pack(">I", len(data) + lie)
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
    )


def png(
    width: int = 4, height: int = 4, rows: bytes | None = None, before: bytes = b"", behind: bytes = b"",
    packed: bytes | None = None, end: bytes | None = None,
) -> bytes:  # fmt: skip
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    raw = bytes(height * (width + 1)) if rows is None else rows
    data = zlib.compress(raw, 9) if packed is None else packed
    tail = chunk(b"IEND", b"") if end is None else end
    return b"\x89PNG\r\n\x1a\n" + header + before + chunk(b"IDAT", data) + behind + tail


def with_segment(marker: int, body: bytes, jpeg: bytes | None = None) -> bytes:
    data = jpeg or saved("JPEG")
    return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + data[2:]


def resized_jpeg(width: int, height: int) -> bytes:
    data = saved("JPEG")
    at = data.index(b"\xff\xc0")
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


def tiff(
    *entries: tuple[int, int, int, int], body: bytes = b"", following: int = 0, order: str = "<"
) -> bytes:
    """One directory at 8, then the body."""
    rows = b"".join(struct.pack(order + "HHII", *entry) for entry in sorted(entries))
    mark = b"II*\0" if order == "<" else b"MM\0*"
    directory = struct.pack(order + "H", len(entries)) + rows + struct.pack(order + "I", following)
    return mark + struct.pack(order + "I", 8) + directory + body


def grey_tiff(
    *more: tuple[int, int, int, int],
    body: bytes = bytes(16),
    strip: int = -1,
    size: int = 16,
    width: int = 4,
    height: int = 4,
    following: int = 0,
    compression: int = 1,
) -> bytes:
    count = 8 + len(more)
    at = 8 + 2 + 12 * count + 4 if strip < 0 else strip
    entries = [
        *(
            (256, 3, 1, width),
            (257, 3, 1, height),
            (258, 3, 1, 8),
            (259, 3, 1, compression),
            (262, 3, 1, 1),
        ),
        *((273, 4, 1, at), (278, 3, 1, height), (279, 4, 1, size)),
    ]
    return tiff(*entries, *more, body=body, following=following)


def gif(width: int = 4, height: int = 4, before: bytes = b"", behind: bytes = b"") -> bytes:
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\xff\xff\xff\0\0\0"
    image = b"\x2c" + struct.pack("<HHHHB", 0, 0, 4, 4, 0) + b"\2\4\x84\x8f\xa9\x05\0"
    return screen + before + image + behind + b";"


def bmp(
    width: int = 4,
    height: int = 4,
    rows: bytes | None = None,
    start: int = 54,
    gap: bytes = b"",
    bits: int = 24,
    packing: int = 0,
    size: int | None = None,
) -> bytes:
    data = gap + (bytes(height * ((width * bits + 31) // 32 * 4)) if rows is None else rows)
    whole = 54 + len(data) if size is None else size
    head = b"BM" + struct.pack("<IHHI", whole, 0, 0, start)
    return (
        head
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, packing, 0, 0, 0, 0, 0)
        + data
    )


def many_frames(count: int) -> bytes:
    image = b"\x2c" + struct.pack("<HHHHB", 0, 0, 4, 4, 0) + b"\2\4\x84\x8f\xa9\x05\0"
    return gif(behind=image * (count - 1))


def png_text_bomb() -> bytes:
    return png(before=chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(64 << 20), 9)))


def png_row_bomb() -> bytes:
    return png(rows=bytes(64 << 20))


GOOD: Final[dict[str, Callable[[], bytes]]] = {
    **{f"JPEG {m}": partial(saved, "JPEG", m) for m in ("L", "RGB", "CMYK")},
    **{f"PNG {m}": partial(saved, "PNG", m) for m in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")},
    **{f"TIFF {m}": partial(saved, "TIFF", m) for m in ("1", "L", "P", "RGB", "RGBA", "CMYK", "I;16")},
    **{f"GIF {m}": partial(saved, "GIF", m) for m in ("L", "P", "RGB")},
    **{f"BMP {m}": partial(saved, "BMP", m) for m in ("1", "L", "P", "RGB", "RGBA")},
    **{f"TIFF {c}": partial(saved, "TIFF", compression=c) for c in ("tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg")},
    "TIFF of a fax": lambda: saved("TIFF", "1", compression="group4"),
    "TIFF of three pages": lambda: saved("TIFF", save_all=True, append_images=[drawn(), drawn("L")]),
    "GIF of three frames": lambda: saved("GIF", save_all=True, append_images=[drawn().rotate(9), drawn().rotate(20)], duration=80),
    "a progressive JPEG": lambda: saved("JPEG", progressive=True),
    "a JPEG with everything": lambda: saved("JPEG", exif=exif(), comment=b"ward 3", icc_profile=bytes(300)),
    "a PNG with everything": lambda: saved("PNG", exif=exif(), pnginfo=png_texts(), icc_profile=bytes(300)),
    "a PNG by hand": png,
    "a GIF by hand": gif,
    "a BMP by hand": bmp,
    "a TIFF by hand": grey_tiff,
}  # fmt: skip

# What it is, its bytes, the numbers one of which must be among the faults of both sides.
CASES: Final[list[tuple[str, Callable[[], bytes], set[int]]]] = [
    ("a GIF that is a zip", lambda: saved("GIF") + zip_with(), {3932}),
    ("a PNG that is a zip", lambda: saved("PNG") + zip_with(), {3932}),
    ("a JPEG that is a zip", lambda: saved("JPEG") + zip_with(), {3932}),
    ("a BMP that is a zip", lambda: saved("BMP") + zip_with(), {3932}),
    ("a TIFF that is a zip", lambda: saved("TIFF") + zip_with(), {3932}),
    ("a script behind a JPEG", lambda: saved("JPEG") + b"<?php system($_GET[0]); ?>", {3932}),
    ("a second JPEG behind the first", lambda: saved("JPEG") * 2, {3932}),
    ("a PNG behind a PNG", lambda: saved("PNG") * 2, {3932}),
    ("a byte behind a JPEG", lambda: saved("JPEG") + b"x", {3932}),
    ("a cut JPEG", lambda: saved("JPEG")[:-40], {3931}),
    ("a JPEG without its end", lambda: saved("JPEG")[:-2], {3931}),
    ("a cut PNG", lambda: saved("PNG")[:-40], {3931}),
    ("a cut GIF", lambda: saved("GIF")[:-40], {3931}),
    ("a cut BMP", lambda: saved("BMP")[:-40], {3931}),
    ("a cut TIFF", lambda: saved("TIFF")[:-60], {3931, 3944}),
    ("a PNG of 40000 by 40000", lambda: png(40000, 40000, rows=b"\0"), {3936, 3937}),
    ("a PNG of 20000 by 20000", lambda: png(20000, 20000, rows=b"\0"), {3936}),
    ("a JPEG of 60000 by 60000", lambda: resized_jpeg(60000, 60000), {3936, 3937}),
    ("a JPEG of 12000 by 10000", lambda: resized_jpeg(12000, 10000), {3936}),
    ("a GIF of 60000 by 60000", lambda: gif(60000, 60000), {3936, 3937}),
    ("a BMP of a billion rows", lambda: bmp(4, 1 << 30, rows=bytes(16)), {3931, 3936, 3937, 3944}),
    ("a TIFF of 30000 by 30000", lambda: grey_tiff(width=30000, height=30000), {3936}),
    ("no width", lambda: png(0, 4), {3937, 3944}),
    ("rows that inflate to more than the image", png_row_bomb, {3942, 3944}),
    ("rows that inflate to less", lambda: png(rows=bytes(7)), {3942, 3944}),
    ("bytes behind the rows in one stream", lambda: png(packed=zlib.compress(bytes(20)) + b"payload"), {3942}),
    ("a text that inflates to 64 MiB", png_text_bomb, {3938, 3944}),
    ("a chunk longer than the file", lambda: png(before=chunk(b"tEXt", b"a\0b", lie=1 << 28)), {3931}),
    ("a wrong CRC", lambda: png()[:-16] + b"\0\0\0\0" + png()[-12:], {3934}),
    ("a chunk of nobody", lambda: png(before=chunk(b"evIl", pe())), {3941}),
    ("an animated PNG", lambda: png(before=chunk(b"acTL", bytes(8))), {3941}),
    ("two headers", lambda: png(before=chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0))), {3935, 3944}),
    ("rows in two places", lambda: png(behind=chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", b"x")), {3935}),
    ("a PNG without rows", lambda: b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)) + chunk(b"IEND", b""), {3935, 3944}),
    ("a PNG of a depth of 3", lambda: b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 3, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(bytes(20))) + chunk(b"IEND", b""), {3946, 3944}),
    ("a program in a PNG text", lambda: png(before=chunk(b"tEXt", b"Comment\0" + pe())), {3947}),
    ("a script in a JPEG comment", lambda: with_segment(0xFE, SCRIPT), {3947}),
    ("a zip in a JPEG comment", lambda: with_segment(0xFE, zip_with()), {3947}),
    ("PHP in EXIF", lambda: saved("JPEG", exif=exif("<?php eval($x) ?>")), {3947}),
    ("a script in a GIF comment", lambda: gif(before=b"\x21\xfe" + bytes([len(SCRIPT)]) + SCRIPT + b"\0"), {3947}),
    ("a program in a TIFF text", lambda: saved("TIFF", tiffinfo={270: "This program cannot be run in DOS mode"}), {3947}),
    ("an application segment of nobody", lambda: with_segment(0xEB, b"payload" * 9), {3941}),
    ("a segment longer than the file", lambda: saved("JPEG")[:20] + b"\xff\xfe\xff\xff" + saved("JPEG")[20:], {3931, 3933}),
    ("a marker that is none", lambda: saved("JPEG").replace(b"\xff\xdb", b"\xff\x05", 1), {3931, 3933, 3944}),
    ("two frames in one JPEG", lambda: saved("JPEG").replace(b"\xff\xda", saved("JPEG")[saved("JPEG").index(b"\xff\xc0"):][:19] + b"\xff\xda", 1), {3931, 3943}),
    ("a lossless JPEG", lambda: saved("JPEG").replace(b"\xff\xc0", b"\xff\xc3", 1), {3941, 3944}),
    ("a scan before its frame", lambda: b"\xff\xd8" + saved("JPEG")[saved("JPEG").index(b"\xff\xda"):], {3931, 3935, 3944}),
    ("EXIF whose directory leads to itself", lambda: with_segment(0xE1, b"Exif\0\0" + tiff((270, 2, 2, 0), following=8)), {3940, 3944}),
    ("EXIF that points outside", lambda: with_segment(0xE1, b"Exif\0\0" + tiff((270, 2, 5000, 9000))), {3931, 3944}),
    ("a TIFF whose directory leads to itself", lambda: grey_tiff(following=8), {3940, 3944}),
    ("a TIFF whose second page is its first", lambda: grey_tiff(following=8), {3940, 3944}),
    ("a TIFF whose EXIF is its own page", lambda: grey_tiff((34665, 4, 1, 8)), {3940, 3944}),
    ("a strip outside the file", lambda: grey_tiff(strip=1 << 20), {3931, 3944}),
    ("a strip over the directory", lambda: grey_tiff(strip=8), {3940, 3932, 3948, 3942}),
    ("a strip too short for the rows", lambda: grey_tiff(size=3), {3942, 3944}),
    ("bytes between the parts of a TIFF", lambda: grey_tiff(strip=8 + 2 + 96 + 4 + 200, body=zip_with().ljust(200) + bytes(16)), {3948}),
    ("a TIFF of 60000 entries", lambda: b"II*\0\x08\0\0\0" + struct.pack("<H", 60000) + bytes(12 * 60000 + 4), {3933, 3937, 3944}),
    ("an image within a TIFF", lambda: grey_tiff((330, 4, 1, 8)), {3940, 3943}),
    ("old JPEG in a TIFF", lambda: grey_tiff(compression=6), {3946, 3944}),
    ("a GIF of 600 frames", lambda: many_frames(600), {3939}),
    ("a GIF frame beyond the screen", lambda: gif(2, 2), {3937}),
    ("a GIF application of nobody", lambda: gif(before=b"\x21\xff\x0bEVILAPP 1.0\x04evil\0"), {3941}),
    ("a GIF block of nobody", lambda: gif(before=b"\x77"), {3931, 3933, 3944}),
    ("a GIF without an image", lambda: gif()[:19] + b";", {3933, 3944}),
    ("a BMP with a gap", lambda: bmp(start=54 + 400, gap=pe()[:400].ljust(400)), {3948}),
    ("a BMP with more rows than it says", lambda: bmp(rows=bytes(4 * 12 + 500)), {3932}),
    ("a BMP whose rows lie in its header", lambda: bmp(start=20), {3940, 3944, 3932}),
    ("a BMP of a packing of nobody", lambda: bmp(packing=9), {3946, 3944}),
    ("a web page", lambda: b"<html><body></body></html>", {3930}),
    ("a WebP", lambda: b"RIFF\x24\0\0\0WEBPVP8 " + bytes(32), {3930}),
    ("an SVG", lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', {3930}),
]  # fmt: skip
