"""The commands of ferrygate, a module a group. Light to import: what a command needs, it imports itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.management.commands import (
    about,
    audit,
    checkup,
    explaining,
    lane,
    live,
    policy,
    starting,
    state,
    units,
)
from gateway.management.commands.command import Command

# In the order of the help page: trying out, installing, daily work, the lane, audit, the rest.
COMMANDS: Final[tuple[Command, ...]] = (
    *starting.COMMANDS,
    *checkup.COMMANDS,
    *policy.COMMANDS,
    *explaining.COMMANDS,
    *state.COMMANDS,
    *live.COMMANDS,
    *units.COMMANDS,
    *lane.COMMANDS,
    *audit.COMMANDS,
    *about.COMMANDS,
)

GROUPS: Final[Mapping[str, str]] = {
    "policy": "check, reload, schema, reference: the policy files",
    "audit": "search, verify: the journal",
    "link": "test: the device under the lane",
    "trial": "up, down: a gate on this machine for trying out",
}
