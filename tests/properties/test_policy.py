"""Whatever a policy folder holds: a set, or located errors; never another exception."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policy.check import check_file
from gateway.policy.document import read_document
from gateway.policy.evaluate import Result, evaluate
from gateway.policy.facts import Detection, FileFacts, Leaf, MalwareFacts, Problem
from gateway.policy.filetypes import TYPE_WORDS
from gateway.policy.load import PolicyErrors, load_set
from gateway.policy.located import Located, show
from gateway.policy.parts import LATER, PARTS
from gateway.policy.words import WORDS
from gateway.policy.written_words import Word

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "policies/10-lab-reports.yaml").read_text("utf-8")
MADE = load_set(ROOT / "policies").channels["lab-reports"]

KEYS = sorted(
    {w.name for w in WORDS} | {p.section.value for p in PARTS} | set().union(*LATER.values())
)
VALUES = [w.example for w in WORDS] + [form for w in WORDS for form in w.forms]
PIECES = [
    "&a", "*a", "!!int", "<<", "{", "}", "[", "]", ": ", "- ", "\n", "  ", "|", ">", "'", '"', "#", "---",
    "?", "\t",
]  # fmt: skip

lines = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(KEYS),
        st.sampled_from([*VALUES, "", *PIECES]) | st.text(max_size=12),
    )
)
some_text = st.sampled_from([*PIECES, *KEYS, ""]) | st.text(max_size=6)


def is_answered(file: str, content: bytes) -> None:
    checked = check_file(file, content, {})
    assert (checked.channel is None) == bool(checked.problems)
    for problem in checked.problems:
        assert isinstance(problem, Located)
        assert problem.file == file
        for language in ("en", "zh"):
            shown = show(problem, language)
            assert "no text for it" not in shown
            assert "没有该编号" not in shown


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_give_a_channel_or_located_errors(content: bytes) -> None:
    is_answered("x.yaml", content)


@settings(deadline=None)
@given(st.lists(st.sampled_from([*PIECES, *KEYS]) | st.text(max_size=8), max_size=40))
def test_any_pieces_of_yaml_give_a_channel_or_located_errors(pieces: list[str]) -> None:
    is_answered("x.yaml", "".join(pieces).encode("utf-8", "surrogatepass"))


@settings(max_examples=300, deadline=None)
@given(lines)
def test_any_words_in_any_order_give_a_channel_or_located_errors(
    words: list[tuple[int, str, str]],
) -> None:
    text = "".join(f"{'  ' * depth}{key}: {value}\n" for depth, key, value in words)
    is_answered("x.yaml", text.encode("utf-8", "surrogatepass"))


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(SHIPPED)),
    st.integers(0, 40),
    st.sampled_from([*PIECES, *KEYS, ""]) | st.text(max_size=6),
)
def test_the_shipped_file_with_a_piece_replaced_gives_a_channel_or_located_errors(
    at: int, cut: int, piece: str
) -> None:
    text = SHIPPED[:at] + piece + SHIPPED[at + cut :]
    is_answered("x.yaml", text.encode("utf-8", "surrogatepass"))


@settings(deadline=None)
@given(st.sampled_from(WORDS), st.text(max_size=40))
def test_any_text_as_a_value_points_into_its_line(word: Word[Any], text: str) -> None:
    content = f"passes_if:\n  {word.name}: {text}\n".encode("utf-8", "surrogatepass")
    reading = read_document("x.yaml", content)
    for problem in reading.problems:
        assert problem.line >= 0
        assert problem.column >= 1
    is_answered("x.yaml", content)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["10-a.yaml", "20-b.yaml", "b.yaml", "lists/a.txt", "lists/x", "yara/a"]),
        st.binary(max_size=60),
    )
)
def test_any_folder_gives_a_set_or_located_errors(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        try:
            loaded = load_set(Path(folder))
        except PolicyErrors as error:
            assert error.problems
        else:
            assert len(loaded.digest) == 64


leaf = st.builds(
    Leaf,
    st.text(max_size=20),
    st.sampled_from([*TYPE_WORDS, "something new"]),
    st.integers(0, 1 << 40),
)
problem = st.builds(
    Problem,
    st.sampled_from(["type", "archive", "encrypted", "name", "new"]),
    st.just(3111),
    st.text(max_size=20),
)
malware = st.none() | st.builds(
    MalwareFacts,
    st.lists(st.builds(Detection, st.just("s"), st.just("x"), st.just("y")), max_size=1).map(tuple),
    st.just(("s",)),
)
facts = st.builds(
    FileFacts,
    name=st.text(max_size=30) | st.sampled_from(["a.pdf", "~a.pdf"]),
    size_bytes=st.integers(0, 1 << 50),
    at=st.datetimes(
        datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.sampled_from([None, UTC])
    ),
    leaves=st.lists(leaf, max_size=4).map(tuple),
    problems=st.lists(problem, max_size=2).map(tuple),
    malware=malware,
    peer=st.sampled_from(["", "labsystem", "eve"]),
)


@settings(max_examples=300, deadline=None)
@given(facts, st.booleans())
def test_any_facts_have_a_verdict_and_a_pass_is_earned(
    given_facts: FileFacts, at_receiver: bool
) -> None:
    verdict = evaluate(MADE, given_facts, at_receiver=at_receiver)
    if verdict.result is Result.PASSES:
        assert given_facts.leaves[0].type in {"pdf", "csv", "dicom", "fhir json", "hl7 v2", "zip"}
        assert not given_facts.problems
        assert given_facts.malware is not None
        assert not given_facts.malware.detections
        assert given_facts.size_bytes <= 150 << 20
        assert at_receiver or given_facts.peer == "labsystem"
    else:
        assert verdict.deciding is not None
