"""Lists of a policy set: `in list NAME` means the entries of lists/NAME.txt or lists/NAME.csv.

    UTF-8, else GB18030 --> lines --> .csv with a column `code`?  --yes--> a table of codes (codes.py)
                                                                  --no---> an entry a line

Of a .csv that is no table the first column counts. Empty lines and lines that begin with # say nothing,
but for `# grade: 4` before the first entry: what is found by this list is of data grade 4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.policy.codes import Days, head_of, read_codes
from gateway.policy.located import Located

LIST_FOLDER: Final = "lists"
# The national list of diagnoses has 41,000 entries and 2 MB.
MAX_LIST_BYTES: Final = 32 << 20
MAX_LIST_LINES: Final = 1_000_000
_LIST_FILE: Final = re.compile(
    r"lists/(?P<name>[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)\.(?P<form>txt|csv)"
)
_GRADE: Final = re.compile(r"# *grade: *(?P<grade>[1-5])")


@dataclass(frozen=True, slots=True)
class ListText:
    """The entries of a list, each in its own line as in the file, and where that file lies.

    path: below the set's folder, for whoever names a line of it (`lists/rare.txt`).
    """

    path: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class EntryList:
    """A list of the set. grade: the data grade of what it finds, 0 where the list says none.

    written: the same entries in their lines. days: of the codes that do not count always.
    """

    entries: frozenset[str] = frozenset()
    grade: int = 0
    written: ListText = ListText()
    days: Mapping[str, Days] = field(default_factory=dict)


def read_list(path: str, untrusted_bytes: bytes) -> tuple[str, EntryList, tuple[Located, ...]]:
    """Name, content and problems of one list file. Raises nothing, does no I/O."""
    match = _LIST_FILE.fullmatch(path)
    if match is None:
        return "", EntryList(), (_wrong(path, 0, 2182, name=path),)
    if untrusted_bytes.count(b"\n") > MAX_LIST_LINES:
        return match["name"], EntryList(), (_wrong(path, 0, 2140, most=MAX_LIST_LINES),)
    try:
        text = _decoded(untrusted_bytes)
    except UnicodeDecodeError as error:
        line = untrusted_bytes.count(b"\n", 0, error.start) + 1
        byte = f"0x{untrusted_bytes[error.start]:02x}"
        return match["name"], EntryList(), (_wrong(path, line, 2102, byte=byte),)
    lines = [line.strip() for line in text.split("\n")]
    kept = [_said(line, match["form"]) for line in lines]
    days: Mapping[str, Days] = {}
    if match["form"] == "csv" and (head := head_of(lines)) is not None:
        table = read_codes(path, lines, head)
        if table.problems:
            return match["name"], EntryList(), table.problems
        kept = [""] * len(lines)
        for code, line in table.lines.items():
            kept[line - 1] = code
        days = table.days
    entries = frozenset(entry for entry in kept if entry)
    if not entries:
        return match["name"], EntryList(), (_wrong(path, 0, 2117),)
    grade = _grade(lines, match["form"])
    return match["name"], EntryList(entries, grade, ListText(path, "\n".join(kept)), days), ()


def _decoded(untrusted_bytes: bytes) -> str:
    """UTF-8, with or without its mark; else GB18030, as Chinese editors save, which GBK and GB2312 are.

    Both strictly. Raises UnicodeDecodeError of the one that was right for longer: it is what was meant.
    """
    try:
        return untrusted_bytes.decode("utf-8").lstrip("\ufeff")
    except UnicodeDecodeError as error:
        first = error
    try:
        return untrusted_bytes.decode("gb18030").lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise max(first, error, key=lambda one: one.start) from None


def _grade(lines: Sequence[str], form: str) -> int:
    """What the comments before the first entry say."""
    grade = 0
    for line in lines:
        entry = _entry(line, form)
        if said := _GRADE.fullmatch(entry):
            grade = int(said["grade"])
        elif entry and not entry.startswith("#"):
            break
    return grade


def _said(line: str, form: str) -> str:
    """The entry of a line, "" where it says nothing."""
    entry = _entry(line, form)
    return "" if entry.startswith("#") else entry


def _entry(line: str, form: str) -> str:
    if form == "txt":
        return line
    if line.startswith('"'):
        return line[1:].partition('"')[0].strip()
    return line.partition(",")[0].strip()


def _wrong(path: str, line: int, number: int, **fields: str | int) -> Located:
    return Located(path, line, 1, 1, "", number, fields)
