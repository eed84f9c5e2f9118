"""The settings of one host, gate.yaml: read strictly, every error at once, no silent default.

Every value may be left out but gate, side, mode and link: the defaults below are the safe ones, and
`ferrygate config show` says of each value whether it stands in the file. An unknown key is an error.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Generic, TypeVar

from gateway.errors import Misconfigured
from gateway.policy.document import Document, Entries, Node, Scalar, read_document
from gateway.policy.located import Located, LocatedErrors
from gateway.policy.phrases import (
    Misread,
    did_you_mean,
    read_duration,
    read_number,
    read_size,
    read_word,
)
from gateway.unit.model import Side

T = TypeVar("T")


class LinkKind(StrEnum):
    UDP = "udp"
    ETHERNET = "ethernet"


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """The device under the lane.

    udp: send_to (sender) or listen_on (receiver), host and port. ethernet: interface, and the other
    end's MAC address. grade: the highest data grade that a channel may carry over it. rate: what the
    sender paces to and the receiver's buffer must fit.
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


@dataclass(frozen=True, slots=True)
class ScannerSettings:
    """clamd: path of its socket or `tcp://HOST:PORT`, "" for none. Ages and waits in seconds; 0 age: any.

    database: clamd's folder of signatures on this machine, "" where the gate does not bring any in.
    """

    clamd: str
    answer_within_s: float
    signatures_max_age_s: float
    yara: str
    database: str = ""


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What the children that read units may take. units: small ones before a child is replaced."""

    units: int
    memory_bytes: int
    processor_s: float


@dataclass(frozen=True, slots=True)
class Settings:
    """One host, as its gate.yaml says."""

    gate: str
    side: Side
    mode: str
    time_zone: str
    link: LinkSettings
    scanners: ScannerSettings
    inline_bytes: int
    reserve_bytes: int
    keep_sent_s: float
    keep_sent_bytes: int
    keep_partial_s: float
    keep_refused_s: float
    keep_refused_bytes: int
    keep_refused_count: int
    checkpoint_copy: str
    guard_threads: int
    sandbox: SandboxLimits


@dataclass(frozen=True, slots=True)
class _Field(Generic[T]):
    """One setting: how its text is read, its default (None: obligatory) and what it is for."""

    read: Callable[[str], T]
    default: str | None
    meaning: str


def _rate(text: str) -> int:
    """`5 Gbit/s`. Raises Misread 1021."""
    number, _, unit = text.partition(" ")
    factor = {"kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9}.get(unit)
    if factor is None:
        raise Misread(1021, 0, len(text), ("kbit/s", "Mbit/s", "Gbit/s"), text=text)
    return read_number(number, 1, 100_000) * factor


def _percent(text: str) -> int:
    number, _, unit = text.partition(" ")
    if unit != "%":
        raise Misread(1022, 0, len(text), text=text)
    return read_number(number, 1, 100)


def _blocks(text: str) -> int:
    number, _, unit = text.partition(" ")
    if unit not in ("block", "blocks"):
        raise Misread(1023, 0, len(text), text=text)
    return read_number(number, 1, 64)


def _size(text: str) -> int:
    return read_size(text).size_bytes


def _age(text: str) -> float:
    return 0.0 if text == "any age" else read_duration(text)


def _text(text: str) -> str:
    return text


_TCP: Final = re.compile(r"tcp://(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")


def _clamd(text: str) -> str:
    """A path, `none`, or `tcp://HOST:PORT`. Raises Misread 3331."""
    if text.startswith("tcp:") and not _TCP.fullmatch(text):
        raise Misread(3331, 0, len(text), text=text)
    return text


def _one_of(*words: str) -> Callable[[str], str]:
    return lambda text: read_word(text, words)


_FIELDS: Final[Mapping[str, _Field[object]]] = {
    "gate": _Field(_text, None, "name of the gate, the same on both hosts"),
    "side": _Field(_one_of("outer", "inner"), None, "which host this is"),
    "mode": _Field(_one_of("one-way"), None, "one-way: one lane, no way back"),
    "time_zone": _Field(_text, "Asia/Shanghai", "zone of times shown to people"),
    "link.udp": _Field(_text, "", "HOST:PORT: where the sender sends, where the receiver listens"),
    "link.ethernet": _Field(_text, "", "INTERFACE to MAC: raw frames of our own EtherType"),
    "link.grade": _Field(
        lambda text: read_number(text, 1, 5), "5", "highest data grade that a channel may carry"
    ),
    "link.rate": _Field(_rate, "1 Gbit/s", "what the sender paces to"),
    "link.mtu": _Field(lambda text: _size(text), "1500 bytes", "largest frame of the link"),
    "link.repair": _Field(_percent, "5 %", "repair symbols a block"),
    "link.interleave": _Field(_blocks, "1 block", "blocks sent interleaved against bursts of loss"),
    "link.stall": _Field(
        read_duration, "50 ms", "how long the receiver may stall without loss: sizes its buffer"
    ),
    "scanners.clamd": _Field(_clamd, "none", "socket of clamd, tcp://HOST:PORT, or none"),
    "scanners.database": _Field(
        _text, "none", "clamd's folder of signatures, for `ferrygate scanners import`, or none"
    ),
    "scanners.answer_within": _Field(read_duration, "30 s", "then the scanner counts as hung"),
    "scanners.signatures": _Field(
        _age, "7 d", "oldest signatures that still count, or any age (a local database has none)"
    ),
    "scanners.yara": _Field(_text, "policies/yara", "folder of YARA rules, or none"),
    "queues.inline": _Field(_size, "64 KiB", "larger bodies lie in files of their own"),
    "queues.reserve": _Field(_size, "256 MiB", "free disk below which nothing more is taken in"),
    "queues.keep_sent": _Field(read_duration, "24 h", "how long sent units can be sent again"),
    "queues.keep_sent_size": _Field(_size, "20 GiB", "and how much of them at most"),
    "queues.keep_partial": _Field(read_duration, "24 h", "how long half-received units wait"),
    "queues.keep_refused": _Field(
        read_duration, "30 d", "how long refused and corrupt units lie aside; held ones stay"
    ),
    "queues.keep_refused_size": _Field(_size, "10 GiB", "and how much of them a queue, at most"),
    "queues.keep_refused_count": _Field(
        # Above it the look through the folder would take longer than what came meanwhile.
        lambda text: read_number(text, 1, 1_000_000),
        "100000",
        "and how many of them a queue, at most",
    ),
    "journal.checkpoint_copy": _Field(_text, "none", "second place of the signed checkpoints"),
    "guard.threads": _Field(lambda text: read_number(text, 1, 32), "4", "units inspected at once"),
    "sandbox.units": _Field(
        lambda text: read_number(text, 1, 100_000),
        "256",
        "small units of a channel that one closed-off child reads; 1 is a child a unit",
    ),
    "sandbox.memory": _Field(_size, "1 GiB", "what such a child may take"),
    "sandbox.processor": _Field(
        read_duration, "20 s", "of a processor, a unit; more for large ones"
    ),
}


def settings_reference() -> list[tuple[str, str, str]]:
    """Every key with its default and meaning, for documentation and `config show`."""
    return [(key, field.default or "", field.meaning) for key, field in _FIELDS.items()]


def load_settings(file: Path) -> Settings:
    """Read a host's gate.yaml.

    Raises LocatedErrors 1020 with every problem in the file, or Misconfigured 1019 (unreadable).
    """
    try:
        untrusted_bytes = file.read_bytes()
    except OSError as error:
        raise Misconfigured(1019, file=str(file), reason=error.strerror or "") from error
    return read_settings(str(file), untrusted_bytes)


def read_settings(file: str, untrusted_bytes: bytes) -> Settings:
    """Settings from the bytes of a gate.yaml. Raises LocatedErrors 1020 and nothing else. No I/O."""
    reading = read_document(file, untrusted_bytes)
    problems = list(reading.problems)
    document = reading.document
    if document is None:
        raise LocatedErrors(1020, problems, file=file)
    values: dict[str, object] = {}
    found = dict(_flatten(document, document.top, "", problems))
    for key, node in found.items():
        if key not in _FIELDS:
            problems.append(_unknown(document, key, node))
        else:
            values[key] = _value(document, key, node, problems)
    for key, field in _FIELDS.items():
        if key in found:
            continue
        if field.default is None:
            problems.append(
                Located(file, 0, 1, 1, "", 1026, {"key": key, "meaning": field.meaning})
            )
        else:
            values[key] = field.read(field.default)
    if not problems:
        try:
            return _settings(values)
        except Misread as error:
            where = found.get("link.udp") or found.get("link.ethernet") or document.top
            problems.append(
                document.problem(where, error.number, 0, 0, error.knows, **error.fields)
            )
    raise LocatedErrors(1020, problems, file=file)


def _unknown(document: Document, key: str, node: Scalar) -> Located:
    if near := did_you_mean(key, _FIELDS):
        return document.problem(node, 1024, key=key, write=near)
    return document.problem(node, 1025, knows=tuple(_FIELDS), key=key)


def _flatten(
    document: Document, entries: Entries, prefix: str, problems: list[Located]
) -> Iterable[tuple[str, Scalar]]:
    for key, node in entries.entries:
        name = prefix + key.text
        if isinstance(node, Entries) and not prefix:
            yield from _flatten(document, node, f"{name}.", problems)
        elif isinstance(node, Scalar):
            yield name, node
        else:
            problems.append(document.problem(key, 1027, key=name))


def _value(document: Document, key: str, node: Node, problems: list[Located]) -> object:
    text = node.text if isinstance(node, Scalar) else ""
    try:
        return _FIELDS[key].read(text)
    except Misread as error:
        problems.append(
            document.problem(
                node, error.number, error.start, error.width, error.knows, **error.fields
            )
        )
        return None


def _settings(values: Mapping[str, object]) -> Settings:
    get = _Values(values).get
    return Settings(
        gate=get("gate", str),
        side=Side(get("side", str)),
        mode=get("mode", str),
        time_zone=get("time_zone", str),
        link=_link(_Values(values)),
        scanners=ScannerSettings(
            clamd=_or_none(get("scanners.clamd", str)),
            answer_within_s=get("scanners.answer_within", float),
            signatures_max_age_s=get("scanners.signatures", float),
            yara=_or_none(get("scanners.yara", str)),
            database=_or_none(get("scanners.database", str)),
        ),
        inline_bytes=get("queues.inline", int),
        reserve_bytes=get("queues.reserve", int),
        keep_sent_s=get("queues.keep_sent", float),
        keep_sent_bytes=get("queues.keep_sent_size", int),
        keep_partial_s=get("queues.keep_partial", float),
        keep_refused_s=get("queues.keep_refused", float),
        keep_refused_bytes=get("queues.keep_refused_size", int),
        keep_refused_count=get("queues.keep_refused_count", int),
        checkpoint_copy=_or_none(get("journal.checkpoint_copy", str)),
        guard_threads=get("guard.threads", int),
        sandbox=SandboxLimits(
            units=get("sandbox.units", int),
            memory_bytes=get("sandbox.memory", int),
            processor_s=get("sandbox.processor", float),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Values:
    """What was read, by key; each field's reader has given it its type."""

    values: Mapping[str, object]

    def get(self, key: str, kind: type[T]) -> T:
        value = self.values[key]
        if not isinstance(value, kind):
            raise RuntimeError(f"{key} was read as {type(value).__name__}")
        return value


def _or_none(text: str) -> str:
    return "" if text == "none" else text


def _link(values: _Values) -> LinkSettings:
    get = values.get
    udp, ethernet = get("link.udp", str), get("link.ethernet", str)
    if bool(udp) == bool(ethernet):
        raise Misread(1028)
    host, port, interface, mac = "", 0, "", ""
    if udp:
        host, port = _address(udp)
    else:
        interface, _, mac = ethernet.partition(" to ")
        if not interface or len(mac.split(":")) != 6:
            raise Misread(1030, text=ethernet)
    return LinkSettings(
        kind=LinkKind.UDP if udp else LinkKind.ETHERNET,
        host=host,
        port=port,
        interface=interface,
        peer_mac=mac,
        grade=get("link.grade", int),
        rate_bits_per_s=get("link.rate", int),
        mtu_bytes=get("link.mtu", int),
        repair_percent=get("link.repair", int),
        interleave_blocks=get("link.interleave", int),
        stall_s=get("link.stall", float),
    )


def _address(text: str) -> tuple[str, int]:
    """`10.0.0.2:47000` or `[fd12::2]:47000`. Raises Misread 1029: names are not looked up here."""
    host, colon, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        if not colon or (address.version == 6) != host.startswith("["):
            raise ValueError(text)
        return str(address), read_number(port, 1, 65535)
    except (ValueError, Misread) as error:
        raise Misread(1029, text=text) from error
