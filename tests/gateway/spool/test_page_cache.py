"""Large bodies go through the page cache without staying in it."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import threading
from pathlib import Path

import pytest

from gateway.spool.page_cache import STAYS_BYTES, STEP_BYTES, ReadBehind, WriteBehind

_PIECE = bytes(4 << 20)
_LARGE = STAYS_BYTES + 4 * STEP_BYTES


def cached_bytes(path: Path) -> int:
    """How much of a file is in memory: mincore(2)."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as view:
        pages = -(-len(view) // mmap.PAGESIZE)
        seen = (ctypes.c_ubyte * pages)()
        address = ctypes.addressof(ctypes.c_char.from_buffer(view))
        libc = ctypes.CDLL(None, use_errno=True)
        asked = libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(len(view)), seen)
        assert asked == 0, os.strerror(ctypes.get_errno())
        return sum(page & 1 for page in seen) * mmap.PAGESIZE


def write(path: Path, size_bytes: int) -> None:
    with path.open("wb", buffering=0) as file, WriteBehind(file.fileno()) as behind:
        for _ in range(size_bytes // len(_PIECE)):
            behind.wrote(file.write(_PIECE))
        behind.finish()


def can_let_go(folder: Path) -> bool:
    """A file system of memory has nowhere to put them."""
    path = folder / "asked"
    path.write_bytes(_PIECE)
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return cached_bytes(path) == 0


def test_no_more_than_its_end_stays_of_what_was_written(tmp_path: Path) -> None:
    if not can_let_go(tmp_path):
        pytest.skip("the file system of the tests lies in memory")
    write(tmp_path / "body", _LARGE)
    assert cached_bytes(tmp_path / "body") <= STAYS_BYTES + STEP_BYTES


def test_nothing_stays_of_what_the_last_reader_has_read(tmp_path: Path) -> None:
    if not can_let_go(tmp_path):
        pytest.skip("the file system of the tests lies in memory")
    path = tmp_path / "body"
    write(path, 2 * STEP_BYTES)
    with path.open("rb", buffering=0) as file:
        os.fsync(file.fileno())
        read, offset = ReadBehind(file.fileno()), 0
        while piece := file.read(4 << 20):
            offset += len(piece)
            read.passed(offset)
    assert cached_bytes(path) == 0


def test_what_the_disk_did_not_take_is_told_to_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise OSError(errno.EIO, "the disk is gone")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(OSError, match="the disk is gone"):
        write(tmp_path / "body", STEP_BYTES)


def test_a_small_body_costs_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    with (
        (tmp_path / "body").open("wb", buffering=0) as file,
        WriteBehind(file.fileno()) as behind,
    ):
        behind.wrote(file.write(_PIECE))
        behind.finish()
        assert threading.active_count() == before
