"""The fuzz target sees what it should see, and a short run of it is clean (`make fuzz` is the long one)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gateway.connectors.request.head import read_head
from gateway.inspection.receiving.formats import json as receiving_json
from tests.attacks.http_requests import INNER, get
from tests.fuzz import requests as fuzzed
from tests.fuzz.damage import damaged, seeds
from tests.fuzz.requests import RequestTarget, damaged_request, request_seeds
from tests.fuzz.target import Target

FILES, REQUESTS = seeds(), request_seeds()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("word", FILES)
def test_damaged_files_are_taken_or_refused(word: str, tmp_path: Path) -> None:
    target, chance = Target(tmp_path), random.Random(20261121)
    found = [find for _ in range(40) for find in target.finds(damaged(chance, FILES, word))]
    assert found == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("word", REQUESTS)
def test_damaged_requests_are_taken_or_refused(word: str, tmp_path: Path) -> None:
    target, chance = RequestTarget(tmp_path), random.Random(20261121)
    count = 400 if word == "http" else 30
    tried = (damaged_request(chance, REQUESTS, word) for _ in range(count))
    assert [find for data in tried for find in target.finds(data, word)] == []


def test_a_framing_that_lets_two_requests_pass_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzzed, "_framed", lambda data, _size: (0, data, read_head(get(b"/"))))
    finds = list(RequestTarget(tmp_path).finds(INNER + INNER, "http"))
    assert ["more than one request" in find.what for find in finds] == [True]


def test_a_reader_that_raises_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(receiving_json, "read", broken)
    finds = list(Target(tmp_path).finds(b'{"a": 1}'))
    assert {find.where for find in finds} == {"receiving examine", "json anew"}
    assert all("planted" in find.what for find in finds)
