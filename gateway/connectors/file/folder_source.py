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
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from gateway.connectors.file import claims
from gateway.connectors.file.claim_reader import ClaimReader
from gateway.connectors.file.claims import Claim
from gateway.connectors.file.folder_scan import FolderScan, NamePattern
from gateway.connectors.file.settling import Settling, Sighting
from gateway.connectors.file.work_folder import Numbers, WorkFolder, user_name
from gateway.errors import Unavailable
from gateway.unit.edge import Capture, Progress, Skip

# A scan may take a tenth of the time, whatever the size of the folder, and is made at least so often.
_SCAN_SHARE: Final = 10
_LONGEST_POLL_S: Final = 10.0

_WORK: Final = ".ferrygate-taken"
_NUMBERS: Final = Numbers(missing=2501, forbidden=2502, unmounted=2503, broken=2504)


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """What a policy says of a watched folder.

    names: which names are taken, None for all. writers: account names (or uids as digits), None for
    any. settle_s: unchanged for so long, 0 for as soon as it appears. move_to: a folder below, "" to
    remove what was captured. poll_s: pause between two looks while the folder is small.
    """

    channel: str
    folder: Path
    names: NamePattern | None = None
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
        self._clock_s = clock_s
        self._place = WorkFolder(watched.folder, _WORK, watched.channel, _NUMBERS)
        self._scan = FolderScan(
            str(watched.folder), watched.channel, watched.names, watched.writers, clock_s
        )
        self._settling = Settling(watched.settle_s)
        self._ready: deque[Sighting] = deque()
        self._claims: dict[int, Claim] = {}
        self._unsynced = False
        self._reader = ClaimReader(
            watched.channel, self._scan, hands_over=not watched.move_to, now_ns=now_ns
        )
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
        try:
            answer = self._reader.read(self._place.work_fd, claim, staging)
            return self._give_back(claim) if answer is Progress.GIVEN_BACK else answer
        except OSError as error:
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
        self._reader.reset()
        self._place.close()

    def _recover(self) -> None:
        """The folder was opened anew: what an earlier run claimed is ours to finish."""
        self._reader.reset()
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
            # First the number: where none is to be had, the sighting stays.
            number = next_number()
            sighting = self._ready.popleft()
            try:
                claim = claims.take(self._place.fd, self._place.work_fd, number, sighting)
            except FileNotFoundError:
                continue
            except PermissionError as error:
                self._tell(2507, sighting.name, self._place.fd, error.strerror)
                self._scan.unreadable(sighting.inode)
                continue
            self._claims[number] = claim
            self._unsynced = True
            room -= 1

    def _look(self) -> None:
        start_s = self._clock_s()
        found = self._scan.look(self._place.fd, self._settling.held)
        self._ready.extend(self._settling.settled(found, start_s))
        end_s = self._clock_s()
        pause_s = max(self._watched.poll_s, _SCAN_SHARE * (end_s - start_s))
        self._next_scan_s = end_s + min(pause_s, _LONGEST_POLL_S)

    def _give_back(self, claim: Claim) -> Progress:
        """Not whole, or not to be taken: back to its place, beside a newer file of its name."""
        try:
            claims.move(self._place.work_fd, claim, self._place.fd)
        except PermissionError:
            # Somebody put a folder of his own where a file was: it stays where it harms nobody.
            if not claims.is_folder(self._place.work_fd, claim):
                raise
        self._settling.hold_back(claim.name, self._clock_s())
        self._forget(claim.number)
        return Progress.GIVEN_BACK

    def _finish(self, claim: Claim, target: int) -> None:
        if self._reader.has_changed(self._place.work_fd, claim):
            # Written to after it was read: what is there now is another unit.
            self._give_back(claim)
            return
        if target >= 0:
            claims.move(self._place.work_fd, claim, target)
        else:
            claims.remove(self._place.work_fd, claim)
        self._forget(claim.number)

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
        self._claims.pop(number, None)
        self._reader.forget(number)
