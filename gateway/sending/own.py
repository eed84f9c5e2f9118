"""Units that a guard makes itself, cleared by what made them: numbers of its own, no content from outside.

The second maker of Cleared, besides gateway.sending.judge. What may stand in such a unit is fixed by its type
(gateway.unit.outcomes); the other guard holds it to its own rule all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.spool.bodies import InlineBody
from gateway.unit.model import CapturedUnit, Kind
from gateway.unit.outcomes import CHANNEL, OutcomesBody, UnitOutcome, encode_outcomes
from gateway.unit.stages import Cleared

# In place of a policy's digest: no policy has judged it.
NO_POLICY: Final = "0" * 64


def clear_outcomes(number: int, outcomes: Sequence[UnitOutcome], at_ns: int) -> Cleared:
    """A unit of outcomes, ready to be sealed. outcomes: 1 to MAX_OUTCOMES. No I/O."""
    content = encode_outcomes(outcomes)
    body = OutcomesBody(len(outcomes), len(content))
    unit = CapturedUnit(number, CHANNEL, Kind.OUTCOMES, at_ns, body)
    return Cleared(unit, InlineBody(content), NO_POLICY, at_ns)
