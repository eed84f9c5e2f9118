"""The lines of an operation that is a session to its rule; every problem goes on the sheet.

call: WEBSOCKET /ward/{id}      --> Form
sends, receives                 --> MessageRule, or none
sessions, idle, longest, ...    --> numbers, or what stands where nothing is said
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from gateway.errors import Field
from gateway.policy.content_rules import MOST_CONTENT_BYTES, read_content
from gateway.policy.live import (
    IDLE_S,
    LAST_EVENT_ID,
    LONGEST_S,
    MESSAGES_A_SECOND,
    SESSIONS_A_CALLER,
    SESSIONS_IN_ALL,
    SUBPROTOCOL,
    Form,
    LiveRule,
    MessageRule,
)
from gateway.policy.live_words import (
    LISTS,
    MOST_NAMES,
    ONLY_EVENTS,
    ONLY_WEBSOCKET,
    read_idle,
    read_longest,
    read_message_rate,
    read_name,
    read_sessions,
)
from gateway.policy.nodes import Broken, Entries, Items, Node, Scalar
from gateway.policy.operations import ContentRule, ValueRule
from gateway.policy.phrases import Misread
from gateway.policy.sheet import Sheet
from gateway.policy.value_rules import read_value_rule
from gateway.unit.session import MAX_EVENT_ID_CHARACTERS, MAX_MESSAGE_BYTES

T = TypeVar("T")
_BINARY: Final = "binary "


def read_live(
    sheet: Sheet,
    key: Scalar,
    node: Entries,
    form: Form,
    usual_bytes: int,
    headers: Mapping[str, ValueRule],
) -> LiveRule:
    """The rule of a session; what is wrong stands on the sheet. headers: of its operation."""
    return _Reader(sheet, key, node, form, usual_bytes, headers).rule()


def subprotocol_header(live: LiveRule) -> dict[str, ValueRule]:
    """The subprotocol as a header of the request that opens the session: one of the list."""
    if not live.subprotocols:
        return {}
    line = live.lines["subprotocols"]
    text = f"one of {', '.join(live.subprotocols)}"
    return {SUBPROTOCOL: read_value_rule(text, "subprotocols", line)}


@dataclass(slots=True)
class _Reader:
    sheet: Sheet
    key: Scalar
    node: Entries
    form: Form
    usual_bytes: int
    headers: Mapping[str, ValueRule]
    lines: dict[str, int] = field(default_factory=dict)

    def rule(self) -> LiveRule:
        out_of_place = ONLY_EVENTS if self.form is Form.WEBSOCKET else ONLY_WEBSOCKET
        for key, value in self.node.entries:
            self.lines[key.text] = value.line
            if key.text in out_of_place:
                self.sheet.complain(key, 2407, word=key.text, form=self.form.value)
        sends = self._message("sends") if self.form is Form.WEBSOCKET else None
        receives = self._message("receives")
        a_caller, in_all = self._value("sessions", read_sessions) or (
            SESSIONS_A_CALLER,
            SESSIONS_IN_ALL,
        )
        names = {word: self._names(word) for word in LISTS}
        events = names["events"] or ("message",) if self.form is Form.EVENTS else ()
        return LiveRule(
            self.form, sends, receives, names["subprotocols"], names["origins"], events,
            self._event_id(), a_caller, in_all, self._value("idle", read_idle) or IDLE_S,
            self._value("longest", read_longest) or LONGEST_S, self.lines,
        )  # fmt: skip

    def _event_id(self) -> ValueRule | None:
        rule = self.headers.get(LAST_EVENT_ID) if self.form is Form.EVENTS else None
        if rule is not None and rule.most_characters > MAX_EVENT_ID_CHARACTERS:
            node = self.node.get("headers") or self.node
            self.sheet.complain(
                node, 2123, 0, 1, value=rule.text, low=1, high=MAX_EVENT_ID_CHARACTERS
            )
        return rule

    def _message(self, word: str) -> MessageRule | None:
        node = self.node.get(word)
        if node is None:
            write = f"{word}: json, at most 16 KiB"
            self.sheet.complain(self.key, 2174, word=word, section=self.key.text, write=write)
            return None
        rate = self._value(f"{word}_rate", read_message_rate) or MESSAGES_A_SECOND
        if isinstance(node, Scalar) and node.text == "none":
            return None
        is_text = not (isinstance(node, Scalar) and node.text.startswith(_BINARY))
        if not is_text and self.form is Form.EVENTS:
            self.sheet.complain(node, 2407, word=_BINARY.strip(), form=self.form.value)
        content = self._value(word, lambda text: self._content(text, node.line))
        return None if content is None else MessageRule(content, is_text, rate)

    def _content(self, text: str, line: int) -> ContentRule:
        # Messages are held by many at a time: none is as large as a request may be.
        most = min(self.usual_bytes, MOST_CONTENT_BYTES, MAX_MESSAGE_BYTES)
        file, schemas = self.sheet.document.file, self.sheet.schemas
        said = text.removeprefix(_BINARY)
        try:
            return read_content(said, file, line, schemas, most)
        except Misread as error:
            start = error.start + len(text) - len(said)
            raise Misread(error.number, start, error.width, error.knows, **error.fields) from error

    def _names(self, word: str) -> tuple[str, ...]:
        node = self.node.get(word)
        if node is None or isinstance(node, Broken):
            return ()
        nodes = node.items if isinstance(node, Items) else (node,)
        if len(nodes) > MOST_NAMES:
            self.sheet.complain(node, 2302, 0, 1, count=len(nodes), limit=MOST_NAMES)
            return ()
        names = [self._read(one, word, lambda text: read_name(word, text)) for one in nodes]
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def _value(self, word: str, reader: Callable[[str], T]) -> T | None:
        node = self.node.get(word)
        return None if node is None else self._read(node, word, reader)

    def _read(self, node: Node, word: str, reader: Callable[[str], T]) -> T | None:
        if isinstance(node, Broken):
            return None
        if not isinstance(node, Scalar):
            self.sheet.complain(node, 2173, 0, 1, word=word, write=f"{word}: ...")
            return None
        try:
            return reader(node.text)
        except Misread as error:
            fields: dict[str, Field] = {"word": word, **error.fields}
            self.sheet.problems.append(
                self.sheet.document.problem(
                    node, error.number, error.start, error.width or 1, error.knows, **fields
                )
            )
            return None
