"""Operations of a channel that carries requests: what may be called, and what may be answered. Values only.

    operations:
      read-report:
        call: GET /fhir/DiagnosticReport/{id}
        id: fhir id
        headers: none
        body: none
        answers:
          200: fhir DiagnosticReport, at most 2 MiB
          404: empty

A content rule is a list of conditions as a file channel has them, so that contents of requests and answers
are inspected and judged by the same engine as files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.policy.live import LiveRule
from gateway.policy.model import Condition
from gateway.unit.request import MAX_CONTENT_BYTES


@dataclass(frozen=True, slots=True)
class ValueRule:
    """What a parameter, query or header field may be.

    text: as the policy says it (`fhir id`, `date`, `text at most 40`, `one of a, b`). pattern: RE2 syntax,
    the whole value must fit. required: must be there. many: may be there more than once. word: the line's
    key, which is what a refusal names.
    """

    text: str
    pattern: str
    most_characters: int
    line: int
    required: bool = True
    many: bool = False
    word: str = ""


@dataclass(frozen=True, slots=True)
class ContentRule:
    """What the content of a request or answer may be.

    media_types: those that it may come as, the first is what the far side sends. conditions: judged as
    those of a file. most_bytes: limit before anything is read.
    """

    text: str
    line: int
    media_types: tuple[str, ...]
    most_bytes: int
    conditions: tuple[Condition, ...]

    @property
    def is_large(self) -> bool:
        """Whether it may be more than a process may hold in memory."""
        return self.most_bytes > MAX_CONTENT_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """What one status may carry. content: None for none. headers: fields that go back, by small name."""

    status: int
    line: int
    content: ContentRule | None
    headers: Mapping[str, ValueRule]


@dataclass(frozen=True, slots=True)
class Operation:
    """One call that the channel knows.

    segments: the path template, literals as str, parameters as (name,). path: rules by the parameter's name.
    query, headers: rules by the name on the wire (of headers in small letters), in the order of the file;
    listed cookies are among the headers, as `cookie:NAME`.
    repeatable: may be tried again when nothing is known of the first try. call: as the file writes it.
    live: of one that is a session; it has no answers but that it is opened.
    """

    name: str
    line: int
    method: str
    segments: tuple[str | tuple[str], ...]
    path: Mapping[str, ValueRule]
    query: Mapping[str, ValueRule]
    headers: Mapping[str, ValueRule]
    content: ContentRule | None
    answers: Mapping[int, Answer]
    repeatable: bool
    call: str = ""
    call_line: int = 0
    live: LiveRule | None = None

    @property
    def is_large(self) -> bool:
        """Whether a content of it, or of an answer, may be more than a process may hold in memory.

        Such an operation goes through the queues, with its caller waiting.
        """
        contents = (self.content, *(answer.content for answer in self.answers.values()))
        return any(one is not None and one.is_large for one in contents)
