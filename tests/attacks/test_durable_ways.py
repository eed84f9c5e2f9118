"""The durable way of requests, where disks, journals, neighbours or callers fail it at the wrong moment."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.errors import StateUncertain, Unavailable
from gateway.guard.outcome import Passed
from gateway.receiving import performed_marks
from gateway.receiving.performed_marks import PerformedMarks
from gateway.unit.model import Side
from tests.gateway.guard.durable_world import DurableWorld, answer, order, refused


def test_a_peer_that_was_away_for_days_leaves_no_mark_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = PerformedMarks(tmp_path / "marks")
    monkeypatch.setattr(os, "fdatasync", lambda _: None)
    # Sixteen that wait for a peer, each asked for every ten seconds: five megabytes in a day.
    for _ in range(10_500):
        marks.begin(range(2, 34, 2))
        for number in range(2, 34, 2):
            marks.not_performed(number)
    marks.begin([100])
    marks.close()
    assert (tmp_path / "marks").stat().st_size < 1 << 20
    after = PerformedMarks(tmp_path / "marks")
    assert after.get(100) is not None
    assert after.get(2) is None


def test_a_file_of_marks_that_is_too_long_is_not_read_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performed_marks, "_MOST_BYTES", 64 << 20)
    marks = PerformedMarks(tmp_path / "marks")
    monkeypatch.setattr(os, "fdatasync", lambda _: None)
    for at in range(300):
        marks.begin(range(at * 1_000, at * 1_000 + 1_000))
        marks.forget(range(at * 1_000, at * 1_000 + 1_000))
    marks.begin([7_000_001])
    marks.close()
    assert (tmp_path / "marks").stat().st_size > 4 << 20
    assert PerformedMarks(tmp_path / "marks").get(7_000_001) is not None


def test_marks_never_go_to_a_file_that_has_lost_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Descriptors run out, or the folder cannot be synced, while the file is written anew."""
    marks = PerformedMarks(tmp_path / "marks")
    monkeypatch.setattr(performed_marks, "_MOST_BYTES", 64)
    marks.begin([2, 4, 6, 8, 12])
    sync = os.fsync

    def of_folders(fd: int) -> None:
        if Path(f"/proc/self/fd/{fd}").is_dir():
            raise OSError(errno.EIO, "Input/output error")
        sync(fd)

    monkeypatch.setattr(os, "fsync", of_folders)
    is_begun = False
    with suppress(StateUncertain, Unavailable):
        marks.forget([2])
        marks.begin([10])
        is_begun = True
    monkeypatch.undo()
    after = PerformedMarks(tmp_path / "marks")
    assert after.get(8) is not None
    # Where it went on, what it said is begun is on disk.
    assert not is_begun or after.get(10) is not None


def test_an_answer_that_its_queue_gives_again_passes_again_and_no_other_does(
    tmp_path: Path,
) -> None:
    """Scanners that are away, or a full disk behind the judgement: the same unit is taken once more."""
    world = DurableWorld(tmp_path)
    world.across(Side.OUTER, 2, order(), b'{"a":1}')
    first = world.cleared(Side.INNER, 1001, answer(2), b'{"b":2}')
    again = world.cleared(Side.INNER, 1001, answer(2), b'{"b":2}')
    assert isinstance(first, Passed)
    assert isinstance(again, Passed)
    assert refused(world.cleared(Side.INNER, 1003, answer(2), b'{"b":2}')) == 5764
    assert isinstance(world.admitted(Side.OUTER, first), Passed)
    assert isinstance(world.admitted(Side.OUTER, again), Passed)
