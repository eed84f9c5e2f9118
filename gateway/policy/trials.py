"""The tests of a policy file: read here, run by `gateway.policy.testing`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Final

from gateway.policy import trial_words
from gateway.policy.model import Section, Trial
from gateway.policy.nodes import Broken, Entries, Items, Scalar
from gateway.policy.sheet import Found, Sheet, read_entries
from gateway.policy.words import words_of
from gateway.policy.written_words import Word

# `try` is a section of its own, read with the words of Section.TRY.
_TRY: Final = Section.TRY.value


def read_trials(sheet: Sheet, zone: tzinfo) -> tuple[Trial, ...]:
    """The tests of a sheet; problems go on it. zone: of times that name none."""
    section = sheet.document.top.get(Section.TESTS.value)
    if section is None or isinstance(section, Broken):
        return ()
    if not isinstance(section, Items):
        sheet.complain(section, 2172, section=Section.TESTS.value)
        return ()
    trials: list[Trial] = []
    for node in section.items:
        trial = _trial(sheet, node, zone) if isinstance(node, Entries) else None
        if not isinstance(node, Entries | Broken):
            sheet.complain(node, 2172, section=Section.TESTS.value)
        if trial is not None:
            first = next((t for t in trials if t.title == trial.title), None)
            if first is not None:
                key = node.get(trial_words.TITLE.name) if isinstance(node, Entries) else node
                sheet.complain(key or node, 2112, word=trial.title, first=first.line)
            trials.append(trial)
    return tuple(trials)


def _trial(sheet: Sheet, node: Entries, zone: tzinfo) -> Trial | None:
    found = read_entries(sheet, Section.TESTS, node, also=(_TRY,))
    _check_expected_word(sheet, found.get(trial_words.EXPECT.name))
    attempt = node.get(_TRY)
    if attempt is None:
        sheet.complain(
            node,
            2174,
            0,
            1,
            word=_TRY,
            section=Section.TESTS.value,
            write="try: {file: samples/NAME}",
        )
        return None
    if not isinstance(attempt, Entries):
        if not isinstance(attempt, Broken):
            sheet.complain(attempt, 2172, section=_TRY)
        return None
    return _attempt(sheet, attempt, found, zone)


def _attempt(sheet: Sheet, attempt: Entries, found: dict[str, Found], zone: tzinfo) -> Trial | None:
    tried = read_entries(sheet, Section.TRY, attempt)
    written = [attempt.get(word.name) for word in (trial_words.TRY_FILE, trial_words.TRY_GENERATED)]
    if sum(node is not None for node in written) != 1:
        sheet.complain(attempt, 2189, 0, 1)
        return None
    title, expect = found.get(trial_words.TITLE.name), found.get(trial_words.EXPECT.name)
    sample = tried.get(trial_words.TRY_FILE.name) or tried.get(trial_words.TRY_GENERATED.name)
    if title is None or expect is None or sample is None:
        return None
    trial = Trial(
        title=str(title.value),
        line=title.key.line,
        sample=str(sample.value),
        generated=trial_words.TRY_GENERATED.name in tried,
        expect=trial_words.EXPECT.join((expect.value,)),
        expect_line=expect.key.line,
    )
    return _with_overrides(trial, tried, zone)


def _with_overrides(trial: Trial, tried: dict[str, Found], zone: tzinfo) -> Trial:
    def said(word: Word[str]) -> str | None:
        found = tried.get(word.name)
        return str(found.value) if found else None

    at = tried[trial_words.TRY_TIME.name].value if trial_words.TRY_TIME.name in tried else None
    if isinstance(at, datetime) and at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    size = tried[trial_words.TRY_SIZE.name].value if trial_words.TRY_SIZE.name in tried else None
    return replace(
        trial,
        at=at if isinstance(at, datetime) else None,
        name=said(trial_words.TRY_NAME),
        writer=said(trial_words.TRY_WRITER),
        size_bytes=size if isinstance(size, int) else None,
    )


def _check_expected_word(sheet: Sheet, expect: Found | None) -> None:
    """`refused by tpye` would be a test that can only fail; say so while reading."""
    if expect is None:
        return
    expectation = trial_words.EXPECT.join((expect.value,))
    known = {name for section in _JUDGING for name in words_of(section)} | {"names", "writers"}
    # What no channel allows has words of its own, whether the channel names them or not.
    known |= {"archive", "encrypted", Section.CHANGED.value}
    before = expect.text.partition(",")[0]
    _check_word(sheet, expect, expectation.word, known, before.rfind(expectation.word))
    counting = set(words_of(Section.COUNTED_IF))
    counted = expectation.counted
    _check_word(sheet, expect, counted, counting, expect.text.rfind(counted))


def _check_word(sheet: Sheet, expect: Found, word: str, known: set[str], start: int) -> None:
    if word and word not in known and isinstance(expect.node, Scalar):
        sheet.problems.append(
            sheet.document.problem(
                expect.node, 2118, start, len(word), tuple(sorted(known)), word="expect", text=word
            )
        )


_JUDGING: Final = (
    Section.PASSES_IF,
    Section.HELD_IF,
    Section.REFUSED_IF,
)
