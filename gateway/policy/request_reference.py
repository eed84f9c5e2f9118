"""Channels that carry requests in the reference page and in the schema for editors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from gateway.policy.content_rules import CONTENT_FORMS, MEDIA_TYPES
from gateway.policy.live import LIVE_METHODS
from gateway.policy.live_words import LISTS, LIVE_TABLE
from gateway.policy.model import Section
from gateway.policy.operation_sheet import OPERATION_WORDS
from gateway.policy.request_words import request_words_of
from gateway.policy.routes import METHODS
from gateway.policy.value_rules import SIMPLE, VALUE_FORMS
from gateway.policy.written_words import Word
from gateway.unit.request import MAX_FIELDS

_Rows = Callable[[Mapping[str, Word[Any]]], Iterator[str]]
_Described = Callable[[Word[Any]], dict[str, Any]]

_OPERATION: Final = (
    ("call", "METHOD /path/{parameter}?field={parameter}&field=word",
     "The call as it is on the wire. A parameter is a whole part of the path or a whole value.",
     "线上的请求。参数须为路径的一整段,或字段的整个值。"),
    ("PARAMETER", "one of the forms of values below",
     "A line for each parameter of the call, and for nothing else.", "每个参数一行,不多不少。"),
    ("headers", "none, or {name: FORM, name: FORM}",
     "Header fields that cross, in small letters. None where nothing is said; no file can name those of a"
     " hop, of the caller or of his secrets.",
     "可跨网的首部字段(小写)。未写则无;逐跳、调用方身份与凭据类首部不可列出。"),
    ("cookies", "[name, name], or {name: FORM, name: FORM}",
     "Cookies of the caller that the peer gets; a list takes any value of at most 200 characters, or none."
     " What the peer sets never goes back.",
     "可转给对侧的调用方 Cookie;仅列名称时取值不超过 200 字符,可缺省。对侧设置的 Cookie 从不返回。"),
    ("body", "none, or one of the forms of contents below",
     "The request's content; none where nothing is said.", "请求正文;未写则无。"),
    ("answers", "{STATUS: empty, STATUS: CONTENT, STATUS: {content: CONTENT, headers: {name: FORM}}}",
     "Every answer that may go back. Obligatory; any other is dropped and recorded.",
     "允许返回的全部应答,必填;其余丢弃并记入审计。"),
    ("repeatable", "yes, no",
     "no: a call whose outcome is not known is never tried again. yes for GET, HEAD, OPTIONS, PUT and DELETE"
     " where nothing is said; never for others.",
     "no:结果不明时不再重试。GET、HEAD、OPTIONS、PUT、DELETE 未写时为 yes;其余方法始终不重试。"),
)  # fmt: skip


def request_lines(rows: _Rows) -> Iterator[str]:
    """The part of the page. rows: makes the table of some words."""
    yield from ("", "# Channels that carry requests", "")
    yield "`carries: requests`. Their words are these and no others; `lanes` names both lanes:"
    yield "`lanes: {request: import, response: export}`, or the other way round. With `submit: yes` that of"
    yield "requests is enough."
    for section, title in (
        (Section.CHANNEL, "Words at the margin (requests)"), (Section.FROM, "`from` (requests, obligatory)"),
        (Section.TO, "`to` (requests, obligatory)"), (Section.LIMITS, "`limits` (requests)"),
        (Section.TRY, "`try` (requests)"),
    ):  # fmt: skip
        yield from ("", f"## {title}")
        yield from rows(request_words_of(section))
    yield from (
        "",
        "`json: {...}` under `try` is the request's content as the test writes it, `headers:",
    )
    yield "{name: value}` its listed header fields, `cookies: {name: value}` its listed cookies."
    yield from ("", "## `operations` (requests, obligatory)", "")
    yield f"Each has a name and these words. Methods: {', '.join(METHODS)}."
    yield from ("", "| word | is written | means |", "| --- | --- | --- |")
    for word, form, en, zh in _OPERATION:
        yield f"| `{word}` | {form.replace('|', chr(92) + '|')} | {en}<br>{zh} |"
    yield from ("", "## Sessions among `operations`", "")
    yield "WebSocket and server-sent events; only where an operation says so. These words, a line for each"
    yield "parameter, and `headers`; no `body`, no `answers`. A test gives a message of the caller by `json`"
    yield "or `file`, one of the peer by `answer`, and the name of its event by `event`."
    yield from ("", "| word | is written | means |", "| --- | --- | --- |")
    for word, form, en, zh in LIVE_TABLE:
        yield f"| `{word}` | {form} | {en}<br>{zh} |"
    yield from (
        "",
        "## Values of parameters and headers",
        "",
        "| form | at most |",
        "| --- | --- |",
    )
    for form in VALUE_FORMS:
        most = f"{SIMPLE[form][1]} characters" if form in SIMPLE else ""
        yield f"| `{form}` | {most} |"
    yield from ("", "## Contents", "")
    yield f"{', '.join(f'`{form}`' for form in CONTENT_FORMS)}."
    yield from ("", "| content | comes as |", "| --- | --- |")
    for word, media_types in MEDIA_TYPES.items():
        yield f"| `{word}` | {', '.join(f'`{media}`' for media in media_types)} |"
    yield from ("", "## `changed` (requests)", "")
    yield "`response.KEY.KEY: removed`: the key goes out of every JSON answer, of a FHIR Bundle out of each"
    yield "resource in it."


def request_schema(described: _Described) -> dict[str, Any]:
    """The schema of such a file. described: makes that of one word."""

    def section(of: Section, obligatory: bool = True) -> dict[str, Any]:
        words = request_words_of(of)
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: described(word) for name, word in words.items()},
            "required": [name for name, word in words.items() if word.obligatory and obligatory],
        }

    top = section(Section.CHANNEL)
    lane = {"enum": ["import", "export"]}
    top["properties"] |= {
        "lanes": {
            "type": "object",
            "description": "The lane of requests and that of answers.",
            "additionalProperties": False,
            "properties": {"request": lane, "response": lane},
            "required": ["request"],
        },
        "from": section(Section.FROM),
        "to": section(Section.TO),
        "operations": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$"},
            "additionalProperties": _operation(),
        },
        "changed": {"type": "object", "additionalProperties": {"const": "removed"}},
        "limits": section(Section.LIMITS),
        "tests": {"type": "array", "items": _test(section)},
    }
    top["required"] += ["lanes", "from", "to", "operations"]
    return top


def _operation() -> dict[str, Any]:
    notes: dict[str, dict[str, Any]] = {
        word: {"description": en, "examples": [form]} for word, form, en, _ in _OPERATION
    }
    words = {word: notes[word] for word in OPERATION_WORDS}
    methods = "|".join((*METHODS, *LIVE_METHODS))
    words["call"] |= {"type": "string", "pattern": rf"^(?:{methods}) +/\S*$"}
    words["body"] |= {"type": "string"}
    words["cookies"] |= {"type": ["array", "object"], "maxItems": MAX_FIELDS}
    words["answers"] |= {"type": "object", "minProperties": 1}
    text: dict[str, Any] = {"type": "string"}
    for word, form, en, _ in LIVE_TABLE:
        if word not in words:
            several = {"type": "array", "minItems": 1, "items": text}
            what = {"anyOf": [text, several]} if word in LISTS else text
            words[word] = {"description": en, "examples": [form], **what}
    return {
        "type": "object",
        "properties": words,
        "required": ["call"],
        "anyOf": [{"required": ["answers"]}, {"required": ["receives"]}],
        "additionalProperties": text,
    }


def _test(section: Callable[[Section], dict[str, Any]]) -> dict[str, Any]:
    test = section(Section.TESTS)
    tried = section(Section.TRY)
    tried["properties"] |= {
        "json": {}, "headers": {"type": "object"}, "cookies": {"type": "object"}
    }  # fmt: skip
    test["properties"]["try"] = tried
    test["required"].append("try")
    return test
