"""Asks the running processes of a host to read policies and keys anew. Sends signals, changes nothing."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from gateway.management.commands.boards import Seen, read_boards
from gateway.management.layout import HostFolder, Role

# The edge reads the set for its folders, the guard for its judgement; the ferry reads none.
READERS = (Role.GUARD, Role.EDGE)


def ask_to_reload(host: HostFolder, roles: tuple[Role, ...] = READERS) -> set[Role]:
    """SIGHUP for the processes that run; gives those that were asked. Raises PermissionError."""
    asked = set()
    boards = read_boards(host)
    for role in roles:
        board = boards.get(role)
        if board is not None and board.alive and _is_its_own(host, board):
            os.kill(board.pid, signal.SIGHUP)
            asked.add(role)
    return asked


def _is_its_own(host: HostFolder, board: Seen) -> bool:
    """Whether the process belongs to who wrote its status: a number written there by one user must
    not send root's signal to a process of another."""
    with suppress(OSError):
        said_by = (host.run / f"{board.process}.json").stat().st_uid
        return Path(f"/proc/{board.pid}").stat().st_uid == said_by
    return False
