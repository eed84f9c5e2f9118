"""The receiving guard's work, with a page written for every unit that it holds. Decides nothing.

The page stands before the unit lies in held/: a crash in between leaves a page without a unit, which the
desk removes, never a unit that nobody can see.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from gateway.errors import Field
from gateway.guard.outcome import Exit, Outcome, Work
from gateway.policy.model import PolicySet
from gateway.policy.values import Approval
from gateway.receiving.held_page import PAGE_SCHEMA, Page, Pages
from gateway.spool.model import Taken
from gateway.unit.model import Stage

# A name is at most 255 bytes; what is longer is nothing that people decide by.
_MAX_TEXT: Final = 512
_WHOLE: Final = range(-(1 << 63), 1 << 63)
# For a channel that no policy names any more: what a channel has that says nothing.
USUAL: Final = Approval(1, "operators")

Policy = Callable[[], PolicySet | None]


class Noting:
    """`work` of the receiving guard. Safe to call from several threads; raises what `work` raises."""

    def __init__(self, work: Work, pages: Pages, policy: Policy) -> None:
        self._work, self._pages, self._policy = work, pages, policy

    def __call__(self, taken: Taken) -> Outcome:
        outcome = self._work(taken)
        if isinstance(outcome, Exit) and outcome.stage is Stage.HELD:
            # Without a page nobody can decide yet: the desk writes it when it finds the unit.
            with suppress(OSError):
                approval = approval_of(self._policy(), outcome.channel)
                self._pages.hold(page_of(taken.number, outcome, approval, time.time_ns()))
        return outcome


def approval_of(policy: PolicySet | None, channel: str) -> Approval:
    """Who must release a unit of this channel by the set in force."""
    known = policy.channels.get(channel) if policy is not None else None
    return known.approval if known is not None else USUAL


def page_of(number: int, outcome: Exit, approval: Approval, at_ns: int) -> Page:
    """The first page of a held unit. Does no I/O."""
    return Page(
        PAGE_SCHEMA,
        number,
        _text(outcome.channel),
        at_ns,
        outcome.number,
        _plain(outcome.fields),
        approval.people,
        approval.group,
        [],
    )


def _plain(fields: Mapping[str, Field]) -> dict[str, Field]:
    """Fields as JSON takes them: no half characters, no number beyond 64 bits."""
    return {
        name: _text(value)
        if isinstance(value, str)
        else str(value)
        if isinstance(value, int) and value not in _WHOLE
        else value
        for name, value in fields.items()
    }


def _text(value: str) -> str:
    return value[:_MAX_TEXT].encode("utf-8", "backslashreplace").decode("utf-8")
