"""What an edge connector is: a Source that units come from, a Sink that they go to.

    outside --> Source: claim -> read -> (queue `captured`) -> finish       gateway.sending.capture
    (queue `admitted`) -> Sink: deliver -> (acknowledged) -> forget --> inside  gateway.receiving.deliver

The two loops drive any connector through these Protocols; the connectors (gateway.connectors) know
neither queues nor loops. Values and Protocols only: no I/O stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Protocol

from gateway.errors import Field, Refused, Unavailable
from gateway.unit.model import CapturedUnit
from gateway.unit.stages import Admitted


class Progress(Enum):
    """An answer that is no result yet."""

    # A large body is being copied, one slice a call: ask again at once.
    MORE = auto()
    # The unit changed while it was read and has gone back to its place: it comes anew, later.
    GIVEN_BACK = auto()


@dataclass(frozen=True, slots=True)
class Capture:
    """What a source read: the unit, and its body as bytes or as a closed file in the staging folder."""

    unit: CapturedUnit
    body: bytes | Path


@dataclass(frozen=True, slots=True)
class Skip:
    """Something that a source saw and leaves where it is. number: the FG number of the reason."""

    number: int
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A unit that a sink has made durable and visible.

    name: the name it has there, "" where that cannot be known any more. sha256: 32 bytes over what
    the sink wrote, None where it took the file over as it was. again: an earlier run delivered it
    and ended before anyone was told.
    """

    number: int
    name: str
    size_bytes: int
    sha256: bytes | None
    again: bool = False


Delivery = Receipt | Refused | Unavailable | Progress


class Source(Protocol):
    """Where units come from. Loses none and gives none twice, whenever its process ends.

    claim -> read -> finish, and after a restart the same again: claimed and unfinished ones come first.
    """

    def claim(self, next_number: Callable[[], int], limit: int) -> list[int]:
        """Numbers of up to `limit` units that are ours to read: durable when it returns.

        Those claimed before and not finished come first, then new ones, oldest first. Bounded work.
        Raises Unavailable (the source cannot be reached) and what next_number raises.
        """
        ...

    def read(self, number: int, staging: Path) -> Capture | Progress:
        """A claimed unit. Large bodies become a file in `staging`, one bounded slice a call.

        Raises Unavailable (the source or the staging folder cannot be used) and nothing else.
        """
        ...

    def finish(self, numbers: Iterable[int]) -> None:
        """The units are durable elsewhere: the source removes them, or sets them where it keeps them.

        Idempotent. Raises Unavailable; those not finished are claimed again.
        """
        ...

    def skips(self) -> list[Skip]:
        """What has been left alone since the last call, each thing once."""
        ...

    def wait_s(self) -> float:
        """Seconds until claim can give something new; 0 where more is known to be there."""
        ...

    def close(self) -> None: ...


class Sink(Protocol):
    """Where units go to. Takes only Admitted; shows nothing half-written; takes each unit once."""

    def deliver(self, batch: Sequence[Admitted]) -> list[Delivery]:
        """One answer for each unit, in order. A Receipt means: durable, whole, under its final name.

        Refused: this unit will never fit here. Unavailable: later. Progress.MORE: its body is being
        copied, give it again. Raises StateUncertain and nothing else. A unit that is given again
        after a Receipt gets the same Receipt, also after a restart, until it is forgotten.
        """
        ...

    def forget(self, numbers: Iterable[int]) -> None:
        """The queue has durably answered for these: what the sink kept to know them again can go."""
        ...

    def close(self) -> None: ...
