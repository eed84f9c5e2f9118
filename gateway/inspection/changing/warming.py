"""Before the curtain closes: each reader hands out one small file, so that nothing is loaded late."""

from __future__ import annotations

import io

from PIL import Image

from gateway.inspection.changing.reading import hand_out
from gateway.inspection.content import Content
from gateway.inspection.rehearsal import load_codecs, samples_of

_IMAGES = (("PNG", "png"), ("JPEG", "jpeg"), ("GIF", "gif"), ("TIFF", "tiff"), ("BMP", "bmp"))


def warm() -> None:
    """Read a sample of every type. Raises what a reader raises: then no sandbox starts."""
    load_codecs()
    for kind, data in samples_of():
        hand_out(kind, Content.of_bytes(data), _nobody)
    for name, kind in _IMAGES:
        for mode in ("RGB", "L", "1"):
            buffer = io.BytesIO()
            Image.new(mode, (4, 4)).save(buffer, name)
            hand_out(kind, Content.of_bytes(buffer.getvalue()), _nobody)


def _nobody(_message: bytes) -> bytes:
    return b""
