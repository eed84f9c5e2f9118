"""Who a caller is: the subject of a certificate against the names and addresses of a channel. Pure.

    ((("commonName", "portal-01"),),)  against  CN=portal-01   ->  the caller, or Refused by its own number

A name with a common name alone is that of a certificate with exactly this common name. A name with more
attributes is that of a certificate with exactly these, in this order.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import Misconfigured, Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# As Python's ssl gives it: relative names, each of one or more attributes.
Subject = Sequence[Sequence[tuple[str, str]]]

# Before the name of a caller that is known by a key and not by a certificate.
KEY: Final = "key "
# RFC 4514 section 3, and the long names of OpenSSL.
_SHORT: Final = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "localityName": "L",
    "stateOrProvinceName": "ST",
    "streetAddress": "STREET",
    "domainComponent": "DC",
    "userId": "UID",
    "serialNumber": "SERIALNUMBER",
    "emailAddress": "EMAIL",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """One who may ask. name: as the policy says it. addresses: his own, beside those of the channel."""

    name: str
    addresses: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Callers:
    """Those of one channel. addresses: of the channel, empty for any. others: names of callers of other
    channels with their channel, so that a certificate in the wrong place is told from a foreign one."""

    callers: tuple[Caller, ...]
    addresses: tuple[Network, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)

    def of_certificate(self, untrusted_subject: Subject, address: Address) -> Caller:
        """The caller whose certificate this is. The chain has been verified; the name has not.

        Raises Refused 6345 (nobody's name), 6346 (his, from an address that is not) and 6347 (a caller
        of another channel), and nothing else.
        """
        for caller in self.callers:
            if is_named(caller.name, untrusted_subject):
                self.check_address(caller, address)
                return caller
        shown = shown_subject(untrusted_subject)
        for name, channel in self.others.items():
            if is_named(name, untrusted_subject):
                raise Refused(6347, caller=shown, other=channel, address=str(address))
        raise Refused(6345, caller=shown, address=str(address))

    def of_name(self, name: str, address: Address) -> Caller:
        """The caller of this name. Raises Refused 6345 and 6346 and nothing else."""
        for caller in self.callers:
            if caller.name == name:
                self.check_address(caller, address)
                return caller
        raise Refused(6345, caller=name, address=str(address))

    def check_address(self, caller: Caller | None, address: Address) -> None:
        """Raises Refused 6346 where neither channel nor caller has the address among theirs."""
        for networks in (self.addresses, caller.addresses if caller is not None else ()):
            if networks and not any(address in network for network in networks):
                name = caller.name if caller is not None else ""
                raise Refused(6346, caller=name, address=str(address))


def is_named(name: str, untrusted_subject: Subject) -> bool:
    """Whether a subject is the one of this name, attribute by attribute. Keys are no subjects."""
    if name.startswith(KEY):
        return False
    wanted = read_name(name)
    attributes = [
        (_SHORT.get(kind, kind), value)
        for relative in untrusted_subject
        for kind, value in relative
    ]
    if [kind for kind, _ in wanted] == ["CN"]:
        # Two common names could each be somebody's.
        return [one for one in attributes if one[0] == "CN"] == wanted
    return attributes == wanted


def read_name(text: str) -> list[tuple[str, str]]:
    """`CN=portal-01, O=Hospital` as attributes. Raises Misconfigured 6399 and nothing else."""
    attributes = []
    for part in text.split(","):
        kind, equals, value = part.strip().partition("=")
        if not equals or not kind.isalpha() or not value:
            raise Misconfigured(6399, name=text)
        attributes.append((kind.upper(), value))
    return attributes


def shown_subject(untrusted_subject: Subject) -> str:
    return ", ".join(
        f"{_SHORT.get(kind, kind)}={value}"
        for relative in untrusted_subject
        for kind, value in relative
    )
