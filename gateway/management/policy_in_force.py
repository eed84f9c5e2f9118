"""The policy set that a process works with: read at start, changed only by a wanted reload.

A set with an error is refused whole: the last good one stays in force and an alarm stands until a
good one is loaded. At a cold start without a valid set nothing is in force, and nothing passes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from gateway.audit.event import Event, Recorder, Status
from gateway.audit.metrics import EXPORT_CHANNELS
from gateway.errors import Field, Misconfigured
from gateway.policy.ceiling import above_ceiling
from gateway.policy.content_channel import prepared_channels
from gateway.policy.located import LocatedErrors
from gateway.policy.model import Channel, PolicySet
from gateway.unit.model import Lane

Prepare = Callable[[Iterable[Channel]], None]


class PolicyInForce:
    """Holds one PolicySet. current() may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        recorder: Recorder,
        status: Status,
        channels: Callable[[Iterable[str]], None] = lambda _names: None,
        *,
        ceilings: Mapping[Lane, int] | None = None,
    ) -> None:
        """channels: is told the names of the channels of each set that comes into force. ceilings: the
        lanes of this gate, and the highest data grade that a channel on each may carry; None: any."""
        self._folder = folder
        self._channels = channels
        self._ceilings = ceilings
        self._recorder = recorder
        self._status = status
        self._current: PolicySet | None = None
        self._prepares: tuple[Prepare, ...] = ()

    def prepare_with(self, prepare: Prepare) -> None:
        """Whoever looks at files makes ready for each set before it comes into force; so for this one.
        May be called for several who look.

        prepare: raises Misconfigured for what it cannot use; the set is then refused.
        """
        self._prepares += (prepare,)
        current, self._current = self._current, None
        if current is not None and self._is_usable(current):
            self._current = current

    def _is_usable(self, loaded: PolicySet) -> bool:
        try:
            for prepare in self._prepares:
                prepare(prepared_channels(loaded))
        except Misconfigured as error:
            file = error.fields.get("path") or error.fields.get("file") or self._folder
            self._refuse(f"{file}:{error.fields.get('line', 1)}", 1)
            return False
        return True

    def current(self) -> PolicySet | None:
        return self._current

    def reload(self) -> None:
        """load(), for whoever does not ask."""
        self.load()

    def load(self) -> bool:
        """Read the folder anew; gives whether its set is now in force. Does I/O, raises nothing."""
        # A ferry holds one of these and never reads a policy: the grammar is not loaded there.
        from gateway.policy.load import load_set

        try:
            loaded = load_set(self._folder)
        except LocatedErrors as error:
            first = error.problems[0] if error.problems else None
            self._refuse(first.place if first else str(self._folder), len(error.problems))
            return False
        except OSError as error:
            self._refuse(f"{self._folder}: {error.strerror}", 1)
            return False
        if above := above_ceiling(loaded, self._ceilings):
            self._refuse(above[0].place, len(above))
            return False
        if not self._is_usable(loaded):
            return False
        self._current = loaded
        self._channels(loaded.channels)
        self._recorder.record(
            Event(
                "policy.loaded",
                time.time_ns(),
                fields={"policy": loaded.digest[:12], "channels": len(loaded.channels)},
            )
        )
        self._status.gauge("policy", loaded.digest[:12])
        self._status.gauge("channels", len(loaded.channels))
        if exported := loaded.of_lane(Lane.EXPORT):
            self._status.gauge(EXPORT_CHANNELS, " ".join(channel.name for channel in exported))
        self._status.clear_alarm(1055)
        self._status.clear_alarm(1056)
        return True

    def _refuse(self, place: str, count: int) -> None:
        number = 1056 if self._current is None else 1055
        stays = self._current.digest[:12] if self._current is not None else ""
        fields: dict[str, Field] = {"place": place, "count": count, "stays": stays}
        self._recorder.record(Event("policy.refused", time.time_ns(), number=number, fields=fields))
        self._status.raise_alarm(number, **fields)
