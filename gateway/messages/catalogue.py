"""Finds the text of a number and fills it in. Values from outside are escaped and cut here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.errors import MAX_FIELD_CHARACTERS, Field, GatewayError
from gateway.messages import (
    audit,
    changing,
    connectors,
    durable_requests,
    exchange,
    ferry,
    formats_csv,
    formats_hl7,
    formats_image,
    formats_json,
    formats_office,
    formats_pdf,
    formats_rebuilt,
    formats_xml,
    held,
    identity,
    inspection,
    operating,
    pki,
    policy,
    policy_codes,
    policy_requests,
    request_bodies,
    request_files,
    requests,
    sandbox,
    scanners,
    sessions,
    settings,
    spool,
    text_search,
)
from gateway.messages.text import Text

LANGUAGES: Final = ("en", "zh")

_AREAS = (
    settings,
    policy,
    policy_codes,
    policy_requests,
    connectors,
    inspection,
    scanners,
    formats_json,
    formats_xml,
    formats_hl7,
    formats_csv,
    formats_image,
    formats_office,
    formats_pdf,
    formats_rebuilt,
    changing,
    text_search,
    sandbox,
    identity,
    ferry,
    exchange,
    audit,
    spool,
    operating,
    held,
    pki,
    requests,
    request_files,
    request_bodies,
    durable_requests,
    sessions,
)


def _all_texts() -> dict[int, Text]:
    texts: dict[int, Text] = {}
    for area in _AREAS:
        for number, text in area.TEXTS.items():
            if number in texts:
                raise RuntimeError(f"message {number} stands twice in the catalogue")
            texts[number] = text
    return texts


TEXTS: Final[Mapping[int, Text]] = _all_texts()


def text_of(number: int) -> Text:
    """The entry of a number. An unknown number (from a newer peer) has a text of its own."""
    return TEXTS.get(number) or Text(
        en="this version has no text for it", zh="本版本没有该编号的说明"
    )


def describe(error: GatewayError, language: str = "en") -> str:
    """One sentence for a person: `FG-2107 10-lab.yaml:27: ...`."""
    text = text_of(error.number)
    return f"FG-{error.number} {_fill(text.zh if language == 'zh' else text.en, error.fields)}"


def remedy(error: GatewayError, language: str = "en") -> str:
    """What to do about it, or nothing."""
    text = text_of(error.number)
    return _fill(text.zh_do if language == "zh" else text.en_do, error.fields)


def shown(value: Field) -> str:
    """A value as it may be shown: printable characters only, 80 at most, never markup.

    Control, bidirectional and unpaired surrogate characters appear as escapes, so that a file name
    cannot move the cursor, reorder a line or break an encoding.
    """
    text = str(value)
    escaped = "".join(
        c if c.isprintable() else _escape(c) for c in text[: MAX_FIELD_CHARACTERS + 1]
    )
    if len(text) > MAX_FIELD_CHARACTERS or len(escaped) > MAX_FIELD_CHARACTERS:
        return escaped[: MAX_FIELD_CHARACTERS - 1] + "…"
    return escaped


def _escape(character: str) -> str:
    code = ord(character)
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )


class _Fields(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def _fill(template: str, fields: Mapping[str, Field]) -> str:
    return template.format_map(_Fields({name: shown(value) for name, value in fields.items()}))
