"""The calls of Linux do what their names say, on a real file system."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.connectors import kernel


def folder_of(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY)


@pytest.mark.parametrize("way", [kernel.rename_new, kernel.link_then_unlink])
def test_a_rename_replaces_nothing(
    tmp_path: Path, way: Callable[[int, str, int, str], object]
) -> None:
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "old").write_bytes(b"old")
    folder = folder_of(tmp_path)
    with pytest.raises(FileExistsError):
        way(folder, "new", folder, "old")
    assert (tmp_path / "old").read_bytes() == b"old"
    way(folder, "new", folder, "third")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["old", "third"]
    os.close(folder)


def test_a_rename_in_two_steps_that_was_cut_in_between_is_finished(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(b"whole")
    os.link(tmp_path / "part", tmp_path / "report.pdf")
    folder = folder_of(tmp_path)
    kernel.link_then_unlink(folder, "part", folder, "report.pdf")
    assert [p.name for p in tmp_path.iterdir()] == ["report.pdf"]
    os.close(folder)


def test_a_file_that_somebody_writes_is_known_as_open(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"x")
    reader = os.open(path, os.O_RDONLY)
    assert not kernel.is_open_for_writing(reader)
    with path.open("ab"):
        assert kernel.is_open_for_writing(reader)
    assert not kernel.is_open_for_writing(reader)
    os.close(reader)


def test_asking_leaves_no_lease_that_would_stop_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    reader = os.open(path, os.O_RDONLY)
    assert not kernel.is_open_for_writing(reader)
    assert fcntl.fcntl(reader, fcntl.F_GETLEASE) == fcntl.F_UNLCK
    signal.alarm(5)
    path.write_bytes(b"written without waiting for a lease to break")
    signal.alarm(0)
    assert os.read(reader, 100) == b"written without waiting for a lease to break"
    os.close(reader)


def test_everything_can_be_synced_at_once_where_that_is_durable(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    kernel.sync_all(folder)
    assert isinstance(kernel.can_sync_all(folder), bool)
    os.close(folder)
    proc = folder_of(Path("/proc"))
    assert not kernel.can_sync_all(proc)
    os.close(proc)
