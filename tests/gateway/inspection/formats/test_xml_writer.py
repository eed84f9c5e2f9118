"""What the writer of XML gives: two parsers read back what was said, or it refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias
from xml.parsers import expat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.xml import XmlProfile
from gateway.inspection.formats.xml_events import Chars, End, Start, XmlEvent
from gateway.inspection.formats.xml_writer import DECLARATION, MAX_DEPTH, XmlWriter
from gateway.inspection.receiving.formats import xml as receiving
from gateway.inspection.sending.formats import xml as sending
from gateway.inspection.unsound import Unsound

Told: TypeAlias = list[tuple[str, list[tuple[str, str]]] | str | None]


def written(events: Sequence[XmlEvent]) -> bytes:
    pieces: list[bytes] = []
    writer = XmlWriter(pieces.append)
    for event in events:
        writer.event(event)
    writer.end()
    assert writer.size_bytes == sum(map(len, pieces))
    return b"".join(pieces)


def refused(*steps: Callable[[XmlWriter], object]) -> int:
    writer = XmlWriter(len)
    with pytest.raises(Unsound) as caught:
        for step in steps:
            step(writer)
    return caught.value.fault.number


def joined(told: Told) -> Told:
    """Pieces of characters put together: where they end means nothing."""
    made: Told = []
    for one in told:
        if isinstance(one, str) and made and isinstance(made[-1], str):
            made[-1] += one
        elif one != "":
            made.append(one)
    return made


def as_told(events: Sequence[XmlEvent]) -> Told:
    told: Told = []
    for event in events:
        match event:
            case Start(name, attributes):
                told.append((name, attributes))
            case Chars(text):
                told.append(text)
            case End():
                told.append(None)
    return joined(told)


def read_back(data: bytes) -> Told:
    told: Told = []
    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.StartElementHandler = lambda name, values: told.append(
        (name, list(zip(values[::2], values[1::2], strict=True)))
    )
    parser.EndElementHandler = lambda _name: told.append(None)
    parser.CharacterDataHandler = told.append
    parser.Parse(data, True)
    return joined(told)


def test_a_document_is_declared_as_utf_8_and_reads_back_as_it_was_said() -> None:
    events: list[XmlEvent] = [
        Start("a", [("xmlns", "urn:a"), ("xmlns:b", "urn:b")]),
        Start("b:c", [("b:d", 'x < y & "z" > \'\t\r\n'), ("xml:space", "preserve")]),
        Chars("]]> <!-- &amp; \r\n\t 张三 \U0001f600"),
        End(),
        Start("e", []),
        End(),
        End(),
    ]
    data = written(events)
    assert data.startswith(DECLARATION)
    assert data.endswith(b"<e/></a>")
    assert read_back(data) == as_told(events)


def test_nothing_but_elements_values_and_characters_can_be_written() -> None:
    data = written(
        [Start("a", [("b", "<!DOCTYPE x>")]), Chars("<?pi?><![CDATA[x]]><!--c-->"), End()]
    )
    assert data.removeprefix(DECLARATION).count(b"<") == 2


@pytest.mark.parametrize(
    "name",
    ["", "1a", "a b", "a>", "a/", ":a", "a:", "a:b:c", "-a", "a\0", "a\n", "a=", "<a", "x:a", "xmlns:a",
     "a" * 1001, "\u00d7", "\ud800"],
)  # fmt: skip
def test_what_is_no_name_is_refused_as_element_and_as_attribute(name: str) -> None:
    assert refused(lambda w: w.start(name, [])) == 3862
    if name != "xmlns:a":
        assert refused(lambda w: w.start("a", [(name, "")])) == 3862


@pytest.mark.parametrize(
    "attributes",
    [
        [("b", "1"), ("b", "2")],
        [("xmlns:p", "urn:x"), ("xmlns:q", "urn:x"), ("p:b", "1"), ("q:b", "2")],
        [("xmlns:p", "urn:x"), ("xmlns:p", "urn:y")],
        [("xmlns", "urn:x"), ("xmlns", "urn:y")],
        [("xmlns:p", "")],
        [("xmlns:xml", "urn:x")],
        [("xmlns:xmlns", "urn:x")],
        [("xmlns:p", "http://www.w3.org/XML/1998/namespace")],
        [("xmlns", "http://www.w3.org/2000/xmlns/")],
        [("p:b", "1")],
        [(f"a{n}", "") for n in range(129)],
    ],
)
def test_namespaces_and_attributes_that_no_parser_takes_are_refused(
    attributes: list[tuple[str, str]],
) -> None:
    assert refused(lambda w: w.start("a", attributes)) == 3862


def test_a_prefix_ends_with_its_element() -> None:
    assert (
        refused(
            lambda w: w.start("a"),
            lambda w: w.start("p:b", [("xmlns:p", "urn:p")]),
            lambda w: w.close(),
            lambda w: w.start("p:b"),
        )
        == 3862
    )


@pytest.mark.parametrize("character", ["\0", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_a_character_that_xml_cannot_hold_is_refused_wherever_it_stands(character: str) -> None:
    assert refused(lambda w: w.start("a", [("b", f"x{character}")])) == 3863
    assert refused(lambda w: w.start("a"), lambda w: w.chars(f"x{character}")) == 3863


def test_only_one_element_stands_outermost_and_all_close() -> None:
    assert refused(lambda w: w.end()) == 3864
    assert refused(lambda w: w.close()) == 3864
    assert refused(lambda w: w.chars(" ")) == 3864
    assert refused(lambda w: w.start("a"), lambda w: w.end()) == 3864
    assert refused(lambda w: w.start("a"), lambda w: w.close(), lambda w: w.start("a")) == 3864
    assert refused(lambda w: w.start("a"), lambda w: w.close(), lambda w: w.chars(" ")) == 3864


def test_depth_and_size_have_their_limits() -> None:
    assert written([Start("a")] * MAX_DEPTH + [End()] * MAX_DEPTH)
    assert refused(*[lambda w: w.start("a")] * (MAX_DEPTH + 1)) == 3864
    writer = XmlWriter(len, size_bytes=1 << 20)
    writer.start("a")
    with pytest.raises(Unsound):
        for _ in range(20):
            writer.chars("x" * (64 << 10))


def test_a_long_document_comes_in_pieces() -> None:
    pieces: list[bytes] = []
    writer = XmlWriter(pieces.append)
    writer.start("a")
    for _ in range(100_000):
        writer.start("b", [("c", "1")])
        writer.close()
    writer.close()
    writer.end()
    assert max(map(len, pieces)) < 128 << 10


_NAMES = st.sampled_from(
    ["a", "b", "p:a", "xml:lang", "xmlns", "xmlns:p", "1", "x y", "姓名"]
) | st.text(max_size=3)
_EVENTS = st.lists(
    st.builds(Start, _NAMES, st.lists(st.tuples(_NAMES, st.text(max_size=8)), max_size=3))
    | st.builds(Chars, st.text(max_size=8))
    | st.builds(End),
    max_size=12,
)


@given(_EVENTS, st.booleans())
@settings(max_examples=400)
def test_any_events_give_a_document_both_sides_read_or_are_refused(
    events: list[XmlEvent], wrapped: bool
) -> None:
    if wrapped:
        events = [Start("r", [("xmlns:p", "urn:p")]), *events]
        depth = sum(isinstance(e, Start) for e in events) - sum(isinstance(e, End) for e in events)
        events += [End()] * max(0, depth)
    try:
        data = written(events)
    except Unsound as error:
        assert error.fault.number in (3862, 3863, 3864)
        return
    assert read_back(data) == as_told(events)
    etree.fromstring(data)
    for check in (sending.check, receiving.check):
        for _ in check(Content.of_bytes(data), FormatLimits(), XmlProfile()):
            pass
