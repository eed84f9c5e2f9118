"""The page of a held unit: what people need to decide, and who has decided so far. One file a unit.

    held --page written--> approvals added, each durable before its decision file goes --> page removed

The guard alone writes the folder and the group of operators reads it: queue and journal stay closed to
them. The page is a view and the memory of approvals, never the unit: what is released is opened and
judged anew. A page that is lost is written again from the unit; its approvals must then be given again.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from heapq import nsmallest
from pathlib import Path
from typing import Annotated, Final

import msgspec

from gateway.errors import Field
from gateway.unit.number import MAX_NUMBER

SUFFIX: Final = ".json"
MAX_PAGE_BYTES: Final = 262_144
# The policy asks for nine people at most; whoever refuses is one more.
MAX_APPROVALS: Final = 16
# The group of the folder reads; setgid gives it to the file.
_FILE_MODE: Final = 0o640


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person's decision. name: of the file that it came in. group: the standing in the group asked
    for. policy: digest of the set that the person was shown."""

    uid: int
    user: str
    reason: str
    at_ns: int
    group: str
    policy: str
    name: str


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a held unit. number: why it is held. fields: of its event in the journal.

    people, group: how many must release it, by the policy when this was last written. sha256: of the
    plain body, "" where the unit could not be opened; then nobody can release it.
    """

    schema: Annotated[str, msgspec.Meta(pattern=r"^ferrygate\.held-page/1$")]
    unit: Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]
    channel: str
    since_ns: int
    number: int
    fields: dict[str, Field]
    people: int
    group: str
    approvals: Annotated[list[Approval], msgspec.Meta(max_length=MAX_APPROVALS)]
    refusal: Approval | None = None

    @property
    def sha256(self) -> str:
        return str(self.fields.get("sha256", ""))

    @property
    def policy(self) -> str:
        return str(self.fields.get("policy", ""))


PAGE_SCHEMA: Final = "ferrygate.held-page/1"
_decoder = msgspec.json.Decoder(Page)


def decode_page(untrusted: bytes) -> Page | None:
    """The page of a file; None for anything else. Does no I/O and raises nothing."""
    try:
        return _decoder.decode(untrusted)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


class Pages:
    """The folder of the pages. Safe to call from several threads; one process writes.

    Only `oldest` and `read` are for processes that merely read. All methods do I/O and raise OSError.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()

    def read(self, unit: int) -> Page | None:
        """None where there is none, or where it is not whole."""
        return self._read(self._path(unit))

    def numbers(self) -> Iterator[int]:
        """The units that have a page, in no order. Reads the folder bit by bit."""
        with suppress(FileNotFoundError), os.scandir(self.folder) as listing:
            for item in listing:
                if item.name.endswith(SUFFIX) and not item.name.startswith("."):
                    with suppress(ValueError):
                        yield int(item.name.removesuffix(SUFFIX), 16)

    def oldest(self, limit: int) -> list[Page]:
        """The `limit` pages of the oldest units, oldest first. Holds no more than these in memory."""
        with os.scandir(self.folder) as listing:
            paths = (item.path for item in listing if item.name[:1] not in (".", ""))
            pages = (page for path in paths if (page := self._read(Path(path))) is not None)
            return nsmallest(limit, pages, key=lambda page: (page.since_ns, page.unit))

    def hold(self, page: Page) -> None:
        """A unit is held: its page, unless one with the same body stands already. Not synced: what a
        power cut takes is written again from the unit."""
        with self._lock:
            before = self.read(page.unit)
            if before is None or before.sha256 != page.sha256:
                self._write(page, durable=False)

    def change(self, unit: int, changed: Callable[[Page], Page]) -> Page | None:
        """The page as `changed` makes it, durable; None where there is none any more."""
        with self._lock:
            before = self.read(unit)
            if before is None:
                return None
            after = changed(before)
            # Also where nothing changes: of the same page an earlier try may not have made the name durable.
            self._write(after, durable=True)
            return after

    def remove(self, unit: int) -> None:
        """The unit is not held any more."""
        with self._lock:
            self._path(unit).unlink(missing_ok=True)

    def _path(self, unit: int) -> Path:
        return self.folder / f"{unit:010x}{SUFFIX}"

    def _read(self, path: Path) -> Page | None:
        try:
            with path.open("rb") as stream:
                untrusted = stream.read(MAX_PAGE_BYTES + 1)
        except FileNotFoundError:
            return None
        return decode_page(untrusted) if len(untrusted) <= MAX_PAGE_BYTES else None

    def _write(self, page: Page, *, durable: bool) -> None:
        path = self._path(page.unit)
        new = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(new, flags, _FILE_MODE), "wb") as file:
                file.write(msgspec.json.encode(page))
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            new.rename(path)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        if durable:
            self._sync_folder()

    def _sync_folder(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
