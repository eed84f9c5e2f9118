"""Verdicts at the edges: lists of writers, encrypted members beside open ones, names that look like paths."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from gateway.connectors.file.folder_source import FolderSource, WatchedFolder
from gateway.policy.evaluate import Result
from gateway.unit.edge import Capture
from tests.attacks.conftest import EXE, PDF, Judged, channel_of, zipped

PEOPLE_LOOK = channel_of(
    "passes_if:\n  type: zip\n  inside: pdf or zip\n"
    "held_if:\n  encrypted: any\n"
    "refused_if:\n  inside: windows program\n"
)


def marked_encrypted(data: bytes, name: str) -> bytes:
    """The archive with the encryption flag of one member set, in both of its headers."""
    out, encoded = bytearray(data), name.encode()
    for mark, size_at, name_at, flag_at in ((b"PK\3\4", 26, 30, 6), (b"PK\1\2", 28, 46, 8)):
        at = out.find(mark)
        while at >= 0:
            size = struct.unpack_from("<H", out, at + size_at)[0]
            if out[at + name_at : at + name_at + size] == encoded:
                out[at + flag_at] |= 1
            at = out.find(mark, at + 4)
    return bytes(out)


def stored(*members: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return written.getvalue()


@pytest.mark.parametrize(
    ("open_name", "open_content", "closed_name"),
    [
        ("x.exe", EXE, "a"),
        ("a > x.exe", EXE, "a"),  # F15
        ("b.zip", zipped(("c", EXE)), "b.zip > c"),  # F15
    ],
)
def test_a_program_beside_an_encrypted_member_is_refused_not_held(
    judged: Judged, open_name: str, open_content: bytes, closed_name: str
) -> None:
    data = marked_encrypted(stored((closed_name, PDF), (open_name, open_content)), closed_name)
    assert {v.result for v in judged(PEOPLE_LOOK, data).values()} == {Result.REFUSED}


def test_an_encrypted_member_among_reports_is_held(judged: Judged) -> None:
    data = marked_encrypted(stored(("a", PDF), ("b.pdf", PDF)), "a")
    assert {v.result for v in judged(PEOPLE_LOOK, data).values()} == {Result.HELD}


def test_encrypted_content_is_refused_where_nobody_is_asked_to_look(judged: Judged) -> None:
    channel = channel_of("passes_if:\n  type: zip\n  inside: pdf\n")
    data = marked_encrypted(stored(("a", PDF), ("b.pdf", PDF)), "a")
    assert {v.result for v in judged(channel, data).values()} == {Result.REFUSED}


def test_a_problem_refuses_although_a_line_of_held_if_holds(judged: Judged) -> None:
    channel = channel_of(
        "passes_if:\n  type: zip\n  inside: pdf\nheld_if:\n  size: at least 1 byte\n"
    )
    data = zipped(("../../etc/cron.d/x", PDF))
    assert {v.result for v in judged(channel, data).values()} == {Result.REFUSED}


def test_a_capture_says_who_brought_the_file(tmp_path: Path) -> None:
    """F2: without it a channel with `writers` refuses everything."""
    drop, staging = tmp_path / "drop", tmp_path / "staging"
    drop.mkdir()
    staging.mkdir()
    (drop / "a.pdf").write_bytes(PDF)
    source = FolderSource(WatchedFolder("c", drop, writers=frozenset({str(os.getuid())})))
    numbers = iter(range(10))
    claimed = source.claim(lambda: next(numbers), 5)
    capture = source.read(claimed[0], staging)
    source.close()
    assert isinstance(capture, Capture)
    assert capture.unit.brought_by != ""
