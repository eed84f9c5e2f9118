"""A content judged by both sides under the body line of an operation, as their guards do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from gateway.guard.judgement import judge
from gateway.inspection.chain import Inspector, bytes_body
from gateway.policy.content_channel import CONTENT_NAME, content_channel, of_content
from gateway.policy.evaluate import Result
from gateway.policy.model import Channel
from tests.gateway.policy.request_text import LOOKUP, request_channel

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def channel_of(line: str, schemas: Mapping[str, str] | None = None) -> Channel:
    """A channel with one operation, `post`, whose body and answer are this line."""
    head, tail = LOOKUP.index("operations:"), LOOKUP.index("\nlimits:")
    written = line.replace("'", "''")
    operation = (
        f"operations:\n  post:\n    call: POST /x\n    body: '{written}'\n"
        f"    answers:\n      200: '{written}'\n"
    )
    return request_channel(LOOKUP[:head] + operation + LOOKUP[tail:], schemas)


def numbers(
    sides: tuple[Inspector, Inspector], channel: Channel, content: bytes, operation: str = "post"
) -> tuple[int, int]:
    """What each side says of a body: 0, or the number of the finding that decides. The word is `body`."""
    assert channel.requests is not None
    rule = channel.requests.operations[operation].content
    assert rule is not None
    said = []
    for receiver, inspector in enumerate(sides):
        verdict = of_content(
            judge(
                inspector,
                content_channel(channel, rule),
                bytes_body(content),
                CONTENT_NAME,
                AT,
                at_receiver=bool(receiver),
            ).verdict,
            "body",
        )
        assert verdict.result in (Result.PASSES, Result.REFUSED)
        assert verdict.deciding is None or verdict.deciding.word == "body"
        said.append(verdict.number if verdict.result is Result.REFUSED else 0)
    return said[0], said[1]
