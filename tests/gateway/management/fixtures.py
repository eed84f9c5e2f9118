"""Data as the commands make it, and terminals to show it on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.audit.event import Event
from gateway.audit.record import Header, decode_line, genesis, header_line, line_of
from gateway.audit.segment import segment_name
from gateway.management.commands.records import Entry
from gateway.management.layout import HostFolder, Role
from gateway.management.terminal.screen import Terminal
from gateway.unit.model import Side

NOW_NS = 1_795_236_943_000_000_000
PLAIN = Terminal(80, False, False, "en")
COLOURED = Terminal(80, True, False, "en")
ASCII = Terminal(80, False, True, "en")
CHINESE = Terminal(80, False, False, "zh")
TERMINALS = {"plain": PLAIN, "coloured": COLOURED, "ascii": ASCII, "chinese": CHINESE}

NAME = "结果-result-with-quite-a-long-name-20261120-0931-\u202efdp.exe"


def entry(
    side: Side,
    role: Role,
    what: str,
    unit: int = 5,
    number: int = 0,
    after_ms: int = 0,
    **fields: Any,
) -> Entry:
    event = Event(what, NOW_NS + after_ms * 1_000_000, unit, "lab-reports", number, fields)
    line, _ = line_of(event, 1 + after_ms, genesis(role.value, "0" * 32))
    return Entry(side, role, decode_line(line.rstrip(b"\n"))[0])


def delivered_story(unit: int = 5) -> list[Entry]:
    receipts: dict[str, Any] = {
        "captured_at_ns": NOW_NS,
        "cleared_at_ns": NOW_NS + 1,
        "sender_policy": "7f3a91c204be",
    }
    return [
        entry(Side.OUTER, Role.EDGE, "captured", unit, name=NAME, size_bytes=421_888),
        entry(
            Side.OUTER,
            Role.GUARD,
            "cleared",
            unit,
            after_ms=63,
            policy="7f3a91c204be",
            checks=7,
            type="pdf",
        ),
        entry(
            Side.OUTER, Role.FERRY, "sent", unit, after_ms=70, first_block=88_120, last_block=88_163
        ),
        entry(Side.INNER, Role.FERRY, "received", unit, after_ms=111, bytes=421_999),
        entry(
            Side.INNER,
            Role.GUARD,
            "admitted",
            unit,
            after_ms=150,
            name=NAME,
            size_bytes=421_888,
            **receipts,
        ),
        entry(Side.INNER, Role.EDGE, "delivered", unit, after_ms=200, receipt="5f0a"),
    ]


def refused_story(unit: int = 6) -> list[Entry]:
    fields: dict[str, Any] = {
        "name": NAME,
        "size_bytes": 14,
        "rule": "10-lab-reports.yaml:27",
        "word": "type",
        "type": "elf program",
        "takes": "pdf",
    }
    return [
        entry(Side.OUTER, Role.EDGE, "captured", unit, name=NAME, size_bytes=14),
        entry(Side.OUTER, Role.GUARD, "refused", unit, number=2201, after_ms=5, **fields),
    ]


def write_journal(host: HostFolder, role: Role, entries: list[Entry]) -> None:
    """A journal as the processes write it: one segment with a right chain."""
    folder = host.journal(role)
    folder.mkdir(parents=True, exist_ok=True)
    name, identity = role.value, "0" * 32
    head = genesis(name, identity)
    lines = [header_line(Header(name, 1, identity, 1, head.decode()))]
    for seq, one in enumerate(entries, 1):
        record = one.record
        event = Event(
            record.what, record.at_ns, record.unit, record.channel, record.number, record.fields
        )
        line, head = line_of(event, seq, head)
        lines.append(line)
    (folder / segment_name(1)).write_bytes(b"".join(lines))


def gate_with(root: Path, story: list[Entry], sides: tuple[Side, ...] = tuple(Side)) -> Path:
    """A folder that looks like a gate and whose journals tell the story."""
    for side in sides:
        host = HostFolder(root / side.value)
        host.make(side)
        host.settings.write_text(
            f"gate: g\nside: {side.value}\nmode: one-way\nlink:\n  udp: 127.0.0.1:4700\n"
        )
        for role in Role:
            write_journal(host, role, [e for e in story if e.side is side and e.role is role])
    return root


def status() -> dict[str, Any]:
    """A gate with one process down, one alarm, and a queue of which nothing is known."""
    processes = [
        {
            "process": "edge",
            "state": "running",
            "pid": 4711,
            "up_s": 86_400.0,
            "units": {"captured": 11_204, "refused": 7},
        },
        {"process": "guard", "state": "stopped", "pid": None, "up_s": None, "units": {}},
        {
            "process": "ferry",
            "state": "silent",
            "pid": 4713,
            "up_s": 3.2,
            "units": {"sent": 1_000_000},
        },
    ]
    queues = [
        {
            "queue": "captured",
            "units": 3,
            "deferred": 0,
            "oldest_s": 4.2,
            "refused": 7,
            "held": 2,
            "corrupt": 0,
        },
        {
            "queue": "cleared",
            "units": None,
            "deferred": None,
            "oldest_s": None,
            "refused": None,
            "held": 0,
            "corrupt": 0,
        },
    ]
    alarm = {
        "process": "guard",
        "number": 6003,
        "since": "2026-11-21T10:00:00.000Z",
        "age_s": 840.0,
        "fields": {},
        "text": "FG-6003 The journal cannot be written: the disk below /var/lib/ferrygate/journal is full",
    }
    host = {
        "side": "outer",
        "folder": "/etc/ferrygate",
        "policy": "7f3a91c204be",
        "processes": processes,
        "queues": queues,
        "alarms": [alarm] * 5,
        "findings": [
            {
                "number": 7171,
                "fields": {"path": "/run/ferrygate", "free": "0 B", "inodes": 4},
                "text": "FG-7171 The disk is full: /run/ferrygate has 0 B and 4 file numbers free",
                "do": "Free space there: df -h /run/ferrygate; df -i /run/ferrygate",
            }
        ],
        "lane": {
            "lane": "import",
            "end": "sends",
            "figures": {"lane_bytes": 3_250_000, "units_sent_total": 412},
        },
    }
    return {
        "at": "2026-11-21T10:12:04.000Z",
        "well": False,
        "hosts": [host, {**host, "side": "inner", "alarms": [], "findings": []}],
        "channels": [{"channel": "lab-reports", "per_min": 412, "refused_per_min": 7}],
        "crossing": {"per_min": 412, "p50_s": 0.084, "p99_s": 0.31},
        "last": [],
    }


def watched() -> dict[str, Any]:
    """What top shows of many channels and many refusals."""
    channels = [
        {
            "channel": f"channel-{n:02}-with-a-rather-long-name-of-its-own",
            "per_min": n * 100,
            "refused_per_min": n,
            "captured": n,
            "cleared": n,
            "delivered": n,
            "refused": n % 3,
            "held": n % 2,
        }
        for n in range(30)
    ]
    last = [
        {
            "at": "2026-11-21T10:11:52.000Z",
            "side": "outer",
            "unit": "7QK4-M2XD-9",
            "channel": "lab-reports",
            "result": "refused",
            "word": "pdf",
            "rule": "10-lab-reports.yaml:27",
            "number": 2201,
            "text": "FG-2201",
        }
    ] * 40
    return {**status(), "channels": channels, "last": last}
