"""A sender who may write into the drop folder, as another user than the edge. Needs root to be two users."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys
from pathlib import Path
from gateway.connectors.file.folder_source import FolderSource, WatchedFolder
from gateway.errors import Unavailable

drop, staging = Path(sys.argv[1]), Path(sys.argv[2])
EDGE, SENDER, GROUP = 64001, 64002, 64000

def become(uid):
    os.setgroups([]); os.setgid(GROUP); os.setuid(uid); os.umask(0)

to_sender, to_edge = os.pipe(), os.pipe()
if os.fork() == 0:
    become(SENDER)
    for i in range(300): (drop / f"f{i:03}").write_bytes(b"x")
    os.write(to_edge[1], b"1"); os.read(to_sender[0], 1)
    held = []
    for path in list(drop.glob("f*")):
        path.unlink(); path.mkdir(); path.chmod(0o777)
        held.append(os.open(path, os.O_RDONLY | os.O_DIRECTORY))
    os.write(to_edge[1], b"2"); os.read(to_sender[0], 1)
    for folder in held: os.fchmod(folder, 0o700)
    os.write(to_edge[1], b"3")
    os._exit(0)
become(EDGE)
numbers = iter(range(1, 100000))
source = FolderSource(WatchedFolder("c", drop, poll_s=0.0))
os.read(to_edge[0], 1)
source.claim(lambda: next(numbers), 1)          # the scan sees 300 files, one is claimed
os.write(to_sender[1], b"1"); os.read(to_edge[0], 1)
claimed = source.claim(lambda: next(numbers), 257)   # 256 folders by now
os.write(to_sender[1], b"2"); os.read(to_edge[0], 1)

def look(claimed):
    for number in claimed:
        try:
            if getattr(source.read(number, staging), "unit", None): source.finish([number])
        except Unavailable: pass

look(claimed)
(drop / "good.pdf").write_bytes(b"%PDF-")
import time
for _ in range(20):
    look(source.claim(lambda: next(numbers), 256)); time.sleep(0.05)
print("JAMMED" if (drop / "good.pdf").exists() else "GOES ON")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="two users are needed")
def test_folders_in_the_place_of_files_do_not_jam_a_channel(tmp_path: Path) -> None:
    """F9: a claimed folder of another user can be neither read nor given back."""
    drop, staging = tmp_path / "drop", tmp_path / "staging"
    for folder in (drop, staging):
        folder.mkdir()
        folder.chmod(0o777)
    # As far up as folders are of this run: two users have to come through.
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_mode & 0o005 == 0o005 and parent != tmp_path:
            break
        parent.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(drop), str(staging)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "GOES ON" in done.stdout, done.stdout + done.stderr
