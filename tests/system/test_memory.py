"""A file far larger than what a process may keep in memory crosses all six."""

from __future__ import annotations

import hashlib
import shutil
import time
from pathlib import Path

import pytest

from gateway.management.demo.cases import write_large
from tests.support.gate import LARGE, LONG, gate

SIZE_BYTES = (10 if LONG else 1) << 30
PEAK_MIB = 300
# The file lies once at its source, then sealed, received and opened, and at its destination.
COPIES = 4

pytestmark = [pytest.mark.system, pytest.mark.timeout(1800 if LONG else 240)]


@pytest.mark.skipif(
    shutil.disk_usage("/tmp").free < COPIES * SIZE_BYTES, reason="needs room for four copies"
)
def test_a_very_large_file_crosses_with_each_process_below_300_mib(tmp_path: Path) -> None:
    with gate(tmp_path) as running:
        try:
            part = running.trial.drop(LARGE) / ".large.part"
            write_very_large(part, SIZE_BYTES)
            sent = digest(part)
            began_s = time.monotonic()
            part.rename(part.with_name("large.dcm"))
            running.bring_all({"large.dcm"}, LARGE, within_s=1500 if LONG else 150)
            took_s = time.monotonic() - began_s
            peaks = running.peak_mib()
            print(f"{SIZE_BYTES >> 30} GiB in {took_s:.0f} s; {peaks}")
            assert len(peaks) == 6
            assert {who: mib for who, mib in peaks.items() if mib >= PEAK_MIB} == {}
            assert digest(running.trial.arrivals(LARGE) / "large.dcm") == sent
        finally:
            running.stop()
            shutil.rmtree(running.trial.root, ignore_errors=True)


def write_very_large(path: Path, size_bytes: int) -> None:
    """A DICOM image, and behind it private elements of 1 GiB each: one element ends at 4 GiB."""
    for _ in write_large(path, 1 << 30):
        pass
    creator = b"FERRYGATE TEST"
    piece = bytes(range(256)) * 4096
    with path.open("ab") as file:
        file.write(_tag(0x7FE1, 0x0010) + b"LO" + len(creator).to_bytes(2, "little") + creator)
        for element in range((size_bytes >> 30) - 1):
            file.write(_tag(0x7FE1, 0x1001 + element) + b"OB\0\0" + (1 << 30).to_bytes(4, "little"))
            for _ in range(1024):
                file.write(piece)


def _tag(group: int, element: int) -> bytes:
    return group.to_bytes(2, "little") + element.to_bytes(2, "little")


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
