"""Names of devices: `ferrygate://hospital-a/outer`. Values only, no I/O.

The name stands in a device certificate as its one subjectAltName URI; the common name
(`hospital-a outer`) is for people and is judged by nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.errors import Misconfigured
from gateway.unit.model import Side

# A host name's letters: fits a common name (64 characters with the side), a URI and a folder.
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,50}[a-z0-9])?")
_SCHEME: Final = "ferrygate://"


@dataclass(frozen=True, slots=True)
class DeviceName:
    """One device. place: `outer` or `inner` for the hosts, another word for a front-end machine."""

    gate: str
    place: str

    def __post_init__(self) -> None:
        for part in (self.gate, self.place):
            if not _NAME.fullmatch(part):
                raise Misconfigured(4012, name=part)

    @property
    def uri(self) -> str:
        return f"{_SCHEME}{self.gate}/{self.place}"

    @property
    def common_name(self) -> str:
        return f"{self.gate} {self.place}"[:64]

    def peer(self) -> DeviceName:
        """The other host of the same gate. ValueError for a front-end machine."""
        other = Side.INNER if Side(self.place) is Side.OUTER else Side.OUTER
        return DeviceName(self.gate, other.value)


def host_name(gate: str, side: Side) -> DeviceName:
    """The device name of a host. Raises Misconfigured 4012 for a gate name that cannot be one."""
    return DeviceName(gate, side.value)


def parse_uri(untrusted_uri: str) -> DeviceName | None:
    """The name behind a URI, None where it is no name of a device."""
    gate, slash, place = untrusted_uri.removeprefix(_SCHEME).partition("/")
    if not untrusted_uri.startswith(_SCHEME) or not slash:
        return None
    try:
        return DeviceName(gate, place)
    except Misconfigured:
        return None
