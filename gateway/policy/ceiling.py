"""The ceiling of a lane: the highest data grade (GB/T 39725, 1 to 5) that a channel on it may carry.

A channel says what it is made for, the host's settings what the link is good for. A set with a channel above
the ceiling, or on a lane that the gate has not, is not taken: not one unit of it would be allowed to pass.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.errors import Field
from gateway.policy.located import Located
from gateway.policy.model import Channel, PolicySet
from gateway.unit.model import Lane


def above_ceiling(
    policy_set: PolicySet, ceilings: Mapping[Lane, int] | None
) -> tuple[Located, ...]:
    """A problem for each channel above the ceiling of its lane, in order of names.

    ceilings: of each lane that the gate has; None where no gate is known, and nothing is above it.
    """
    if ceilings is None:
        return ()
    problems = []
    for name, channel in sorted(policy_set.channels.items()):
        for lane in _lanes_of(channel):
            ceiling = ceilings.get(lane)
            if ceiling is None:
                fields: dict[str, Field] = {"name": name, "lane": lane.value, "mode": "one-way"}
                problems.append(_problem(channel, 1034, **fields))
            elif channel.grade > ceiling:
                grade = channel.grade
                problems.append(_problem(channel, 2273, name=name, grade=grade, ceiling=ceiling))
    return tuple(problems)


def _lanes_of(channel: Channel) -> tuple[Lane, ...]:
    """What a channel needs: requests that are answered go on one lane and come back on the other."""
    if channel.requests is None or channel.requests.answer_lane is None:
        return (channel.lane,)
    return (channel.lane, channel.requests.answer_lane)


def _problem(channel: Channel, number: int, **fields: Field) -> Located:
    return Located(channel.file, channel.line, 1, 1, "", number, fields)
