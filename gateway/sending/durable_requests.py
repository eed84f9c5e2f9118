"""The sending guard's judgement of requests and answers that come through the queue `captured`.

What is sealed, and that nothing changes in between, is gateway.sending.judge's.
"""

from __future__ import annotations

from gateway.guard.durable_judge import Answering, DurableJudge
from gateway.guard.durable_requests import Tables
from gateway.guard.requests import RequestJudge
from gateway.guard.told import of_edge
from gateway.unit.model import Lane


def durable_clearer(lane: Lane, judge: RequestJudge, tables: Tables | None) -> DurableJudge:
    """The judge of one lane. tables: of this guard, None in a gate of one lane."""
    answering = None if tables is None else Answering(tables.asked, tables.let_in)
    return DurableJudge(lane, judge, answering, of_edge)
