"""What terminals can do decides how things look, and nothing else."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.management.terminal.figures import count, digest, size, span, stamp
from gateway.management.terminal.progress import line
from gateway.management.terminal.screen import Colour, Terminal, detect, language_of
from gateway.management.terminal.table import Cell, Column, table
from gateway.management.terminal.width import cut, pad, width, wrap
from tests.gateway.management.fixtures import ASCII, CHINESE, COLOURED, PLAIN


class Tty(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_no_colour_and_a_terminal_does() -> None:
    assert not detect(io.StringIO(), {"TERM": "xterm"}).colour
    assert detect(Tty(), {"TERM": "xterm"}).colour


def test_no_color_is_honoured() -> None:
    assert not detect(Tty(), {"TERM": "xterm", "NO_COLOR": "1"}).colour


@pytest.mark.parametrize("kind", ["vt220", "vt100", "dumb"])
def test_a_serial_console_gets_plain_ascii(kind: str) -> None:
    seen = detect(Tty(), {"TERM": kind, "LANG": "zh_CN.UTF-8"})
    assert seen.ascii
    assert seen.language == "en"


def test_the_language_is_what_was_said_last_and_nearest() -> None:
    assert language_of("zh", {"FERRYGATE_LANG": "en"}) == "zh"
    assert language_of(None, {"FERRYGATE_LANG": "zh", "LANG": "en_GB"}) == "zh"
    assert language_of(None, {"LANG": "zh_CN.UTF-8"}) == "zh"
    assert language_of(None, {}) == "en"


def test_chinese_takes_two_columns() -> None:
    assert width("网闸") == 4
    assert pad("网闸", 6) == "网闸  "
    assert width(cut("结果报告单第一页", 7)) <= 7


@given(st.text(), st.integers(min_value=1, max_value=60))
def test_nothing_is_wider_than_it_may_be(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Mn", "Me", "Zl", "Zp"])),
    st.integers(min_value=10, max_value=60),
)
def test_wrapped_lines_fit_and_lose_no_character(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    # A closing sign stays with what it closes, one column beyond at most.
    assert all(width(one) <= columns for one in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_table_fits_the_screen_and_never_cuts_a_unit_number() -> None:
    columns = [Column("UNIT"), Column("NAME", least=8), Column("RULE", least=8)]
    lines = table(PLAIN, columns, [["7QK4-M2XD-9", "n" * 200, "r" * 200]])
    assert all(width(one) <= 80 for one in lines)
    assert "7QK4-M2XD-9" in lines[1]
    assert "…" in lines[1]


def test_colour_changes_nothing_but_colour() -> None:
    rows: list[list[Cell | str]] = [[Cell("R refused", Colour.BAD), "结果"]]
    columns = [Column("RESULT"), Column("NAME", least=4)]
    painted = "\n".join(table(COLOURED, columns, rows))
    for code in ("\x1b[31m", "\x1b[1m", "\x1b[0m"):
        painted = painted.replace(code, "")
    assert painted == "\n".join(table(PLAIN, columns, rows))
    assert "\x1b" not in painted


def test_ascii_means_ascii() -> None:
    assert all(
        one.isascii() for one in table(ASCII, [Column("N", least=3)], [["结果"], ["x" * 100]])
    )
    assert line(ASCII, "verifying", 1, 2).isascii()


def test_a_progress_line_fits() -> None:
    for terminal in (ASCII, CHINESE, Terminal(40)):
        assert width(line(terminal, "l" * 200, 3, 7)) <= terminal.columns


def test_figures_read_as_people_write_them() -> None:
    assert (size(0), size(421_888), size(1 << 30)) == ("0 B", "412 KiB", "1.0 GiB")
    assert (span(0.041), span(4.2), span(840), span(3 * 86_400)) == (
        "41 ms",
        "4.2 s",
        "14 min",
        "3 d",
    )
    assert (count(11_204), count(1_200_000)) == ("11,204", "1.2 M")
    assert digest("7f3a91c204be55") == "7f3a 91c2 04be"
    assert stamp(1_795_236_943_214_999_999) == "2026-11-21T04:55:43.214Z"
