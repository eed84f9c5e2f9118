"""A destination folder as a Sink of file units: each whole, durable and once, whenever the process ends.

    Admitted --write--> part --fsync--> ledger entry --rename--> folder/NAME --fsync--> Receipt
               |                        |               |
    crash:     write it anew            rename it       entry and no part: it was delivered

The part lies in .ferrygate-parts/CHANNEL/ of the destination, so that the rename is atomic and nothing
half-written is ever seen. One ledger sync and one sync of each folder a batch. What a unit may contain
is the guard's judgement; only the name is looked at once more.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from gateway.connectors.file import parts
from gateway.connectors.file.durable import BatchSync
from gateway.connectors.file.names import alternatives, fault_of
from gateway.connectors.file.parts import PartWriter, Written
from gateway.connectors.file.sink_ledger import Part, SinkLedger
from gateway.connectors.file.work_folder import Numbers, WorkFolder
from gateway.connectors.kernel import rename_new
from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.unit.edge import Delivery, Receipt
from gateway.unit.stages import Admitted

_WORK: Final = ".ferrygate-parts"
_NUMBERS: Final = Numbers(missing=2520, forbidden=2521, unmounted=2522, broken=2527)


class OnClash(Enum):
    """What happens when the name is taken, in the words of a policy file."""

    KEEP_BOTH = "keep both"
    REFUSE = "refuse"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class DestinationFolder:
    """What a policy says of a destination. file_mode: permission bits. ledger: a file of the edge's state."""

    channel: str
    folder: Path
    ledger: Path
    on_clash: OnClash = OnClash.KEEP_BOTH
    file_mode: int = 0o640


@dataclass(frozen=True, slots=True)
class _Complete:
    """A part with its ledger entry: only the rename is missing."""

    admitted: Admitted
    part: Part
    sha256: bytes | None


class FolderSink:
    """A Sink over a folder. Not thread-safe: one call at a time."""

    def __init__(self, destination: DestinationFolder) -> None:
        """Opens the ledger; the folder is opened by the first deliver.

        Raises Misconfigured 2525, Unavailable and StateUncertain 2524 and nothing else.
        """
        self._destination = destination
        self._ledger = SinkLedger(destination.ledger, destination.channel)
        self._place = WorkFolder(destination.folder, _WORK, destination.channel, _NUMBERS)
        self._place.must_be_mount = self._ledger.was_mount
        self._writer = PartWriter(destination.file_mode)
        self._sync = BatchSync()
        self._receipts: dict[int, Receipt] = {}
        self._names_by_inode: dict[int, str] | None = None

    def deliver(self, batch: Sequence[Admitted]) -> list[Delivery]:
        """See Sink. Answers Refused 2530 to 2533, Unavailable 2513, 2520 to 2524, 2527.

        Raises StateUncertain 2524 and 2526 and nothing else.
        """
        try:
            self._open()
        except Unavailable as error:
            return [error] * len(batch)
        answers: dict[int, Delivery] = {}
        complete: list[_Complete] = []
        written: list[Written] = []
        for admitted in batch:
            answer = self._prepare(admitted)
            if isinstance(answer, Written):
                written.append(answer)
            elif isinstance(answer, _Complete):
                complete.append(answer)
            else:
                answers[admitted.manifest.number] = answer
        complete += self._make_durable(written, answers)
        self._show(complete, answers)
        return [answers[admitted.manifest.number] for admitted in batch]

    def forget(self, numbers: Iterable[int]) -> None:
        """See Sink. Parts of units that were refused go with it."""
        for number in numbers:
            self._ledger.drop(number)
            if self._receipts.pop(number, None) is None and self._place.work_fd >= 0:
                with suppress(OSError):
                    self._writer.discard(self._place.work_fd, number)

    def close(self) -> None:
        """Let go of folder and ledger. What was not shown yet is found by the next run."""
        with suppress(Unavailable, StateUncertain):
            # Entries of units that are answered for would only be looked at again.
            self._ledger.add({})
        self._writer.close()
        self._place.close()
        self._ledger.close()

    def _open(self) -> None:
        if not self._place.check():
            return
        self._writer.close()
        self._names_by_inode = None
        self._ledger.was_mount = self._place.must_be_mount
        try:
            parts.clear(self._place.work_fd, frozenset(self._ledger.parts))
        except OSError as error:
            self._place.close()
            raise self._place.unavailable(error) from error

    def _prepare(self, admitted: Admitted) -> Written | _Complete | Delivery:
        manifest = admitted.manifest
        if manifest.number in self._receipts:
            return self._receipts[manifest.number]
        fault = fault_of(manifest.file.name)
        if fault:
            return Refused(2530, name=manifest.file.name, reason=fault)
        try:
            part = self._ledger.parts.get(manifest.number)
            if part is None:
                return self._writer.write(self._place.work_fd, admitted)
            if parts.is_there(self._place.work_fd, manifest.number):
                return _Complete(admitted, part, None)
            return self._delivered_before(admitted, part)
        except Refused as error:
            return error
        except OSError as error:
            return self._cannot_write(error)

    def _make_durable(
        self, written: list[Written], answers: dict[int, Delivery]
    ) -> list[_Complete]:
        """Sync the parts, then enter them; those that cannot be are answered for and left out."""
        entries: dict[int, Part] = {}
        complete = []
        failures = self._sync.sync_and_close(self._place.work_fd, [one.fd for one in written])
        for one, failure in zip(written, failures, strict=True):
            number = one.admitted.manifest.number
            if failure is not None:
                answers[number] = self._cannot_write(failure)
                continue
            entries[number] = one.part
            complete.append(_Complete(one.admitted, one.part, one.sha256))
        if not entries:
            return []
        try:
            os.fsync(self._place.work_fd)
            self._ledger.add(entries)
        except OSError as error:
            answers |= dict.fromkeys(entries, self._cannot_write(error))
            return []
        except Unavailable as error:
            answers |= dict.fromkeys(entries, error)
            return []
        return complete

    def _show(self, complete: list[_Complete], answers: dict[int, Delivery]) -> None:
        """Rename each part to its name, and make the names durable."""
        for one in complete:
            answers[one.admitted.manifest.number] = self._rename(one)
        receipts = [answer for answer in answers.values() if isinstance(answer, Receipt)]
        if all(receipt.number in self._receipts for receipt in receipts):
            return
        try:
            os.fsync(self._place.fd)
        except OSError as error:
            raise StateUncertain(
                2526, folder=str(self._destination.folder), reason=error.strerror or ""
            ) from error
        # From here the queue may forget these units.
        for receipt in receipts:
            self._receipts[receipt.number] = receipt

    def _rename(self, one: _Complete) -> Delivery:
        number, name = one.admitted.manifest.number, one.admitted.manifest.file.name
        work, folder = self._place.work_fd, self._place.fd
        try:
            if self._destination.on_clash is OnClash.KEEP_BOTH:
                name = self._rename_beside(number, name)
            elif self._destination.on_clash is OnClash.REFUSE:
                rename_new(work, parts.part_name(number), folder, name)
            else:
                os.rename(parts.part_name(number), name, src_dir_fd=work, dst_dir_fd=folder)
        except FileExistsError:
            return self._clash(2531, name)
        except IsADirectoryError:
            return self._clash(2533, name)
        except OSError as error:
            return self._cannot_write(error)
        return Receipt(number, name, one.part.size_bytes, one.sha256)

    def _rename_beside(self, number: int, name: str) -> str:
        for candidate in alternatives(name, number):
            try:
                rename_new(self._place.work_fd, parts.part_name(number), self._place.fd, candidate)
            except FileExistsError:
                continue
            return candidate
        # Even the name with the unit's own number: somebody put it there on purpose.
        raise OSError(errno.EBUSY, "every name for it is taken")

    def _delivered_before(self, admitted: Admitted, part: Part) -> Receipt:
        if self._names_by_inode is None:
            wanted = {entry.inode for entry in self._ledger.parts.values()}
            with os.scandir(self._place.fd) as entries:
                self._names_by_inode = {
                    entry.inode(): entry.name for entry in entries if entry.inode() in wanted
                }
        name = self._names_by_inode.get(part.inode, "")
        return Receipt(admitted.manifest.number, name, part.size_bytes, None, again=True)

    def _clash(self, number: int, name: str) -> Refused:
        folder, channel = str(self._destination.folder), self._destination.channel
        return Refused(number, name=name, folder=folder, channel=channel)

    def _cannot_write(self, error: OSError) -> Unavailable:
        return Unavailable(
            2523,
            channel=self._destination.channel,
            folder=str(self._destination.folder),
            reason=error.strerror or "",
        )
