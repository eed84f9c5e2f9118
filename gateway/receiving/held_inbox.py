"""What people decided about held units: read from the folder of approvals, judged, counted, audited.

    decision file --> form, owner --> unit held? --> same body? --> in the group? --> not twice?
                         | any no: `held.ignored`, file removed
                         +--> page durable --> `held.release_asked` / `held.refuse_asked` --> file removed

A crash before the file is removed brings it again: the page knows its name, and the event says `again`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Field, Refused
from gateway.policy.values import Approval as Wanted
from gateway.receiving.decision import SUFFIX, Given, Word, owner_of, read_decision
from gateway.receiving.held_page import MAX_APPROVALS, Approval, Page, Pages
from gateway.receiving.people import Standing, standing, user_name
from gateway.spool.held import HeldFolder
from gateway.unit.number import speak

# Decisions of one look: people type them; a script that floods the folder holds up nothing else.
_AT_ONCE: Final = 64
# Names that could not be removed and are not looked at again until the next start.
_MAX_STUCK: Final = 1024
# The folder is not there, or something in it cannot be removed.
FOLDER_ALARM: Final = 1081


class Inbox:
    """The folder of approvals. wanted: who must release a unit of a channel, by the set in force."""

    def __init__(
        self,
        folder: Path,
        held: HeldFolder,
        pages: Pages,
        wanted: Callable[[str], Wanted],
        recorder: Recorder,
        status: Status,
    ) -> None:
        self._folder, self._held, self._pages = folder, held, pages
        self._wanted = wanted
        self._recorder, self._status = recorder, status
        self._stuck: set[str] = set()
        self._alarm = False

    def look(self) -> list[int]:
        """Take what has come; gives the units about which anything was decided.

        Cheap where nothing has. Raises Unavailable 6003 (the journal takes nothing: all comes again) and
        OSError of the pages.
        """
        paths = self._new_files()
        units = [unit for path in paths if (unit := self._take(path)) is not None]
        if paths:
            self._recorder.commit()
        # From here the decisions may go: pages and journal have them.
        for path in paths:
            self._remove(path)
        return units

    def _new_files(self) -> list[Path]:
        try:
            with os.scandir(self._folder) as listing:
                new = (item.name for item in listing if self._is_new(item.name))
                names = sorted(islice(new, _AT_ONCE))
        except OSError as error:
            self._raise(error)
            return []
        if self._alarm and not self._stuck:
            self._status.clear_alarm(FOLDER_ALARM)
            self._alarm = False
        return [self._folder / name for name in names]

    def _is_new(self, name: str) -> bool:
        return name.endswith(SUFFIX) and not name.startswith(".") and name not in self._stuck

    def _take(self, path: Path) -> int | None:
        """The unit of a decision that counts; None for any other, which is audited as ignored."""
        given: Given | None = None
        try:
            given = read_decision(path)
            page = self._judged(given)
        except FileNotFoundError:
            return None
        except Refused as error:
            self._ignored(path, given, error)
            return None
        return self._counted(given, page)

    def _judged(self, given: Given) -> Page:
        """The page of the unit that this decision may count for. Raises Refused 1073, 1074, 1076, 1077."""
        decision = given.decision
        page = self._pages.read(decision.unit)
        if page is None or self._held.find(decision.unit) is None:
            raise Refused(1073, unit=speak(decision.unit))
        releases = decision.decision is Word.RELEASE
        if decision.sha256 != page.sha256 or (releases and not page.sha256):
            raise Refused(1074, unit=speak(decision.unit), sha256=decision.sha256[:12])
        group = self._wanted(page.channel).group
        if standing(given.uid, group) is Standing.STRANGER:
            raise Refused(1076, user=user_name(given.uid), group=group)
        if releases and any(a.uid == given.uid and a.name != given.name for a in page.approvals):
            raise Refused(1077, user=user_name(given.uid), unit=speak(decision.unit))
        return page

    def _counted(self, given: Given, before: Page) -> int | None:
        decision = given.decision
        wanted = self._wanted(before.channel)
        approval = Approval(
            given.uid,
            user_name(given.uid),
            decision.reason,
            time.time_ns(),
            f"{wanted.group}: {standing(given.uid, wanted.group).value}",
            decision.policy,
            given.name,
        )
        releases = decision.decision is Word.RELEASE

        def added(page: Page) -> Page:
            if any(one.name == given.name for one in _decided(page)):
                return page
            page = msgspec.structs.replace(page, people=wanted.people, group=wanted.group)
            if not releases:
                return msgspec.structs.replace(page, refusal=page.refusal or approval)
            kept = page.approvals[-(MAX_APPROVALS - 1) :]
            return msgspec.structs.replace(page, approvals=[*kept, approval])

        page = self._pages.change(decision.unit, added)
        if page is None:
            return None
        fields: dict[str, Field] = {
            "user": approval.user,
            "uid": approval.uid,
            "reason": approval.reason,
            "group": approval.group,
            "sha256": decision.sha256,
            "shown_policy": decision.policy,
        }
        if releases:
            fields |= {"have": len(page.approvals), "needed": wanted.people}
        if any(one.name == given.name for one in _decided(before)):
            fields["again"] = 1
        what = "held.release_asked" if releases else "held.refuse_asked"
        self._recorder.record(
            Event(what, time.time_ns(), decision.unit, page.channel, fields=fields)
        )
        return decision.unit

    def _ignored(self, path: Path, given: Given | None, error: Refused) -> None:
        uid = given.uid if given is not None else owner_of(path)
        fields: dict[str, Field] = {"file": path.name[:80], **error.fields}
        if uid is not None:
            fields |= {"user": user_name(uid), "uid": uid}
        unit = given.decision.unit if given is not None else None
        if given is not None:
            fields["decision"] = given.decision.decision.value
        self._recorder.record(
            Event("held.ignored", time.time_ns(), unit, number=error.number, fields=fields)
        )

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            with suppress(OSError):
                path.rmdir()
                return
            # Audited once; else the journal would fill with it.
            if len(self._stuck) < _MAX_STUCK:
                self._stuck.add(path.name)
            self._raise(error)

    def _raise(self, error: OSError) -> None:
        self._alarm = True
        reason = error.strerror or str(error)
        self._status.raise_alarm(FOLDER_ALARM, folder=str(self._folder), reason=reason)


def _decided(page: Page) -> Sequence[Approval]:
    return [*page.approvals, page.refusal] if page.refusal is not None else page.approvals
