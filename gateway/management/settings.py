"""The settings of one host, gate.yaml: read strictly, every error at once, no silent default.

Every value may be left out but gate, side, mode and link: the defaults below are the safe ones, and
`ferrygate config show` says of each value whether it stands in the file. An unknown key is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.management.link_settings import (
    GROUPS,
    TWO_WAY_KEYS,
    LinkKind,
    LinkSettings,
    link_fields,
    read_link,
    require_apart,
)
from gateway.management.setting_words import (
    Setting,
    Values,
    one_of,
    read_age,
    read_bytes,
    read_clamd,
    read_text,
)
from gateway.policy.document import Document, Entries, Node, Scalar, read_document
from gateway.policy.located import Located, LocatedErrors
from gateway.policy.phrases import Misread, did_you_mean, read_duration, read_number
from gateway.unit.model import Lane, Side

__all__ = ["LinkKind", "LinkSettings", "Settings", "load_settings", "read_settings"]

ONE_WAY: Final = "one-way"
TWO_WAY: Final = "two-way"
MODES: Final = (ONE_WAY, TWO_WAY)
# The keys that only a two-way gate has.
_BACK: Final = f"{GROUPS[Lane.EXPORT]}."


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
    """One host, as its gate.yaml says. back: the export lane's link; None in a one-way gate."""

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
    back: LinkSettings | None = None

    @property
    def links(self) -> Mapping[Lane, LinkSettings]:
        """The link of each lane that this gate has."""
        return {Lane.IMPORT: self.link} | ({} if self.back is None else {Lane.EXPORT: self.back})

    @property
    def sends(self) -> Lane | None:
        """The lane that this host sends on, if it sends."""
        return next((lane for lane in self.links if lane.sender is self.side), None)

    @property
    def receives(self) -> Lane | None:
        """The lane that this host receives on, if it receives."""
        return next((lane for lane in self.links if lane.receiver is self.side), None)

    @property
    def is_two_way(self) -> bool:
        return self.back is not None


_FIELDS: Final[Mapping[str, Setting[object]]] = {
    "gate": Setting(read_text, None, "name of the gate, the same on both hosts"),
    "side": Setting(one_of("outer", "inner"), None, "which host this is"),
    "mode": Setting(
        one_of(*MODES), None, "one-way: one lane, no way back; two-way: the export lane beside it"
    ),
    "time_zone": Setting(read_text, "Asia/Shanghai", "zone of times shown to people"),
    **link_fields(Lane.IMPORT),
    **link_fields(Lane.EXPORT),
    "scanners.clamd": Setting(read_clamd, "none", "socket of clamd, tcp://HOST:PORT, or none"),
    "scanners.database": Setting(
        read_text, "none", "clamd's folder of signatures, for `ferrygate scanners import`, or none"
    ),
    "scanners.answer_within": Setting(read_duration, "30 s", "then the scanner counts as hung"),
    "scanners.signatures": Setting(
        read_age,
        "7 d",
        "oldest signatures that still count, or any age (a local database has none)",
    ),
    "scanners.yara": Setting(read_text, "policies/yara", "folder of YARA rules, or none"),
    "queues.inline": Setting(read_bytes, "64 KiB", "larger bodies lie in files of their own"),
    "queues.reserve": Setting(
        read_bytes, "256 MiB", "free disk below which nothing more is taken in"
    ),
    "queues.keep_sent": Setting(read_duration, "24 h", "how long sent units can be sent again"),
    "queues.keep_sent_size": Setting(read_bytes, "20 GiB", "and how much of them at most"),
    "queues.keep_partial": Setting(read_duration, "24 h", "how long half-received units wait"),
    "queues.keep_refused": Setting(
        read_duration, "30 d", "how long refused and corrupt units lie aside; held ones stay"
    ),
    "queues.keep_refused_size": Setting(
        read_bytes, "10 GiB", "and how much of them a queue, at most"
    ),
    "queues.keep_refused_count": Setting(
        # Above it the look through the folder would take longer than what came meanwhile.
        lambda text: read_number(text, 1, 1_000_000),
        "100000",
        "and how many of them a queue, at most",
    ),
    "journal.checkpoint_copy": Setting(read_text, "none", "second place of the signed checkpoints"),
    "guard.threads": Setting(lambda text: read_number(text, 1, 32), "4", "units inspected at once"),
    "sandbox.units": Setting(
        lambda text: read_number(text, 1, 100_000),
        "256",
        "small units of a channel that one closed-off child reads; 1 is a child a unit",
    ),
    "sandbox.memory": Setting(read_bytes, "1 GiB", "what such a child may take"),
    "sandbox.processor": Setting(
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
    problems += _of_other_mode(document, found, values.get("mode"))
    if not problems:
        try:
            return _settings(values)
        except Misread as error:
            where = _link_in(found, str(error.fields.get("group", ""))) or document.top
            problems.append(
                document.problem(where, error.number, 0, 0, error.knows, **error.fields)
            )
    raise LocatedErrors(1020, problems, file=file)


def _of_other_mode(
    document: Document, found: Mapping[str, Scalar], mode: object
) -> Iterable[Located]:
    """The export lane's link stands in a two-way gate's settings, and in no other's."""
    back = {key: node for key, node in found.items() if key.startswith(_BACK) and key in _FIELDS}
    if mode == ONE_WAY:
        two_way = {k: node for k, node in found.items() if k.partition(".")[2] in TWO_WAY_KEYS}
        return [document.problem(node, 1031, key=key) for key, node in {**back, **two_way}.items()]
    if mode == TWO_WAY and not back:
        return [document.problem(found["mode"], 1032)]
    return []


def _link_in(found: Mapping[str, Scalar], group: str) -> Scalar | None:
    """Where the device of a link stands."""
    groups = (group,) if group else tuple(GROUPS.values())
    keys = (f"{one}.{device}" for one in groups for device in ("udp", "ethernet"))
    return next((found[key] for key in keys if key in found), None)


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
    read = Values(values)
    get = read.get
    back = read_link(read, Lane.EXPORT) if get("mode", str) == TWO_WAY else None
    link = read_link(read, Lane.IMPORT)
    if back is not None:
        require_apart({Lane.IMPORT: link, Lane.EXPORT: back})
    return Settings(
        gate=get("gate", str),
        side=Side(get("side", str)),
        mode=get("mode", str),
        time_zone=get("time_zone", str),
        link=link,
        back=back,
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


def _or_none(text: str) -> str:
    return "" if text == "none" else text
