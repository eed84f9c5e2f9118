"""A thousand messages in each format: nothing of the persons is left, and each still validates."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.persons import FORMATS, Person, people
from tests.gateway.guard.rewriting import Anew, channel, masking

COUNT = 1_000


@pytest.mark.parametrize("word", FORMATS)
def test_nothing_of_a_thousand_persons_is_left(word: str, tmp_path: Path) -> None:
    """That each validates is judged by the rewriter: what does not pass again is refused there."""
    types, message_of = FORMATS[word]
    anew = Anew(tmp_path)
    taken = channel(types, "persons: masked", masking(), word)
    left: list[tuple[str, str]] = []
    for one in people(COUNT):
        before = message_of(one)
        after = anew.bytes_of(taken, before)
        assert _found(one, before), "the message says nothing of the person"
        left += [(one.number, value) for value in _found(one, after)]
    assert not left


def _found(one: Person, data: bytes) -> list[str]:
    """Values that stand in a file, in either encoding; DICOM parts a name by `^`."""
    texts = (data.decode("utf-8", "replace"), data.decode("gb18030", "replace"))
    values = [*one.values, f"{one.surname}^{one.given}"]
    return [value for value in values if any(value in text for text in texts)]
