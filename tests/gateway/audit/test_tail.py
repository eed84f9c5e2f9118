"""Reading on in a journal: nothing is passed over, whatever is killed, cut or begun anew in between."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

import gateway.audit.journal as journal_module
from gateway.audit import tail as tail_module
from gateway.audit.event import Event
from gateway.audit.journal import Journal, open_journal
from gateway.audit.segment import segments
from gateway.audit.tail import Place, Tail
from tests.gateway.audit.host import START_NS

WORDS = ("delivered",)


def write(journal: Journal, *units: int, what: str = "delivered", at_ns: int = START_NS) -> None:
    for unit in units:
        journal.record(Event(what, at_ns, unit, "lab", 0, {"name": "a.pdf"}))
    journal.commit()


def units(tail: Tail) -> list[int | None]:
    return [record.unit for record in tail.read()]


def saved(place: Place) -> Place:
    return msgspec.json.decode(msgspec.json.encode(place), type=Place)


def test_what_comes_after_the_start_is_read_once_and_only_the_words_asked_for(
    tmp_path: Path,
) -> None:
    journal = open_journal(tmp_path, "edge")
    write(journal, 1, 2)
    tail = Tail(tmp_path, WORDS, None)
    assert units(tail) == []
    write(journal, 3)
    write(journal, 4, what="captured")
    write(journal, 5)
    assert units(tail) == [3, 5]
    assert units(tail) == []


def test_a_journal_that_is_not_there_yet_is_read_from_its_first_record(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "edge", WORDS, None)
    assert units(tail) == []
    write(open_journal(tmp_path / "edge", "edge"), 1)
    assert units(tail) == [1]


def test_a_restart_goes_on_where_the_place_was_saved(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, "edge")
    tail = Tail(tmp_path, WORDS, None)
    write(journal, 1, 2)
    assert units(tail) == [1, 2]
    place = saved(tail.place)
    write(journal, 3)
    assert units(tail) == [3]
    assert units(Tail(tmp_path, WORDS, place)) == [3]


def test_segments_are_read_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "SEGMENT_BYTES", 400)
    journal = open_journal(tmp_path, "edge")
    tail = Tail(tmp_path, WORDS, None)
    for unit in range(40):
        write(journal, unit)
    assert len(segments(tmp_path)) > 5
    assert units(tail) == list(range(40))
    assert units(Tail(tmp_path, WORDS, saved(tail.place))) == []


def test_a_turn_is_bounded_and_the_next_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_module, "MAX_TURN_BYTES", 1)
    monkeypatch.setattr("gateway.audit.segment.BLOCK_BYTES", 512)
    journal = open_journal(tmp_path, "edge")
    tail = Tail(tmp_path, WORDS, None)
    write(journal, *range(50))
    found: list[int | None] = []
    for _ in range(50):
        part = units(tail)
        assert len(part) < 10
        found += part
    assert found == list(range(50))


def test_a_tail_that_was_cut_and_grew_again_is_read_once_more(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, "edge")
    write(journal, 1)
    kept = segments(tmp_path)[0].path.stat().st_size
    tail = Tail(tmp_path, WORDS, Place())
    write(journal, 2)
    assert units(tail) == [1, 2]
    place = saved(tail.place)
    journal.close()
    os.truncate(segments(tmp_path)[0].path, kept)
    again = open_journal(tmp_path, "edge")
    write(again, 77, 78, 79)
    assert units(Tail(tmp_path, WORDS, place)) == [1, 77, 78, 79]


def test_half_a_line_is_left_and_junk_is_passed_over(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, "edge")
    tail = Tail(tmp_path, WORDS, None)
    write(journal, 1)
    path = segments(tmp_path)[0].path
    with path.open("ab") as file:
        file.write(b'{"what":"delivered", broken}\n{"seq":9,"what":"delivered"')
    assert units(tail) == [1]
    with path.open("ab") as file:
        file.write(b"x" * 100_000)
    assert units(tail) == []
    with path.open("ab") as file:
        file.write(b"\n" + path.read_bytes().split(b"\n")[1] + b"\n")
    assert units(tail) == [1]
