"""`held list|show|release|refuse`: the units that wait for people, on the inner host.

Reads the pages that the guard writes for operators; a decision is a file of whoever runs the command, and
the guard does what follows (gateway.receiving.held_desk). Nothing here opens a unit.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from gateway.errors import Misconfigured, Refused
from gateway.management.commands.command import Answer, Call, Command, Data, Mistyped
from gateway.management.commands.held_shown import render_asked, render_list, render_show
from gateway.management.layout import DECIDING_SIDE, HostFolder
from gateway.management.terminal.figures import stamp
from gateway.management.terminal.help import Parser
from gateway.management.terminal.words import say
from gateway.messages.catalogue import describe
from gateway.unit.model import Lane
from gateway.unit.number import hear, speak

if TYPE_CHECKING:
    from gateway.receiving.decision import Word
    from gateway.receiving.held_page import Approval, Page, Pages

DEFAULT_LIMIT: Final = 50
_MAX_LIMIT: Final = 10_000


def held_list(call: Call) -> Answer:
    """What is held, oldest first. Bounded memory, whatever lies there."""
    now_ns = time.time_ns()
    found: list[Page] = []
    of = 0
    for _, pages in _every(_host(call)):
        with _reading(pages):
            found += pages.oldest(call.options.limit)
            of += sum(1 for _ in pages.numbers())
    found = sorted(found, key=lambda page: (page.since_ns, page.unit))[: call.options.limit]
    data: Data = {
        "at": stamp(now_ns),
        "units": [page_data(page, now_ns, call.language) for page in found],
        "of": of,
    }
    return Answer(data, render_list)


def held_show(call: Call) -> Answer:
    """One held unit: why, since when, who has decided, and what can be done."""
    _, page = _page(_host(call), hear(call.options.unit))
    return Answer(page_data(page, time.time_ns(), call.language), render_show)


def held_release(call: Call) -> Answer:
    """Leave a release for the guard."""
    from gateway.receiving.decision import Word

    return _decide(call, Word.RELEASE)


def held_refuse(call: Call) -> Answer:
    """Leave a refusal for the guard."""
    from gateway.receiving.decision import Word

    return _decide(call, Word.REFUSE)


def _decide(call: Call, word: Word) -> Answer:
    from gateway.receiving.decision import SCHEMA, Decision, write_decision
    from gateway.receiving.people import user_name

    host = _host(call)
    lane, page = _page(host, hear(call.options.unit))
    # The file will belong to this user, and the guard goes by that.
    uid = os.geteuid()
    _check_may(page, uid, word)
    data = asked_data(page, word, user_name(uid))
    reason = _reason(call, data)
    decision = Decision(
        SCHEMA, page.unit, word, reason, page.sha256, page.policy[:64], time.time_ns()
    )
    data |= {"reason": reason, "file": str(write_decision(host.approvals_of(lane), decision))}
    return Answer(data, render_asked)


def _check_may(page: Page, uid: int, word: Word) -> None:
    """What the guard would not count is said before anything is written; the guard looks for itself.

    Raises Refused 5484, 5485, 5486.
    """
    from gateway.receiving.decision import Word
    from gateway.receiving.people import Standing, standing, user_name

    unit = speak(page.unit)
    if standing(uid, page.group) is Standing.STRANGER:
        raise Refused(5485, user=user_name(uid), group=page.group, channel=page.channel)
    if word is Word.REFUSE:
        return
    if not page.sha256:
        raise Refused(5484, unit=unit)
    if any(one.uid == uid for one in page.approvals):
        raise Refused(5486, user=user_name(uid), unit=unit)


def _reason(call: Call, data: Data) -> str:
    """The reason as typed, or asked for on a terminal. Raises Mistyped 5483."""
    from gateway.receiving.decision import MAX_REASON_CHARACTERS

    text: str | None = call.options.reason
    if text is None and not call.json and not call.quiet and sys.stdin.isatty():
        for line in render_asked({**data, "file": None}, call.terminal):
            call.err.write(line + "\n")
        call.err.write(say(call.terminal, "Reason:") + " ")
        call.err.flush()
        text = sys.stdin.readline()
    reason = (text or "").strip().encode("utf-8", "replace").decode("utf-8")
    if not 0 < len(reason) <= MAX_REASON_CHARACTERS:
        raise Mistyped(5483, limit=MAX_REASON_CHARACTERS)
    return reason


def page_data(page: Page, now_ns: int, language: str) -> Data:
    """A held unit as values; what it holds is not among them."""
    fields = page.fields
    return {
        "unit": speak(page.unit),
        "channel": page.channel,
        "name": fields.get("name", ""),
        "size_bytes": fields.get("size_bytes"),
        "type": fields.get("type"),
        "since": stamp(page.since_ns),
        "age_s": round(max(0, now_ns - page.since_ns) / 1e9, 1),
        "rule": fields.get("rule"),
        "word": fields.get("word"),
        "number": page.number,
        "text": describe(Refused(page.number, **fields), language),
        "checks": fields.get("checks"),
        "counted": fields.get("counted"),
        "policy": page.policy,
        "sha256": page.sha256 or None,
        "needed": page.people,
        "group": page.group,
        "approvals": [_approval_data(one) for one in page.approvals],
        "refusal": _approval_data(page.refusal) if page.refusal is not None else None,
    }


def asked_data(page: Page, word: Word, user: str) -> Data:
    """What a decision will do. missing: how many people are still needed after it."""
    from gateway.receiving.decision import Word

    releases = word is Word.RELEASE
    have = len(page.approvals) + releases
    return {
        "unit": speak(page.unit),
        "decision": word.value,
        "user": user,
        "have": have,
        "needed": page.people,
        "missing": max(0, page.people - have) if releases else 0,
        "group": page.group,
    }


def _approval_data(one: Approval) -> Data:
    return {
        "user": one.user,
        "uid": one.uid,
        "at": stamp(one.at_ns),
        "group": one.group,
        "reason": one.reason,
    }


def _host(call: Call) -> HostFolder:
    return call.host(DECIDING_SIDE)


def _every(host: HostFolder) -> list[tuple[Lane, Pages]]:
    """The pages of each lane."""
    from gateway.receiving.held_page import Pages

    return [(lane, Pages(host.held_of(lane))) for lane in host.lanes()]


def _page(host: HostFolder, number: int) -> tuple[Lane, Page]:
    """The page of a unit, and the lane that it waits to cross. Raises Refused 5480."""
    for lane, pages in _every(host):
        with _reading(pages):
            page = pages.read(number)
            if page is not None:
                return lane, page
            os.scandir(pages.folder).close()  # not there, or not for this user
    raise Refused(5480, unit=speak(number))


@contextlib.contextmanager
def _reading(pages: Pages) -> Iterator[None]:
    """Misconfigured 5481 for what this user may not read, or where there is nothing to be read."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise Misconfigured(5481, folder=str(pages.folder), reason=reason) from error


def _list_arguments(parser: Parser) -> None:
    help_text = "at most so many rows, the oldest; 50 if not said"
    parser.add_argument("--limit", metavar="N", type=_limit, default=DEFAULT_LIMIT, help=help_text)


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= _MAX_LIMIT:
        raise Mistyped(7016, text=text)
    return int(text)


def _unit_argument(parser: Parser) -> None:
    parser.add_argument(
        "unit", metavar="UNIT", help="unit number, as 7QK4-M2XD-9; case and dashes are free"
    )


def _decision_arguments(parser: Parser) -> None:
    _unit_argument(parser)
    help_text = "why; it stands in the journal with your name. Asked for on a terminal"
    parser.add_argument("--reason", metavar="TEXT", help=help_text)


COMMANDS: Final = (
    Command(
        "held list",
        "The units that wait for people, oldest first, with who has released them.",
        ("ferrygate held list", "ferrygate held list --json --limit 200"),
        held_list,
        _list_arguments,
    ),
    Command(
        "held show",
        "One held unit: why, since when, its digest, who has decided.",
        ("ferrygate held show 7QK4-M2XD-9", "ferrygate held show 7qk4m2xd9 --json"),
        held_show,
        _unit_argument,
    ),
    Command(
        "held release",
        "Release a held unit; it is judged anew once enough people have.",
        (
            "ferrygate held release 7QK4-M2XD-9 --reason 'seen with radiology'",
            "ferrygate held release 7QK4-M2XD-9",
        ),
        held_release,
        _decision_arguments,
    ),
    Command(
        "held refuse",
        "Refuse a held unit, for good; one person is enough.",
        (
            "ferrygate held refuse 7QK4-M2XD-9 --reason 'not for this channel'",
            "ferrygate held refuse 7QK4-M2XD-9",
        ),
        held_refuse,
        _decision_arguments,
    ),
)
