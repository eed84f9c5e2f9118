"""A small right policy file, and ways to make it wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from gateway.policy.check import check_file
from gateway.policy.facts import FileFacts, Leaf, MalwareFacts
from gateway.policy.lists import EntryList
from gateway.policy.located import Located
from gateway.policy.model import Channel

BASIC = """\
channel: reports
purpose: Reports for a test.
owner: Somebody, ext. 1
carries: files
lane: import
grade: 3

from:
  folder: /srv/out

to:
  folder: /srv/in

passes_if:
  type: pdf or csv
"""

CHINA = timezone(timedelta(hours=8))
# A Wednesday.
NOON = datetime(2026, 1, 7, 12, 0, tzinfo=CHINA)


def read(
    text: str, lists: Mapping[str, EntryList] | None = None
) -> tuple[Channel | None, list[Located]]:
    """The channel of a text, and every problem of it."""
    checked = check_file("10-test.yaml", text.encode(), lists or {})
    return checked.channel, list(checked.problems)


def channel(text: str, lists: Mapping[str, EntryList] | None = None) -> Channel:
    made, problems = read(text, lists)
    assert not problems, problems
    assert made is not None
    return made


def numbers(text: str) -> list[int]:
    return [problem.number for problem in read(text)[1]]


def pdf(**changes: object) -> FileFacts:
    """An ordinary report, as inspection would describe it."""
    facts: dict[str, object] = {
        "name": "report.pdf",
        "size_bytes": 4096,
        "at": NOON,
        "leaves": (Leaf("report.pdf", "pdf", 4096),),
        "malware": MalwareFacts((), ("ClamAV 1.4.6", "YARA-X 1.22")),
    }
    return FileFacts(**{**facts, **changes})  # type: ignore[arg-type]
