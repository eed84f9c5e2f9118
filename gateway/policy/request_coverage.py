"""Which operations and answers of a channel its tests reach: a note for each that they do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.errors import Field
from gateway.policy.evaluate import Outcome, Verdict
from gateway.policy.live_judges import RECEIVES, SENDS
from gateway.policy.located import Located
from gateway.policy.model import Channel
from gateway.policy.request_judges import ANSWERS
from gateway.policy.routes import OPERATIONS


def untested_operations(channel: Channel, verdicts: Iterable[Verdict]) -> Iterator[Located]:
    """Notes 2333 and 2334, in the order of the file; nothing for a channel of files.

    An operation is reached where a call was found to be it, an answer where its content was looked at.
    """
    if channel.requests is None:
        return
    reached = {
        (check.word, check.line)
        for verdict in verdicts
        for check in verdict.checks
        if check.outcome is Outcome.HOLDS or check.word == ANSWERS
    }
    for operation in channel.requests.operations.values():
        if (OPERATIONS, operation.call_line) not in reached:
            yield Located(channel.file, operation.line, 1, 1, "", 2333, {"name": operation.name})
            continue
        if operation.live is not None:
            for word, rule in (
                (SENDS, operation.live.sends),
                (RECEIVES, operation.live.receives),
            ):
                if rule is not None and (word, rule.content.line) not in reached:
                    named: dict[str, Field] = {"name": operation.name, "word": word}
                    yield Located(channel.file, rule.content.line, 1, 1, "", 2408, named)
        for answer in operation.answers.values():
            content = answer.content
            # No guard sees the answers of requests that are performed later.
            if channel.requests.submit or content is None:
                continue
            if (ANSWERS, content.line) not in reached:
                fields: dict[str, Field] = {"name": operation.name, "status": answer.status}
                yield Located(channel.file, answer.line, 1, 1, "", 2334, fields)
