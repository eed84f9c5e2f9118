"""A state folder that comes from a backup, or from another host: no number is given a second time."""

from __future__ import annotations

import time
from pathlib import Path

from gateway.connectors.numbering import UnitNumbers
from gateway.spool.epoch import claim_epoch

DAY_NS = 86_400 * 10**9


def test_numbers_after_a_restore_are_none_that_were_given_since_the_backup(tmp_path: Path) -> None:
    """F3: the receiver drops a number that it has had, without a word."""
    now_ns = time.time_ns()
    path = tmp_path / "unit-numbers"
    UnitNumbers(path, lambda: now_ns - 2 * DAY_NS).next()
    backup = path.read_bytes()
    yesterday = UnitNumbers(path, lambda: now_ns - DAY_NS)
    given = {yesterday.next() for _ in range(10_000)}
    path.write_bytes(backup)
    restored = UnitNumbers(path, lambda: now_ns)
    assert given.isdisjoint(restored.next() for _ in range(10_000))


def test_a_clock_that_went_back_gives_no_number_twice(tmp_path: Path) -> None:
    now_ns = time.time_ns()
    path = tmp_path / "unit-numbers"
    first = UnitNumbers(path, lambda: now_ns)
    given = {first.next() for _ in range(5_000)}
    second = UnitNumbers(path, lambda: now_ns - 100 * DAY_NS)
    assert given.isdisjoint(second.next() for _ in range(5_000))


def test_a_session_after_a_restore_is_above_those_since_the_backup(tmp_path: Path) -> None:
    """F4: one session number twice is one key with the same nonces twice."""
    claim_epoch(tmp_path, "import-session", at_least=1_000)
    backup = (tmp_path / "import-session").read_bytes()
    since = claim_epoch(tmp_path, "import-session", at_least=2_000)
    (tmp_path / "import-session").write_bytes(backup)
    again = claim_epoch(tmp_path, "import-session", at_least=3_000)
    assert again > since
    # A clock that went back counts up all the same.
    assert claim_epoch(tmp_path, "import-session", at_least=5) == again + 1
