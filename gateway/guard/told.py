"""Why a request has no answer, as it may be told further: numbers of a list, by what is known of it. Pure.

    edge that performs --any number--> its guard: of_edge() --> the other guard: of_far_side() --> caller

A number is 13 bits that no rule for contents sees. An edge has a few words, a guard those of its own
judgement; any other number becomes the one that says no more than what is known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gateway.messages.catalogue import TEXTS
from gateway.unit.request import Consequence, FailureBody

# What Performing and the sinks of requests say (gateway.receiving, gateway.connectors.request).
OF_EDGES: Final = {
    Consequence.REFUSED: frozenset({6382, 6383, 6384}),
    Consequence.UNAVAILABLE: frozenset({5760, 5774, 6380, 6391}),
    Consequence.UNCERTAIN: frozenset({5772, 6381, 6496}),
    Consequence.ANSWER_REFUSED: frozenset({1080, 5770, 6385, 6386, 6387, 6388, 6389}),
}
# The host, policies, inspection, requests and sessions under way: the areas that a guard judges in.
_AREAS: Final = (
    range(1050, 1100),
    range(2100, 2500),
    range(3100, 4000),
    range(5760, 5780),
    range(5783, 5785),
    range(5790, 5800),
)
OF_GUARDS: Final = frozenset(n for n in TEXTS if any(n in area for area in _AREAS))
OTHERWISE: Final = {
    Consequence.REFUSED: 6376,
    Consequence.UNAVAILABLE: 6371,
    Consequence.UNCERTAIN: 6370,
    Consequence.ANSWER_REFUSED: 6375,
}


def of_edge(failure: FailureBody) -> FailureBody:
    """What this side's edge says, as its guard tells it to the other side."""
    if failure.number in OF_EDGES[failure.consequence]:
        return failure
    return replace(failure, number=OTHERWISE[failure.consequence])


def of_far_side(failure: FailureBody) -> FailureBody:
    """What the other side's guard says, as a caller is told it: nothing that a source itself would say."""
    return failure if failure.number in OF_GUARDS else of_edge(failure)
