"""The files that a source has claimed: moved by rename under their unit number, so that ls shows the state.

    folder/.ferrygate-taken/CHANNEL/
        7QK4-M2XD-9~report.pdf        claimed as unit 7QK4-M2XD-9
        7QK4-NP31-4~/<long name>      a name too long to stand behind a number has a folder

    claim   folder/NAME        -->  work/NUMBER~NAME    one rename
    finish  work/NUMBER~NAME   -->  nothing, or folder/KEEP/NAME
    return  work/NUMBER~NAME   -->  folder/NAME

The folders are the caller's open descriptors. Raises OSError only; syncs nothing.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from gateway.connectors.file.names import alternatives
from gateway.connectors.file.settling import Sighting
from gateway.connectors.kernel import rename_new
from gateway.errors import Refused
from gateway.unit.model import MAX_NAME_BYTES
from gateway.unit.number import hear, speak

_NUMBER_CHARACTERS: Final = len("XXXX-XXXX-X")
_MARK: Final = "~"


@dataclass(frozen=True, slots=True)
class Claim:
    """name: as it stood in the folder. path: below the work folder. sighting: None after a restart."""

    number: int
    name: str
    path: str
    sighting: Sighting | None


def claim_path(number: int, name: str) -> str:
    """Where a claimed file lies below the work folder."""
    flat = f"{speak(number)}{_MARK}{name}"
    if len(os.fsencode(flat)) <= MAX_NAME_BYTES:
        return flat
    return f"{speak(number)}{_MARK}/{name}"


def take(folder: int, work: int, number: int, sighting: Sighting) -> Claim:
    """Move a file out of the folder. FileNotFoundError: somebody was quicker."""
    path = claim_path(number, sighting.name)
    parent, slash, _ = path.partition("/")
    if slash:
        os.mkdir(parent, 0o700, dir_fd=work)
    try:
        os.rename(sighting.name, path, src_dir_fd=folder, dst_dir_fd=work)
    except OSError:
        _drop_parent(work, path)
        raise
    return Claim(number, sighting.name, path, sighting)


def find(work: int) -> list[Claim]:
    """The claims of an earlier run, by number. What is not named like a claim is left alone."""
    claims = []
    with os.scandir(work) as entries:
        for name in [entry.name for entry in entries]:
            claim = _read_name(work, name)
            if claim is not None and not is_folder(work, claim):
                claims.append(claim)
    return sorted(claims, key=lambda claim: claim.number)


def is_folder(work: int, claim: Claim) -> bool:
    """Whether a folder lies where the claimed file should: no claim of ours, however it came there."""
    try:
        return stat.S_ISDIR(os.stat(claim.path, dir_fd=work, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def remove(work: int, claim: Claim) -> None:
    """The file goes. Idempotent."""
    with suppress(FileNotFoundError):
        os.unlink(claim.path, dir_fd=work)
    _drop_parent(work, claim.path)


def move(work: int, claim: Claim, target: int) -> None:
    """The file goes into a folder, beside an earlier one of its name. Idempotent."""
    for name in alternatives(claim.name, claim.number):
        try:
            rename_new(work, claim.path, target, name)
        except FileExistsError:
            continue
        except FileNotFoundError:
            pass
        break
    _drop_parent(work, claim.path)


def _read_name(work: int, name: str) -> Claim | None:
    head, rest = name[:_NUMBER_CHARACTERS], name[_NUMBER_CHARACTERS:]
    mark, original = rest[:1], rest[1:]
    try:
        number = hear(head)
    except Refused:
        return None
    if mark != _MARK or speak(number) != head:
        return None
    if original:
        return Claim(number, original, name, None)
    return _read_folder(work, number, name)


def _read_folder(work: int, number: int, name: str) -> Claim | None:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        fd = os.open(name, flags, dir_fd=work)
    except OSError:
        return None
    try:
        with os.scandir(fd) as entries:
            inside = [entry.name for entry in entries]
    finally:
        os.close(fd)
    if not inside:
        os.rmdir(name, dir_fd=work)
        return None
    return Claim(number, inside[0], f"{name}/{inside[0]}", None)


def _drop_parent(work: int, path: str) -> None:
    parent, slash, _ = path.partition("/")
    if slash:
        with suppress(OSError):
            os.rmdir(parent, dir_fd=work)
