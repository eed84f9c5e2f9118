"""One word of a policy file: a row of the table of words, and how its values are written.

What words there are stands in the modules `*_words`; all of them together are `gateway.policy.words`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from gateway.policy.model import Section
from gateway.policy.phrases import read_word

T = TypeVar("T")

# Patterns of values for editors (ECMA 262 regular expressions); what counts is what the reader takes.
SIZE_FORM: Final = r"[0-9][0-9,]* (?:bytes?|KiB|MiB|GiB|TiB)"
SPAN_FORM: Final = r"[0-9][0-9,]* (?:ms|s|min|h|d)"
TEXT_FORM: Final = r"\S"


def _only(items: tuple[Any, ...]) -> Any:
    return items[0]


# Without slots: a slotted frozen class cannot be generic on Python 3.11 (typing sets __orig_class__).
@dataclass(frozen=True)
class Word(Generic[T]):
    """One key. sections: where it may stand. forms: how its value is written, for people.

    pattern: the same for editors (ECMA 262 regular expression). item: reads one text or raises
    Misread; join: makes the value of what was read. many: may be a YAML list; splits: one text may
    name several, `pdf, csv or dicom`. editors: what an editor may take the value for besides text.
    """

    name: str
    sections: tuple[Section, ...]
    en: str
    zh: str
    forms: tuple[str, ...]
    example: str
    pattern: str
    item: Callable[[str], Any]
    join: Callable[[tuple[Any, ...]], T] = _only
    obligatory: bool = False
    many: bool = False
    splits: bool = False
    editors: tuple[str, ...] = ()


def one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    """A reader that takes these words and raises Misread for others."""
    return lambda text: read_word(text, words)


def choice(words: tuple[str, ...]) -> str:
    """The pattern of one of these words."""
    return f"^(?:{'|'.join(words)})$"


def many_of(words: tuple[str, ...]) -> str:
    """The pattern of these words, one or several: `pdf, csv or dicom`."""
    word = f"(?:{'|'.join(sorted(words, key=len, reverse=True))})"
    return f"^{word}(?:(?:, *| or | and ){word})*$"
