"""What lines of `counted_if` find in real files, on both sides, and what the journal keeps of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.guard.judgement import Judgement, decision_fields, judge
from gateway.inspection.chain import Role, bytes_body
from gateway.inspection.here import inspector_here
from gateway.inspection.looking import Looking
from gateway.policy.evaluate import Result
from tests.attacks.conftest import AT, zipped
from tests.gateway.inspection.test_looking import IDENTITY, TYPES, channel_of

COUNTED = (
    "counted_if:\n  identifiers: identity numbers or mobile numbers\n  words: in list rare\n"
    "  patterns: in list numbers\n  grade_found: above 3\n"
)
MOBILE = "13812345678"
ROLES = list(Role)


def judged(tmp_path: Path, role: Role, data: bytes, lines: str = COUNTED) -> Judgement:
    return judge(
        inspector_here(role, [], tmp_path), channel_of(TYPES.replace("docx", "rtf") + lines),
        bytes_body(data), "x.bin", AT, at_receiver=role is Role.RECEIVING,
    )  # fmt: skip


def table(*cells: str) -> bytes:
    return "".join(f"{number},{cell}\n" for number, cell in enumerate(("name", *cells))).encode()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("make", "counted"),
    [
        (lambda: table("Li", "Wang"), ""),
        (
            lambda: table(IDENTITY, MOBILE, f"{IDENTITY} 罕见病", "ZX-123456"),
            "identifiers: 2 identity numbers, 1 mobile numbers; words: 1 rare; patterns: 1 numbers;"
            " grade_found: 1 rare",
        ),
        (
            lambda: json.dumps({"a": [IDENTITY, {IDENTITY: 1}]}).encode(),
            "identifiers: 2 identity numbers",
        ),
        (
            lambda: zipped(("a.csv", table(IDENTITY, "x")), ("b.txt", f"{IDENTITY}.\n".encode())),
            "identifiers: 2 identity numbers",
        ),
    ],
    ids=["nothing", "table", "json", "zip"],
)
def test_the_journal_has_numbers_and_kinds_and_no_value_and_the_unit_goes_on(
    tmp_path: Path, role: Role, make: Callable[[], bytes], counted: str
) -> None:
    judgement = judged(tmp_path, role, make())
    assert judgement.verdict.result is Result.PASSES, judgement.verdict.deciding
    fields = decision_fields("x.bin", judgement, "7f3a")
    assert fields.get("counted", "") == counted
    told = " ".join(str(value) for value in fields.values())
    for value in (IDENTITY, IDENTITY[-4:], MOBILE, "罕见病", "ZX-", "***"):
        assert value not in told


@pytest.mark.parametrize("role", ROLES)
def test_a_text_that_cannot_be_searched_does_not_pass_a_line_that_counts(
    tmp_path: Path, role: Role
) -> None:
    letter = b"{\\rtf1 a letter}"
    refused = judged(tmp_path, role, letter).verdict
    assert (refused.result, refused.number) == (Result.REFUSED, 3959)
    assert judged(tmp_path, role, letter, "").verdict.result is Result.PASSES


@pytest.mark.parametrize("line", COUNTED.splitlines()[1:])
def test_texts_are_wanted_where_lines_only_count_and_not_where_there_are_none(line: str) -> None:
    looking = Looking(channel_of(f"  type: text\ncounted_if:\n{line}\n"))
    assert looking.texts
    assert looking.search(AT) is not None
    plain = Looking(channel_of("  type: text\n"))
    assert not plain.texts
    assert plain.search(AT) is None


@pytest.mark.parametrize("role", ROLES)
def test_a_unit_that_is_refused_for_another_thing_tells_its_counts_too(
    tmp_path: Path, role: Role
) -> None:
    lines = "refused_if:\n  identifiers: mobile numbers\n" + COUNTED
    judgement = judged(tmp_path, role, table(IDENTITY, MOBILE), lines)
    assert judgement.verdict.result is Result.REFUSED
    counted = decision_fields("x.bin", judgement, "7f3a")["counted"]
    assert counted == "identifiers: 1 identity numbers, 1 mobile numbers"
