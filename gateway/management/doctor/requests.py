"""The files of channels of requests: whether each end of this host could be opened with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gateway.errors import GatewayError, Misconfigured
from gateway.management.doctor.finding import Finding, look, ok, stopped_by
from gateway.management.layout import HostFolder
from gateway.unit.model import Side


def request_files(host: HostFolder, side: Side) -> Iterator[Finding]:
    """What a channel lacks, one finding each; nothing where no channel carries requests.

    Certificates are loaded, secrets are not read.
    """
    from gateway.policy.load import load_set

    channels = load_set(host.policies).of_requests
    if not channels:
        return
    if host.requests.is_dir() and not os.access(host.requests, os.R_OK | os.X_OK):
        yield look("requests", 6411, path=str(host.requests))
        return
    from gateway.connectors.request.tls import client_context, server_context
    from gateway.management.wiring.request_files import calling_of, listening_of

    whole = 0
    for channel in channels:
        folder = host.requests / channel.name
        try:
            if channel.lane.sender is side:
                listening = listening_of(channel, folder, {})
                if listening.tls is not None:
                    server_context(listening.tls, channel.name)
                _check_mode(listening.keys)
            else:
                calling = calling_of(channel, folder)
                if calling.tls is not None:
                    client_context(calling.tls, channel.name)
                _check_mode(calling.secrets)
        except GatewayError as error:
            yield stopped_by("requests", error)
        else:
            whole += 1
    if whole:
        yield ok("requests", 6410, count=whole)


def _check_mode(file: Path | None) -> None:
    if file is not None and (mode := file.stat().st_mode & 0o777) & 0o077:
        raise Misconfigured(6393, file=str(file), reason=f"mode {mode:04o}")
