"""A held unit opened and judged again, by the same code that judged it the first time.

For the desk's own thread; the next queue's staging folder takes the opened body as it does for any unit.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured, Refused, StateUncertain, Unavailable
from gateway.guard.durable import sync_body
from gateway.guard.outcome import Exit, Outcome, Wait, Work
from gateway.spool.held import HeldUnit
from gateway.spool.model import Taken
from gateway.unit.model import Stage

# The queue's own number for a body that is gone.
BODY_MISSING: Final = 6511


class Reopening:
    """judge: the guard's work as it is. release: the same work with the hold lifted.

    Both give an Outcome or raise Refused (an Exit) or Unavailable (a Wait). staging: where they open.
    """

    def __init__(self, judge: Work, release: Work, staging: Path) -> None:
        self._judge, self._release, self._staging = judge, release, staging

    def released(self, unit: HeldUnit) -> Outcome:
        """What becomes of it now that people have released it. Raises as gateway.guard.hop lets pass."""
        return _outcome(self._release, unit)

    def looked_at(self, unit: HeldUnit) -> Outcome:
        """What would become of it today; nothing does."""
        return _outcome(self._judge, unit)

    def discard(self, number: int) -> None:
        """What was opened of it goes."""
        (self._staging / str(number)).unlink(missing_ok=True)


def _outcome(work: Callable[[Taken], Outcome], unit: HeldUnit) -> Outcome:
    described = unit.described
    if not described.body.file.is_file():
        return Exit(Stage.CORRUPT, BODY_MISSING)
    number = described.number if described.number is not None else 0
    try:
        outcome = work(Taken(number, described.header, described.body, max(described.attempt, 1)))
        sync_body(outcome)
        return outcome
    except Refused as error:
        return Exit(Stage.REFUSED, error.number, fields=error.fields)
    except Unavailable as error:
        return Wait(0.0, error.number, fields=error.fields)
    except OSError as error:
        return Wait(0.0, 1084, fields={"folder": "staging", "reason": error.strerror or ""})
    except (Misconfigured, StateUncertain, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - a bug of ours must not end the guard at every start
        return Exit(Stage.CORRUPT, 1083, fields={"error": type(error).__name__})
