"""Two threads of one process: the work, and the watch that raises alarms, on a disk that is full."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# In a process of its own: what stands still cannot be ended from inside.
PROGRAM = """
import sys, threading, time
from pathlib import Path
from gateway.audit import journal as j
from gateway.audit.append import Full
from gateway.audit.event import Event
from gateway.audit.status import StatusBoard
from gateway.errors import Unavailable

sys.setswitchinterval(1e-5)
folder = Path(sys.argv[1])
journal = j.open_journal(folder / "journal", "guard")
board = StatusBoard(folder / "run", "guard", journal)
journal.show_on(board)
full = [0]
append = j.AppendFile.append

def sometimes_full(self, data):
    full[0] += 1
    if full[0] % 2:
        raise Full(0, "ENOSPC")
    append(self, data)

j.AppendFile.append = sometimes_full
until = time.monotonic() + 2.0
turns = [0, 0]

def work():
    while time.monotonic() < until:
        journal.record(Event("cleared", 1, turns[0]))
        try:
            journal.commit()
        except Unavailable:
            pass
        turns[0] += 1

def watch():
    while time.monotonic() < until:
        board.raise_alarm(3302, scanner="clamd")
        board.clear_alarm(3302)
        turns[1] += 1

threads = [threading.Thread(target=f, daemon=True) for f in (work, watch)]
for thread in threads: thread.start()
for thread in threads: thread.join(8.0)
print("STANDS" if any(t.is_alive() for t in threads) else "GOES ON", turns, flush=True)
import os; os._exit(0)
"""


def test_alarms_and_a_full_journal_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """F20: the board holds its lock and asks for the journal's, the journal the other way round."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.startswith("GOES ON"), done.stdout + done.stderr
