"""Readers of the plain words of a policy file: names, free text, zones, times, samples."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from gateway.policy.grammar import read_name
from gateway.policy.phrases import Misread, did_you_mean
from gateway.policy.values import ListName

DEFAULT_ZONE: Final = "Asia/Shanghai"
# China has had no summer time since 1991: the default zone needs no time zone database.
_CHINA: Final = timezone(timedelta(hours=8), DEFAULT_ZONE)
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+){0,2}")
_CHANNEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_USER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}\$?")
MAX_FREE_TEXT: Final = 500

# Samples that a test makes when it runs (word: what it is); made by gateway.policy.samples.
GENERATED: Final = {
    "eicar": "the EICAR test file of the scanner makers",
    "eicar in a zip": "the same two archives deep",
    "elf program": "the first bytes of a Linux program",
    "windows program": "the first bytes of a Windows program",
    "script": "a shell script",
    "encrypted zip": "a zip archive with a password",
    "zip bomb": "a small zip archive that unpacks to a thousand times its size",
    "climbing zip": "a zip archive with a member named ../../etc/cron.d/x",
    "empty": "a file without a byte",
}


def read_channel_name(text: str) -> str:
    """Raises Misread 2186 and nothing else."""
    if not _CHANNEL.fullmatch(text):
        write = re.sub(r"[^a-z0-9]+", "-", text.lower())[:64].strip("-") or "lab-reports"
        raise Misread(2186, 0, len(text), text=text, write=write)
    return text


def read_free_text(text: str) -> str:
    """Raises Misread 2181 and nothing else."""
    stripped = text.strip()
    if not 0 < len(stripped) <= MAX_FREE_TEXT:
        raise Misread(2181, 0, 1, length=len(stripped), limit=MAX_FREE_TEXT)
    return stripped


def read_writer(text: str) -> str | ListName:
    """A Unix user name or `in list NAME`. Raises Misread and nothing else."""
    if text.startswith("in list"):
        return read_name(text)
    if not _USER.fullmatch(text):
        raise Misread(2124, 0, len(text), ("USER", "in list NAME"), text=text, write="labsystem")
    return text


def read_zone(text: str) -> str:
    """A name of the IANA time zone database. Raises Misread 2179 and nothing else."""
    zone_of(text)
    return text


def zone_of(name: str) -> tzinfo:
    """The zone of a name; reads the host's time zone database. Raises Misread 2179 only."""
    if name == DEFAULT_ZONE:
        return _CHINA
    if not _ZONE.fullmatch(name):
        raise Misread(2179, 0, len(name), text=name, write=DEFAULT_ZONE)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        near = did_you_mean(
            name, (DEFAULT_ZONE, "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Macau", "UTC")
        )
        raise Misread(2179, 0, len(name), text=name, write=near or DEFAULT_ZONE) from error


def read_time(text: str) -> datetime:
    """`2026-11-21T02:10`, with or without a zone. Raises Misread 2187 and nothing else."""
    try:
        at = datetime.fromisoformat(text)
        # Near the ends of the calendar a time has no counterpart in another zone.
        if len(text) >= len("2026-11-21T02:10") and 1970 <= at.year <= 9000:
            return at
    except ValueError:
        pass
    raise Misread(2187, 0, len(text), text=text, write="2026-11-21T02:10")


def read_sample(text: str) -> str:
    """A path below `samples/`, without dots that climb. Raises Misread 2188 and nothing else."""
    parts = text.split("/")
    if parts[0] != "samples" or len(parts) < 2 or any(p in {"", ".", ".."} for p in parts):
        raise Misread(2188, 0, len(text), text=text, write="samples/lab/report.pdf")
    return text
