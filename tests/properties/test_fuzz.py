"""The fuzz target sees what it should see, and a short run of it is clean (`make fuzz` is the long one)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gateway.inspection.receiving.formats import json as receiving_json
from tests.fuzz.damage import damaged, seeds
from tests.fuzz.target import Target

FILES = seeds()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("word", FILES)
def test_damaged_files_are_taken_or_refused(word: str, tmp_path: Path) -> None:
    target, chance = Target(tmp_path), random.Random(20261121)
    found = [find for _ in range(40) for find in target.finds(damaged(chance, FILES, word))]
    assert found == []


def test_a_reader_that_raises_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(receiving_json, "read", broken)
    finds = list(Target(tmp_path).finds(b'{"a": 1}'))
    assert {find.where for find in finds} == {"receiving examine", "json anew"}
    assert all("planted" in find.what for find in finds)
