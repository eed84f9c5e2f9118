"""A list of gaps survives being carried, read aloud and typed; a wrong one is refused by its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.ferry.reconcile import (
    ReconcileList,
    Wanted,
    WantedSequences,
    format_list,
    parse_list,
    request_resend,
)

RANGES = st.lists(st.integers(0, 1 << 40), min_size=2, max_size=8, unique=True).map(
    lambda edges: tuple(zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
)
UNITS = st.builds(Wanted, st.integers(0, (1 << 40) - 1), st.one_of(st.just(()), RANGES))
SPANS = st.tuples(st.integers(0, 1 << 63), st.integers(0, 1 << 40), st.integers(0, 1 << 30)).map(
    lambda t: WantedSequences(t[0], t[1], t[1] + t[2])
)
TIMES = st.integers(0, 4_000_000_000)
LISTS = st.builds(
    ReconcileList,
    TIMES,
    TIMES,
    st.lists(UNITS, max_size=5).map(tuple),
    st.lists(SPANS, max_size=4).map(tuple),
)
EXAMPLE = ReconcileList(
    0, 3600, (Wanted(7), Wanted(8, ((0, 100), (200, 201)))), (WantedSequences(3, 5, 9),)
)


@given(LISTS)
def test_what_is_printed_is_what_is_read(wanted: ReconcileList) -> None:
    assert parse_list(format_list(wanted)) == wanted


def test_case_blanks_and_remarks_do_not_matter() -> None:
    typed = "\n# by telephone\n" + format_list(EXAMPLE).upper().replace(" ", "   ") + "\n\n"
    assert parse_list(typed) == EXAMPLE


@given(st.data())
def test_one_wrong_character_is_noticed(data: st.DataObject) -> None:
    text = format_list(EXAMPLE)
    at = data.draw(st.integers(0, len(text) - 2))
    other = data.draw(st.sampled_from("0123456789ABCXYZ-"))
    changed = text[:at] + other + text[at + 1 :]
    if "".join(changed.split()).upper() == "".join(text.split()).upper():
        return
    try:
        found = parse_list(changed)
    except Refused:
        return
    assert found == EXAMPLE


@given(st.text(max_size=300))
def test_any_text_gives_a_list_or_refused(text: str) -> None:
    for candidate in (text, f"ferrygate gaps 1\n{text}\ncheck 00000000"):
        with pytest.raises(Refused) as raised:
            parse_list(candidate)
        assert raised.value.number in (5401, 5402)


def test_the_wrong_line_is_told() -> None:
    lines = format_list(EXAMPLE).splitlines()
    lines[3] = "bytes 1234 0-5"
    body = "\n".join(lines[:-1])
    from gateway.ferry.reconcile import _check

    with pytest.raises(Refused) as raised:
        parse_list(body + f"\ncheck {_check(lines[:-1])}\n")
    assert (raised.value.number, raised.value.fields["line"]) == (5401, 4)


def test_a_request_is_left_whole(tmp_path: Path) -> None:
    path = request_resend(tmp_path, EXAMPLE)
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    assert parse_list(path.read_text(encoding="utf-8")) == EXAMPLE
