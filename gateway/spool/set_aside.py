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
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.spool.bodies import FileBody
from gateway.spool.disk import Disk, replace, write_new
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


def store(
    disk: Disk, layout: Layout, ordinal: int, described: SetAside, content: bytes | Path
) -> None:
    """Write the files of one unit durably. content: its bytes, or the body file to link.

    Raises OSError of the disk; what was written by then is removed.
    """
    folder = layout.aside(described.stage)
    name = file_name(ordinal, described.number)
    body, description = folder / f"{name}.body", folder / f"{name}.json"
    try:
        _remove(disk, body)
        if isinstance(content, Path):
            disk.link(content, body)
        else:
            write_new(disk, body, content)
        replace(disk, description, _encode(described))  # syncs the folder for both
    except OSError:
        _remove(disk, description)
        _remove(disk, description.with_name(f".{description.name}.new"))
        _remove(disk, body)
        raise


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
