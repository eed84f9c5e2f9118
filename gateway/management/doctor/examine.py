"""All checks of one host in the order in which people mend things: what is below comes first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from gateway.errors import GatewayError
from gateway.management.doctor import installed, machine, requests, scanning
from gateway.management.doctor.finding import Finding, State, stop, stopped_by
from gateway.management.layout import HostFolder
from gateway.unit.model import Side


def examine(host: HostFolder, side: Side) -> Iterator[Finding]:
    """Look at everything; one check that cannot be made stops no other. Changes nothing."""
    from gateway.management.settings import load_settings

    now_ns = time.time_ns()
    yield from _each("libraries", lambda: machine.libraries())
    yield from _each("clock", lambda: machine.clock())
    yield from _each("folders", lambda: installed.folders(host, side))
    yield from _each("keys", lambda: installed.keys(host, side, now_ns))
    yield from _each("policy", lambda: installed.policy(host))
    try:
        settings = load_settings(host.settings)
    except GatewayError as error:
        yield stopped_by("settings", error)
        return
    yield Finding("settings", State.OK, 7110, {"path": str(host.settings)})
    yield from _each("disk", lambda: installed.disk(host, settings.reserve_bytes))
    yield from _each("link", lambda: machine.link(settings))
    yield from _each("requests", lambda: requests.request_files(host, side))
    yield from _each("scanners", lambda: scanning.scanners(host, settings))
    yield from _each("journal", lambda: installed.journal(host, now_ns))
    yield from _each("processes", lambda: installed.processes(host, side))


def _each(check: str, look_at: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look_at()
    except GatewayError as error:
        yield stopped_by(check, error)
    except OSError as error:
        path, reason = str(error.filename or "?"), error.strerror or str(error)
        yield stop(check, 7101, path=path, reason=reason)
