"""A channel has room on disk and uploads exactly where an operation of it may be large."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import cast

import pytest

from gateway.connectors.request.upload_store import MOST_AGE_S, remove_old
from gateway.management.wiring.request_files import most_content_bytes
from gateway.management.wiring.request_large import large_of
from gateway.unit.submitting import Submitter
from tests.gateway.policy.request_text import LOOKUP, request_channel

RESERVE = 5 << 20


class Staging:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def staging(self) -> Path:
        return self.folder


@pytest.mark.parametrize(
    ("old", "new", "is_large", "has_uploads"),
    [
        ("", "", False, False),
        ("404: empty", "404: json, at most 9 MiB", True, False),
        ("json, at most 1 KiB", "json, at most 9 MiB", True, True),
    ],
)
def test_what_a_source_is_given(
    tmp_path: Path, old: str, new: str, is_large: bool, has_uploads: bool
) -> None:
    assert old in LOOKUP
    channel = request_channel(LOOKUP.replace(old, new, 1) if old else LOOKUP)
    submitter = cast("Submitter", Staging(tmp_path))
    large = large_of(channel, submitter, tmp_path / "uploads", RESERVE)
    assert (large is not None) == is_large
    assert (tmp_path / "uploads" / channel.name).is_dir() == has_uploads
    assert large_of(channel, None, tmp_path / "uploads", RESERVE) is None
    if large is not None:
        assert large.room.limits.reserve_bytes == RESERVE
        assert (large.uploads is not None) == has_uploads
    if large is not None and large.uploads is not None:
        assert large.uploads.most_bytes == 9 << 20
        assert channel.requests is not None
        assert most_content_bytes(channel.requests) == 9 << 20


def test_uploads_of_channels_that_are_gone_end_by_age_too(tmp_path: Path) -> None:
    gone, fresh = tmp_path / "gone", tmp_path / "fresh"
    for folder in (gone, fresh):
        folder.mkdir()
        for name in ("a.body", "a.upload"):
            (folder / name).write_bytes(b"")
    old_s = time.time() - MOST_AGE_S - 5
    os.utime(gone / "a.body", (old_s, old_s))
    remove_old(tmp_path)
    assert list(gone.iterdir()) == []
    assert len(list(fresh.iterdir())) == 2
