"""Why a process that is there says nothing: what the file system of its status file looks like. Reads only.

A process that cannot write its status file cannot show an alarm about it either: whoever looks must.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.errors import Field, GatewayError, Misconfigured
from gateway.management.commands.boards import Seen
from gateway.management.commands.command import Data
from gateway.management.layout import HostFolder, Role
from gateway.management.terminal.figures import size, span
from gateway.messages import describe, remedy
from gateway.unit.model import Side

# Room for the status files of three processes, each written whole beside the one before.
STATUS_NEEDS_BYTES: Final = 64 << 10


def silence_data(
    host: HostFolder, side: Side, boards: Mapping[Role, Seen], now_ns: int, language: str
) -> list[Data]:
    """Why, where the disk shows it, then one finding for each silent process; nothing where all speak.

    Each has number, fields, text and what to do, like an alarm. Raises nothing.
    """
    found: list[GatewayError] = [
        Misconfigured(
            7170,
            process=role.value,
            side=side.value,
            age=span(max(now_ns - seen.flushed_at_ns, 0) / 1e9),
        )
        for role, seen in boards.items()
        if seen.state == "silent"
    ]
    if found:
        # The reason first: `top` has few lines.
        found = [*disk_trouble(host), *found]
    return [
        {
            "number": error.number,
            "fields": dict(error.fields),
            "text": describe(error, language),
            "do": remedy(error, language),
        }
        for error in found
    ]


def disk_trouble(host: HostFolder) -> Sequence[GatewayError]:
    """Why no status file can be written to the run folder of a host; nothing where it can."""
    try:
        space = os.statvfs(host.run)
        shared = host.run.stat().st_dev == host.root.stat().st_dev
    except OSError:
        return []
    free_bytes = space.f_bavail * space.f_frsize
    fields: dict[str, Field] = {"path": str(host.run), "free": size(free_bytes)}
    if space.f_flag & os.ST_RDONLY:
        return [Misconfigured(7172, **fields)]
    # Some file systems have no table of inodes: they say 0 of 0.
    if free_bytes < STATUS_NEEDS_BYTES or (space.f_files and not space.f_favail):
        return [Misconfigured(7171, inodes=space.f_favail, **fields)]
    reserve_bytes = _reserve_bytes(host)
    # A small file system of its own, as /run is, has no reserve to leave.
    if shared and free_bytes <= reserve_bytes:
        return [Misconfigured(7130, reserve=size(reserve_bytes), **fields)]
    return []


def _reserve_bytes(host: HostFolder) -> int:
    from gateway.management.settings import load_settings

    try:
        return load_settings(host.settings).reserve_bytes
    except (GatewayError, OSError):
        return 0
