"""The files that are sent: small ones, all different and all what they say, and where they lie first.

A third each are tables, images and reports, the types that a hospital's channel carries most.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.management.init import shipped

SMALL_BYTES: Final = 4096
# The same files in every run.
_SEED: Final = 20_261_121


def small_files(count: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents of 4 KiB each, no two alike."""
    chance = random.Random(_SEED)
    samples = shipped("policies") / "samples" / "lab"
    image, report = (samples / name for name in ("image.dcm", "report.pdf"))
    image_bytes, report_bytes = image.read_bytes(), report.read_bytes()
    for index in range(count):
        if index % 3 == 0:
            yield f"results-{index:05}.csv", _table(index, chance)
        elif index % 3 == 1:
            yield f"image-{index:05}.dcm", _image(image_bytes, index, chance)
        else:
            yield f"report-{index:05}.pdf", _report(report_bytes, index, chance)


def write_small(folder: Path, count: int) -> list[Path]:
    """The small files in a new folder; gives their paths in order."""
    folder.mkdir()
    paths = []
    for name, content in small_files(count):
        path = folder / name
        path.write_bytes(content)
        paths.append(path)
    return paths


def _table(index: int, chance: random.Random) -> bytes:
    """RFC 4180: a head and rows of equal width, to the byte."""
    lines = [b"sample,analyte,value,unit\r\n"]
    size, row = len(lines[0]), 0
    while size < SMALL_BYTES - 80:
        line = f"{index:05}-{row:03},glucose,{chance.randrange(10**6) / 1000:.3f},mmol/l\r\n"
        lines.append(line.encode())
        size, row = size + len(line), row + 1
    front, end = f"{index:05}-end,".encode(), b",1.000,mmol/l\r\n"
    lines.append(front + b"x" * (SMALL_BYTES - size - len(front) - len(end)) + end)
    return b"".join(lines)


def _image(sample: bytes, index: int, chance: random.Random) -> bytes:
    """The shipped image, then trailing padding (PS3.10 7.2: FFFC,FFFC OB, ignored by readers)."""
    size = SMALL_BYTES - len(sample) - 12
    noise = index.to_bytes(4, "little") + chance.randbytes(size - 4)
    return sample + b"\xfc\xff\xfc\xffOB\0\0" + size.to_bytes(4, "little") + noise


def _report(sample: bytes, index: int, chance: random.Random) -> bytes:
    """The shipped report with a comment before its end (ISO 32000-1 7.2.4), offsets untouched."""
    at = sample.rindex(b"startxref")
    size = SMALL_BYTES - len(sample) - 2
    comment = f"%{index:05} ".encode() + chance.randbytes(size).hex().encode()
    return sample[:at] + comment[: size + 1] + b"\n" + sample[at:]
