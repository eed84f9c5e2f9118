"""The inner guard's desk for held units: what people decided becomes what happens to the unit.

    held --one person refuses-------------------------------------------> refused/
         --as many release as the policy asks--> opened, judged anew --+--> put into `admitted`
                                                                       +--> refused/, corrupt/
                                                                       +--> cannot be judged now: waits

A release lifts the hold and nothing else. The order is that of gateway.guard.hop: put, record, and only
then forget; a crash anywhere repeats it, and the queue `admitted` answers Duplicate the second time.
Judging is done in a thread of its own: one large unit must not keep the others of the guard waiting.

On the export lane the inner guard sends: what is released goes on into `cleared` there, and all else is
the same.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgspec

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Field, Unavailable
from gateway.guard.outcome import Exit, Outcome, Passed, Wait
from gateway.receiving.held_inbox import Inbox
from gateway.receiving.held_judging import Reopening
from gateway.receiving.held_noting import Policy, approval_of, page_of
from gateway.receiving.held_page import Approval, Page, Pages
from gateway.receiving.held_watch import HeldWatch
from gateway.receiving.people import Standing, standing, user_name
from gateway.spool.held import HeldFolder, HeldUnit
from gateway.spool.model import Put, QueueWriter
from gateway.unit.model import Stage

LOOK_S: Final = 1.0
# Refusals of one step: each takes some syncs, and the guard's other units wait meanwhile.
AT_ONCE: Final = 16
# A unit that cannot be judged now is asked about again: soon, then once a minute.
FIRST_WAIT_S: Final = 2.0
LONGEST_WAIT_S: Final = 60.0
REFUSED_BY_PERSON: Final = 1072
OTHER_BODY: Final = 1074
PAGES_ALARM: Final = 1084


@dataclass(frozen=True, slots=True)
class _Job:
    """One unit under way. page: None where the unit has none yet, and one is all that is wanted."""

    unit: HeldUnit
    number: int
    page: Page | None
    people: tuple[Approval, ...]
    outcome: Future[Outcome]


@dataclass(slots=True)
class _Due:
    """When a unit with decisions is looked at again, and how often it had to wait."""

    at_s: float = 0.0
    waits: int = 0


class HeldDesk:
    """A step of the guard's loop. writer: of the next queue, used from this thread alone.

    stage: what a unit has reached there (`admitted`, `cleared`).
    """

    def __init__(
        self,
        held: HeldFolder,
        pages: Pages,
        inbox: Inbox,
        watch: HeldWatch,
        reopening: Reopening,
        writer: QueueWriter,
        policy: Policy,
        recorder: Recorder,
        status: Status,
        stage: Stage = Stage.ADMITTED,
    ) -> None:
        self._stage = stage
        self._held, self._pages, self._inbox, self._watch = held, pages, inbox, watch
        self._reopening, self._writer, self._policy = reopening, writer, policy
        self._recorder, self._status = recorder, status
        self._due: dict[int, _Due] = {}
        self._job: _Job | None = None
        self._digest = ""
        self._look_s: float | None = None
        self._has_alarm = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="held")
        held.tidy()

    def step(self, now_s: float) -> float:
        """Do what is decided; once a second look whether anything was. Raises Unavailable 6003, 6502."""
        try:
            return self._step(now_s)
        except OSError as error:
            # The pages cannot be written: held units stay held, all others go on.
            reason = error.strerror or str(error)
            self._status.raise_alarm(PAGES_ALARM, folder=str(self._pages.folder), reason=reason)
            self._has_alarm = True
            return LOOK_S

    def _step(self, now_s: float) -> float:
        if self._look_s is None:
            # What the queue gives again after a crash comes first: it settles what lies in held/.
            self._look_s = now_s + LOOK_S
        if self._job is not None and self._job.outcome.done():
            job, self._job = self._job, None
            self._settle(job, job.outcome.result(), now_s)
        if now_s >= self._look_s:
            self._look_s = now_s + LOOK_S
            self._look(now_s)
            if self._has_alarm:
                self._status.clear_alarm(PAGES_ALARM)
                self._has_alarm = False
        if self._job is None and self._due:
            self._work(now_s)
        if self._job is None and (without := self._watch.next_without_page()) is not None:
            self._begin(without, None, ())
        return max(0.0, self._look_s - now_s)

    def close(self) -> None:
        """What is under way is done again at the next start."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _look(self, now_s: float) -> None:
        for number in self._inbox.look():
            self._due[number] = _Due()
        self._watch.look(now_s)
        policy = self._policy()
        if policy is not None and policy.digest != self._digest:
            # At start, and when another set asks for other people.
            self._digest = policy.digest
            for number in self._pages.numbers():
                self._look_at_page(number)

    def _work(self, now_s: float) -> None:
        """Some of what is decided, up to the first that is to be judged anew."""
        ready = (number for number, due in self._due.items() if due.at_s <= now_s)
        for number in list(islice(ready, AT_ONCE)):
            self._decide(number)
            if self._job is not None:
                return

    def _look_at_page(self, number: int) -> None:
        page = self._pages.read(number)
        if page is None:
            return
        wanted = approval_of(self._policy(), page.channel)
        if (wanted.people, wanted.group) != (page.people, page.group):
            self._pages.change(
                number,
                lambda p: msgspec.structs.replace(p, people=wanted.people, group=wanted.group),
            )
        if page.approvals or page.refusal is not None:
            self._due.setdefault(number, _Due())

    def _decide(self, number: int) -> None:
        """Begin what the decisions about a unit ask for."""
        page = self._pages.read(number)
        unit = self._held.find(number)
        if page is None or unit is None:
            self._done(number)
            return
        if page.refusal is not None:
            self._refuse(unit, page, page.refusal)
            return
        people = self._counted(page)
        if len(people) < approval_of(self._policy(), page.channel).people:
            del self._due[number]
        else:
            self._begin(number, page, people)

    def _counted(self, page: Page) -> tuple[Approval, ...]:
        """Releases of different people who may, by the set and the groups of today."""
        group = approval_of(self._policy(), page.channel).group
        by_uid = {one.uid: one for one in page.approvals}
        return tuple(
            one for one in by_uid.values() if standing(one.uid, group) is not Standing.STRANGER
        )

    def _begin(self, number: int, page: Page | None, people: tuple[Approval, ...]) -> None:
        unit = self._held.find(number)
        if unit is not None:
            work = self._reopening.released if page is not None else self._reopening.looked_at
            self._job = _Job(unit, number, page, people, self._thread.submit(work, unit))

    def _settle(self, job: _Job, outcome: Outcome, now_s: float) -> None:
        if job.page is None:
            self._write_page(job, outcome)
            return
        page = self._pages.read(job.number)
        refusal = page.refusal if page is not None else None
        if isinstance(outcome, Passed) and (page is None or refusal is not None):
            # Somebody refused it meanwhile: the next look does that.
            self._reopening.discard(job.number)
        elif isinstance(outcome, Passed):
            if outcome.fields.get("sha256") != job.page.sha256:
                self._other_body(job)
            else:
                self._admit(job, outcome, now_s)
        elif isinstance(outcome, Exit) and outcome.stage is not Stage.HELD:
            self._leave(job, outcome)
        else:
            self._wait(job, outcome, now_s)

    def _admit(self, job: _Job, outcome: Passed, now_s: float) -> None:
        try:
            (answer,) = self._writer.put([outcome.entry])
        except Unavailable as error:
            self._reopening.discard(job.number)
            self._wait(job, Wait(0, error.number, outcome.channel, error.fields), now_s)
            raise
        fields = {**outcome.fields, **_released_by(job.people)}
        if answer is Put.DUPLICATE:
            fields["again"] = 1
            self._reopening.discard(job.number)
        self._record(self._stage.value, job.number, outcome.channel, 0, fields)
        self._recorder.commit()
        # From here held/ may forget it: it lies durable in the next queue.
        self._held.forget(job.unit)
        self._done(job.number)

    def _leave(self, job: _Job, left: Exit) -> None:
        """Released, and refused all the same: by the policy of today, or because it cannot be opened."""
        fields = {**left.fields, **_released_by(job.people)}
        self._record(left.stage.value, job.number, left.channel, left.number, fields)
        self._recorder.commit()
        # From here held/ may forget it, once it lies under the other stage.
        self._held.move(job.unit, left.stage.value, left.number, time.time_ns())
        self._done(job.number)

    def _refuse(self, unit: HeldUnit, page: Page, by: Approval) -> None:
        fields: dict[str, Field] = {
            name: page.fields[name]
            for name in ("name", "size_bytes", "type", "policy", "checks", "sha256")
            if name in page.fields
        }
        fields |= {"user": by.user, "uid": by.uid, "reason": by.reason}
        self._record("refused", page.unit, page.channel, REFUSED_BY_PERSON, fields)
        self._recorder.commit()
        # From here held/ may forget it, once it lies in refused/.
        self._held.move(unit, Stage.REFUSED.value, REFUSED_BY_PERSON, time.time_ns())
        self._done(page.unit)

    def _other_body(self, job: _Job) -> None:
        """What lies there is not what people were shown: nothing happens to it but a new page."""
        self._reopening.discard(job.number)
        for one in job.people:
            fields: dict[str, Field] = {"user": one.user, "uid": one.uid, "file": one.name}
            self._recorder.record(
                Event("held.ignored", time.time_ns(), job.number, number=OTHER_BODY, fields=fields)
            )
        self._recorder.commit()
        self._done(job.number)

    def _write_page(self, job: _Job, outcome: Outcome) -> None:
        """People need a page, whatever the judgement would be today: only they let it go."""
        if isinstance(outcome, Passed):
            self._reopening.discard(job.number)
            outcome = Exit(Stage.HELD, job.unit.described.reason, outcome.channel, outcome.fields)
        elif isinstance(outcome, Wait):
            return  # found again by the next look of the watch
        approval = approval_of(self._policy(), outcome.channel)
        self._pages.hold(page_of(job.number, outcome, approval, job.unit.described.at_ns))

    def _wait(self, job: _Job, outcome: Outcome, now_s: float) -> None:
        due = self._due.setdefault(job.number, _Due())
        due.at_s = now_s + min(FIRST_WAIT_S * 2.0 ** min(due.waits, 10), LONGEST_WAIT_S)
        due.waits += 1
        if due.waits == 1 and not isinstance(outcome, Passed):
            self._record("deferred", job.number, outcome.channel, outcome.number, outcome.fields)

    def _done(self, number: int) -> None:
        self._due.pop(number, None)
        self._pages.remove(number)

    def _record(
        self, what: str, unit: int, channel: str, number: int, fields: Mapping[str, Field]
    ) -> None:
        self._status.count(f"units_{what}_total")
        self._recorder.record(Event(what, time.time_ns(), unit, channel, number, fields))


def _released_by(people: tuple[Approval, ...]) -> dict[str, Field]:
    names = ", ".join(sorted(user_name(one.uid) for one in people))
    return {"released_by": names, "released_by_uids": ", ".join(str(one.uid) for one in people)}
