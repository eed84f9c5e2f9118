"""Files of a queue replaced and opened in a folder where a neighbour may write too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.spool.disk import RealDisk, open_or_make, replace

DISK = RealDisk()
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file away")
NEIGHBOUR = 65_534


def test_a_replaced_file_is_the_only_one_of_its_name(tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        replace(DISK, tmp_path / "ledger", content)
    (tmp_path / ".ledger.0123.new").write_bytes(b"left by a crash")
    (tmp_path / ".ledger.lock").touch()
    replace(DISK, tmp_path / "ledger", b"three")
    assert (tmp_path / "ledger").read_bytes() == b"three"
    assert {path.name for path in tmp_path.iterdir()} == {"ledger", ".ledger.lock"}


def test_no_file_that_a_neighbour_put_there_is_written_into(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"not ours")
    (tmp_path / ".ledger.new").symlink_to(elsewhere)
    replace(DISK, tmp_path / "ledger", b"ours")
    assert elsewhere.read_bytes() == b"not ours"
    (tmp_path / "mark").symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic links"):
        open_or_make(tmp_path / "mark", 0o660)


@needs_root
def test_a_file_that_root_replaces_keeps_its_owner(tmp_path: Path) -> None:
    replace(DISK, tmp_path / "answers", b"one")
    os.chown(tmp_path / "answers", NEIGHBOUR, NEIGHBOUR)
    replace(DISK, tmp_path / "answers", b"two")
    assert (tmp_path / "answers").read_bytes() == b"two"
    assert (tmp_path / "answers").stat().st_uid == NEIGHBOUR
