"""The sandboxes of a guard, begun first of all: they load their readers while the guard loads itself.

    begun --> each parent loads, on a processor of its own        --+
          --> the guard: modules, journal, policies, queues, keys --+--> in_force --> the guard works

A sandbox is in force before the process says that it is ready and before its first step. Who asks one
earlier (a schema that a policy set wants built, a request) waits for it: nothing is read outside of one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.audit.event import Status
from gateway.guard.workers import BULK_THREADS, SPARE_THREADS, SUSPECT_THREADS
from gateway.inspection.programs import program_of
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.settings import SandboxSettings
from gateway.inspection.unsound import Role
from gateway.management.host import Host
from gateway.management.settings import Settings
from gateway.unit.model import Side

# Small requests and messages of sessions: a thread each, which waits for no large one.
_BESIDE: Final = 2


class Sandboxes:
    """One for each of a guard's readers, each beginning to load as this is made."""

    def __init__(self, roles: Iterable[Role], settings: SandboxSettings) -> None:
        self._sandboxes = {role: Sandbox(settings, program_of(role)) for role in roles}
        for sandbox in self._sandboxes.values():
            sandbox.launch()

    def of(self, role: Role) -> Sandbox:
        return self._sandboxes[role]

    def in_force(self, status: Status) -> None:
        """Wait until all are closed off, and show by what. Raises Unavailable 3980 and nothing else."""
        protections = [sandbox.start() for sandbox in self._sandboxes.values()]
        # The least of them: what one of them lacks is not in force.
        shared = [one for one in protections[0] if all(one in other for other in protections)]
        status.gauge("sandbox", ", ".join(shared))


def begun(host: Host) -> Sandboxes:
    """The sandboxes that a host's guard needs. Starts processes, and waits for none."""
    settings = host.settings
    own = Role.SENDING if settings.side is Side.OUTER else Role.RECEIVING
    # The slower one first.
    roles = (Role.SENDING, Role.RECEIVING) if settings.is_two_way else (own,)
    return Sandboxes(roles, sandbox_limits(settings))


def sandbox_limits(settings: Settings) -> SandboxSettings:
    """What a guard's sandbox may take, by the host's settings."""
    limits = settings.sandbox
    # Requests have threads of their own beside those of the files.
    small = settings.guard_threads * (2 if settings.is_two_way else 1)
    bulk = BULK_THREADS + SUSPECT_THREADS + 2 * SPARE_THREADS
    return SandboxSettings(
        children=small + bulk + (_BESIDE if settings.is_two_way else 0),
        idle_children=small,
        units_a_child=limits.units,
        memory_bytes=limits.memory_bytes,
        cpu_s=max(1, int(limits.processor_s)),
    )
