"""The section `changed` of a channel: what it asks for together, and whether it can be done.

What a channel has written anew is the unit itself: a file inside another (an archive's, an attachment)
that would have to be written anew makes the unit be refused, and lines that promise it are refused here.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from gateway.policy import changed_words, condition_words
from gateway.policy.filetypes import FORMATS
from gateway.policy.masking import MASKABLE, MASKING_FILE, Becomes
from gateway.policy.model import Section
from gateway.policy.sheet import Found, Sheet
from gateway.policy.values import COLUMN_KINDS, FormatDemand

_MASKED: Final = {kind for word in MASKABLE for kind in FORMATS[word]}


def rebuilt_of(sheet: Sheet) -> frozenset[str]:
    """The words of formats that the channel wants written anew."""
    lines = sheet.found.get(Section.CHANGED, {})
    return frozenset(word for word in changed_words.REBUILT if word in lines)


def check_changes(sheet: Sheet) -> None:
    """Problems of the section go on the sheet."""
    types = sheet.value(Section.PASSES_IF, condition_words.TYPE)
    inside = sheet.value(Section.PASSES_IF, condition_words.INSIDE) or frozenset()
    lines = sheet.found.get(Section.CHANGED, {})
    for word in rebuilt_of(sheet):
        line = lines[word]
        if types is not None and not types & FORMATS[word]:
            sheet.complain(line.key, 2268, word=word)
        elif inside & FORMATS[word]:
            sheet.complain(line.key, 2269, word=word)
        elif word not in sheet.found.get(Section.PASSES_IF, {}):
            sheet.complain(line.key, 2275, word=word)
    persons = sheet.at(Section.CHANGED, changed_words.PERSONS)
    if persons is None:
        return
    if sheet.masking is None:
        sheet.complain(persons.node, 2270, file=MASKING_FILE)
    said = sheet.found.get(Section.PASSES_IF, {})
    for word in sorted(word for word in MASKABLE if types and types & FORMATS[word]):
        if word not in said:
            sheet.complain(persons.key, 2272, word=word)
        elif word == "csv":
            _check_columns(sheet, said[word])
        if sheet.masking is not None and not sheet.masking.names(word):
            sheet.complain(persons.key, 2274, word=word, file=MASKING_FILE)
    beyond = sorted((types or frozenset()) - _MASKED)
    if beyond:
        sheet.complain(persons.key, 2271, type=beyond[0])


def _check_columns(sheet: Sheet, line: Found) -> None:
    """All columns are named, and none that is masked keeps a kind: a year is no date."""
    demand = line.value
    if not isinstance(demand, FormatDemand) or not demand.names:
        sheet.complain(line.key, 2276)
        return
    rules = sheet.masking.rules if sheet.masking is not None else ()
    masked = {
        _plain(column)
        for rule in rules
        if rule.becomes is not Becomes.REMOVED
        for column in rule.columns
    }
    for name, kind in zip(demand.names, demand.kinds, strict=True):
        if kind != COLUMN_KINDS[0] and _plain(name) in masked:
            sheet.complain(line.node, 2277, column=name, kind=kind)


def _plain(name: str) -> str:
    """The name as the writer of tables knows it: no blanks, wide and narrow letters alike."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()
