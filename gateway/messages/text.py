"""The shape of one catalogue entry."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One message in each language: what happened, and what to do about it.

    en, zh: the sentence, with {fields}. en_do, zh_do: the next step, a command where there is one;
    empty where nothing is to be done.
    """

    en: str
    zh: str
    en_do: str = ""
    zh_do: str = ""
