"""Reads a claimed file: whole as it was seen, or not at all.

    claimed --looked at--> opened --small--> bytes
                 |           |----own file--> hard link in staging, nothing is copied
                 |           +----large-----> copied to staging, a slice a call
                 +-- not regular, changed since the scan, open elsewhere, changed meanwhile: GIVEN_BACK

The claim lies in a folder that only we can enter, so that what was looked at is what is opened. Moves
no claim: that is the source's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.connectors import kernel
from gateway.connectors.file.body_copy import BodyCopy
from gateway.connectors.file.claims import Claim
from gateway.connectors.file.folder_scan import FolderScan
from gateway.errors import Unavailable
from gateway.unit.edge import Capture, Progress
from gateway.unit.model import CapturedUnit, FileBody, Kind

# Larger bodies stay in files; a queue keeps smaller ones in its segments.
INLINE_BYTES: Final = 65_536
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_COPY: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_TIME_NS: Final = (1 << 63) - 1

# Size, time of change, inode, owner: what tells that a file is still the one that was seen, and whose.
Stamp = tuple[int, int, int, int]


class ClaimReader:
    """The reading of one source. Raises OSError (the source), Unavailable 2514 (staging)."""

    def __init__(
        self,
        channel: str,
        scan: FolderScan,
        *,
        hands_over: bool,
        now_ns: Callable[[], int],
    ) -> None:
        """hands_over: files are not wanted any more at their source, so they need not be copied."""
        self._channel, self._scan = channel, scan
        self._hands_over = hands_over
        self._now_ns = now_ns
        self._copies: dict[int, BodyCopy] = {}
        self._captures: dict[int, Capture] = {}
        self._stamps: dict[int, Stamp] = {}

    def read(self, work: int, claim: Claim, staging: Path) -> Capture | Progress:
        """The unit of a claim, MORE (call again), or GIVEN_BACK (not now: give it back)."""
        done = self._captures.get(claim.number)
        if done is not None and isinstance(done.body, Path) and done.body.exists():
            return done
        try:
            if claim.number in self._copies:
                return self._go_on(claim, staging)
            return self._begin(work, claim, staging)
        except OSError:
            self._drop_copy(claim.number)
            raise

    def has_changed(self, work: int, claim: Claim) -> bool:
        """Whether a file that was read has been written to since; False where it was not read."""
        stamp = self._stamps.get(claim.number)
        if stamp is None:
            return False
        try:
            return _stamp(os.stat(claim.path, dir_fd=work, follow_symlinks=False)) != stamp
        except FileNotFoundError:
            return False

    def forget(self, number: int) -> None:
        """The claim is finished or given back."""
        self._drop_copy(number)
        self._captures.pop(number, None)
        self._stamps.pop(number, None)

    def reset(self) -> None:
        """Forget everything: the folder was closed or opened anew."""
        for number in list(self._copies):
            self._drop_copy(number)
        self._captures.clear()
        self._stamps.clear()

    def _begin(self, work: int, claim: Claim, staging: Path) -> Capture | Progress:
        if claim.sighting is None:
            # A link that an earlier try left in staging would count as a second name.
            with suppress(OSError):
                (staging / str(claim.number)).unlink()
        try:
            status = os.stat(claim.path, dir_fd=work, follow_symlinks=False)
        except FileNotFoundError:
            return Progress.GIVEN_BACK
        fault = self._scan.fault_of(status)
        if fault:
            self._scan.tell(fault, claim.name, status)
            return Progress.GIVEN_BACK
        try:
            file = os.open(claim.path, _READ, dir_fd=work)
        except PermissionError as error:
            self._scan.tell(2507, claim.name, status, error.strerror)
            self._scan.unreadable(status.st_ino)
            return Progress.GIVEN_BACK
        try:
            return self._read_open(work, claim, file, staging)
        finally:
            os.close(file)

    def _read_open(self, work: int, claim: Claim, file: int, staging: Path) -> Capture | Progress:
        status = os.fstat(file)
        stamp = _stamp(status)
        if not _is_as_seen(claim, stamp) or kernel.is_open_for_writing(file):
            return Progress.GIVEN_BACK
        if status.st_size <= INLINE_BYTES:
            return self._read_small(claim, file, stamp)
        self._stamps[claim.number] = stamp
        # Another owner could change the file behind the guard's back; whoever can write as our user
        # could write the queue itself.
        is_ours = self._hands_over and status.st_uid == os.geteuid()
        if is_ours and _hand_over(work, claim, staging):
            return self._capture_file(claim, staging)
        self._begin_copy(claim, file, status.st_size, staging)
        return self._go_on(claim, staging)

    def _read_small(self, claim: Claim, file: int, stamp: Stamp) -> Capture | Progress:
        content = os.read(file, INLINE_BYTES + 1)
        if len(content) != stamp[0] or _stamp(os.fstat(file)) != stamp:
            return Progress.GIVEN_BACK
        self._stamps[claim.number] = stamp
        return Capture(self._unit(claim, stamp), content)

    def _begin_copy(self, claim: Claim, file: int, size_bytes: int, staging: Path) -> None:
        try:
            target = os.open(staging / str(claim.number), _COPY, 0o600)
        except OSError as error:
            raise self._staging_trouble(staging, error) from error
        self._copies[claim.number] = BodyCopy(os.dup(file), target, size_bytes)

    def _go_on(self, claim: Claim, staging: Path) -> Capture | Progress:
        copy = self._copies[claim.number]
        try:
            if not copy.go_on():
                return Progress.MORE
        except OSError as error:
            self._drop_copy(claim.number, staging)
            raise self._staging_trouble(staging, error) from error
        whole = copy.is_whole and _stamp(os.fstat(copy.source)) == self._stamps[claim.number]
        self._drop_copy(claim.number, None if whole else staging)
        return self._capture_file(claim, staging) if whole else Progress.GIVEN_BACK

    def _capture_file(self, claim: Claim, staging: Path) -> Capture:
        unit = self._unit(claim, self._stamps[claim.number])
        capture = Capture(unit, staging / str(claim.number))
        # A queue that has no room asks for it again: it is not copied a second time.
        self._captures[claim.number] = capture
        return capture

    def _unit(self, claim: Claim, stamp: Stamp) -> CapturedUnit:
        modified_ns = min(max(stamp[1], 0), _MAX_TIME_NS)
        body = FileBody(claim.name, stamp[0], modified_ns)
        writer = self._scan.writer_of(stamp[3])
        return CapturedUnit(claim.number, self._channel, Kind.FILES, self._now_ns(), body, writer)

    def _drop_copy(self, number: int, staging: Path | None = None) -> None:
        copy = self._copies.pop(number, None)
        if copy is not None:
            copy.close()
        if staging is not None:
            with suppress(OSError):
                (staging / str(number)).unlink()

    def _staging_trouble(self, staging: Path, error: OSError) -> Unavailable:
        reason = error.strerror or ""
        return Unavailable(2514, channel=self._channel, folder=str(staging), reason=reason)


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_uid


def _is_as_seen(claim: Claim, stamp: Stamp) -> bool:
    seen = claim.sighting
    return seen is None or stamp[:3] == (seen.size_bytes, seen.modified_ns, seen.inode)


def _hand_over(work: int, claim: Claim, staging: Path) -> bool:
    """Give the file itself to the queue, where it lies on the queue's file system."""
    target = staging / str(claim.number)
    with suppress(FileNotFoundError):
        target.unlink()
    try:
        os.link(claim.path, target, src_dir_fd=work, follow_symlinks=False)
    except OSError:
        return False
    return True
