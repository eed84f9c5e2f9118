"""Decisions and pages as bytes: what is written is read, and any other bytes are refused or nothing."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Misconfigured, Refused
from gateway.guard.outcome import Exit, Outcome, Passed
from gateway.policy.values import Approval as Wanted
from gateway.receiving.decision import (
    MAX_DECISION_BYTES,
    SCHEMA,
    Decision,
    Word,
    decode_decision,
    read_decision,
    write_decision,
)
from gateway.receiving.held_noting import Noting, page_of
from gateway.receiving.held_page import Approval, Page, Pages, decode_page
from gateway.spool.bodies import InlineBody
from gateway.spool.model import Entry, Taken
from gateway.unit.model import Stage
from tests.support import syncs

DECISION = Decision(SCHEMA, 7, Word.RELEASE, "seen 已阅", "ab" * 32, "cd" * 6, 5)
WANTED = Wanted(2, "security")


def held(**fields: str | int | float) -> Exit:
    return Exit(Stage.HELD, 2204, "lab-reports", fields)


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_any_bytes_are_a_decision_or_refused(untrusted: bytes) -> None:
    try:
        assert isinstance(decode_decision(untrusted), Decision)
    except Refused as error:
        assert error.number == 1075


@given(st.data())
def test_a_decision_with_any_byte_changed_is_one_or_refused(data: st.DataObject) -> None:
    good = bytearray(msgspec.json.encode(DECISION))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode_decision(bytes(good))
    except Refused as error:
        assert error.number == 1075


@given(st.binary(max_size=400))
def test_any_bytes_are_a_page_or_none(untrusted: bytes) -> None:
    page = decode_page(untrusted)
    assert page is None or isinstance(page, Page)


@given(st.text(min_size=1, max_size=400).filter(lambda text: text.strip()))
def test_every_reason_that_can_be_typed_is_read_as_it_was_written(reason: str) -> None:
    try:
        data = msgspec.json.encode(msgspec.structs.replace(DECISION, reason=reason))
    except UnicodeEncodeError:
        return  # the command replaces half characters before it comes here
    assert decode_decision(data).reason == reason


def test_the_longest_reason_fits(tmp_path: Path) -> None:
    for reason in ("\x00" * 399 + "x", "\U0001f600" * 400):
        longest = msgspec.structs.replace(DECISION, reason=reason)
        file = write_decision(tmp_path, longest)
        assert file.stat().st_size <= MAX_DECISION_BYTES
        assert read_decision(file).decision == longest


def test_a_decision_lies_there_whole_under_its_name_readable_and_its_owner_s_alone(
    tmp_path: Path,
) -> None:
    file = write_decision(tmp_path, DECISION)
    assert list(tmp_path.iterdir()) == [file]
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    found = read_decision(file)
    assert (found.decision, found.uid, found.name) == (DECISION, file.stat().st_uid, file.name)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        write_decision(tmp_path / "absent", DECISION)
    assert (caught.value.number, caught.value.fields["folder"]) == (5482, str(tmp_path / "absent"))


def test_names_that_are_no_text_and_numbers_beyond_64_bits_stand_in_a_page(tmp_path: Path) -> None:
    left = held(name="a\udce9.csv", ratio=1 << 70, sha256="ab" * 32)
    pages = Pages(tmp_path)
    pages.hold(page_of(7, left, WANTED, 1))
    page = pages.read(7)
    assert page is not None
    assert (page.fields["name"], page.fields["ratio"]) == ("a\\udce9.csv", str(1 << 70))


def test_a_page_keeps_its_approvals_when_the_same_unit_is_held_again(tmp_path: Path) -> None:
    pages = Pages(tmp_path)
    first = page_of(7, held(sha256="ab" * 32), WANTED, 1)
    pages.hold(first)
    one = Approval(1, "anna", "seen", 2, "security: member", "", "x.json")
    pages.change(7, lambda page: msgspec.structs.replace(page, approvals=[one]))
    pages.hold(first)
    assert (page := pages.read(7)) is not None and page.approvals == [one]
    pages.hold(page_of(7, held(sha256="cd" * 32), WANTED, 1))
    assert (page := pages.read(7)) is not None and page.approvals == []


def test_a_page_whose_name_may_not_be_on_disk_is_written_anew_though_it_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = Pages(tmp_path)
    pages.hold(page_of(7, held(), WANTED, 1))
    one = Approval(1, "anna", "seen", 2, "security: member", "", "x.json")

    def added(page: Page) -> Page:
        return msgspec.structs.replace(page, approvals=[one])

    # The content, then the folder: of the second nobody knows what it was good for.
    told = syncs.fail(monkeypatch, 2, name="fsync")
    with pytest.raises(OSError, match="error"):
        pages.change(7, added)
    (before,) = [path.stat().st_ino for path in tmp_path.iterdir()]
    assert pages.change(7, added) is not None
    (after,) = [path.stat().st_ino for path in tmp_path.iterdir()]
    assert (told.calls, after != before) == (4, True)


def test_the_oldest_come_first_and_what_is_no_page_is_passed_over(tmp_path: Path) -> None:
    pages = Pages(tmp_path)
    for number in range(1, 30):
        pages.hold(page_of(number, held(), WANTED, 1000 - number))
    (tmp_path / "000000ffff.json").write_bytes(b"{")
    (tmp_path / ".draft.new").touch()
    assert [page.unit for page in pages.oldest(3)] == [29, 28, 27]
    assert len(set(pages.numbers())) == 30


def test_the_guard_writes_a_page_for_what_it_holds_and_for_nothing_else(tmp_path: Path) -> None:
    pages = Pages(tmp_path)
    outcomes: dict[int, Outcome] = {
        1: held(sha256="ab" * 32),
        2: Exit(Stage.REFUSED, 2204, "lab-reports"),
        3: Passed(Entry(3, b"", b""), "lab-reports"),
    }
    noting = Noting(lambda taken: outcomes[taken.number], pages, lambda: None)
    for number, outcome in outcomes.items():
        assert noting(Taken(number, b"", InlineBody(b""), 1)) is outcome
    assert list(pages.numbers()) == [1]
    assert stat.S_IMODE((tmp_path / "0000000001.json").stat().st_mode) & 0o137 == 0
    (tmp_path / "0000000001.json").unlink()
    tmp_path.rmdir()
    # Nowhere to write it: the unit is held all the same.
    assert noting(Taken(1, b"", InlineBody(b""), 1)) is outcomes[1]
