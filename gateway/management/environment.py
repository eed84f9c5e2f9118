"""The environment names of ferrygate: the one list, and the check that nobody misspelt one.

A name with our prefix that is no setting stops every start: a misspelt setting that is silently
ignored costs its owner a day. Values are read elsewhere; here stand only the names.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final

from gateway.errors import Misconfigured

PREFIX: Final = "FERRYGATE_"

# Name and what it does, as `ferrygate --help` and docs/CLI.md print it.
KNOWN_NAMES: Final[Mapping[str, str]] = {
    "FERRYGATE_HOME": "the gate's folder, where --gate is not given",
    "FERRYGATE_LANG": "en or zh, where --lang is not given",
}


def check_environment(environment: Mapping[str, str]) -> None:
    """Refuse to go on with a name of ours that is no setting.

    Raises Misconfigured 1002 (name, suggestion) for the first in the alphabet, and nothing else.
    """
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in KNOWN_NAMES:
            nearest = difflib.get_close_matches(name, KNOWN_NAMES, n=1, cutoff=0.0)
            raise Misconfigured(1002, name=name, suggestion=nearest[0])
