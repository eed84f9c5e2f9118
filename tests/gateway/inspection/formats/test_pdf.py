"""PDF: both readers take what is right, refuse what is not, and hide no file, no text and no revision."""

from __future__ import annotations

import builtins
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Text
from gateway.inspection.formats.pdf import WORD, PdfProfile
from gateway.inspection.receiving.formats import pdf as receiving
from gateway.inspection.sending.formats import pdf as sending
from gateway.inspection.unsound import Word
from gateway.messages.formats_pdf import TEXTS
from tests.corpus import pdf as corpus
from tests.corpus.pdf import CASES, GOOD
from tests.gateway.inspection.formats.reading import Reader, bytes_of

SIDES: list[Any] = [
    pytest.param(sending.check, id="sending"),
    pytest.param(receiving.check, id="receiving"),
]
PDF = Reader(PdfProfile(), TEXTS, frozenset({WORD, Word.ENCRYPTED}))
NEEDED = PdfProfile(texts_needed=True)
items, numbers = PDF.items, PDF.numbers


def words(side: Any, content: bytes) -> str:
    return "\n".join(one.text for one in items(side, content, NEEDED) if isinstance(one, Text))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", GOOD)
def test_good_documents_pass(side: Any, name: str) -> None:
    assert [one for one in items(side, GOOD[name](), NEEDED) if not isinstance(one, Text)] == []


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("name", "make", "expected"), CASES, ids=[case[0] for case in CASES])
def test_bad_documents_do_not(
    side: Any, name: str, make: Callable[[], bytes], expected: set[int]
) -> None:
    found = numbers(side, make())
    assert found & expected, found
    assert found <= TEXTS.keys()


@pytest.mark.parametrize("name", GOOD)
def test_both_sides_find_the_same_document(name: str) -> None:
    content = Content.of_bytes(GOOD[name]())
    asked = (content, FormatLimits(), PdfProfile())
    assert sending.digest(*asked) == receiving.digest(*asked)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (corpus.chinese, "张三报告"),
        (GOOD["twenty pages"], "Report 20"),
        (GOOD["a form"], "Filled"),
        (GOOD["an outline"], "第一章"),
        (GOOD["an author and a note"], "张三"),
        (GOOD["an author and a note"], "note of a doctor"),
        (GOOD["metadata"], "标题"),
        (corpus.hidden_layer, "hidden words"),
        (lambda: corpus.raw([*corpus.PLAIN, "<< /X (患者) >>".encode("gb18030")]), "患者"),
    ],
)
def test_every_text_is_seen(side: Any, make: Callable[[], bytes], expected: str) -> None:
    assert expected in words(side, make())


@pytest.mark.parametrize("side", SIDES)
def test_letters_without_a_table_are_refused_where_texts_are_needed(side: Any) -> None:
    assert numbers(side, corpus.illegible()) == set()
    assert 3895 in numbers(side, corpus.illegible(), NEEDED)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    "name", ["an attached program", "an associated program", "an embedded file nobody names"]
)
def test_attached_files_come_out_whether_they_are_taken_or_not(side: Any, name: str) -> None:
    make = next(case[1] for case in CASES if case[0] == name)
    for profile in (PdfProfile(), PdfProfile(embedded_files=True)):
        found = items(side, make(), profile)
        assert [one[:2] for one in bytes_of(found)] == [b"MZ"]
    assert numbers(side, make(), PdfProfile(embedded_files=True)) == set()


@pytest.mark.parametrize("side", SIDES)
def test_a_channel_says_what_it_takes(side: Any) -> None:
    assert 3885 in numbers(side, GOOD["a form"](), PdfProfile(forms=False))
    assert 3886 in numbers(side, GOOD["a link"](), PdfProfile(links=False))
    assert numbers(side, GOOD["a page"](), PdfProfile(size_bytes=500)) == {3870}
    assert numbers(side, GOOD["twenty pages"](), None, FormatLimits(pages=19)) == {3878}


@pytest.mark.parametrize("side", SIDES)
def test_nothing_is_opened_while_reading(side: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    every = [make() for make in GOOD.values()]

    def shut(*_: Any, **__: Any) -> Any:
        raise PermissionError("nothing opens here")

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "open", shut)
        patch.setattr(io, "open", shut)
        patch.setattr(os, "open", shut)
        found = [numbers(side, content, NEEDED) for content in every]
    assert found == [set()] * len(every)


SANDBOXED = """
import os, pathlib, sys
from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Text
from gateway.inspection.formats.pdf import PdfProfile
from gateway.inspection.receiving.formats import pdf as receiving
from gateway.inspection.sandbox import kernel
from gateway.inspection.sandbox.filter import child_filter
from gateway.inspection.sending.formats import pdf as sending
every = [pathlib.Path(name).read_bytes() for name in sys.argv[1:]]
rules = child_filter()
kernel.no_new_privileges()
rules.lay_over()
bad = 0
for content in map(Content.of_bytes, every):
    for side in (sending, receiving):
        found = side.check(content, FormatLimits(), PdfProfile(texts_needed=True))
        bad += sum(not isinstance(one, Text) for one in found)
os._exit(min(bad, 99))
"""


def test_all_is_loaded_before_a_sandbox_is_closed(tmp_path: Path) -> None:
    """A fresh interpreter: this one has asked for every codec already."""
    for number, make in enumerate(GOOD.values()):
        (tmp_path / f"{number}.pdf").write_bytes(make())
    paths = sorted(str(path) for path in tmp_path.iterdir())
    ended = subprocess.run([sys.executable, "-c", SANDBOXED, *paths], timeout=60, check=False)
    assert ended.returncode == 0


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.binary(max_size=200) | st.text("<>/[]()RobjendA1 0\n%", max_size=80).map(str.encode))
def test_any_bytes_give_items_or_a_refusal(content: bytes) -> None:
    for side in (sending.check, receiving.check):
        assert PDF.untold(items(side, b"%PDF-1.7\n" + content)) == []
        assert PDF.untold(items(side, corpus.raw([*corpus.PLAIN, content]))) == []


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(sorted(GOOD)), st.integers(0, 1 << 20), st.binary(min_size=0, max_size=3))
def test_a_document_with_some_bytes_changed_gives_items_or_a_refusal(
    name: str, at: int, new: bytes
) -> None:
    old = _KEPT.setdefault(name, GOOD[name]())
    at %= len(old)
    for side in (sending.check, receiving.check):
        assert PDF.untold(items(side, old[:at] + new + old[at + 2 :], NEEDED)) == []


_KEPT: dict[str, bytes] = {}
