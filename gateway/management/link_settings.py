"""What gate.yaml says of the device under a lane: `link:` for the import lane, `back:` for the export lane.

Both groups have the same keys. Values in, values out; no I/O.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from gateway.management.setting_words import (
    Setting,
    Values,
    read_blocks,
    read_bytes,
    read_percent,
    read_rate,
    read_share,
    read_text,
)
from gateway.policy.phrases import Misread, read_duration, read_number
from gateway.unit.model import Lane

T = TypeVar("T")

# The group of keys of each lane.
GROUPS: Final = {Lane.IMPORT: "link", Lane.EXPORT: "back"}


class LinkKind(StrEnum):
    UDP = "udp"
    ETHERNET = "ethernet"


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """The device under a lane.

    udp: send_to (sender) or listen_on (receiver), host and port. ethernet: interface, and the other
    end's MAC address. grade: the highest data grade that a channel may carry over it. rate: what the
    sender paces to and the receiver's buffer must fit. resend_share: of it, what may go again because the
    other host asks for it over the opposite lane.
    """

    kind: LinkKind
    host: str
    port: int
    interface: str
    peer_mac: str
    grade: int
    rate_bits_per_s: int
    mtu_bytes: int
    repair_percent: int
    interleave_blocks: int
    stall_s: float
    resend_share: float = 0.5


# Of `link:` and `back:`, where there are both: only an opposite lane can ask.
TWO_WAY_KEYS: Final = frozenset({"resend_share"})
_KEYS: Final[Mapping[str, Setting[object]]] = {
    "udp": Setting(read_text, "", "HOST:PORT: where the sender sends, where the receiver listens"),
    "ethernet": Setting(read_text, "", "INTERFACE to MAC: raw frames of our own EtherType"),
    "grade": Setting(
        lambda text: read_number(text, 1, 5), "5", "highest data grade that a channel may carry"
    ),
    "rate": Setting(read_rate, "1 Gbit/s", "what the sender paces to"),
    "mtu": Setting(read_bytes, "1500 bytes", "largest frame of the link"),
    "repair": Setting(read_percent, "5 %", "repair symbols a block"),
    "interleave": Setting(read_blocks, "1 block", "blocks sent interleaved against bursts of loss"),
    "stall": Setting(
        read_duration, "50 ms", "how long the receiver may stall without loss: sizes its buffer"
    ),
    "resend_share": Setting(
        read_share,
        "50 %",
        "two-way gate: of the rate, at most, for what the other host says it misses (5 % to 90 %)",
    ),
}


def link_fields(lane: Lane) -> dict[str, Setting[object]]:
    """The settings of a lane's link under their whole names (`back.rate`)."""
    about = "" if lane is Lane.IMPORT else "export lane of a two-way gate: "
    return {
        f"{GROUPS[lane]}.{key}": Setting(one.read, one.default, about + one.meaning)
        for key, one in _KEYS.items()
    }


def read_link(values: Values, lane: Lane) -> LinkSettings:
    """The link of a lane from values as their fields read them. Raises Misread 1028, 1029, 1030."""
    group = GROUPS[lane]

    def get(key: str, kind: type[T]) -> T:
        return values.get(f"{group}.{key}", kind)

    udp, ethernet = get("udp", str), get("ethernet", str)
    if bool(udp) == bool(ethernet):
        raise Misread(1028, group=group)
    host, port, interface, mac = "", 0, "", ""
    if udp:
        host, port = _address(udp, group)
    else:
        interface, _, mac = ethernet.partition(" to ")
        if not interface or len(mac.split(":")) != 6:
            raise Misread(1030, text=ethernet, group=group)
    return LinkSettings(
        kind=LinkKind.UDP if udp else LinkKind.ETHERNET,
        host=host,
        port=port,
        interface=interface,
        peer_mac=mac,
        grade=get("grade", int),
        rate_bits_per_s=get("rate", int),
        mtu_bytes=get("mtu", int),
        repair_percent=get("repair", int),
        interleave_blocks=get("interleave", int),
        stall_s=get("stall", float),
        resend_share=get("resend_share", float),
    )


def require_apart(links: Mapping[Lane, LinkSettings]) -> None:
    """Two lanes over UDP end at two addresses. Raises Misread 1033."""
    ends = [(one.host, one.port) for one in links.values() if one.kind is LinkKind.UDP]
    if len(set(ends)) < len(ends):
        host, port = ends[0]
        raise Misread(
            1033,
            group=GROUPS[Lane.EXPORT],
            address=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        )


def _address(text: str, group: str) -> tuple[str, int]:
    """`10.0.0.2:47000` or `[fd12::2]:47000`. Raises Misread 1029: names are not looked up here."""
    host, colon, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        if not colon or (address.version == 6) != host.startswith("["):
            raise ValueError(text)
        return str(address), read_number(port, 1, 65535)
    except (ValueError, Misread) as error:
        raise Misread(1029, text=text, group=group) from error
