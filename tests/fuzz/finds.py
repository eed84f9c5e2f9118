"""What a look at a file may find: an error that is none of ours, or that it takes too long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

# A file of these sizes is a matter of milliseconds; the limit of a unit is 20 s of processor.
SLOW_S: Final = 20.0


@dataclass(frozen=True)
class Find:
    """Something that must not be. what: the error, or how long it took."""

    where: str
    what: str


def timed(where: str, work: Callable[[], object]) -> Iterator[Find]:
    """What one look finds."""
    begun_s = time.process_time()
    try:
        work()
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        yield Find(where, f"{type(error).__name__}: {error}"[:300])
    took_s = time.process_time() - begun_s
    if took_s > SLOW_S:
        yield Find(where, f"{took_s:.1f} s")
