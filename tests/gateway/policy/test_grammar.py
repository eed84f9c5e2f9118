"""Phrases have one way to be written, with units, and say what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from gateway.policy import grammar, texts
from gateway.policy.facts import UnpackLimits
from gateway.policy.phrases import (
    Misread,
    did_you_mean,
    read_duration,
    read_number,
    read_size,
    read_word,
    say_size,
)
from gateway.policy.timewindow import join_windows, read_time_windows
from gateway.policy.values import Rate, Retry, names_of

MONDAY = datetime(2026, 1, 5)


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("20 MiB", 20 << 20),
        ("1,000 bytes", 1000),
        ("0 bytes", 0),
        ("2 GiB", 2 << 30),
        ("1 byte", 1),
    ],
)
def test_sizes(text: str, size_bytes: int) -> None:
    assert read_size(text).size_bytes == size_bytes


@pytest.mark.parametrize(
    ("text", "number", "write"),
    [
        ("20", 2110, "20 MiB"),
        ("2000", 2110, "2,000 MiB"),
        ("20 MB", 2120, "20 MiB"),
        ("20MiB", 2120, "20 MiB"),
        ("20 mib", 2120, "20 MiB"),
        ("1.5 GiB", 2119, "1 MiB"),
        ("big", 2119, "20 MiB"),
        ("1,00 KiB", 2119, "100 MiB"),
    ],
)
def test_a_wrong_size_comes_back_with_the_line_to_write(text: str, number: int, write: str) -> None:
    with pytest.raises(Misread) as caught:
        read_size(text)
    assert (caught.value.number, caught.value.fields["write"]) == (number, write)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5 s", 5), ("500 ms", 0.5), ("2 min", 120), ("1 h", 3600), ("2 d", 172800)],
)
def test_durations(text: str, seconds: float) -> None:
    assert read_duration(text) == pytest.approx(seconds)


def test_a_word_that_is_nearly_known_is_suggested() -> None:
    with pytest.raises(Misread) as caught:
        read_word("dcom", ("pdf", "dicom", "csv"))
    assert caught.value.fields["write"] == "dicom"
    assert did_you_mean("wholly different", ("pdf", "dicom")) == ""


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (
            "columns id (number), name (text) and born (date)",
            [("id", "number"), ("name", "text"), ("born", "date")],
        ),
        (
            "columns id(whole number), name or 随访 (yes/no)",
            [("id", "whole number"), ("name", "text"), ("随访", "yes/no")],
        ),
        # Brackets that say no kind are part of the name.
        ("columns value (mmol/L), q (test)", [("value (mmol/L)", "text"), ("q (test)", "text")]),
        (
            "columns value (mmol/L) (number), x (date) (text)",
            [("value (mmol/L)", "number"), ("x (date)", "text")],
        ),
        ("columns (date)", [("(date)", "text")]),
    ],
)
def test_a_column_may_have_a_kind(text: str, columns: list[tuple[str, str]]) -> None:
    demand = grammar.read_format("csv", text)
    assert list(zip(demand.names, demand.kinds, strict=True)) == columns


@pytest.mark.parametrize(
    ("text", "start", "write"),
    [("columns id, v (nunber)", 12, "v (number)"), ("columns born (Date), id", 8, "born (date)")],
)
def test_a_kind_that_is_misspelt_is_told(text: str, start: int, write: str) -> None:
    with pytest.raises(Misread) as caught:
        grammar.read_format("csv", text)
    assert (caught.value.number, caught.value.start) == (2124, start)
    assert caught.value.fields["write"] == write


@pytest.mark.parametrize("text", ["", "-1", "1.0", "1,00", "١٢", "9" * 30, " 5"])
def test_what_is_no_number_is_said_so(text: str) -> None:
    with pytest.raises(Misread):
        read_number(text, 0, 10**12)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("at most 10 bytes", 10, 11),
        ("at least 10 bytes", 10, 9),
        ("above 10 bytes", 11, 10),
        ("below 10 bytes", 9, 10),
        ("between 5 bytes and 10 bytes", 5, 11),
    ],
)
def test_size_bounds_include_what_they_say(text: str, inside: int, outside: int) -> None:
    bound = grammar.read_size_bound(text)
    assert inside in bound
    assert outside not in bound


@pytest.mark.parametrize(
    ("phrase", "offset_min", "true"),
    [
        ("mon-sat 06:00-22:00", 6 * 60, True),
        ("mon-sat 06:00-22:00", 6 * 60 - 1, False),
        ("mon-sat 06:00-22:00", 22 * 60 - 1, True),
        ("mon-sat 06:00-22:00", 22 * 60, False),
        ("mon-sat 06:00-22:00", 6 * 1440 + 12 * 60, False),
        ("outside mon-sat 06:00-22:00", 22 * 60, True),
        ("daily 22:00-06:00", 3 * 60, True),
        ("daily 22:00-06:00", 12 * 60, False),
        ("sun 22:00-06:00", 3 * 60, True),
        ("sun 22:00-06:00", 1440 + 3 * 60, False),
        ("daily 00:00-24:00", 1439, True),
        ("fri-mon 08:00-09:00", 8 * 60, True),
        ("fri-mon 08:00-09:00", 2 * 1440 + 8 * 60, False),
        ("sat and sun 08:00-09:00", 5 * 1440 + 8 * 60, True),
        ("mon, wed and fri 08:00-09:00", 2 * 1440 + 8 * 60, True),
        ("mon 08:00-09:00; tue 10:00-11:00", 1440 + 10 * 60, True),
    ],
)
def test_time_windows(phrase: str, offset_min: int, true: bool) -> None:
    assert (MONDAY + timedelta(minutes=offset_min) in read_time_windows(phrase)) is true


def test_a_list_of_windows_is_true_where_any_is() -> None:
    windows = join_windows(
        (read_time_windows("mon 08:00-09:00"), read_time_windows("mon 10:00-11:00"))
    )
    assert MONDAY + timedelta(hours=10) in windows
    assert MONDAY + timedelta(hours=9) not in windows


@pytest.mark.parametrize(
    "text", ["mon 25:00-26:00", "mo 08:00-09:00", "08:00-09:00", "mon 8-9", "", "outside"]
)
def test_a_wrong_window_is_a_misread(text: str) -> None:
    with pytest.raises(Misread):
        read_time_windows(text)


def test_names_take_no_notice_of_capitals() -> None:
    names = names_of(("*.pdf", "report-??.csv"), frozenset({"Ledger.TXT"}))
    for name in ("A.PDF", "report-07.csv", "ledger.txt"):
        assert name in names
    for name in ("a.pdf.exe", "report-7.csv", "x\n.csv", ""):
        assert name not in names


def test_a_pattern_of_many_stars_stays_quick() -> None:
    assert "a" * 250 not in names_of(("*a" * 100 + "*b",), frozenset())


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (grammar.read_rate, "at most 40 units/min", Rate(40, 60.0)),
        (grammar.read_rate, "at most 2,000 units/s", Rate(2000, 1.0)),
        (grammar.read_retry, "3 times, then tell owner", Retry(3, 60.0, True)),
        (grammar.read_retry, "1 time, 5 min apart", Retry(1, 300.0, False)),
        (grammar.read_file_mode, "0640", 0o640),
        (
            grammar.read_archive,
            "at most 3 levels, 1,000 files, 1 GiB, ratio 50",
            UnpackLimits(3, 1000, 1 << 30, 50),
        ),
        (grammar.read_archive, "at most 200 files", UnpackLimits(files=200)),
        (grammar.read_folder, "/srv/a b/c", "/srv/a b/c"),
    ],
)
def test_phrases(reader: Callable[[str], object], text: str, value: object) -> None:
    assert reader(text) == value


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (grammar.read_rate, "40"),
        (grammar.read_rate, "at most 0 units/s"),
        (grammar.read_retry, "often"),
        (grammar.read_file_mode, "0666"),
        (grammar.read_file_mode, "4755"),
        (grammar.read_file_mode, "0040"),
        (grammar.read_archive, "at most 3 levels, 4 levels"),
        (grammar.read_archive, "5 levels"),
        (grammar.read_archive, "at most 17 levels"),
        (grammar.read_folder, "srv/a"),
        (grammar.read_folder, "/srv/../etc"),
        (grammar.read_folder, "/srv/"),
        (grammar.read_folder, "/"),
        (grammar.read_afterwards, "move to ../x/"),
        (grammar.read_afterwards, "move to .hidden/"),
        (grammar.read_name, "a/b"),
        (texts.read_sample, "samples/../../etc/passwd"),
        (texts.read_sample, "/etc/passwd"),
        (texts.read_zone, "../../etc/passwd"),
        (texts.read_zone, "Asia/Shanghia"),
        (texts.read_time, "tomorrow"),
        (texts.read_time, "2026-11-21"),
        (texts.read_channel_name, "Lab Reports"),
    ],
)
def test_wrong_phrases_are_misread(reader: Callable[[str], object], text: str) -> None:
    with pytest.raises(Misread):
        reader(text)


@pytest.mark.parametrize(
    ("size_bytes", "said"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1536, "1.5 KiB"),
        (412 << 10, "412 KiB"),
        (1 << 30, "1 GiB"),
        (5 << 40, "5.0 TiB"),
    ],
)
def test_sizes_are_said_as_files_write_them(size_bytes: int, said: str) -> None:
    assert say_size(size_bytes) == said
