"""Whether a journal is being written here: seen from outside, and not to be copied with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.audit import writer_lock
from gateway.audit.journal import open_journal
from gateway.errors import Misconfigured


def test_a_journal_is_taken_while_it_is_open_and_a_second_writer_is_refused(tmp_path: Path) -> None:
    assert not writer_lock.is_taken(tmp_path / "guard")
    journal = open_journal(tmp_path / "guard", "guard")
    assert writer_lock.is_taken(tmp_path / "guard")
    with pytest.raises(Misconfigured) as refused:
        open_journal(tmp_path / "guard", "guard")
    assert refused.value.number == 6001
    # Whoever asks takes nothing away.
    assert writer_lock.is_taken(tmp_path / "guard")
    journal.close()
    assert not writer_lock.is_taken(tmp_path / "guard")


def test_another_process_sees_it(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "guard", "guard")
    code = (
        "import sys; from pathlib import Path; from gateway.audit.writer_lock import is_taken;"
        "sys.exit(is_taken(Path(sys.argv[1])))"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "guard")]
    assert subprocess.run(words, check=False).returncode == 1
    journal.close()
    assert subprocess.run(words, check=False).returncode == 0


def test_a_copy_is_nobody_s_work_though_its_lock_file_came_along(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "guard", "guard")
    shutil.copytree(tmp_path / "guard", tmp_path / "copy")
    assert (tmp_path / "copy" / "writer.lock").exists()
    assert not writer_lock.is_taken(tmp_path / "copy")
    journal.close()


def test_a_link_to_a_lock_that_is_held_elsewhere_does_not_count(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "guard", "guard")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "writer.lock").symlink_to(tmp_path / "guard" / "writer.lock")
    assert not writer_lock.is_taken(tmp_path / "copy")
    journal.close()
