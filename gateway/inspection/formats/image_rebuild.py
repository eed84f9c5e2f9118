"""Images written anew from bare pixels: the trusted side of content disarm.

    Picture(frames) --rebuild_image--> the bytes of a new file: no EXIF, no text, no profile, nothing behind

The pixels come out of a sandbox: a frame whose bytes are not exactly what its mode and size make is
refused before Pillow sees it. No decoder of Pillow runs here, only its encoders.
"""

from __future__ import annotations

import io
from typing import Final

import msgspec
from PIL import BmpImagePlugin as _Bmp
from PIL import GifImagePlugin as _Gif
from PIL import Image
from PIL import JpegImagePlugin as _Jpeg
from PIL import PngImagePlugin as _Png
from PIL import TiffImagePlugin as _Tiff

from gateway.inspection.formats.image import (
    ImageProfile,
    Kind,
    check_frames,
    check_size,
    unsound,
)

_PLUGINS: Final = (_Bmp, _Gif, _Jpeg, _Png, _Tiff)
# Bits of one pixel; rows of one-bit pixels are padded to bytes.
_MODE_BITS: Final = {"1": 1, "L": 8, "LA": 16, "RGB": 24, "RGBA": 32, "I;16": 16}
# What each format can hold without loss of a channel; another mode is brought to the last of the row.
MODES: Final = {
    Kind.JPEG: ("L", "RGB"),
    Kind.PNG: ("1", "L", "LA", "I;16", "RGB", "RGBA"),
    Kind.TIFF: ("1", "L", "I;16", "RGBA", "RGB"),
    Kind.GIF: ("L", "RGB", "RGBA"),
    Kind.BMP: ("1", "L", "RGB"),
}
# Differences that no eye sees and no diagnosis turns on: photographs of documents, not radiographs.
_JPEG_QUALITY: Final = 92
_MAX_FRAME_MS: Final = 60_000


class Frame(msgspec.Struct, frozen=True):
    """Pixels of one frame, rows from the top, without padding but to whole bytes.

    mode: 1, L, LA, RGB, RGBA or I;16 (little endian). shown_ms: of an animation, 0 for a still.
    """

    mode: str
    width: int
    height: int
    pixels: bytes
    shown_ms: int = 0


class Picture(msgspec.Struct, frozen=True):
    """kind: the word of the format that it came in and goes out as."""

    kind: str
    frames: tuple[Frame, ...]


def rebuild_image(picture: Picture, profile: ImageProfile) -> bytes:
    """A new file of the same format. Raises Unsound 3930, 3936, 3937, 3939, 3949 and nothing else."""
    kind = next((kind for kind in Kind if kind.value == picture.kind), None)
    if kind is None or kind not in profile.kinds:
        raise unsound(3930, kind=picture.kind)
    check_frames(kind, len(picture.frames), profile)
    if not picture.frames or (len(picture.frames) > 1 and kind not in (Kind.GIF, Kind.TIFF)):
        raise unsound(3949, kind=kind.value, reason="frames")
    used = 0
    for frame in picture.frames:
        used = check_size(kind, frame.width, frame.height, used, profile)
        _check_frame(kind, frame)
    return _saved(kind, picture.frames)


def _check_frame(kind: Kind, frame: Frame) -> None:
    bits = _MODE_BITS.get(frame.mode)
    if bits is None or frame.mode not in MODES[kind]:
        raise unsound(3949, kind=kind.value, reason="mode")
    if len(frame.pixels) != frame.height * ((frame.width * bits + 7) // 8):
        raise unsound(3949, kind=kind.value, reason="length")
    if not 0 <= frame.shown_ms <= _MAX_FRAME_MS:
        raise unsound(3949, kind=kind.value, reason="time")


def _saved(kind: Kind, frames: tuple[Frame, ...]) -> bytes:
    images = [Image.frombytes(f.mode, (f.width, f.height), f.pixels) for f in frames]
    buffer = io.BytesIO()
    match kind:
        case Kind.JPEG:
            images[0].save(buffer, "JPEG", quality=_JPEG_QUALITY)
        case Kind.PNG:
            images[0].save(buffer, "PNG", compress_level=3)
        case Kind.TIFF:
            images[0].save(
                buffer, "TIFF", compression="tiff_adobe_deflate",
                save_all=True, append_images=images[1:],
            )  # fmt: skip
        case Kind.GIF:
            times = [frame.shown_ms for frame in frames]
            images[0].save(
                buffer, "GIF", save_all=True, append_images=images[1:], duration=times,
                loop=0, optimize=False,
            )  # fmt: skip
        case Kind.BMP:
            images[0].save(buffer, "BMP")
    return buffer.getvalue()
