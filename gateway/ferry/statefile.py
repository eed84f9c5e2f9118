"""Small files of a ferry that survive a power cut: written aside, made durable, then renamed over. I/O."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from gateway.errors import StateUncertain, Unavailable
from gateway.ferry.oneway.account import AccountState
from gateway.ferry.oneway.window import Known
from gateway.ferry.reconcile import ReconcileList, list_of

T = TypeVar("T")


class ReceiverState(msgspec.Struct, frozen=True):
    """What the receiving ferry remembers: which blocks are old, and what is missing."""

    session: int | None = None
    highest_block: int = -1
    account: AccountState = msgspec.field(default_factory=AccountState)

    @property
    def known(self) -> Known | None:
        return None if self.session is None else Known(self.session, self.highest_block)


def write_state(path: Path, state: msgspec.Struct) -> None:
    """Replace a file, durably. Raises Unavailable 5501 (the old or the new one stands) and nothing else."""
    draft = path.with_name(f".{path.name}.new")
    try:
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Unavailable(5501, path=str(path), why=str(error)) from error


def read_state(path: Path, kind: type[T]) -> T | None:
    """The content of a file, None where there is none. Raises StateUncertain 5502 (it is damaged)."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise StateUncertain(5502, path=str(path), why=str(error)) from error


def missing_list(state_file: Path, now_s: float) -> ReconcileList:
    """What a receiving ferry misses, for `ferrygate reconcile`. Reads its state file.

    Raises StateUncertain 5502 and nothing else.
    """
    state = read_state(state_file, ReceiverState) or ReceiverState()
    return list_of(state.account.units, state.account.sequences, now_s)
