"""How long a host keeps what was set aside, and that its journal says when the bytes go.

The queues remove (gateway.spool.aside_keeping); here are the host's settings, the event
`set_aside.removed`, and the alarm for what cannot be removed.
"""

from __future__ import annotations

import time

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Field
from gateway.management.settings import Settings
from gateway.spool.aside_keeping import AsideKeep, Removal


def keep_aside(settings: Settings, recorder: Recorder, status: Status) -> AsideKeep:
    """The keeping of one process's reading queue. Does no I/O by itself.

    A removal is recorded after the fact: one that a crash cuts off may lack its event, and none is
    recorded that did not happen.
    """

    def told(removal: Removal) -> None:
        if removal.failed:
            status.raise_alarm(6514, folder=str(removal.folder), reason=removal.failed)
            return
        status.clear_alarm(6514)
        status.count("units_set_aside_removed_total")
        fields: dict[str, Field] = {
            "stage": removal.stage,
            "reason": removal.reason,
            "set_aside_at_ns": removal.set_aside_at_ns,
            "size_bytes": removal.size_bytes,
            "why": removal.why,
        }
        recorder.record(Event("set_aside.removed", time.time_ns(), removal.number, fields=fields))

    return AsideKeep(
        settings.keep_refused_s, settings.keep_refused_bytes, settings.keep_refused_count, told
    )
