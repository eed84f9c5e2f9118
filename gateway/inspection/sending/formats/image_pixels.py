"""Decodes an image to bare pixels, for a rebuild; runs in the sandbox, after the check of image.py.

What only metadata say is put into the pixels (the turn of a photo), or given up (colour profiles).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageOps

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.image import (
    ImageProfile,
    Kind,
    check_frames,
    check_size,
    kind_of,
    unsound,
    within,
)
from gateway.inspection.formats.image_rebuild import MODES, Frame, Picture
from gateway.inspection.sending.formats.image import TROUBLE, opened, strictly
from gateway.inspection.unsound import Unsound


def read_pixels(content: Content, limits: FormatLimits, profile: ImageProfile) -> Picture:
    """Every frame decoded. Memory: the pixels of all frames. Raises Unsound 3930 to 3944, OSError."""
    kind = kind_of(content.read_at(0, 16), profile)
    profile = within(profile, limits)
    image = opened(kind, content)
    try:
        with strictly():
            frames = tuple(_frames(kind, image, profile))
    except Unsound:
        raise
    except TROUBLE as error:
        raise unsound(3944, kind=kind.value, reason=type(error).__name__) from None
    finally:
        image.close()
    return Picture(kind.value, frames)


def _frames(kind: Kind, image: Any, profile: ImageProfile) -> Iterator[Frame]:
    used = number = 0
    while True:
        width, height = image.size
        used = check_size(kind, width, height, used, profile)
        shown_ms = image.info.get("duration", 0) if kind is Kind.GIF else 0
        number += 1
        check_frames(kind, number, profile)
        turned = ImageOps.exif_transpose(image)
        yield _frame(kind, turned if turned is not None else image, shown_ms)
        if kind not in (Kind.GIF, Kind.TIFF):
            return
        try:
            image.seek(number)
        except EOFError:
            return


def _frame(kind: Kind, image: Image.Image, shown_ms: float) -> Frame:
    """In the nearest mode that the format can hold."""
    mode = _mode(kind, image)
    bare = image if image.mode == mode else _converted(image, mode)
    width, height = bare.size
    return Frame(mode, width, height, bare.tobytes(), min(60_000, max(0, int(shown_ms))))


def _mode(kind: Kind, image: Image.Image) -> str:
    allowed = MODES[kind]
    if image.mode in allowed:
        return image.mode
    clear = "transparency" in image.info or image.mode in ("RGBA", "LA", "PA")
    wanted = {"I;16B": "I;16", "I": "I;16", "P": "RGBA" if clear else "RGB", "PA": "RGBA"}
    mode = wanted.get(image.mode, "RGBA" if clear else "RGB")
    return mode if mode in allowed else "RGB"


def _converted(image: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16" and image.mode == "I":
        return image.convert("I;16")
    if mode == "I;16":
        return image.convert("I").convert("I;16")
    return image.convert(mode)
