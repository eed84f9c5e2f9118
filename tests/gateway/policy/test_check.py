"""A policy file is taken whole and right, or answered with every place to mend."""

from __future__ import annotations

import pytest

from gateway.messages import text_of
from gateway.policy.lists import EntryList
from gateway.policy.located import show
from gateway.policy.model import Clash, Priority, Section
from gateway.unit.model import Kind, Lane
from tests.gateway.policy.channel_text import BASIC, channel, numbers, read


def changed(old: str, new: str) -> str:
    assert old in BASIC
    return BASIC.replace(old, new)


def test_the_smallest_file_is_a_channel_with_safe_defaults() -> None:
    made = channel(BASIC)
    assert (made.name, made.carries, made.lane, made.grade) == (
        "reports",
        Kind.FILES,
        Lane.IMPORT,
        3,
    )
    assert made.source.whole_when.unchanged_s == 5.0
    assert made.source.afterwards.move_to == ""
    assert (made.sink.on_clash, made.sink.file_mode) == (Clash.KEEP_BOTH, 0o640)
    assert (made.retry.times, made.retry.tell_owner) == (3, True)
    assert made.time_zone == "Asia/Shanghai"
    assert made.priority is Priority.NORMAL
    assert not made.rehearse


def test_conditions_keep_their_words_and_places() -> None:
    made = channel(BASIC + "  size: at most 1 MiB\nrefused_if:\n  name: '~*'\n")
    assert [(c.section, c.word, c.text, c.line) for c in made.conditions] == [
        (Section.PASSES_IF, "type", "pdf or csv", 15),
        (Section.PASSES_IF, "size", "at most 1 MiB", 16),
        (Section.REFUSED_IF, "name", "~*", 18),
    ]


@pytest.mark.parametrize(
    "line",
    ["channel", "purpose", "owner", "carries", "lane", "grade"],
    ids=lambda line: f"without {line}",
)
def test_what_is_obligatory_is_asked_for(line: str) -> None:
    text = "".join(each for each in BASIC.splitlines(True) if not each.startswith(f"{line}:"))
    _, problems = read(text)
    assert [(p.number, p.fields["word"]) for p in problems] == [(2174, line)]


@pytest.mark.parametrize(
    ("old", "new", "number", "place"),
    [
        ("owner:", "ownr:", 2101, (3, 1)),
        ("  folder: /srv/out", "  folder: /srv/out\n  size: at most 1 MiB", 2171, (10, 3)),
        ("  folder: /srv/out", "  folder: /srv/out\n  peer: CN=x", 2121, (10, 3)),
        ("  folder: /srv/out", "  folder: /srv/out\n  zebra: x", 2199, (10, 3)),
        ("pdf or csv", "pdf or cvs", 2107, (15, 16)),
        ("pdf or csv", "pdf or word", 2118, (15, 16)),
        ("type: pdf or csv", "type: {a: b}", 2173, (15, 9)),
        ("type: pdf or csv", "type: []", 2173, (15, 9)),
        ("type: pdf or csv", "type: pdf or zip", 2175, (15, 9)),
        ("type: pdf or csv", "type: pdf\n  inside: csv", 2190, (16, 3)),
        ("type: pdf or csv", "type: pdf\n  size: 20 MiB", 2124, (16, 9)),
        ("type: pdf or csv", "type: pdf\n  size: at most 20 MB", 2120, (16, 20)),
        ("type: pdf or csv", "type: pdf\n  name: in list nobody", 2170, (16, 9)),
        ("lane: import", "lane: imports", 2107, (5, 7)),
        ("carries: files", "carries: rows", 2122, (4, 10)),
        ("grade: 3", "grade: 6", 2123, (6, 8)),
        ("channel: reports", "channel: Lab Reports", 2186, (1, 10)),
        ("purpose: Reports for a test.", "purpose: ''", 2181, (2, 11)),
        ("to:\n  folder: /srv/in", "to: /srv/in", 2172, (11, 5)),
        ("/srv/in", "srv/in", 2129, (12, 11)),
        ("grade: 3", "grade: 3\ntime_zone: Asia/Shanghia", 2179, (7, 12)),
        ("grade: 3", "grade: 3\ngrade: 4", 2112, (7, 1)),
    ],
)
def test_one_wrong_line_gives_one_problem_at_its_place(
    old: str, new: str, number: int, place: tuple[int, int]
) -> None:
    made, problems = read(changed(old, new))
    assert made is None
    assert [(p.number, (p.line, p.column)) for p in problems] == [(number, place)]


def test_every_error_is_found_in_one_go() -> None:
    text = changed("owner:", "ownr:").replace("lane: import", "lane: up").replace("csv", "cvs")
    assert sorted(numbers(text)) == [2101, 2107, 2118]


def test_a_kind_of_a_later_version_has_one_answer_and_not_thirty() -> None:
    text = "channel: v\ncarries: stream\nfrom: {mqtt: x}\npayload: y\n"
    assert numbers(text) == [2122]


@pytest.mark.parametrize(
    ("also", "laxer"),
    [
        ("size: at most 2 MiB", True),
        ("size: at most 500 KiB", False),
        ("type: pdf or dicom", True),
        ("type: pdf", False),
        ("time: mon-sun 08:00-12:00", True),
        ("time: mon 09:00-10:00", False),
        ("name: '*.pdf'", False),
    ],
)
def test_the_receiver_can_only_be_stricter(also: str, laxer: bool) -> None:
    text = BASIC + "  size: at most 1 MiB\n  time: mon-fri 08:00-18:00\nalso_at_receiver:\n  "
    assert numbers(text + also + "\n") == ([2176] if laxer else [])


def test_a_type_that_is_refused_cannot_be_held() -> None:
    assert numbers(BASIC + "held_if:\n  type: dicom\n") == [2180]
    assert numbers(BASIC + "held_if:\n  type: csv\n") == []


def test_lists_stand_for_their_entries() -> None:
    text = changed("  folder: /srv/out", "  folder: /srv/out\n  writers: root or in list lab")
    made = channel(text, {"lab": EntryList(frozenset({"anna", "bo"}))})
    assert made.source.writers == frozenset({"root", "anna", "bo"})


def test_tests_are_read_with_their_places() -> None:
    text = BASIC + (
        "tests:\n"
        "  - name: at night\n"
        "    try: {file: samples/a.pdf, time: 2026-01-05T02:10, writer: bo, size: 2 KiB}\n"
        "    expect: refused by time\n"
    )
    (trial,) = channel(text).tests
    assert (trial.title, trial.line, trial.sample, trial.expect.word) == (
        "at night",
        17,
        "samples/a.pdf",
        "time",
    )
    assert trial.at is not None
    assert trial.at.isoformat() == "2026-01-05T02:10:00+08:00"
    assert (trial.writer, trial.size_bytes) == ("bo", 2048)


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ("  - name: a\n    try: {}\n    expect: delivered\n", 2189),
        (
            "  - name: a\n    try: {file: samples/a, generated: eicar}\n    expect: delivered\n",
            2189,
        ),
        ("  - name: a\n    try: {generated: eicr}\n    expect: delivered\n", 2107),
        ("  - name: a\n    expect: delivered\n", 2174),
        ("  - name: a\n    try: {file: samples/a}\n    expect: refused by tpye\n", 2118),
        ("  - name: a\n    try: {file: ../a}\n    expect: delivered\n", 2188),
        ("  - name: a\n    try: {file: samples/a}\n    expect: perhaps\n", 2124),
        ("  just text\n", 2172),
    ],
)
def test_a_wrong_test_is_found_while_reading(lines: str, number: int) -> None:
    assert numbers(BASIC + "tests:\n" + lines) == [number]


def test_two_tests_of_one_name_are_a_problem() -> None:
    one = "  - name: a\n    try: {file: samples/a}\n    expect: delivered\n"
    assert numbers(BASIC + "tests:\n" + one + one) == [2112]


def test_a_problem_says_what_to_write() -> None:
    (problem,) = read(changed("pdf or csv", "pdf or cvs"))[1]
    lines = show(problem).splitlines()
    assert lines[0] == '10-test.yaml:15:16  FG-2107  "cvs" is not known here'
    assert lines[1] == "    15 |   type: pdf or cvs"
    assert lines[2] == "       |                ^^^"
    assert lines[-1] == '    Write "csv".'


def test_a_word_of_a_later_version_is_promised() -> None:
    text = BASIC + "quality:\n  late: at most 5 min\n"
    assert set(numbers(text)) == {2121}
    assert "later version" in text_of(2121).en


def test_a_missing_list_is_one_problem_in_each_line_that_names_it() -> None:
    named = "names: in list nobody\n  writers: lab or in list nobody"
    text = BASIC.replace("from:\n", f"from:\n  {named}\n")
    _, problems = read(text)
    assert [(problem.number, problem.line) for problem in problems] == [(2170, 9), (2170, 10)]
