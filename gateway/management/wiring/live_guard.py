"""Sessions in a guard of a two-way gate, assembled (gateway.guard.session_turns)."""

from __future__ import annotations

from collections.abc import Callable

from gateway.audit.event import Status
from gateway.guard.ending import Endings
from gateway.guard.letting_go import LettingGo
from gateway.guard.outstanding import Outstanding
from gateway.guard.requests import RequestJudge, Unsealed
from gateway.guard.session_turns import SessionTurns
from gateway.guard.sessions import Sessions
from gateway.receiving.live import LiveAdmitter
from gateway.sending.live import LiveClearer
from gateway.unit.model import Lane
from gateway.unit.request import FailureBody


def session_turns(
    sends: Lane,
    receives: Lane,
    judges: tuple[RequestJudge, RequestJudge],
    tables: tuple[Outstanding, Outstanding],
    failed: Callable[[str, FailureBody], Unsealed],
    letting_go: LettingGo,
    status: Status,
) -> SessionTurns:
    """judges: of what this side sends and receives. tables: of requests asked and let in. failed: see
    LiveClearer."""
    (out, back), (asked, let_in) = judges, tables
    sessions = Sessions()
    endings = Endings(sessions, out, sends, receives)
    clear = LiveClearer(sends, out, sessions, endings, let_in, failed)
    admit = LiveAdmitter(receives, back, sessions, endings, asked)
    return SessionTurns(clear, admit, sessions, endings, letting_go, status)
