"""The commands of ferrygate, a module a group. Light to import: what a command needs, it imports itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.management.commands import (
    about,
    audit,
    checkup,
    explaining,
    held,
    lane,
    life,
    live,
    metrics,
    pki,
    pki_issuing,
    policy,
    policy_import,
    pseudonyms,
    scanners,
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
    *policy_import.COMMANDS,
    *explaining.COMMANDS,
    *state.COMMANDS,
    *live.COMMANDS,
    *metrics.COMMANDS,
    *units.COMMANDS,
    *life.COMMANDS,
    *held.COMMANDS,
    *lane.COMMANDS,
    *scanners.COMMANDS,
    *audit.COMMANDS,
    *pki.COMMANDS,
    *pki_issuing.COMMANDS,
    *pseudonyms.COMMANDS,
    *about.COMMANDS,
)

GROUPS: Final[Mapping[str, str]] = {
    "policy": "check, reload, schema, reference: the policy files",
    "held": "list, show, release, refuse: units that wait for people",
    "audit": "search, verify: the journal",
    "pki": "what ends when; renewing keys and certificates by hand",
    "link": "test: the device under the lane",
    "scanners": "list, import: what looks for malware",
    "trial": "up, down: a gate on this machine for trying out",
}

# The help page of `ferrygate` itself: a screen of 24 rows. Every command stands in one of the rows.
OVERVIEW: Final[tuple[tuple[str, str], ...]] = (
    ("demo, trial, bench", "try a gate on this machine, leave one running, measure it"),
    ("init, run", "make a new gate; run the processes of a host"),
    ("doctor, config, pki", "is the installation right; every setting; keys"),
    ("policy", "check, reload, schema, reference: the policy files"),
    ("explain, scanners", "which line decided, and why; what looks for malware"),
    ("status, top, alarms", "how the gate is now"),
    ("units, life, held", "what crossed; one unit's story; what waits for people"),
    ("reconcile, resend, link", "what did not arrive; send it again; test the link"),
    ("audit, metrics", "search, verify: the journal; figures for Prometheus"),
    ("help, version", "help FG-nnnn: what a number means and what to do"),
    ("completion", "the completion file of bash, zsh or fish"),
)
