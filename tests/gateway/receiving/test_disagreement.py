"""A unit that the sending guard let pass by the same set and this guard does not: an event of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.policy.evaluate import Check, Effect, Outcome, Result, Verdict
from gateway.policy.model import PolicySet, Section
from gateway.receiving.admit import _disagree
from gateway.unit.model import FileBody, Kind, Lane, Manifest

SET = PolicySet({}, "d" * 64, ())
MANIFEST = Manifest(
    1, "c", Kind.FILES, Lane.IMPORT, 1, 2, SET.digest, FileBody("a", 1, 1), bytes(32)
)


def verdict(word: str, section: Section) -> Verdict:
    check = Check(word, section, "", "10-c.yaml", 1, Outcome.FAILS, Effect.REFUSES, 3113, {})
    return Verdict(Result.REFUSED, check, (check,))


def test_another_reading_of_the_same_file_is_a_disagreement() -> None:
    assert _disagree(MANIFEST, SET, verdict("json", Section.PASSES_IF))


@pytest.mark.parametrize(
    ("word", "section"),
    [("size", Section.ALSO_AT_RECEIVER), ("malware", Section.PASSES_IF)],
)
def test_what_only_this_side_asks_is_none(word: str, section: Section) -> None:
    assert not _disagree(MANIFEST, SET, verdict(word, section))


def test_another_policy_set_is_none() -> None:
    other = replace(MANIFEST, policy_digest="e" * 64)
    assert not _disagree(other, SET, verdict("json", Section.PASSES_IF))
