"""Facts of samples as inspection would give them, for tests of the test runner alone.

It looks at first bytes and opens zips, no more. The shipped tests also run on the real inspection
wherever `ferrygate policy check` is tried.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

from gateway.policy.facts import FileFacts, Leaf, Problem, UnpackLimits
from gateway.policy.model import Channel

_FIRST = (
    (b"%PDF-", "pdf"), (b"PK", "zip"), (b"\x7fELF", "elf program"), (b"MZ", "windows program"),
    (b"#!", "script"), (b"{", "fhir json"), (b"MSH|", "hl7 v2"), (b"person,", "csv"),
)  # fmt: skip


def examine(path: Path, name: str, channel: Channel, at: datetime) -> FileFacts:
    content = path.read_bytes()
    leaves: list[Leaf] = []
    problems: list[Problem] = []
    _look(name, content, channel.unpack, leaves, problems)
    return FileFacts(name, len(content), at, tuple(leaves), tuple(problems))


def _type(content: bytes) -> str:
    if content[128:132] == b"DICM":
        return "dicom"
    return next(
        (word for first, word in _FIRST if content.startswith(first)),
        "text" if content else "empty",
    )


def _look(
    path: str, content: bytes, limits: UnpackLimits, leaves: list[Leaf], problems: list[Problem]
) -> None:
    kind = _type(content)
    leaves.append(Leaf(path, kind, len(content)))
    if kind != "zip":
        return
    for member in zipfile.ZipFile(io.BytesIO(content)).infolist():
        where = f"{path} > {member.filename}"
        if member.flag_bits & 1:
            problems.append(Problem("encrypted", 3121, where))
        elif ".." in member.filename:
            problems.append(Problem("name", 3131, where))
        elif member.file_size > limits.ratio * max(member.compress_size, 1):
            problems.append(Problem("archive", 3111, where))
        else:
            inner = zipfile.ZipFile(io.BytesIO(content)).read(member)
            _look(where, inner, limits, leaves, problems)
