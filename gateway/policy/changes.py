"""The section `changed` of a channel: what it asks for together, and whether it can be done.

What a channel has written anew is the unit itself: a file inside another (an archive's, an attachment)
that would have to be written anew makes the unit be refused, and lines that promise it are refused here.
"""

from __future__ import annotations

from typing import Final

from gateway.policy import changed_words, condition_words
from gateway.policy.filetypes import FORMATS
from gateway.policy.masking import MASKABLE, MASKING_FILE
from gateway.policy.model import Section
from gateway.policy.sheet import Sheet

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
        elif word == "csv" and not getattr(said[word].value, "names", ()):
            sheet.complain(said[word].key, 2276)
        if sheet.masking is not None and not sheet.masking.names(word):
            sheet.complain(persons.key, 2274, word=word, file=MASKING_FILE)
    beyond = sorted((types or frozenset()) - _MASKED)
    if beyond:
        sheet.complain(persons.key, 2271, type=beyond[0])
