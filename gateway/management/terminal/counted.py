"""What lines of `counted_if` found in a unit (gateway.policy.counting), as it may be shown."""

from __future__ import annotations

from gateway.messages import shown


def counted_text(untrusted_said: str) -> str:
    """The whole of it, escaped piece by piece: a value by itself would be cut after 80 characters."""
    return ", ".join(shown(kind) for kind in untrusted_said.split(", "))
