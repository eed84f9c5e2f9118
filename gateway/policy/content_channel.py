"""The content of a request or an answer as what a file channel judges, and the verdict on it.

    ContentRule --> Channel (its conditions, nothing else) --> gateway.guard.judgement.judge --> Verdict
                                                                                 |
                                    under the word `body` or `answers` <---------+

One engine for contents and files: types, formats, schemas, scanners and archives are as they are there.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final, Literal

from gateway.policy.evaluate import Check, Verdict
from gateway.policy.facts import Sought, UnpackLimits
from gateway.policy.model import Channel, PolicySet
from gateway.policy.operations import ContentRule

# The name of a content where a file has one: it says nothing of the type.
CONTENT_NAME: Final = "content"
# A channel has a few rules; those of sets that are no longer in force go.
_MOST_KEPT: Final = 1_024


class _Key:
    """A channel and a rule by identity: their values are maps, and large."""

    __slots__ = ("channel", "rule")

    def __init__(self, channel: Channel, rule: ContentRule) -> None:
        self.channel, self.rule = channel, rule

    def __hash__(self) -> int:
        return hash((id(self.channel), id(self.rule)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.channel is other.channel and self.rule is other.rule


def content_channel(channel: Channel, rule: ContentRule) -> Channel:
    """The view of a channel that judges one content. The same object for the same two, so that what
    inspection has made ready for it is found again. No I/O."""
    return _made(_Key(channel, rule))


@lru_cache(_MOST_KEPT)
def _made(key: _Key) -> Channel:
    channel, rule = key.channel, key.rule
    return replace(
        channel,
        # A name of its own: inspection keeps what it has made ready by names.
        name=f"{channel.name}:{rule.line}",
        conditions=rule.conditions,
        unpack=UnpackLimits(total_bytes=max(rule.most_bytes * 4, 1 << 20)),
        holds_encrypted=False,
        tests=(),
        line=rule.line,
        sought=Sought(),
        rebuilt=frozenset(),
        masking=None,
        requests=None,
    )


def content_channels(channel: Channel) -> tuple[Channel, ...]:
    """The views of every content rule of a channel of requests, for Inspector.prepare; none of others."""
    if channel.requests is None:
        return ()
    rules: list[ContentRule] = []
    for operation in channel.requests.operations.values():
        contents = (operation.content, *(answer.content for answer in operation.answers.values()))
        rules += [content for content in contents if content is not None]
        rules += operation.live.contents if operation.live is not None else ()
    return tuple(content_channel(channel, rule) for rule in rules)


def prepared_channels(policy_set: PolicySet) -> tuple[Channel, ...]:
    """What an inspector makes ready for a set: every channel, and every view of one that carries requests."""
    channels = policy_set.channels.values()
    return (*channels, *(view for channel in channels for view in content_channels(channel)))


def of_content(verdict: Verdict, word: Literal["body", "answers", "sends", "receives"]) -> Verdict:
    """A verdict of judge on a content, with every check under the word that the operation has for it."""
    renamed: dict[int, Check] = {id(check): replace(check, word=word) for check in verdict.checks}
    deciding = None if verdict.deciding is None else renamed[id(verdict.deciding)]
    return Verdict(verdict.result, deciding, tuple(renamed[id(check)] for check in verdict.checks))
