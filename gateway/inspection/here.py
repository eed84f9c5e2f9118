"""Inspection in this process: for `policy check`, `explain` and tests. A guard has a sandbox (sandboxed)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

from gateway.inspection.chain import Inspector, unreadable
from gateway.inspection.content import Content
from gateway.inspection.leaf import FolderRoom
from gateway.inspection.malware.scanner import Scanner
from gateway.inspection.order import Found, Listener, Order
from gateway.inspection.receiving.readers import READERS as RECEIVING
from gateway.inspection.sending.readers import READERS as SENDING
from gateway.inspection.take_apart import Readers, take_apart
from gateway.inspection.unsound import Role
from gateway.unit.stages import Body


class Here:
    """The readers of one role, in this process. scratch: an existing folder for large leaves."""

    def __init__(self, role: Role, scratch: Path) -> None:
        self._readers = _readers(role)
        self._room = FolderRoom(scratch)

    def __call__(self, order: Order, body: Body, listener: Listener) -> Found:
        """As order.TakeApart has it."""
        listener.begin()
        try:
            with Content.of_body(body) as content:
                return take_apart(self._readers, order, content, self._room, listener)
        except OSError as error:
            raise unreadable(error) from error

    def together(self, order: Order, bodies: Sequence[Body]) -> list[Found] | None:
        """As order.TakeApart has it: nothing is shared here, so nothing is gained."""
        return None

    def within(self, seconds: float) -> Here:
        """As order.TakeApart has it: nobody could end readers of this process."""
        del seconds
        return self


def inspector_here(role: Role, scanners: Sequence[Scanner], scratch: Path) -> Inspector:
    """An inspector without a sandbox."""
    return Inspector(Here(role, scratch), scanners)


def _readers(role: Role) -> Readers:
    match role:
        case Role.SENDING:
            return SENDING
        case Role.RECEIVING:
            return RECEIVING
        case _:
            assert_never(role)
