"""The table of words of a policy file: what may stand where, how it is written, what it means.

    written_words    what a word is
      ^-- channel_, condition_, content_, changed_, trial_words    the words, by their subject
            ^-- here: all of them, in the order of the reference page, and by section

The check of a file, the JSON Schema for editors and the reference page are all made from this table
and from nothing else. A new condition is one more row there and one more judge in `evaluate`.
"""

from __future__ import annotations

from typing import Any, Final

from gateway.policy.changed_words import PERSONS, REBUILT_WORDS
from gateway.policy.channel_words import (
    AFTERWARDS,
    APPROVAL,
    CARRIES,
    CHANNEL,
    FILE_MODE,
    FOLDER,
    GRADE,
    LANE,
    NAMES,
    ON_CLASH,
    OWNER,
    PRIORITY,
    PURPOSE,
    RATE,
    REHEARSE,
    RETRY,
    TIME_ZONE,
    WHOLE_WHEN,
    WRITERS,
)
from gateway.policy.condition_words import (
    ARCHIVE,
    ENCRYPTED,
    INSIDE,
    MALWARE,
    NAME,
    SIZE,
    TIME,
    TYPE,
)
from gateway.policy.content_words import (
    CODES,
    FORMAT_WORDS,
    GRADE_FOUND,
    IDENTIFIERS,
    PATTERNS,
    SOUGHT,
)
from gateway.policy.model import Section
from gateway.policy.trial_words import (
    EXPECT,
    TITLE,
    TRY_FILE,
    TRY_GENERATED,
    TRY_NAME,
    TRY_SIZE,
    TRY_TIME,
    TRY_WRITER,
)
from gateway.policy.written_words import Word

WORDS: Final[tuple[Word[Any], ...]] = (
    CHANNEL, PURPOSE, OWNER, CARRIES, LANE, GRADE, TIME_ZONE, APPROVAL, REHEARSE,
    FOLDER, NAMES, WRITERS, WHOLE_WHEN, AFTERWARDS, ON_CLASH, FILE_MODE,
    TYPE, INSIDE, SIZE, TIME, NAME, MALWARE, ARCHIVE, ENCRYPTED,
    *FORMAT_WORDS, CODES, IDENTIFIERS, SOUGHT, PATTERNS, GRADE_FOUND,
    *REBUILT_WORDS, PERSONS,
    RATE, RETRY, PRIORITY,
    TITLE, EXPECT, TRY_FILE, TRY_GENERATED, TRY_NAME, TRY_TIME, TRY_WRITER, TRY_SIZE,
)  # fmt: skip


def words_of(section: Section) -> dict[str, Word[Any]]:
    """The words that may stand in a section, in the order of the table."""
    return _BY_SECTION[section]


_BY_SECTION: Final = {
    section: {word.name: word for word in WORDS if section in word.sections} for section in Section
}
