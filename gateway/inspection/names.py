"""Names as they come from outside: a unit's own file name, and the names of members of archives.

Pure. A name is judged as what a person reads and what a file system makes of it; nothing is ever
renamed here. Bidirectional controls: Unicode Standard Annex 9; reserved characters of paths: POSIX
and Windows both, because the file may go on to either.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.inspection.unsound import Fault, Word
from gateway.unit.model import MAX_NAME_BYTES

# A path of Linux; what is longer can be opened by nothing.
MAX_PATH_BYTES: Final = 4096
MAX_PATH_PARTS: Final = 64

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Reorder what a person reads (report\u202Efdp.exe), or stand there unseen.
_UNSEEN: Final = re.compile(
    "[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_LONE: Final = re.compile("[\ud800-\udfff]")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.() +,=@-]{0,120}[A-Za-z0-9_)]")


def judge_unit_name(untrusted_name: str) -> tuple[Fault, ...]:
    """What is wrong with a unit's own name, at most one fault: one path component, as it was seen."""
    # Nearly every name is plain; the rest costs ten times as much.
    if _PLAIN.fullmatch(untrusted_name):
        return ()
    number = _characters(untrusted_name) or _component(untrusted_name)
    return (_fault(number, untrusted_name),) if number else ()


def judge_member_name(untrusted_name: str) -> tuple[Fault, ...]:
    """What is wrong with the name of an archive's member, at most one fault: a relative path."""
    number = _characters(untrusted_name) or _path(untrusted_name)
    return (_fault(number, untrusted_name),) if number else ()


def _fault(number: int, name: str) -> Fault:
    return Fault(Word.NAME, number, {"name": name})


def _characters(name: str) -> int:
    if _CONTROL.search(name):
        return 3401
    if _LONE.search(name):
        return 3406
    if _UNSEEN.search(name):
        return 3402
    return 0


def _component(name: str) -> int:
    if "/" in name or "\\" in name or name in (".", ".."):
        return 3403
    if not name:
        return 3408
    if name[0] in ".-~":
        return 3404
    if len(name.encode()) > MAX_NAME_BYTES:
        return 3405
    if name[-1] in " ." or name[0] == " ":
        return 3407
    return 0


def _path(name: str) -> int:
    if not name:
        return 3408
    if "\\" in name:
        return 3413
    if name.startswith("/"):
        return 3412
    if _DRIVE.match(name):
        return 3414
    # `tar cf x.tar .` writes every name so.
    parts = name.removeprefix("./").removesuffix("/").split("/") if name != "./" else ["x"]
    # " > " joins the names of nested archives: as part of a name it would tell of another nesting.
    if any(part in ("", ".", "..") for part in parts) or " > " in name:
        return 3411
    if len(name.encode()) > MAX_PATH_BYTES or len(parts) > MAX_PATH_PARTS:
        return 3405
    if any(len(part.encode()) > MAX_NAME_BYTES for part in parts):
        return 3405
    return 3407 if any(part[-1] in " ." or part[0] == " " for part in parts) else 0
