"""A watched folder as a Source of file units: nothing lost, nothing twice, whenever the process ends.

    folder/NAME --scan--> settled --claim--> .ferrygate-taken/CHANNEL/NUMBER~NAME --read--> Capture
        ^                                        |                                   (queue: durable)
        +---- changed while it was read ---------+--finish--> removed, or folder/KEEP/NAME

Claims are durable (one fsync of the work folder a claim) before anything of them reaches a queue; after
a restart they come first, through the same calls. Names and contents are not judged here.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Container, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from gateway.connectors import kernel
from gateway.connectors.file import claims
from gateway.connectors.file.body_copy import BodyCopy
from gateway.connectors.file.claims import Claim
from gateway.connectors.file.folder_scan import FolderScan
from gateway.connectors.file.settling import Settling, Sighting
from gateway.connectors.file.work_folder import Numbers, WorkFolder, user_name
from gateway.errors import Unavailable
from gateway.unit.edge import Capture, Progress, Skip
from gateway.unit.model import CapturedUnit, FileBody, Kind

# Larger bodies stay in files; a queue keeps smaller ones in its segments.
INLINE_BYTES: Final = 65_536
# A scan may take a tenth of the time, whatever the size of the folder, and is made at least so often.
_SCAN_SHARE: Final = 10
_LONGEST_POLL_S: Final = 10.0

_WORK: Final = ".ferrygate-taken"
_NUMBERS: Final = Numbers(missing=2501, forbidden=2502, unmounted=2503, broken=2504)
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAX_TIME_NS: Final = (1 << 63) - 1

Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """What a policy says of a watched folder.

    names: which names are taken, None for all. writers: account names (or uids as digits), None for
    any. settle_s: unchanged for so long, 0 for as soon as it appears. move_to: a folder below, "" to
    remove what was captured. poll_s: pause between two looks while the folder is small.
    """

    channel: str
    folder: Path
    names: Container[str] | None = None
    writers: frozenset[str] | None = None
    settle_s: float = 0.0
    move_to: str = ""
    poll_s: float = 0.02


class FolderSource:
    """A Source over a folder. Not thread-safe: one call at a time."""

    def __init__(
        self,
        watched: WatchedFolder,
        clock_s: Callable[[], float] = time.monotonic,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Does no I/O: the folder is opened by the first claim."""
        self._watched = watched
        self._clock_s, self._now_ns = clock_s, now_ns
        self._place = WorkFolder(watched.folder, _WORK, watched.channel, _NUMBERS)
        self._scan = FolderScan(
            str(watched.folder), watched.channel, watched.names, watched.writers, clock_s
        )
        self._settling = Settling(watched.settle_s)
        self._ready: deque[Sighting] = deque()
        self._claims: dict[int, Claim] = {}
        self._unsynced = False
        self._copies: dict[int, BodyCopy] = {}
        self._captures: dict[int, Capture] = {}
        self._stamps: dict[int, Stamp] = {}
        self._next_scan_s = 0.0

    def claim(self, next_number: Callable[[], int], limit: int) -> list[int]:
        """See Source. Raises Unavailable 2501 to 2504, 2513 and what next_number raises."""
        if self._place.check():
            self._recover()
        try:
            room = limit - len(self._claims)
            if room > 0:
                self._claim_new(next_number, room)
            if self._unsynced:
                os.fsync(self._place.work_fd)
                # From here a restart finds these claims under their numbers.
                self._unsynced = False
        except OSError as error:
            raise self._place.unavailable(error) from error
        return list(islice(self._claims, limit))

    def read(self, number: int, staging: Path) -> Capture | Progress:
        """See Source. Raises Unavailable 2504 (folder) or 2514 (staging)."""
        claim = self._claims.get(number)
        if claim is None:
            return Progress.GIVEN_BACK
        done = self._captures.get(number)
        if done is not None and isinstance(done.body, Path) and done.body.exists():
            return done
        try:
            if number in self._copies:
                return self._go_on(claim, staging)
            return self._begin(claim, staging)
        except OSError as error:
            self._drop_copy(number)
            raise self._place.unavailable(error) from error

    def finish(self, numbers: Iterable[int]) -> None:
        """See Source. Raises Unavailable 2501 to 2504, 2509, 2513."""
        if self._place.check():
            self._recover()
        known = [self._claims[number] for number in numbers if number in self._claims]
        target = self._open_target() if self._watched.move_to and known else -1
        try:
            for claim in known:
                self._finish(claim, target)
        except OSError as error:
            raise self._place.unavailable(error) from error
        finally:
            if target >= 0:
                os.close(target)

    def skips(self) -> list[Skip]:
        """See Source."""
        return self._scan.skips()

    def wait_s(self) -> float:
        """See Source."""
        return 0.0 if self._ready else max(0.0, self._next_scan_s - self._clock_s())

    def close(self) -> None:
        """Let go of the folder; claims stay and are found by the next run."""
        for number in list(self._copies):
            self._drop_copy(number)
        self._place.close()

    def _recover(self) -> None:
        """The folder was opened anew: what an earlier run claimed is ours to finish."""
        for number in list(self._copies):
            self._drop_copy(number)
        self._captures.clear()
        self._stamps.clear()
        self._ready.clear()
        try:
            self._claims = {claim.number: claim for claim in claims.find(self._place.work_fd)}
        except OSError as error:
            self._place.close()
            raise self._place.unavailable(error) from error
        # What an earlier run renamed may not have been synced before it ended.
        self._unsynced = True

    def _claim_new(self, next_number: Callable[[], int], room: int) -> None:
        if not self._ready and self._clock_s() >= self._next_scan_s:
            self._look()
        while self._ready and room > 0:
            sighting = self._ready.popleft()
            number = next_number()
            try:
                claim = claims.take(self._place.fd, self._place.work_fd, number, sighting)
            except FileNotFoundError:
                continue
            except PermissionError as error:
                self._tell(2507, sighting.name, self._place.fd, error.strerror)
                continue
            self._claims[number] = claim
            self._unsynced = True
            room -= 1

    def _look(self) -> None:
        start_s = self._clock_s()
        self._ready.extend(self._settling.settled(self._scan.look(self._place.fd), start_s))
        end_s = self._clock_s()
        pause_s = max(self._watched.poll_s, _SCAN_SHARE * (end_s - start_s))
        self._next_scan_s = end_s + min(pause_s, _LONGEST_POLL_S)

    def _begin(self, claim: Claim, staging: Path) -> Capture | Progress:
        if claim.sighting is None:
            # A link that an earlier try left in staging would count as a second name.
            with suppress(OSError):
                (staging / str(claim.number)).unlink()
        try:
            # The work folder is ours alone: what is a regular file here stays one until it is opened.
            status = os.stat(claim.path, dir_fd=self._place.work_fd, follow_symlinks=False)
        except FileNotFoundError:
            self._forget(claim.number)
            return Progress.GIVEN_BACK
        fault = self._scan.fault_of(status)
        if fault:
            self._scan.tell(fault, claim.name, status)
            return self._give_back(claim)
        try:
            file = os.open(claim.path, _READ, dir_fd=self._place.work_fd)
        except PermissionError as error:
            self._scan.tell(2507, claim.name, status, error.strerror)
            return self._give_back(claim)
        keep_open = False
        try:
            stamp = _stamp(os.fstat(file))
            if not _is_as_seen(claim.sighting, stamp) or kernel.is_open_for_writing(file):
                return self._give_back(claim)
            if stamp[0] <= INLINE_BYTES:
                return self._read_small(claim, file, stamp)
            self._stamps[claim.number] = stamp
            if self._may_hand_over(status) and self._hand_over(claim, staging):
                return self._capture_file(claim, staging)
            keep_open = True
            return self._begin_copy(claim, file, stamp, staging)
        finally:
            if not keep_open:
                os.close(file)

    def _read_small(self, claim: Claim, file: int, stamp: Stamp) -> Capture | Progress:
        content = os.read(file, INLINE_BYTES + 1)
        if len(content) != stamp[0] or _stamp(os.fstat(file)) != stamp:
            return self._give_back(claim)
        self._stamps[claim.number] = stamp
        return Capture(self._unit(claim, stamp), content)

    def _may_hand_over(self, status: os.stat_result) -> bool:
        """Only files of our own user: another owner could change one behind the guard's back.

        Whoever can write as our user could write the queue itself.
        """
        return not self._watched.move_to and status.st_uid == os.geteuid()

    def _hand_over(self, claim: Claim, staging: Path) -> bool:
        """Give the file itself to the queue, where it lies on the queue's file system."""
        target = staging / str(claim.number)
        with suppress(FileNotFoundError):
            target.unlink()
        try:
            os.link(claim.path, target, src_dir_fd=self._place.work_fd, follow_symlinks=False)
        except OSError:
            return False
        return True

    def _begin_copy(
        self, claim: Claim, file: int, stamp: Stamp, staging: Path
    ) -> Capture | Progress:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            target = os.open(staging / str(claim.number), flags, 0o600)
        except OSError as error:
            os.close(file)
            raise self._staging_trouble(staging, error) from error
        self._copies[claim.number] = BodyCopy(file, target, stamp[0])
        return self._go_on(claim, staging)

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
        return self._capture_file(claim, staging) if whole else self._give_back(claim)

    def _capture_file(self, claim: Claim, staging: Path) -> Capture:
        unit = self._unit(claim, self._stamps[claim.number])
        capture = Capture(unit, staging / str(claim.number))
        # A queue that has no room asks for it again: it is not copied a second time.
        self._captures[claim.number] = capture
        return capture

    def _unit(self, claim: Claim, stamp: Stamp) -> CapturedUnit:
        modified_ns = min(max(stamp[1], 0), _MAX_TIME_NS)
        body = FileBody(claim.name, stamp[0], modified_ns)
        return CapturedUnit(claim.number, self._watched.channel, Kind.FILES, self._now_ns(), body)

    def _give_back(self, claim: Claim) -> Progress:
        """Not whole, or not to be taken: back to its place, beside a newer file of its name."""
        claims.move(self._place.work_fd, claim, self._place.fd)
        self._settling.hold_back(claim.name, self._clock_s())
        self._forget(claim.number)
        return Progress.GIVEN_BACK

    def _finish(self, claim: Claim, target: int) -> None:
        stamp = self._stamps.get(claim.number)
        if stamp is not None and self._has_grown(claim, stamp):
            # Written to after it was read: what is there now is another unit.
            self._give_back(claim)
            return
        if target >= 0:
            claims.move(self._place.work_fd, claim, target)
        else:
            claims.remove(self._place.work_fd, claim)
        self._forget(claim.number)

    def _has_grown(self, claim: Claim, stamp: Stamp) -> bool:
        try:
            status = os.stat(claim.path, dir_fd=self._place.work_fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return _stamp(status) != stamp

    def _open_target(self) -> int:
        name = self._watched.move_to.strip("/")
        try:
            with suppress(FileExistsError):
                os.mkdir(name, 0o770, dir_fd=self._place.fd)
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            return os.open(name, flags, dir_fd=self._place.fd)
        except OSError as error:
            raise Unavailable(
                2509,
                channel=self._watched.channel,
                folder=str(self._watched.folder),
                target=name,
                user=user_name(),
                reason=error.strerror or "",
            ) from error

    def _tell(self, number: int, name: str, folder: int, reason: str | None) -> None:
        with suppress(FileNotFoundError):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            self._scan.tell(number, name, status, reason)

    def _forget(self, number: int) -> None:
        for memory in (self._claims, self._captures, self._stamps):
            memory.pop(number, None)

    def _drop_copy(self, number: int, staging: Path | None = None) -> None:
        copy = self._copies.pop(number, None)
        if copy is not None:
            copy.close()
        if staging is not None:
            with suppress(OSError):
                (staging / str(number)).unlink()

    def _staging_trouble(self, staging: Path, error: OSError) -> Unavailable:
        return Unavailable(
            2514,
            channel=self._watched.channel,
            folder=str(staging),
            reason=error.strerror or "",
        )


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns, status.st_ino


def _is_as_seen(sighting: Sighting | None, stamp: Stamp) -> bool:
    return sighting is None or stamp == (
        sighting.size_bytes,
        sighting.modified_ns,
        sighting.inode,
    )
