"""The highest number let in is known whatever becomes of the journal behind the state file."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from gateway.audit.event import Event
from gateway.audit.journal import open_journal
from gateway.audit.segment import segment_name, segments
from gateway.errors import StateUncertain
from gateway.guard.let_in import LetIn
from gateway.guard.seen import Seen


def is_even(number: int) -> bool:
    return number % 2 == 0


def passed(folder: Path, *numbers: int) -> None:
    journal = open_journal(folder, "guard")
    for number in numbers:
        journal.record(Event("request.passed", time.time_ns(), number, "orders"))
    journal.commit()
    journal.close()


def test_it_is_in_the_journal_and_of_that_side_only(tmp_path: Path) -> None:
    journal, state = tmp_path / "guard", tmp_path / "let-in.json"
    assert LetIn(journal, state, is_even).floor == -1
    passed(journal, 10, 400, 12, 4_001)
    assert LetIn(journal, state, is_even).floor == 400


def test_a_journal_that_is_gone_takes_nothing_along(tmp_path: Path) -> None:
    journal, state = tmp_path / "guard", tmp_path / "let-in.json"
    passed(journal, 400)
    let_in = LetIn(journal, state, is_even)
    let_in.step(0.0, lambda: 402)
    for segment in segments(journal):
        segment.path.unlink()
    assert LetIn(journal, state, is_even).floor == 402


def test_what_this_side_let_out_is_known_beside_it(tmp_path: Path) -> None:
    journal, state = tmp_path / "guard", tmp_path / "let-in.json"
    passed(journal, 400, 901, 13)
    let_in = LetIn(journal, state, is_even, lambda number: not is_even(number))
    assert (let_in.floor, let_in.sent) == (400, 901)
    let_in.step(0.0, lambda: 402, lambda: 903)
    for segment in segments(journal):
        segment.path.unlink()
    again = LetIn(journal, state, is_even, lambda number: not is_even(number))
    assert (again.floor, again.sent) == (402, 903)


class LetInStateOf010(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As guards read it before they knew what they had let out."""

    highest: int = -1
    first_seq: int = 0


def test_a_guard_of_before_starts_with_this_file_and_this_one_with_its(tmp_path: Path) -> None:
    journal, state = tmp_path / "guard", tmp_path / "let-in.json"
    passed(journal, 400, 901)
    let_in = LetIn(journal, state, is_even, lambda number: not is_even(number))
    let_in.step(0.0, lambda: 402, lambda: 903)
    before = msgspec.json.decode(state.read_bytes(), type=LetInStateOf010)
    assert before.highest == 402
    state.write_bytes(msgspec.json.encode(before))
    again = LetIn(journal, state, is_even, lambda number: not is_even(number))
    assert (again.floor, again.sent) == (402, 903)


def test_a_file_of_before_says_nothing_of_what_was_let_out_so_more_is_read(tmp_path: Path) -> None:
    journal, state = tmp_path / "guard", tmp_path / "let-in.json"
    passed(journal, 400, 901)
    (journal / segment_name(10**6)).touch()
    state.write_bytes(msgspec.json.encode(LetInStateOf010(400, 10**6)))
    assert LetIn(journal, state, is_even, lambda number: not is_even(number)).sent == 901


def test_what_came_after_the_file_was_written_is_read(tmp_path: Path) -> None:
    journal, state = tmp_path / "guard", tmp_path / "let-in.json"
    passed(journal, 400)
    let_in = LetIn(journal, state, is_even)
    let_in.step(0.0, lambda: 400)
    written = state.read_bytes()
    passed(journal, 600)
    let_in.step(5.0, lambda: 600)
    let_in.step(20.0, lambda: 600)
    assert state.read_bytes() == written, "written once a segment"
    assert LetIn(journal, state, is_even).floor == 600


def test_a_damaged_file_is_not_taken_for_none(tmp_path: Path) -> None:
    state = tmp_path / "let-in.json"
    state.write_text("{")
    with pytest.raises(StateUncertain) as caught:
        LetIn(tmp_path / "guard", state, is_even)
    assert caught.value.number == 5778


@pytest.mark.parametrize("every", [1, 2])
def test_no_number_above_the_highest_has_been_seen(every: int) -> None:
    seen = Seen(-1, every)
    assert seen.highest < every
    for number in (7, 9, 3, 2_000, 1_000):
        seen.add(number)
    assert 2_000 <= seen.highest < 2_000 + every
    assert Seen(seen.highest, every).highest == seen.highest
