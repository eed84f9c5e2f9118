"""A policy text is read strictly, as text, and every problem has its place."""

from __future__ import annotations

import pytest

from gateway.policy.document import MAX_BYTES, Document, Entries, Scalar, read_document
from gateway.policy.located import show
from gateway.policy.nodes import Items


def problems(text: str | bytes) -> list[tuple[int, int, int]]:
    content = text.encode() if isinstance(text, str) else text
    return [(p.number, p.line, p.column) for p in read_document("x.yaml", content).problems]


def document(text: str) -> Document:
    reading = read_document("x.yaml", text.encode())
    assert not reading.problems
    assert reading.document is not None
    return reading.document


@pytest.mark.parametrize(
    "text", ["0300", "no", "1E5", "2026-11-20", "1:20", "~", "0x1F", "null", "1_000"]
)
def test_every_value_is_the_text_that_was_written(text: str) -> None:
    node = document(f"key: {text}\n").top.get("key")
    assert isinstance(node, Scalar)
    assert node.text == text


def test_nodes_know_their_line_and_column() -> None:
    top = document("# head\nfrom:\n  names: [a, 'b']\n").top
    inner = top.get("from")
    assert isinstance(inner, Entries)
    key, names = inner.entries[0]
    assert (key.line, key.column) == (3, 3)
    assert isinstance(names, Items)
    both = [n for n in names.items if isinstance(n, Scalar)]
    assert len(both) == len(names.items)
    assert [(n.line, n.column, n.quoted) for n in both] == [(3, 11, 0), (3, 14, 1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x 1\n", (2108, 1, 4)),
        ("a: *x\n", (2108, 1, 4)),
        ("a: !!int 1\n", (2109, 1, 4)),
        ("a: !python/object:os.system x\n", (2109, 1, 4)),
        ("<<: {b: 1}\n", (2111, 1, 1)),
        ("a: 1\nb: 2\na: 3\n", (2112, 3, 1)),
        ("a: {b: 1, b: 2}\n", (2112, 1, 11)),
        ("a: 1\n---\nb: 2\n", (2113, 2, 1)),
        ("- a\n- b\n", (2114, 1, 1)),
        ("just text\n", (2114, 1, 1)),
        ("%YAML 1.1\n---\na: 1\n", (2115, 1, 1)),
        ("? [a, b]\n: 1\n", (2116, 1, 3)),
        ("a: b: c\n", (2106, 1, 5)),
        ("", (2117, 0, 1)),
        ("# only a remark\n", (2117, 0, 1)),
        ("a: 1\nb: x\u202ey\n", (2103, 2, 5)),
        ("a: x\u2028b: y\n", (2103, 1, 5)),
        ("a: 1\rb: 2\n", (2103, 1, 5)),
        ("a: x\x00\n", (2103, 1, 5)),
        ('a: "x\\0"\n', (2103, 1, 4)),
        (b"a: 1\nb: \xff\n", (2102, 2, 1)),
        ("a: [" + "[" * 40, (2105, 1, 15)),
    ],
)
def test_what_is_not_taken_is_named_with_its_place(
    text: str | bytes, expected: tuple[int, int, int]
) -> None:
    assert expected in problems(text)


def test_all_problems_come_at_once() -> None:
    found = problems("a: &x 1\nb: *x\nb: 2\nc: !t 3\n<<: 4\n")
    assert [number for number, _, _ in found] == [2108, 2108, 2112, 2109, 2111]


def test_a_file_over_the_limit_is_refused_before_it_is_read() -> None:
    assert problems(b"\xff" * (MAX_BYTES + 1)) == [(2104, 0, 1)]


def test_too_many_values_stop_the_reading() -> None:
    found = problems("a: [" + "1," * 30_000 + "1]\n")
    assert [number for number, _, _ in found] == [2105]


def test_windows_line_ends_and_a_byte_order_mark_are_taken() -> None:
    top = document("\ufeffa: 1\r\nb: 2\r\n").top
    assert [(key.text, key.line) for key, _ in top.entries] == [("a", 1), ("b", 2)]


def test_a_problem_shows_its_line_with_a_mark_under_the_place() -> None:
    (problem,) = read_document("x.yaml", "名: 1\n用途: &x 2\n".encode()).problems
    shown = show(problem)
    head, source, mark = shown.splitlines()[:3]
    assert head.startswith("x.yaml:2:5  FG-2108  &x stands for")
    assert source == "     2 | 用途: &x 2"
    # Chinese characters take two columns of a terminal.
    assert mark == "       | " + " " * 6 + "^^"


def test_a_problem_is_shown_in_chinese_too() -> None:
    (problem,) = read_document("x.yaml", b"a: 1\na: 2\n").problems
    assert "重复出现" in show(problem, "zh")
