"""Phrases in the reader's language. The Chinese ones stand in gateway.messages.phrases."""

from __future__ import annotations

from gateway.errors import Field
from gateway.management.terminal.screen import Terminal
from gateway.messages import shown
from gateway.messages.phrases import CHINESE


def say(terminal: Terminal | str, phrase: str, **fields: Field) -> str:
    """The phrase in the language of the terminal, its {fields} escaped and filled in.

    phrase: the English wording, which is also the key of the Chinese one.
    """
    language = terminal if isinstance(terminal, str) else terminal.language
    template = CHINESE.get(phrase, phrase) if language == "zh" else phrase
    if fields:
        template = template.format_map({name: shown(value) for name, value in fields.items()})
    return template if isinstance(terminal, str) else terminal.safe(template)
