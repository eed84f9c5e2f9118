"""A large body that nobody reads any more goes in pieces; what has another name stays whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.spool.disk import RealDisk
from gateway.spool.model import Entry
from gateway.spool.reader import open_reader
from gateway.spool.writer import open_writer

MIB = 1 << 20


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What files were cut to."""
    seen, cut = list[int](), os.ftruncate

    def ftruncate(fd: int, size_bytes: int) -> None:
        seen.append(size_bytes)
        cut(fd, size_bytes)

    monkeypatch.setattr(os, "ftruncate", ftruncate)
    return seen


def body(path: Path, mib: int = 10) -> Path:
    path.write_bytes(os.urandom(mib * MIB))
    return path


def test_it_goes_in_pieces_once_its_name_is_gone(tmp_path: Path, sizes: list[int]) -> None:
    path = body(tmp_path / "body")
    RealDisk().discard(path)
    assert not path.exists()
    assert sizes == [6 * MIB, 2 * MIB]


def test_a_small_one_goes_at_once(tmp_path: Path, sizes: list[int]) -> None:
    path = body(tmp_path / "body", 4)
    RealDisk().discard(path)
    assert not path.exists()
    assert sizes == []


def linked(path: Path) -> Path:
    other = path.with_name("other")
    os.link(path, other)
    return other


def followed(path: Path) -> Path:
    other = path.rename(path.with_name("other"))
    path.symlink_to(other)
    return other


@pytest.mark.parametrize("make", [linked, followed])
def test_what_has_another_name_stays_whole(
    tmp_path: Path, sizes: list[int], make: Callable[[Path], Path]
) -> None:
    path = body(tmp_path / "body")
    content = path.read_bytes()
    other = make(path)
    RealDisk().discard(path)
    assert not path.is_symlink()
    assert not path.exists()
    assert (other.read_bytes(), sizes) == (content, [])


def test_who_may_not_write_to_it_lets_it_go_at_once(
    tmp_path: Path, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = body(tmp_path / "body")

    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", denied)
        RealDisk().discard(path)
    assert not path.exists()
    assert sizes == []


def test_a_pipe_in_its_place_holds_up_nobody(tmp_path: Path) -> None:
    path = tmp_path / "body"
    os.mkfifo(path)
    RealDisk().discard(path)
    assert not path.exists()


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        RealDisk().discard(tmp_path / "body")


def test_a_queue_that_keeps_nothing_lets_answered_bodies_go_so(
    tmp_path: Path, sizes: list[int]
) -> None:
    writer = open_writer(tmp_path / "queue")
    writer.put([Entry(1, b"", body(writer.staging() / "1"))])
    reader = open_reader(tmp_path / "queue")
    (taken,) = reader.take(1, 1 << 30)
    sizes.clear()
    reader.ack([1])
    assert taken.body.path is not None
    assert not taken.body.path.exists()
    assert sizes == [6 * MIB, 2 * MIB]
    reader.close()
    writer.close()


def test_a_queue_that_keeps_them_leaves_them_whole(tmp_path: Path, sizes: list[int]) -> None:
    writer = open_writer(tmp_path / "queue")
    writer.put([Entry(1, b"", body(writer.staging() / "1"))])
    reader = open_reader(tmp_path / "queue", keep_age_s=3600.0, keep_bytes=1 << 30)
    (taken,) = reader.take(1, 1 << 30)
    sizes.clear()
    reader.ack([1])
    assert taken.body.size_bytes == 10 * MIB
    assert taken.body.path is not None
    assert taken.body.path.stat().st_size == 10 * MIB
    assert 2 * MIB not in sizes
    reader.close()
    writer.close()
