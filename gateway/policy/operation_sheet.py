"""The section `operations` of a sheet to operations: every problem of every operation goes on the sheet.

operations:
  read-report:              a name
    call: GET /r/{id}       the template
    id: fhir id             a line for each parameter of it, and for nothing else
    headers: {if-match: text at most 80}
    cookies: [tenant]
    body: none
    answers:                at least one status
      200: fhir DiagnosticReport, at most 2 MiB
      404: empty
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from gateway.errors import Field
from gateway.policy.call_template import Template, read_call
from gateway.policy.content_rules import CONTENT_FORMS, read_content
from gateway.policy.cookie_names import read_cookie_name, usual_cookie
from gateway.policy.header_names import LOCATION, read_answer_header_name, read_header_name
from gateway.policy.live import LIVE_METHODS, Form, LiveRule
from gateway.policy.live_sheet import read_live, subprotocol_header
from gateway.policy.live_words import LIVE_WORDS
from gateway.policy.model import Section
from gateway.policy.nodes import Broken, Entries, Items, Node, Scalar
from gateway.policy.operations import Answer, ContentRule, Operation, ValueRule
from gateway.policy.phrases import Misread, did_you_mean
from gateway.policy.sheet import Sheet
from gateway.policy.value_rules import (
    exactly,
    is_location,
    located,
    location_types,
    read_value_rule,
)
from gateway.unit.request import MAX_FIELDS, MAX_OPERATION_BYTES

T = TypeVar("T")

OPERATION_WORDS: Final = ("call", "headers", "cookies", "body", "answers", "repeatable")
# More is another channel: a page of operations can still be read by a person.
MOST_OPERATIONS: Final = 200
_NAME: Final = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{MAX_OPERATION_BYTES - 2}}}[a-z0-9])?")
_STATUS: Final = re.compile(r"[1-5][0-9]{2}")
# RFC 9110, 9.2.2: doing it twice does as much as doing it once.
_REPEATABLE: Final = frozenset(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
_WITHOUT_BODY: Final = frozenset(["GET", "HEAD", "OPTIONS", "DELETE"])
_WITHOUT_CONTENT: Final = frozenset([204, 205, 304])


def read_operations(sheet: Sheet, usual_bytes: int) -> Mapping[str, Operation]:
    """The operations of a sheet. usual_bytes: the most that a content of this channel may be."""
    word = Section.OPERATIONS.value
    section = sheet.document.top.get(word)
    if section is None:
        sheet.complain(
            sheet.document.top, 2174, 0, 1, word=word, section="channel", write=f"{word}:"
        )
        return {}
    if not isinstance(section, Entries):
        if not isinstance(section, Broken):
            sheet.complain(section, 2172, section=word)
        return {}
    if len(section.entries) > MOST_OPERATIONS:
        sheet.complain(section, 2302, 0, 1, count=len(section.entries), limit=MOST_OPERATIONS)
        return {}
    operations: dict[str, Operation] = {}
    for key, node in section.entries:
        if not _NAME.fullmatch(key.text):
            write = re.sub(r"[^a-z0-9]+", "-", key.text.lower())[:64].strip("-") or "read-report"
            sheet.complain(key, 2186, text=key.text[:64], write=write)
        elif isinstance(node, Entries):
            made = _Reader(sheet, key, node, usual_bytes).operation()
            if made is not None:
                operations[key.text] = made
        elif not isinstance(node, Broken):
            sheet.complain(node, 2172, section=key.text)
    return operations


def is_never_repeated(method: str) -> bool:
    """Whether a call of this method is performed at most once, whatever a file says."""
    return method not in _REPEATABLE


@dataclass(slots=True)
class _Reader:
    """One operation of a sheet."""

    sheet: Sheet
    key: Scalar
    node: Entries
    usual_bytes: int

    def operation(self) -> Operation | None:
        before = len(self.sheet.problems)
        template = self._call()
        parameters = self._parameters(template)
        headers = self._headers(self.node.get("headers"), read_header_name) | self._cookies()
        live: LiveRule | None = None
        content: ContentRule | None = None
        answers: Mapping[int, Answer] = {}
        repeatable = False
        if template is not None and template.method in LIVE_METHODS:
            form = Form(template.method)
            live = read_live(self.sheet, self.key, self.node, form, self.usual_bytes, headers)
            headers |= subprotocol_header(live)
        else:
            content = self._body(template)
            answers = self._answers(template)
            repeatable = self._repeatable(template)
        if template is None or len(self.sheet.problems) > before:
            return None
        call = self.node.get("call")
        query = {
            wire: parameters[value[0]]
            if isinstance(value, tuple)
            else exactly(value, _line(call), wire)
            for wire, value in template.query.items()
        }
        path = {one[0]: parameters[one[0]] for one in template.segments if isinstance(one, tuple)}
        return Operation(
            self.key.text, self.key.line, template.method, template.segments, path, query, headers,
            content, answers, repeatable, call.text if isinstance(call, Scalar) else "", _line(call),
            live,
        )  # fmt: skip

    def _call(self) -> Template | None:
        node = self._obligatory("call", "call: GET /path/{id}")
        if node is None:
            return None
        template = self._read(node, "call", read_call)
        for name in _twice(template.parameters if template else ()):
            self.sheet.complain(node, 2303, name=name)
        for name in template.parameters if template else ():
            if name in _words(template):
                self.sheet.complain(node, 2304, name=name)
        return template

    def _parameters(self, template: Template | None) -> dict[str, ValueRule]:
        wanted = (
            tuple(n for n in template.parameters if n not in _words(template)) if template else ()
        )
        in_path = {s[0] for s in template.segments if isinstance(s, tuple)} if template else set()
        rules: dict[str, ValueRule] = {}
        meant: set[str] = set()
        for key, node in self.node.entries:
            if key.text in _words(template):
                continue
            if key.text not in wanted and template is not None:
                meant.add(self._no_parameter(key, (*wanted, *_words(template))))
                continue
            rule = self._value(node, key.text)
            if rule is not None:
                rules[key.text] = rule
                if key.text in in_path and (rule.many or not rule.required):
                    self.sheet.complain(node, 2305, name=key.text)
        for name in wanted:
            if self.node.get(name) is None and name not in meant:
                call = self.node.get("call") or self.key
                self.sheet.complain(call, 2306, name=name, write=f"{name}: text at most 64")
        return rules

    def _no_parameter(self, key: Scalar, knows: tuple[str, ...]) -> str:
        near = did_you_mean(key.text, knows)
        number = 2101 if near else 2307
        fields: dict[str, Field] = {"word": key.text[:64], "section": self.key.text, "write": near}
        self.sheet.suggest(key, number, knows, **fields)
        return near

    def _value(self, node: Node, word: str) -> ValueRule | None:
        line = _line(node)
        return self._read(node, word, lambda text: read_value_rule(text, word, line))

    def _headers(self, node: Node | None, read_name: Callable[[str], str]) -> dict[str, ValueRule]:
        if (
            node is None
            or isinstance(node, Broken)
            or (isinstance(node, Scalar) and node.text == "none")
        ):
            return {}
        if not isinstance(node, Entries):
            self.sheet.complain(node, 2308)
            return {}
        if len(node.entries) > MAX_FIELDS:
            self.sheet.complain(node, 2302, 0, 1, count=len(node.entries), limit=MAX_FIELDS)
            return {}
        rules: dict[str, ValueRule] = {}
        for key, value in node.entries:
            name = self._read(key, "headers", read_name)
            rule = self._value(value, key.text)
            if rule is not None and rule.many:
                self.sheet.complain(value, 2305, name=key.text[:64])
            if name is not None and rule is not None:
                rules[name] = rule
        return rules

    def _cookies(self) -> dict[str, ValueRule]:
        """Under names that no header has (gateway.policy.cookie_names)."""
        node = self.node.get("cookies")
        if isinstance(node, Scalar) and node.text != "none":
            self.sheet.complain(node, 2341)
            return {}
        if not isinstance(node, Items):
            return self._headers(node, read_cookie_name)
        if len(node.items) > MAX_FIELDS:
            self.sheet.complain(node, 2302, 0, 1, count=len(node.items), limit=MAX_FIELDS)
        rules: dict[str, ValueRule] = {}
        for item in node.items[:MAX_FIELDS]:
            name = self._read(item, "cookies", read_cookie_name)
            if name is not None and isinstance(item, Scalar):
                rules[name] = usual_cookie(item.text, item.line)
        return rules

    def _body(self, template: Template | None) -> ContentRule | None:
        node = self.node.get("body")
        content = self._content(node, "body", "none") if node is not None else None
        if node and content and template and template.method in _WITHOUT_BODY:
            self.sheet.complain(node, 2309, method=template.method)
        return content

    def _content(self, node: Node, word: str, nothing: str) -> ContentRule | None:
        if isinstance(node, Scalar) and node.text == nothing:
            return None
        file, line, schemas = self.sheet.document.file, _line(node), self.sheet.schemas
        return self._read(
            node, word, lambda text: read_content(text, file, line, schemas, self.usual_bytes)
        )

    def _answers(self, template: Template | None) -> Mapping[int, Answer]:
        node = self._obligatory("answers", "answers: {200: json, at most 64 KiB}")
        if node is None:
            return {}
        if not isinstance(node, Entries) or not node.entries:
            self.sheet.suggest(node, 2320, CONTENT_FORMS)
            return {}
        answers: dict[int, Answer] = {}
        for key, value in node.entries:
            status = self._status(key)
            if status is None:
                continue
            content, headers = self._answer(value, template)
            bare = status in _WITHOUT_CONTENT or (
                template is not None and template.method == "HEAD"
            )
            if content is not None and bare:
                self.sheet.complain(value, 2321, status=status)
            answers[status] = Answer(status, key.line, content, headers)
        return answers

    def _status(self, key: Scalar) -> int | None:
        """A final status that names no other address (RFC 9110, 15.2 and 15.4)."""
        status = int(key.text) if _STATUS.fullmatch(key.text) else 0
        if status < 200 or (300 <= status < 400 and status != 304):
            self.sheet.complain(key, 2322, text=key.text[:16])
            return None
        return status

    def _answer(
        self, node: Node, template: Template | None
    ) -> tuple[ContentRule | None, Mapping[str, ValueRule]]:
        if not isinstance(node, Entries):
            return self._content(node, "answers", "empty"), {}
        for key, _ in node.entries:
            if key.text not in ("content", "headers"):
                knows = ("content", "headers")
                self.sheet.suggest(key, 2199, knows, word=key.text[:64], section="answers")
        content = node.get("content")
        if content is None:
            self.sheet.complain(
                node, 2174, 0, 1, word="content", section="answers", write="content: empty"
            )
            return None, {}
        headers = self._headers(node.get("headers"), read_answer_header_name)
        for name, rule in headers.items():
            if is_location(rule) != (name == LOCATION):
                self.sheet.complain(node, 2319, 0, 1)
            elif name == LOCATION and template is not None:
                headers[name] = located(rule, _before(template, location_types(rule)))
        return self._content(content, "answers", "empty"), headers

    def _repeatable(self, template: Template | None) -> bool:
        usual = template is not None and not is_never_repeated(template.method)
        node = self.node.get("repeatable")
        if node is None:
            return usual
        said = node.text if isinstance(node, Scalar) else ""
        if said not in ("yes", "no"):
            self.sheet.complain(node, 2173, word="repeatable", write="repeatable: no")
        if said == "yes" and template is not None and not usual:
            self.sheet.complain(node, 2323, method=template.method)
        return usual and said != "no"

    def _obligatory(self, word: str, write: str) -> Node | None:
        node = self.node.get(word)
        if node is None:
            self.sheet.complain(self.key, 2174, word=word, section=self.key.text, write=write)
        return None if isinstance(node, Broken) else node

    def _read(self, node: Node, word: str, reader: Callable[[str], T]) -> T | None:
        if isinstance(node, Broken):
            return None
        if not isinstance(node, Scalar):
            self.sheet.complain(node, 2173, 0, 1, word=word, write=f"{word}: none")
            return None
        try:
            return reader(node.text)
        except Misread as error:
            start = error.start if "\n" not in node.text else 0
            fields: dict[str, Field] = {"word": word, **error.fields}
            self.sheet.problems.append(
                self.sheet.document.problem(
                    node, error.number, start, error.width or 1, error.knows, **fields
                )
            )
            return None


def _before(template: Template, types: Container[str]) -> tuple[str, ...]:
    """The literal parts of a call before one of these types; all of it where none stands there."""
    before: list[str] = []
    for segment in template.segments:
        if isinstance(segment, tuple) or segment in types:
            break
        before.append(segment)
    return tuple(before)


def _words(template: Template | None) -> tuple[str, ...]:
    """Those of an operation: of a session they are others."""
    is_live = template is not None and template.method in LIVE_METHODS
    return LIVE_WORDS if is_live else OPERATION_WORDS


def _line(node: Node | None) -> int:
    return node.line if node is not None else 0


def _twice(names: tuple[str, ...]) -> Iterator[str]:
    yield from sorted({name for name in names if names.count(name) > 1})
