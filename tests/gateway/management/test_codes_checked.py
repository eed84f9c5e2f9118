"""What a table of codes says is held to by `policy check`, its tests and `explain` as by the guards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway.management.test_command_line import run
from tests.gateway.policy.channel_text import BASIC

CHANNEL = BASIC.replace("pdf or csv", "json\n  codes: $.code in list icd")
TESTS = """\
tests:
  - name: the day before
    try: {file: samples/a.json, time: "2025-12-31T23:59"}
    expect: refused by codes
  - name: the first day
    try: {file: samples/a.json, time: "2026-01-01T00:00"}
    expect: delivered
  - name: the last day
    try: {file: samples/a.json, time: "2026-12-31T23:59"}
    expect: delivered
  - name: the day after
    try: {file: samples/a.json, time: "2027-01-01T00:00"}
    expect: refused by codes
  - name: a day that the test leaves out
    try: {file: samples/a.json}
    expect: delivered
"""
TABLE = "# form: icd-10\ncode,valid_from,valid_to\nI10,2026-01-01,2026-12-31\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "policies"
    for name, text in (
        ("10-test.yaml", CHANNEL + TESTS),
        ("lists/icd.csv", TABLE),
        ("samples/a.json", '{"code": "I10"}'),
    ):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text)
    return made


def test_the_tests_of_a_channel_are_judged_on_the_day_that_they_name(folder: Path) -> None:
    status, out, err = run("policy", "check", str(folder))
    assert status == 0, out + err


@pytest.mark.parametrize(
    ("table", "number", "line"),
    [
        ("# form: loinc\ncode\n718-7\n718-8\n", 2133, 4),
        ("# form: icd-11\ncode\nI10\n", 2130, 1),
        ("code\nI10\nJ45.9\nI10\n", 2134, 4),
    ],
)
def test_a_wrong_table_is_named_with_its_line(
    folder: Path, table: str, number: int, line: int
) -> None:
    (folder / "lists" / "icd.csv").write_text(table)
    status, out, _ = run("policy", "check", str(folder))
    assert status == 1
    assert f"lists/icd.csv:{line}:1  FG-{number}" in out


@pytest.mark.parametrize(
    ("time", "status", "said"),
    [
        ("2025-12-31T15:59:59Z", 1, "I10 (valid_from 2026-01-01)"),
        ("2025-12-31T16:00:00Z", 0, ""),
        ("2026-12-31T16:00:00Z", 1, "I10 (valid_to 2026-12-31)"),
    ],
)
def test_explain_judges_on_the_day_that_it_is_given(
    folder: Path, time: str, status: int, said: str
) -> None:
    sample = str(folder / "samples" / "a.json")
    asked = ("explain", sample, "--channel", "reports", "--policies", str(folder), "--time", time)
    done, out, err = run(*asked)
    assert done == status, out + err
    assert said in " ".join(out.split())
