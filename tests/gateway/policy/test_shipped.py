"""The set that ships is right, tests every line of itself, and reads as its README says."""

from __future__ import annotations

from pathlib import Path

from gateway.policy.load import load_set
from gateway.policy.testing import Status, run_tests
from tests.gateway.policy.stand_in import examine

ROOT = Path(__file__).parents[3]
POLICIES = ROOT / "policies"


def test_the_shipped_set_loads_without_a_note() -> None:
    loaded = load_set(POLICIES)
    assert sorted(loaded.channels) == ["lab-reports"]
    assert loaded.notes == ()


def test_its_tests_pass_and_reach_every_line() -> None:
    report = run_tests(load_set(POLICIES), POLICIES, examine)
    assert [p.fields for p in report.problems] == []
    # Without a scanner the one test of malware cannot run.
    assert [note.number for note in report.notes] == [2194]
    assert report.count(Status.NOT_RUN) == 1


def test_every_sample_is_small_and_invented() -> None:
    for sample in POLICIES.glob("samples/**/*"):
        if sample.is_file():
            assert sample.stat().st_size < 20_000, sample
            assert b"EICAR" not in sample.read_bytes()
