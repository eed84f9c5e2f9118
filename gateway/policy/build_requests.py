"""The values of a policy file that carries requests to a channel, and the contradictions between them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Final

from gateway.policy import channel_words, request_words
from gateway.policy.ambiguity import ambiguous_pairs
from gateway.policy.content_rules import MOST_CONTENT_BYTES
from gateway.policy.facts import UnpackLimits
from gateway.policy.model import Channel, Priority, Section
from gateway.policy.nodes import Broken, Entries, Node, Scalar
from gateway.policy.operation_sheet import read_operations
from gateway.policy.operations import Operation
from gateway.policy.phrases import Misread, say_size
from gateway.policy.removals import read_removals
from gateway.policy.request_channel import (
    ANSWER_WITHIN_S,
    PERFORMED_WITHIN_S,
    RequestChannel,
    RequestSink,
    RequestSource,
    Share,
)
from gateway.policy.request_trials import read_request_trials
from gateway.policy.request_words import Address, request_words_of
from gateway.policy.sheet import Sheet, read_entries
from gateway.policy.texts import DEFAULT_ZONE, zone_of
from gateway.policy.values import Retry
from gateway.unit.model import Kind, Lane
from gateway.unit.request import MAX_CONTENT_BYTES

_SECTIONS: Final = (Section.FROM, Section.TO, Section.LIMITS)
_OTHERS: Final = ("lanes", Section.OPERATIONS.value, Section.CHANGED.value, Section.TESTS.value)
# Nothing here is tried again by a queue: a caller waits, or has given up.
_NO_RETRY: Final = Retry(0, 0.0, tell_owner=False)


def build_requests(sheet: Sheet) -> Channel | None:
    """The channel of a sheet, None where something is wrong; every problem goes on the sheet."""
    _read_sections(sheet)
    lanes = _lanes(sheet)
    most = _most_bytes(sheet)
    operations = read_operations(sheet, most)
    _check_told_apart(sheet, operations)
    removed = read_removals(sheet)
    changed = sheet.document.top.get(Section.CHANGED.value) if removed else None
    if changed is not None:
        _check_removable(sheet, operations, changed)
    _check_sessions(sheet, operations, changed)
    zone_name = sheet.value(Section.CHANNEL, channel_words.TIME_ZONE) or DEFAULT_ZONE
    try:
        zone = zone_of(zone_name)
    except Misread:
        zone = UTC
    tests = read_request_trials(sheet, _parameters(operations))
    source, sink = _source(sheet), _sink(sheet)
    _check_submit(sheet)
    name = sheet.value(Section.CHANNEL, channel_words.CHANNEL)
    if sheet.problems or name is None or lanes is None or source is None or sink is None:
        return None
    limits = Section.LIMITS
    in_order = sheet.value(limits, request_words.ORDER)
    requests = RequestChannel(
        answer_lane=lanes[1],
        source=source,
        sink=sink,
        operations=operations,
        operations_line=_line_of(sheet, Section.OPERATIONS.value),
        per_caller=sheet.value(limits, request_words.PER_CALLER) or Share(),
        whole_channel=sheet.value(limits, request_words.WHOLE_CHANNEL) or Share(),
        answer_within_s=sheet.value(limits, request_words.ANSWER_WITHIN) or ANSWER_WITHIN_S,
        submit=sheet.value(Section.CHANNEL, request_words.SUBMIT) or False,
        waits_s=sheet.value(limits, request_words.PERFORMED_WITHIN) or PERFORMED_WITHIN_S,
        in_order=True if in_order is None else in_order,
        removed=removed,
        tests=tests,
        lines={
            word: found.key.line
            for section in _SECTIONS
            for word, found in sheet.found[section].items()
        },
    )
    return Channel(
        name=name,
        purpose=sheet.value(Section.CHANNEL, channel_words.PURPOSE) or "",
        owner=sheet.value(Section.CHANNEL, channel_words.OWNER) or "",
        carries=Kind.REQUESTS,
        lane=lanes[0],
        grade=sheet.value(Section.CHANNEL, channel_words.GRADE) or 5,
        time_zone=zone_name,
        zone=zone,
        from_folder=None,
        to_folder=None,
        conditions=(),
        unpack=UnpackLimits(),
        holds_encrypted=False,
        rate=None,
        retry=_NO_RETRY,
        priority=Priority.NORMAL,
        rehearse=False,
        tests=(),
        file=sheet.document.file,
        line=sheet.document.top.line,
        changed_line=_line_of(sheet, Section.CHANGED.value),
        requests=requests,
    )


def _check_told_apart(sheet: Sheet, operations: Mapping[str, Operation]) -> None:
    for first, second in ambiguous_pairs(operations):
        node = sheet.document.top.get(Section.OPERATIONS.value)
        key = next((k for k, _ in getattr(node, "entries", ()) if k.text == second.name), None)
        if key is not None:
            sheet.complain(key, 2324, name=second.name, other=first.name, line=first.line)


def _check_removable(sheet: Sheet, operations: Mapping[str, Operation], changed: Node) -> None:
    """Places can be taken out of what is JSON and fits in memory."""
    if lines := _lines_without_json(operations):
        sheet.complain(changed, 2328, 0, 1, line=lines[0])
    if large := _lines_of_large(operations):
        sheet.complain(changed, 2390, 0, 1, line=large[0], limit=say_size(MAX_CONTENT_BYTES))


def _read_sections(sheet: Sheet) -> None:
    top = sheet.document.top
    also = (*(section.value for section in _SECTIONS), *_OTHERS)
    margin = request_words_of(Section.CHANNEL)
    sheet.found[Section.CHANNEL] = read_entries(sheet, Section.CHANNEL, top, also, margin)
    for section in _SECTIONS:
        node = top.get(section.value)
        sheet.found[section] = {}
        if node is None:
            if section is not Section.LIMITS:
                word = section.value
                sheet.complain(top, 2174, 0, 1, word=word, section="channel", write=f"{word}:")
        elif isinstance(node, Entries):
            sheet.found[section] = read_entries(sheet, section, node, (), request_words_of(section))
        elif not isinstance(node, Broken):
            sheet.complain(node, 2172, section=section.value)


def _check_submit(sheet: Sheet) -> None:
    """Words that mean nothing to a caller who waits."""
    if sheet.value(Section.CHANNEL, request_words.SUBMIT):
        return
    for word in (request_words.PERFORMED_WITHIN, request_words.ORDER):
        found = sheet.at(Section.LIMITS, word)
        if found is not None:
            sheet.complain(found.node, 2411, word=word.name)


def _lanes(sheet: Sheet) -> tuple[Lane, Lane | None] | None:
    """`lanes: {request: import, response: export}`: opposite ones, or nothing could come back.

    Where nothing has to, `submit: yes`, the first is enough.
    """
    node = sheet.document.top.get("lanes")
    if isinstance(node, Broken):
        return None
    said = {key.text: value for key, value in node.entries} if isinstance(node, Entries) else {}
    request, response = said.get("request"), said.get("response")
    names = {lane.value for lane in Lane}
    if (
        isinstance(request, Scalar) and isinstance(response, Scalar) and len(said) == 2
        and {request.text, response.text} == names
    ):  # fmt: skip
        return Lane(request.text), Lane(response.text)
    submit = sheet.value(Section.CHANNEL, request_words.SUBMIT) or False
    if submit and isinstance(request, Scalar) and len(said) == 1 and request.text in names:
        return Lane(request.text), None
    sheet.complain(node or sheet.document.top, 2325, 0, 1)
    return None


def _most_bytes(sheet: Sheet) -> int:
    found = sheet.at(Section.LIMITS, request_words.SIZE)
    bound = sheet.value(Section.LIMITS, request_words.SIZE)
    if found is None or bound is None:
        return MOST_CONTENT_BYTES
    if bound.at_least or not 0 < bound.at_most <= MOST_CONTENT_BYTES:
        limit = say_size(MOST_CONTENT_BYTES)
        sheet.complain(found.node, 2316, size=found.text, limit=limit)
        return MOST_CONTENT_BYTES
    return bound.at_most


def _source(sheet: Sheet) -> RequestSource | None:
    listens = sheet.value(Section.FROM, request_words.LISTENS)
    found = sheet.at(Section.FROM, request_words.CALLERS)
    callers = sheet.value(Section.FROM, request_words.CALLERS)
    signed = sheet.value(Section.FROM, request_words.SIGNED) or False
    if listens is None or callers is None or found is None:
        return None
    # Who cannot be known must not be named: such a line would never be true.
    for caller in callers:
        if not listens.tls and not caller.startswith("key "):
            sheet.complain(found.node, 2326, 0, 1, caller=caller)
        if caller.startswith("key ") and not signed:
            sheet.complain(found.node, 2327, 0, 1, caller=caller)
    addresses = sheet.value(Section.FROM, request_words.ADDRESSES) or ()
    return RequestSource(listens.tls, listens.host, listens.port, callers, addresses, signed)


def _sink(sheet: Sheet) -> RequestSink | None:
    said: list[tuple[bool, Address]] = []
    for tls, word in ((True, request_words.HTTPS), (False, request_words.HTTP)):
        address = sheet.value(Section.TO, word)
        if address is not None:
            said.append((tls, address))
    section = sheet.document.top.get(Section.TO.value)
    if not isinstance(section, Entries):
        return None
    if sum(section.get(word) is not None for word in ("https", "http")) != 1:
        sheet.complain(section, 2329, 0, 1)
    if len(said) != 1:
        return None
    tls, address = said[0]
    return RequestSink(
        tls,
        address.host,
        address.port,
        sheet.value(Section.TO, request_words.SECRET) or "",
        sheet.value(Section.TO, request_words.BASE_PATH) or "",
    )


def _parameters(operations: Mapping[str, Operation]) -> frozenset[str]:
    """The words under which values of operations are refused."""
    return frozenset(
        rule.word
        for one in operations.values()
        for rules in (one.path, one.query, one.headers)
        for rule in rules.values()
    )


def _check_sessions(
    sheet: Sheet, operations: Mapping[str, Operation], changed: Node | None
) -> None:
    """A session stands in no channel of receipts, and in none that takes places out of answers."""
    live = [one for one in operations.values() if one.live is not None]
    if not live:
        return
    if changed is not None:
        sheet.complain(changed, 2400, 0, 1, name=live[0].name)
    submit = sheet.at(Section.CHANNEL, request_words.SUBMIT)
    if submit is not None and sheet.value(Section.CHANNEL, request_words.SUBMIT):
        sheet.complain(submit.node, 2401, 0, 1, name=live[0].name)


def _lines_without_json(operations: Mapping[str, Operation]) -> list[int]:
    """Lines of answers that are something else than JSON: nothing can be taken out of them."""
    contents = (answer.content for one in operations.values() for answer in one.answers.values())
    return [
        content.line
        for content in contents
        if content is not None and not all("json" in media for media in content.media_types)
    ]


def _lines_of_large(operations: Mapping[str, Operation]) -> list[int]:
    """Lines of answers that may be more than a guard holds in memory: places are taken out there."""
    contents = (answer.content for one in operations.values() for answer in one.answers.values())
    return [content.line for content in contents if content is not None and content.is_large]


def _line_of(sheet: Sheet, word: str) -> int:
    entries = sheet.document.top.entries
    return next((key.line for key, _ in entries if key.text == word), 0)
