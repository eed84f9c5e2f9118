"""The page, the schema and the catalogue say what the table of words says."""

from __future__ import annotations

import ast
import json
import re
import string
from pathlib import Path

import jsonschema_rs
import pytest

from gateway.messages.changing import TEXTS as CHANGING
from gateway.messages.policy import TEXTS as LINES
from gateway.messages.policy_codes import TEXTS as CODES
from gateway.policy.condition_words import ARCHIVE
from gateway.policy.document import read_document
from gateway.policy.facts import UnpackLimits
from gateway.policy.filetypes import ARCHIVE_WORDS, BY_WORD, FILE_TYPES
from gateway.policy.grammar import say_unpack
from gateway.policy.model import Section
from gateway.policy.parts import LATER, PARTS
from gateway.policy.plain_values import plain_value
from gateway.policy.reference import with_reference
from gateway.policy.request_words import REQUEST_WORDS
from gateway.policy.schema import json_schema, schema_text
from gateway.policy.words import WORDS, words_of
from gateway.policy.written_words import Word

ROOT = Path(__file__).parents[3]
TEXTS = LINES | CODES


def test_the_page_has_the_generated_part_as_it_is_made_now() -> None:
    page = (ROOT / "docs/POLICY.md").read_text("utf-8")
    assert page == with_reference(page), "run: python -m gateway.policy.reference docs/POLICY.md"


def test_the_schema_lies_there_as_it_is_made_now() -> None:
    text = (ROOT / "policies/policy.schema.json").read_text("utf-8")
    assert text == schema_text(), (
        "run: python -m gateway.policy.schema > policies/policy.schema.json"
    )


def texts_of(example: str) -> list[str]:
    """The texts that an example stands for: a list in brackets, or one."""
    if example.startswith("["):
        return [text.strip().strip('"') for text in example.strip("[]").split(",")]
    return [example.strip('"')]


@pytest.mark.parametrize("word", (*WORDS, *REQUEST_WORDS), ids=lambda word: word.name)
def test_the_example_of_each_word_is_taken_by_the_check_and_by_the_schema(
    word: Word[object],
) -> None:
    for text in texts_of(word.example):
        assert re.search(word.pattern, text), "the editor would mark the example"
        pieces = re.split(r", *| or ", text) if word.splits else [text]
        assert word.join(tuple(word.item(piece) for piece in pieces)) is not None


def test_what_the_schema_takes_for_the_shipped_example() -> None:
    whole = json_schema()
    top = whole["else"]
    assert top["additionalProperties"] is False
    assert set(top["required"]) >= {"channel", "owner", "purpose", "from", "to", "passes_if"}
    assert json.loads(schema_text()) == whole


def test_no_word_is_both_known_and_promised_for_later() -> None:
    for section, later in LATER.items():
        assert not later & set(words_of(section)), section


def test_every_section_of_the_model_is_in_the_table() -> None:
    of_files = set(Section) - {Section.OPERATIONS}
    assert {part.section for part in PARTS} == of_files - {Section.CHANNEL, Section.TRY}
    for section in of_files:
        assert words_of(section), section


def test_the_defaults_that_the_reference_names_are_those_of_the_code() -> None:
    assert f"at most {say_unpack(UnpackLimits())}" in ARCHIVE.en
    assert f"at most {say_unpack(UnpackLimits())}" in ARCHIVE.zh


def test_type_words_are_plain_and_only_containers_are_taken_apart() -> None:
    assert len(BY_WORD) == len(FILE_TYPES)
    assert all(re.fullmatch(r"[a-z0-9]+(?:[ -][a-z0-9]+)*", word) for word in BY_WORD)
    # Between the words of a line stand commas, `or` and `and`.
    assert not any(re.search(r"\b(?:or|and)\b", word) for word in BY_WORD)
    assert {"zip", "gzip", "tar", "7z", "rar", "bzip2", "xz"} == ARCHIVE_WORDS


def test_both_languages_have_the_same_fields() -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for number, text in TEXTS.items():
        assert fields(text.en + text.en_do) == fields(text.zh + text.zh_do), number
        assert bool(text.en_do) == bool(text.zh_do), number


def test_every_number_has_a_text_and_every_text_a_use() -> None:
    used: set[int] = set()
    for file in (ROOT / "gateway/policy").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, int)
                and 2100 <= node.value < 2300
            ):
                used.add(node.value)
    assert used == set(TEXTS) | {number for number in CHANGING if number < 2300}


@pytest.mark.parametrize(
    "path", ["policies/10-lab-reports.yaml", "tests/gateway/policy/lookup/40-report-lookup.yaml"]
)
def test_the_schema_takes_a_file_of_each_kind_and_no_word_of_the_other(path: str) -> None:
    document = read_document(path, (ROOT / path).read_bytes()).document
    assert document is not None
    values = plain_value(document.top)
    assert isinstance(values, dict)
    schema = jsonschema_rs.Draft7Validator(json_schema())
    assert [error.message for error in schema.iter_errors(values)] == []
    other = "requests" if values["carries"] == "files" else "files"
    assert not schema.is_valid({**values, "carries": other})
    assert not schema.is_valid({**values, "from": {**values["from"], "nothing": "x"}})
