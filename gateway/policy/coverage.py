"""Which lines of a channel its tests reach: a line is reached when it decides or counts in a test."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.policy.evaluate import Effect, Verdict
from gateway.policy.located import Located
from gateway.policy.model import Channel, Section


def reached_lines(channel: Channel, verdicts: Iterable[Verdict]) -> frozenset[tuple[Section, str]]:
    """Section and word of each line that refused, held back or counted in one of the verdicts.

    A test that expects a word counts for its line even where it could not run here (no scanner).
    """
    reached = {
        (check.section, check.word)
        for verdict in verdicts
        for check in verdict.checks
        if check.effect in (Effect.REFUSES, Effect.HOLDS_BACK, Effect.COUNTS)
    }
    expected = {trial.expect.word for trial in channel.tests}
    if "malware" in expected:
        reached |= {(Section.PASSES_IF, "malware"), (Section.ALSO_AT_RECEIVER, "malware")}
    return frozenset(reached)


def untested_lines(channel: Channel, reached: frozenset[tuple[Section, str]]) -> list[Located]:
    """A note for each condition line that no test reaches."""
    return [
        Located(
            line.file,
            line.line,
            1,
            1,
            "",
            2197,
            {
                "line": line.line,
                "word": line.word,
                "text": line.text,
                "section": line.section.value,
            },
        )
        for line in channel.conditions
        if (line.section, line.word) not in reached
    ]
