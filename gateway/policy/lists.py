"""Lists of a policy set: `in list NAME` means the entries of lists/NAME.txt or lists/NAME.csv.

One entry a line, UTF-8; of a .csv the first column. Empty lines and lines that begin with # say nothing,
but for `# grade: 4` before the first entry: what is found by this list is of data grade 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.policy.located import Located

LIST_FOLDER: Final = "lists"
# The national list of diagnoses has 41,000 entries and 2 MB.
MAX_LIST_BYTES: Final = 32 << 20
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

    written: the same entries in their lines.
    """

    entries: frozenset[str] = frozenset()
    grade: int = 0
    written: ListText = ListText()


def read_list(path: str, untrusted_bytes: bytes) -> tuple[str, EntryList, tuple[Located, ...]]:
    """Name, content and problems of one list file. Raises nothing, does no I/O."""
    match = _LIST_FILE.fullmatch(path)
    if match is None:
        return "", EntryList(), (_wrong(path, 0, 2182, name=path),)
    try:
        text = untrusted_bytes.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = untrusted_bytes.count(b"\n", 0, error.start) + 1
        return (
            match["name"],
            EntryList(),
            (_wrong(path, line, 2102, byte=f"0x{untrusted_bytes[error.start]:02x}"),),
        )
    entries: set[str] = set()
    kept: list[str] = []
    grade = 0
    for written in text.split("\n"):
        entry = _entry(written.strip(), match["form"])
        if not entries and (said := _GRADE.fullmatch(entry)):
            grade = int(said["grade"])
        says = bool(entry) and not entry.startswith("#")
        kept.append(entry if says else "")
        if says:
            entries.add(entry)
    if not entries:
        return match["name"], EntryList(), (_wrong(path, 0, 2117),)
    return match["name"], EntryList(frozenset(entries), grade, ListText(path, "\n".join(kept))), ()


def _entry(line: str, form: str) -> str:
    if form == "txt":
        return line
    if line.startswith('"'):
        return line[1:].partition('"')[0].strip()
    return line.partition(",")[0].strip()


def _wrong(path: str, line: int, number: int, **fields: str) -> Located:
    return Located(path, line, 1, 1, "", number, fields)
