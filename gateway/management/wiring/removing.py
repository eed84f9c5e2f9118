"""Who takes places out of answers in a guard, and the sandbox that reads these answers."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress

from gateway.errors import Unavailable
from gateway.inspection.changing.handing_out import PROGRAM, InSandbox
from gateway.inspection.changing.removed_places import Remover
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.management.host import Desk
from gateway.management.sandboxes import sandbox_limits
from gateway.policy.model import Channel


def removing(desk: Desk) -> tuple[Remover, Sandbox]:
    """The sandbox is started with the first set that has such a channel, so that no caller waits for it, and
    beside, so that the guard does not. It is to be closed with the guard."""
    sandbox = Sandbox(sandbox_limits(desk.host.settings), PROGRAM)

    def start() -> None:
        # One that does not start is tried again with each answer, which is Unavailable until it does.
        with suppress(Unavailable):
            sandbox.start()

    def prepare(channels: Iterable[Channel]) -> None:
        if any(one.requests is not None and one.requests.removed for one in channels):
            threading.Thread(target=start, name="removing", daemon=True).start()

    desk.policy.prepare_with(prepare)
    return Remover(InSandbox(sandbox)), sandbox
