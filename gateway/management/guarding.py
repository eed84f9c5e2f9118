"""What only the guards' wiring needs: readers and scanners, their watch, the signing of journal heads."""

from __future__ import annotations

import time
from dataclasses import replace

from gateway.audit.checkpoint import Checkpointer
from gateway.audit.event import Status
from gateway.inspection.chain import Inspector, open_scanners
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandboxed import Sandboxed
from gateway.management.host import Desk
from gateway.management.journal_keys import checkpoint_signer, key_id
from gateway.management.layout import Role
from gateway.unit.model import Lane


def open_inspector(desk: Desk, sandbox: Sandbox, lane: Lane) -> Inspector:
    """A sandbox and the scanners of a guard for one lane; it ends with them. Raises Misconfigured 3501,
    3502 (YARA rules).

    No reader of untrusted content is in the guard: all are in the sandbox's closed-off children. It may
    be loading still: whoever asks it first waits for it.

    From here on a policy set comes into force only if the inspector can do what it asks.
    """
    host = desk.host
    scratch = host.folder.state_of(desk.role) / "scratch"
    scratch.mkdir(mode=0o700, exist_ok=True)
    settings = host.settings.scanners
    yara = str(host.path(settings.yara)) if settings.yara else ""
    inspector = Inspector(
        Sandboxed(sandbox, scratch),
        open_scanners(replace(settings, yara=yara)),
        closing=[sandbox.close],
    )
    desk.policy.prepare_with(
        lambda channels: inspector.prepare(one for one in channels if one.lane is lane)
    )
    return inspector


class ScannerWatch:
    """Asks the scanners how they are, so that an alarm does not wait for the next unit."""

    def __init__(self, inspector: Inspector, status: Status) -> None:
        self._inspector = inspector
        self._status = status
        self._alarms: dict[str, int] = {}

    def __call__(self) -> None:
        for state in self._inspector.scanners_state():
            self._status.gauge(f"scanner_{state.name.lower()}", state.version)
            if state.age_s is not None:
                self._status.gauge(f"scanner_{state.name.lower()}_age_seconds", state.age_s)
            before = self._alarms.pop(state.name, None)
            now = state.trouble.number if state.trouble is not None else None
            if before is not None and before != now:
                self._status.clear_alarm(before)
            if state.trouble is not None:
                self._alarms[state.name] = state.trouble.number
                self._status.raise_alarm(state.trouble.number, **state.trouble.fields)


def checkpointer(desk: Desk) -> CheckpointStep:
    """The guard's signing of the journals' heads, as a step of its loop."""
    host = desk.host
    keys = host.folder.keys / "guard"
    targets = [host.folder.checkpoints]
    if host.settings.checkpoint_copy:
        targets.append(host.path(host.settings.checkpoint_copy))
    return CheckpointStep(
        Checkpointer(
            {role.value: host.folder.journal(role) for role in Role},
            targets,
            checkpoint_signer(keys),
            key_id(host.settings.gate, host.settings.side.value, keys / "journal.pub"),
            host=host.settings.side.value,
            recorder=desk.journal,
            status=desk.board,
        )
    )


class CheckpointStep:
    """Calls the checkpointer at its own pace."""

    def __init__(self, pointer: Checkpointer) -> None:
        self._pointer = pointer

    def step(self, now_s: float) -> float:
        self._pointer.step(time.time_ns())
        return 0.25
