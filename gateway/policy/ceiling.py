"""The ceiling of a lane: the highest data grade (GB/T 39725, 1 to 5) that a channel on it may carry.

A channel says what it is made for, the host's settings what the link is good for. A set with a channel above
the ceiling is not taken: not one unit of it would be allowed to pass.
"""

from __future__ import annotations

from gateway.policy.located import Located
from gateway.policy.model import PolicySet


def above_ceiling(policy_set: PolicySet, ceiling: int) -> tuple[Located, ...]:
    """A problem for each channel above the ceiling, in order of names."""
    return tuple(
        Located(
            channel.file, channel.line, 1, 1, "", 2273,
            {"name": name, "grade": channel.grade, "ceiling": ceiling},
        )
        for name, channel in sorted(policy_set.channels.items())
        if channel.grade > ceiling
    )  # fmt: skip
