"""What could not be read is not tried again before it changes, and cannot stand before what can be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.connectors.file import folder_scan, unreadable
from gateway.connectors.file.folder_source import FolderSource, WatchedFolder
from gateway.connectors.file.unreadable import RETRY_S, Unreadable
from gateway.unit.edge import Capture
from tests.gateway.connectors.units import numbers_from


def test_a_file_is_known_as_the_first_look_behind_the_attempt_sees_it() -> None:
    known = Unreadable()
    assert not known.has(7, 100, 0.0)
    known.note(7, 0.0)
    assert known.has(7, 200, 1.0)
    assert known.has(7, 200, 2.0)
    assert not known.has(8, 200, 2.0)


def test_a_file_that_changed_is_tried_again() -> None:
    known = Unreadable()
    known.note(7, 0.0)
    known.has(7, 200, 1.0)
    assert not known.has(7, 201, 2.0)
    assert not known.has(7, 201, 3.0)


def test_after_a_minute_it_is_tried_again_whatever_it_looks_like() -> None:
    known = Unreadable()
    known.note(7, 0.0)
    assert known.has(7, 200, RETRY_S - 0.1)
    assert not known.has(7, 200, RETRY_S)


def test_a_larger_crowd_takes_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unreadable, "MAX_KNOWN", 10)
    known = Unreadable()
    for inode in range(100):
        known.note(inode, 0.0)
    assert len(known) == 10
    assert known.has(99, 1, 1.0)
    assert not known.has(0, 1, 1.0)


class Folder:
    """A watched folder, and an access control list that no mode shows: names that are not ours to read."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self.staging = place / "in", place / "staging"
        self.path.mkdir()
        self.staging.mkdir()
        self.now_s = 0.0
        self.closed: Callable[[str], bool] = lambda name: name.startswith("closed")
        self.opened: list[str] = []
        self.source = FolderSource(
            WatchedFolder("lab", self.path, poll_s=0.0), clock_s=lambda: self.now_s
        )
        self._numbers = numbers_from()
        real = os.open

        def opened(path: str, flags: int, *mode: int, dir_fd: int | None = None) -> int:
            name = str(path).partition("~")[2]
            if name:
                self.opened.append(name)
                if self.closed(name):
                    raise PermissionError(13, "Permission denied")
            return real(path, flags, *mode, dir_fd=dir_fd)

        monkeypatch.setattr(os, "open", opened)

    def round(self) -> set[str]:
        """A look and what can be captured of it."""
        self.now_s += 0.3
        found = set()
        for number in self.source.claim(self._numbers, 16):
            answer = self.source.read(number, self.staging)
            if isinstance(answer, Capture):
                found.add(answer.unit.file.name)
                self.source.finish([number])
        return found


@pytest.fixture
def folder(place: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    return Folder(place, monkeypatch)


def test_a_crowd_that_only_an_access_list_closes_does_not_hide_a_newer_file(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F14: longer to go through than a file is held back, so that holding back is not enough."""
    monkeypatch.setattr(folder_scan, "MAX_SIGHTINGS", 8)
    for number in range(400):
        path = folder.path / f"closed-{number:03}"
        path.touch()
        os.utime(path, (1, 1))
    (folder.path / "good.pdf").write_bytes(b"%PDF-")
    rounds = 0
    while "good.pdf" not in folder.round():
        rounds += 1
        assert rounds < 120
    # Each was tried once, and lies where it lay.
    assert len(folder.opened) == 401
    assert len(list(folder.path.glob("closed-*"))) == 400


def test_what_nobody_changes_is_tried_once_a_minute_and_told_once(folder: Folder) -> None:
    (folder.path / "closed").touch()
    told = []
    for _ in range(int(3 * RETRY_S / 0.3)):
        folder.round()
        told += [(skip.number, skip.fields["name"]) for skip in folder.source.skips()]
    assert 3 <= len(folder.opened) <= 4
    assert told == [(2507, "closed")]


def test_it_is_taken_at_once_when_its_rights_are_mended(folder: Folder) -> None:
    (folder.path / "closed").write_bytes(b"x")
    for _ in range(30):
        assert folder.round() == set()
    assert len(folder.opened) == 1
    folder.closed = lambda name: False
    (folder.path / "closed").chmod(0o604)
    assert folder.round() | folder.round() == {"closed"}
