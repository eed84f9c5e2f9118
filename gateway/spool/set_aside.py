"""What was set aside: refused, held and corrupt units, each as files that stay until somebody acts.

Refused and corrupt ones go when they are past keeping (gateway.spool.aside_keeping), held ones never.

    refused/<ordinal>-<number>.body    what the unit held (a large body is linked, not copied)
    refused/<ordinal>-<number>.json    number, stage, reason, times, header; written last

A set of files counts from the moment that the reader's log says that the unit is answered. Before
that (a crash in between) the unit is still in the queue, and its files are written anew or removed.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.spool.bodies import FileBody
from gateway.spool.disk import Disk
from gateway.spool.layout import ASIDE_STAGES, Layout, ordinal_of

# A description is a header of at most 64 KiB in base 64 and some numbers.
_MAX_DESCRIPTION_BYTES: Final = 131_072


@dataclass(frozen=True, slots=True)
class SetAside:
    """One unit that was set aside.

    number: None for a damaged piece of a segment in which no unit can be recognised. reason: number
    of the catalogue. at_ns: when. size_bytes: of the body. header: as the writer gave it.
    """

    number: int | None
    stage: str
    reason: int
    at_ns: int
    size_bytes: int
    header: bytes
    attempt: int
    body: FileBody


def file_name(ordinal: int, number: int | None) -> str:
    """The common part of the names of one unit's files."""
    return f"{ordinal:016x}-" + (f"{number:010x}" if number is not None else "unknown")


@dataclass(frozen=True, slots=True)
class Leaving:
    """A set of files to be written. content: the unit's bytes, or the body file to link."""

    ordinal: int
    described: SetAside
    content: bytes | Path


def store(
    disk: Disk, layout: Layout, ordinal: int, described: SetAside, content: bytes | Path
) -> None:
    """Write the files of one unit durably. content: its bytes, or the body file to link.

    Raises OSError of the disk; what was written by then is removed.
    """
    store_all(disk, layout, [Leaving(ordinal, described, content)])


def store_all(disk: Disk, layout: Layout, leaving: Sequence[Leaving]) -> None:
    """Write the files of some dozen units durably: all contents, then the names, then each folder once.

    Raises OSError of the disk; what was written by then, of all of them, is removed.
    """
    drafts: list[_Draft] = []
    try:
        for one in leaving:
            drafts.append(_Draft.of(layout, one))
            drafts[-1].write(disk, one)
        for draft in drafts:
            draft.start_writing()
        for draft in drafts:
            draft.sync(disk)
        for draft in drafts:
            disk.rename(draft.new, draft.description)
        for folder in {draft.body.parent for draft in drafts}:
            disk.sync_folder(folder)
    except OSError:
        for draft in drafts:
            for path in (draft.description, draft.new, draft.body):
                _remove(disk, path)
        raise
    finally:
        for draft in drafts:
            draft.close()


class _Draft:
    """The files of one unit while they are written."""

    def __init__(self, body: Path, description: Path) -> None:
        self.body, self.description = body, description
        self.new = description.with_name(f".{description.name}.new")
        self._fds: list[int] = []

    @classmethod
    def of(cls, layout: Layout, one: Leaving) -> _Draft:
        folder = layout.aside(one.described.stage)
        name = file_name(one.ordinal, one.described.number)
        return cls(folder / f"{name}.body", folder / f"{name}.json")

    def write(self, disk: Disk, one: Leaving) -> None:
        _remove(disk, self.body)
        if isinstance(one.content, Path):
            disk.link(one.content, self.body)
        else:
            self._write(disk, self.body, one.content)
        self._write(disk, self.new, _encode(one.described))

    def _write(self, disk: Disk, path: Path, data: bytes) -> None:
        fd = disk.create(path)
        self._fds.append(fd)
        disk.truncate(fd, 0)
        disk.write(fd, data, 0)

    def start_writing(self) -> None:
        """Before the syncs: the kernel begins with all of them, and the first sync commits for the rest."""
        for fd in self._fds:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def sync(self, disk: Disk) -> None:
        for fd in self._fds:
            disk.sync(fd)

    def close(self) -> None:
        for fd in self._fds:
            os.close(fd)
        self._fds.clear()


def remove(disk: Disk, layout: Layout, ordinal: int) -> None:
    """Remove whatever stands for this ordinal. Lists the folders: not for every day."""
    for stage in ASIDE_STAGES:
        for path in layout.aside(stage).glob(f"{ordinal:016x}-*"):
            _remove(disk, path)


def ordinals(layout: Layout) -> Iterator[int]:
    """The ordinals of which anything lies aside, in no order."""
    for stage in ASIDE_STAGES:
        with os.scandir(layout.aside(stage)) as listing:
            for item in listing:
                if (ordinal := ordinal_of(item.name.removeprefix("."))) is not None:
                    yield ordinal


def is_stored(layout: Layout, ordinal: int) -> bool:
    """Whether a whole set of files stands for this ordinal."""
    pattern = f"{ordinal:016x}-*.json"
    return any(True for stage in ASIDE_STAGES for _ in layout.aside(stage).glob(pattern))


def units_aside(folder: Path) -> Iterator[SetAside]:
    """Everything that is set aside in a queue, oldest first within each stage.

    For any process that may read the folder; takes no lock and changes nothing. What another process
    removes meanwhile is left out. Raises OSError of the file system and nothing else.
    """
    layout = Layout.of(folder)
    for stage in ASIDE_STAGES:
        with suppress(FileNotFoundError):
            for path in sorted(layout.aside(stage).glob("[0-9a-f]*.json")):
                if (found := read(path, stage)) is not None:
                    yield found


def find(layout: Layout, number: int) -> SetAside | None:
    """The unit of this number, if it is set aside."""
    for stage in ASIDE_STAGES:
        for path in layout.aside(stage).glob(f"*-{number:010x}.json"):
            if (found := read(path, stage)) is not None:
                return found
    return None


def _encode(described: SetAside) -> bytes:
    fields = {
        "schema": "ferrygate.set-aside/1",
        "number": described.number,
        "stage": described.stage,
        "reason": described.reason,
        "at_ns": described.at_ns,
        "size_bytes": described.size_bytes,
        "attempt": described.attempt,
        "header": base64.b64encode(described.header).decode("ascii"),
    }
    return json.dumps(fields, indent=1).encode("ascii") + b"\n"


def read(path: Path, stage: str) -> SetAside | None:
    """The unit of a description; None for a file that is gone or is none of ours."""
    try:
        with open(path, "rb") as stream:
            untrusted = json.loads(stream.read(_MAX_DESCRIPTION_BYTES))
        number = untrusted["number"]
        return SetAside(
            number=None if number is None else int(number),
            stage=stage,
            reason=int(untrusted["reason"]),
            at_ns=int(untrusted["at_ns"]),
            size_bytes=int(untrusted["size_bytes"]),
            header=base64.b64decode(untrusted["header"], validate=True),
            attempt=int(untrusted["attempt"]),
            body=FileBody(path.with_suffix(".body"), int(untrusted["size_bytes"])),
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        return None


def _remove(disk: Disk, path: Path) -> None:
    with suppress(FileNotFoundError):
        disk.unlink(path)
