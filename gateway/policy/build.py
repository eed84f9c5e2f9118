"""The values of a policy file to a channel, and the contradictions between them.

What is refused here is what reads well line by line and is wrong together: an archive type without
`inside`, a receiver that asks for less than the sender, a line that can never decide anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any, Final

from gateway.policy import changed_words, channel_words, condition_words, content_words
from gateway.policy.changes import check_changes, rebuilt_of
from gateway.policy.codes import CodeList
from gateway.policy.facts import Sought, UnpackLimits
from gateway.policy.filetypes import ARCHIVE_WORDS, FORMATS
from gateway.policy.grammar import RETRY_APART_S
from gateway.policy.lists import EntryList
from gateway.policy.model import (
    ArchiveRule,
    Channel,
    Clash,
    CodesRule,
    Condition,
    EncryptedRule,
    FolderSink,
    FolderSource,
    FormatRule,
    GradeRule,
    IdentifiersRule,
    InsideRule,
    MalwareRule,
    NameRule,
    PatternsRule,
    Priority,
    Rule,
    Section,
    SizeRule,
    TimeRule,
    TypeRule,
    WordsRule,
    WritersRule,
)
from gateway.policy.phrases import Misread
from gateway.policy.sheet import Found, Sheet
from gateway.policy.texts import DEFAULT_ZONE, zone_of
from gateway.policy.trials import read_trials
from gateway.policy.values import (
    Afterwards,
    Approval,
    CodedPlace,
    FormatDemand,
    ListName,
    Names,
    Retry,
    SizeBound,
    TimeWindows,
    WholeWhen,
    names_of,
)
from gateway.policy.words import words_of

# A writer that is slower than this between two pieces is not a program that writes a file.
_SETTLING: Final = WholeWhen(5.0)
_FILE_MODE: Final = 0o640
# 001 section 7.5 of the platform rules: at most three tries, then a person is told.
_RETRY: Final = Retry(3, RETRY_APART_S, tell_owner=True)
_JUDGING: Final = (
    Section.PASSES_IF,
    Section.ALSO_AT_RECEIVER,
    Section.HELD_IF,
    Section.REFUSED_IF,
    Section.COUNTED_IF,
)


def build(sheet: Sheet) -> Channel | None:
    """The channel of a sheet, or None when something obligatory is missing; problems go on the sheet."""
    conditions = tuple(_conditions(sheet))
    _check_inside(sheet)
    _check_receiver(sheet)
    _check_held(sheet)
    _check_lists(sheet)
    _check_schemas(sheet)
    check_changes(sheet)
    zone_name = sheet.value(Section.CHANNEL, channel_words.TIME_ZONE) or DEFAULT_ZONE
    try:
        zone = zone_of(zone_name)
    except Misread:
        zone = UTC
    source, sink = _source(sheet), _sink(sheet)
    tests = read_trials(sheet, zone)
    sought = _sought(conditions)
    name = sheet.value(Section.CHANNEL, channel_words.CHANNEL)
    carries = sheet.value(Section.CHANNEL, channel_words.CARRIES)
    lane = sheet.value(Section.CHANNEL, channel_words.LANE)
    if sheet.problems or name is None or carries is None or lane is None:
        return None
    if source is None or sink is None:
        return None
    return Channel(
        name=name,
        purpose=sheet.value(Section.CHANNEL, channel_words.PURPOSE) or "",
        owner=sheet.value(Section.CHANNEL, channel_words.OWNER) or "",
        carries=carries,
        lane=lane,
        grade=sheet.value(Section.CHANNEL, channel_words.GRADE) or 5,
        time_zone=zone_name,
        zone=zone,
        from_folder=source,
        to_folder=sink,
        conditions=conditions,
        unpack=sheet.value(Section.PASSES_IF, condition_words.ARCHIVE) or UnpackLimits(),
        holds_encrypted=sheet.value(Section.HELD_IF, condition_words.ENCRYPTED) is not None,
        rate=sheet.value(Section.LIMITS, channel_words.RATE),
        retry=sheet.value(Section.LIMITS, channel_words.RETRY) or _RETRY,
        priority=sheet.value(Section.LIMITS, channel_words.PRIORITY) or Priority.NORMAL,
        rehearse=sheet.value(Section.CHANNEL, channel_words.REHEARSE) or False,
        tests=tests,
        sought=sought,
        lists={name: sheet.lists[name].written for name in sought.words | sought.patterns},
        codes=_codes(sheet, conditions),
        approval=sheet.value(Section.CHANNEL, channel_words.APPROVAL) or Approval(1, "operators"),
        rebuilt=rebuilt_of(sheet),
        changed_line=min(
            (f.key.line for f in sheet.found.get(Section.CHANGED, {}).values()), default=0
        ),
        masking=sheet.masking if sheet.value(Section.CHANGED, changed_words.PERSONS) else None,
        file=sheet.document.file,
        line=sheet.document.top.line,
    )


def _source(sheet: Sheet) -> FolderSource | None:
    folder = sheet.value(Section.FROM, channel_words.FOLDER)
    names = _resolved(sheet, sheet.at(Section.FROM, channel_words.NAMES))
    writers = _resolved(sheet, sheet.at(Section.FROM, channel_words.WRITERS))
    if folder is None:
        return None
    return FolderSource(
        folder=folder,
        names=names_of(*names) if names else None,
        writers=frozenset(writers[0]) | writers[1] if writers else None,
        whole_when=sheet.value(Section.FROM, channel_words.WHOLE_WHEN) or _SETTLING,
        afterwards=sheet.value(Section.FROM, channel_words.AFTERWARDS) or Afterwards(""),
    )


def _sink(sheet: Sheet) -> FolderSink | None:
    folder = sheet.value(Section.TO, channel_words.FOLDER)
    if folder is None:
        return None
    return FolderSink(
        folder=folder,
        on_clash=sheet.value(Section.TO, channel_words.ON_CLASH) or Clash.KEEP_BOTH,
        file_mode=sheet.value(Section.TO, channel_words.FILE_MODE) or _FILE_MODE,
    )


def _resolved(sheet: Sheet, found: Found | None) -> tuple[tuple[str, ...], frozenset[str]] | None:
    """Written names and the entries of the lists that are named; one that is not there has none."""
    if found is None or not isinstance(found.value, tuple):
        return None
    listed: frozenset[str] = frozenset()
    for item in found.value:
        if isinstance(item, ListName):
            listed |= sheet.lists.get(item.name, EntryList()).entries
    return tuple(item for item in found.value if isinstance(item, str)), listed


def _conditions(sheet: Sheet) -> list[Condition]:
    conditions: list[Condition] = []
    for section in (Section.FROM, *_JUDGING):
        for word, found in sheet.found.get(section, {}).items():
            rule = _rule(sheet, section, word, found)
            if rule is not None:
                file, line = sheet.document.file, found.key.line
                conditions.append(Condition(section, word, found.text, file, line, rule))
    return sorted(conditions, key=lambda condition: condition.line)


def _rule(sheet: Sheet, section: Section, word: str, found: Found) -> Rule | None:
    value: Any = found.value
    match word:
        case condition_words.TYPE.name:
            return TypeRule(value)
        case condition_words.INSIDE.name:
            return InsideRule(value)
        case condition_words.SIZE.name:
            return SizeRule(value)
        case condition_words.TIME.name:
            return TimeRule(value)
        case condition_words.NAME.name | channel_words.NAMES.name:
            resolved = _resolved(sheet, found)
            return NameRule(names_of(*resolved) if resolved else Names(()))
        case channel_words.WRITERS.name:
            resolved = _resolved(sheet, found)
            return WritersRule(frozenset(resolved[0]) | resolved[1] if resolved else frozenset())
        case condition_words.MALWARE.name:
            return MalwareRule()
        case condition_words.ARCHIVE.name:
            return ArchiveRule(value)
        case condition_words.ENCRYPTED.name:
            return EncryptedRule()
        case _ if word in FORMATS:
            return FormatRule(word, _with_schema(sheet, value))
        case content_words.CODES.name:
            return CodesRule(value)
        case content_words.IDENTIFIERS.name:
            return IdentifiersRule(value)
        case content_words.SOUGHT.name:
            return WordsRule(frozenset(item.name for item in value))
        case content_words.PATTERNS.name:
            return PatternsRule(frozenset(item.name for item in value))
        case content_words.GRADE_FOUND.name:
            higher = {name for name, known in sheet.lists.items() if known.grade > value}
            return GradeRule(value, frozenset(higher))
        case _ if section is Section.FROM:
            return None
        case _:
            # A word of the table without a rule would be a line that nobody asks.
            raise RuntimeError(f"no rule for the word {word}")


def _sought(conditions: tuple[Condition, ...]) -> Sought:
    """All that the lines of a channel want looked for."""
    identifiers: set[str] = set()
    words: set[str] = set()
    patterns: set[str] = set()
    codes: set[str] = set()
    for condition in conditions:
        match condition.rule:
            case IdentifiersRule(names):
                identifiers |= names
            case WordsRule(names) | GradeRule(_, names):
                words |= names
            case PatternsRule(names):
                patterns |= names
            case CodesRule(places):
                codes |= {str(place) for place in places}
            case _:
                pass
    return Sought(frozenset(identifiers), frozenset(words), frozenset(patterns), frozenset(codes))


def _codes(sheet: Sheet, conditions: tuple[Condition, ...]) -> Mapping[str, CodeList]:
    """The lists that values are held against."""
    rules = (condition.rule for condition in conditions)
    named = {place.list for rule in rules if isinstance(rule, CodesRule) for place in rule.places}
    lists = {name: sheet.lists[name] for name in sorted(named)}
    return {name: CodeList(known.entries, known.days) for name, known in lists.items()}


def _with_schema(sheet: Sheet, demand: FormatDemand) -> FormatDemand:
    """The demand with the schema that it names; one that is not there is a problem already."""
    if not demand.says.startswith("following "):
        return demand
    return replace(demand, schema=sheet.schemas.get(demand.names[0]))


def _check_schemas(sheet: Sheet) -> None:
    for found in sheet.found.get(Section.PASSES_IF, {}).values():
        demand = found.value
        if isinstance(demand, FormatDemand) and demand.says.startswith("following "):
            path = demand.names[0]
            if path not in sheet.schemas:
                sheet.suggest(found.node, 2241, tuple(sorted(sheet.schemas)), path=path)


def _check_inside(sheet: Sheet) -> None:
    taken = sheet.at(Section.PASSES_IF, condition_words.TYPE)
    types = sheet.value(Section.PASSES_IF, condition_words.TYPE)
    if taken is None or types is None:
        return
    archives = sorted(types & ARCHIVE_WORDS)
    inside = sheet.at(Section.PASSES_IF, condition_words.INSIDE)
    if archives and inside is None and not _was_written(sheet, condition_words.INSIDE.name):
        sheet.complain(taken.node, 2175, type=archives[0], write="inside: pdf or csv")
    for word in (condition_words.INSIDE, condition_words.ARCHIVE):
        line = sheet.at(Section.PASSES_IF, word)
        if line is not None and not archives:
            sheet.complain(line.key, 2190, word=word.name, types=taken.text)


def _was_written(sheet: Sheet, word: str) -> bool:
    """Whether passes_if has the word at all, read or not: a wrong value is one problem, not two."""
    section = sheet.document.top.get(Section.PASSES_IF.value)
    return getattr(section, "get", lambda _: None)(word) is not None


def _check_receiver(sheet: Sheet) -> None:
    for word in words_of(Section.ALSO_AT_RECEIVER).values():
        also = sheet.at(Section.ALSO_AT_RECEIVER, word)
        first = sheet.at(Section.PASSES_IF, word)
        if also is not None and first is not None and _is_laxer(also.value, first.value):
            sheet.complain(also.node, 2176, word=word.name, sender=first.text, line=first.key.line)


def _is_laxer(also: object, first: object) -> bool:
    """Whether a value lets through what the other does not. Names are not compared."""
    if isinstance(also, frozenset) and isinstance(first, frozenset):
        return not also <= first
    if isinstance(also, SizeBound) and isinstance(first, SizeBound):
        return also.at_most > first.at_most or also.at_least < first.at_least
    if isinstance(also, TimeWindows) and isinstance(first, TimeWindows):
        return any(a > b for a, b in zip(also.minutes, first.minutes, strict=True))
    return False


def _check_lists(sheet: Sheet) -> None:
    """Each list that is named is there; the same name twice in a line is one problem."""
    for words in sheet.found.values():
        for found in words.values():
            items = found.value if isinstance(found.value, tuple) else ()
            named = dict.fromkeys(
                item.name if isinstance(item, ListName) else item.list
                for item in items
                if isinstance(item, ListName | CodedPlace)
            )
            for name in named:
                if name not in sheet.lists:
                    sheet.suggest(found.node, 2170, tuple(sorted(sheet.lists)), name=name)


def _check_held(sheet: Sheet) -> None:
    """A type that does not pass is refused: holding it for people would never happen."""
    held = sheet.at(Section.HELD_IF, condition_words.TYPE)
    types = sheet.value(Section.HELD_IF, condition_words.TYPE)
    passing = sheet.value(Section.PASSES_IF, condition_words.TYPE)
    if held is not None and types is not None and passing is not None and types - passing:
        sheet.complain(held.node, 2180, type=sorted(types - passing)[0])
