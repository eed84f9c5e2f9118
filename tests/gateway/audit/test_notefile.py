"""A note is there under its name, or it is not counted as written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from gateway.audit.notefile import append_note
from tests.support import syncs

NAME = "checkpoints-2026-11-21.txt"


def test_the_name_of_a_file_whose_first_note_failed_is_synced_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        syncs.fail(patch, 1)
        with pytest.raises(OSError, match="error"):
            append_note(tmp_path, NAME, b"note\n")
    assert (tmp_path / NAME).read_bytes() == b""
    folders: list[bool] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        folders.append(stat.S_ISDIR(os.fstat(fd).st_mode))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    append_note(tmp_path, NAME, b"note\n")
    assert ((tmp_path / NAME).read_bytes(), folders) == (b"note\n", [True])
