"""What the machine must have: libraries, a clock that is set, no forwarding, a link that fits."""

from __future__ import annotations

import ctypes
import ctypes.util
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import Field
from gateway.management.doctor.finding import Finding, State, look, ok, stop
from gateway.management.terminal.figures import size

if TYPE_CHECKING:
    from gateway.management.settings import LinkSettings, Settings

_LIBRARIES: Final = (
    ("libisal", ("libisal.so.2", "libisal.so"), "libisal2"),
    ("libmagic", ("libmagic.so.1", "libmagic.so"), "libmagic1"),
)
# adjtimex(2): the clock is not synchronised.
_STA_UNSYNC: Final = 0x40
_FORWARDING: Final = (
    Path("/proc/sys/net/ipv4/ip_forward"),
    Path("/proc/sys/net/ipv6/conf/all/forwarding"),
)

# A study of images; who waits longer than this for one that was lost should know it before.
_LARGE_BYTES: Final = 1 << 30
_LONG_S: Final = 3600.0


def libraries() -> Iterator[Finding]:
    """Libraries of the operating system that the processes load."""
    absent = [(name, package) for name, files, package in _LIBRARIES if not any(map(_loads, files))]
    for name, package in absent:
        yield stop("libraries", 7140, library=name, package=package)
    if not absent:
        yield ok("libraries", 7141, libraries=", ".join(name for name, _, _ in _LIBRARIES))


def _loads(file: str) -> bool:
    try:
        ctypes.CDLL(file)
    except OSError:
        return False
    return True


class _Timex(ctypes.Structure):
    """struct timex, adjtimex(2); only status is read."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 32),
    )


def clock() -> Iterator[Finding]:
    """Whether the kernel's clock is kept by a time service; certificates and epochs go by it."""
    timex = _Timex()
    ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    if timex.status & _STA_UNSYNC:
        yield look("clock", 7142)
    else:
        yield ok("clock", 7143)


def link(settings: Settings) -> Iterator[Finding]:
    """Forwarding off, the interface there, up and wide enough, the receive buffer large enough."""
    yield judge_forwarding({str(path): _number(path) for path in _FORWARDING if path.exists()})
    for lane, one in settings.links.items():
        receives = settings.side is lane.receiver
        if one.kind.value == "ethernet":
            yield from _interface(one.interface, one.mtu_bytes)
        elif receives:
            yield from _listening(one)
        else:
            yield from _sending(one)
        if receives:
            yield from _receive_buffer(one)
        elif settings.is_two_way:
            yield judge_resend(one)


def judge_resend(link: LinkSettings) -> Finding:
    """How long what the other host misses may take: the share of the lane that is for it."""
    bits_per_s = link.rate_bits_per_s * link.resend_share
    took_s = _LARGE_BYTES * 8 / bits_per_s
    fields: dict[str, Field] = {
        "share": f"{link.resend_share:.0%}",
        "mbit_per_s": round(bits_per_s / 1e6, 1),
        "minutes": round(took_s / 60, 1),
    }
    return Finding("link", State.LOOK if took_s > _LONG_S else State.OK, 7148, fields)


def judge_forwarding(values: dict[str, int]) -> Finding:
    """A host that forwards packets is a router past the gate."""
    for path, value in values.items():
        if value:
            return stop("link", 7144, path=path, key=_sysctl(path))
    return ok("link", 7145)


def _receive_buffer(link: LinkSettings) -> Iterator[Finding]:
    """Asks the kernel for the buffer that the ferry will ask for; raises its 5204 where it is refused."""
    from gateway.ferry.link.receive_buffer import fit_receive_buffer

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        got = fit_receive_buffer(probe, link.rate_bits_per_s, link.stall_s)
    yield ok("link", 7147, got=size(got))


def _sysctl(path: str) -> str:
    return path.removeprefix("/proc/sys/").replace("/", ".")


def _number(path: Path) -> int:
    return int(path.read_text(encoding="ascii").split()[0])


def _interface(name: str, mtu_bytes: int) -> Iterator[Finding]:
    import psutil

    found = psutil.net_if_stats().get(name)
    if found is None:
        known = ", ".join(sorted(psutil.net_if_stats()))
        yield stop("link", 7150, interface=name, known=known)
    elif not found.isup:
        yield stop("link", 7151, interface=name)
    elif found.mtu < mtu_bytes:
        yield stop("link", 7152, interface=name, mtu=found.mtu, wanted=mtu_bytes)
    else:
        yield ok("link", 7153, interface=name, mtu=found.mtu)


def _listening(link: LinkSettings) -> Iterator[Finding]:
    """The address that the receiver listens on must be one of this machine."""
    name = _interface_of(link.host)
    if name is None:
        yield stop("link", 7154, address=link.host)
    else:
        yield from _interface(name, link.mtu_bytes)


def _sending(link: LinkSettings) -> Iterator[Finding]:
    """The interface that leads to the receiver: a UDP socket is connected, and nothing is sent."""
    family = socket.AF_INET6 if ":" in link.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((link.host, link.port))
        except OSError:
            yield stop("link", 7155, address=link.host)
            return
        name = _interface_of(probe.getsockname()[0])
    if name is None:
        yield stop("link", 7155, address=link.host)
    else:
        yield from _interface(name, link.mtu_bytes)


def _interface_of(address: str) -> str | None:
    import psutil

    for name, addresses in psutil.net_if_addrs().items():
        if any(one.address.split("%")[0] == address for one in addresses):
            return str(name)
    return None
