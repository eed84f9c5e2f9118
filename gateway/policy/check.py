"""A document to a channel: every word, value and contradiction of one policy file.

    Document --> sections --> values (each read by its row of the table) --> Channel
                    |             |                                            |
                    +-------------+---- problems, all of them -----------------+

A channel is made only when there is not one problem. What concerns several files (names and folders
that two channels share) is `load`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.policy import channel_words
from gateway.policy.build import build
from gateway.policy.build_requests import build_requests
from gateway.policy.document import Broken, Document, Entries, Scalar, read_document
from gateway.policy.lists import EntryList
from gateway.policy.located import Located
from gateway.policy.masking import Masking
from gateway.policy.model import Channel, Section
from gateway.policy.parts import PARTS
from gateway.policy.sheet import Sheet, read_entries
from gateway.policy.values import SchemaText
from gateway.unit.model import CHANNEL_KINDS, Kind

_PART_NAMES: Final = tuple(part.section.value for part in PARTS)


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a policy file. channel: None when there is a problem.

    document: for pointing at its lines; None where nothing could be read.
    """

    channel: Channel | None
    document: Document | None
    problems: tuple[Located, ...]


def check_file(
    file: str,
    untrusted_bytes: bytes,
    lists: Mapping[str, EntryList],
    masking: Masking | None = None,
    schemas: Mapping[str, SchemaText] | None = None,
) -> Checked:
    """Read and check one policy file. Raises nothing, does no I/O but the time zone database.

    file: its name for people. lists: the entries of each list of the set, by name. masking: the rules
    of the set, None where it has none. schemas: those of the set, by path.
    """
    reading = read_document(file, untrusted_bytes)
    if reading.document is None:
        return Checked(None, None, reading.problems)
    channel, problems = _channel(Sheet(reading.document, lists, masking, schemas or {}))
    found = sorted((*reading.problems, *problems), key=lambda p: (p.line, p.column))
    return Checked(None if found else channel, reading.document, tuple(found))


def _channel(sheet: Sheet) -> tuple[Channel | None, tuple[Located, ...]]:
    if not _kind_is_ready(sheet):
        return None, tuple(sheet.problems)
    carries = sheet.document.top.get(channel_words.CARRIES.name)
    if isinstance(carries, Scalar) and carries.text == Kind.REQUESTS.value:
        channel = build_requests(sheet)
        return channel, tuple(sheet.problems)
    _read_top(sheet)
    channel = build(sheet)
    return channel, tuple(sheet.problems)


def _kind_is_ready(sheet: Sheet) -> bool:
    """A file of a kind that comes later gets one answer, not thirty."""
    carries = sheet.document.top.get(channel_words.CARRIES.name)
    later = {kind.value for kind in CHANNEL_KINDS} - {Kind.FILES.value, Kind.REQUESTS.value}
    if isinstance(carries, Scalar) and carries.text in later:
        sheet.complain(carries, 2122, kind=carries.text)
        return False
    return True


def _read_top(sheet: Sheet) -> None:
    top = sheet.document.top
    sheet.found[Section.CHANNEL] = read_entries(sheet, Section.CHANNEL, top, _PART_NAMES)
    for part in PARTS:
        name = part.section.value
        node = top.get(name)
        if node is None:
            if part.obligatory:
                sheet.complain(top, 2174, 0, 1, word=name, section="channel", write=f"{name}:")
        elif part.section is not Section.TESTS and not isinstance(node, Broken):
            if isinstance(node, Entries):
                sheet.found[part.section] = read_entries(sheet, part.section, node)
            else:
                sheet.complain(node, 2172, section=name)
