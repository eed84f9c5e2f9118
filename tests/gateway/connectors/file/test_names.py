"""Names in a destination: one plain component, and a second file of a name never costs the first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.file.names import alternatives, fault_of, is_partial


@pytest.mark.parametrize(
    "name", ["a", "report.pdf", "报告.pdf", "two words.txt", "a" * 255, "عربى.pdf", "-rf"]
)
def test_ordinary_names_of_any_language_may_stand(name: str) -> None:
    assert fault_of(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../etc/passwd",
        "a/b",
        ".hidden",
        "a\nb",
        "a\x00b",
        "a\x1b[2Jb",
        "a\x7f",
        "a\x85b",
        "fdp\u202eexe.pdf",
        "a\u2066b",
        "a\u061cb",
        "line\u2028break",
        "\udcff.pdf",
        "a" * 256,
        "报" * 86,
    ],
)
def test_a_name_that_deceives_or_climbs_has_a_fault(name: str) -> None:
    assert fault_of(name) != ""


@given(st.binary(min_size=1, max_size=300))
def test_whatever_the_bytes_a_name_without_fault_can_be_made_and_is_shown_as_it_is(
    raw: bytes,
) -> None:
    name = os.fsdecode(raw)
    if fault_of(name) == "":
        assert name.isprintable() or " " in name or any(ord(c) > 127 for c in name)
        assert Path(name).name == name
        assert len(os.fsencode(name)) <= 255
        assert not name.startswith(".")


@given(st.text(min_size=1, max_size=260), st.integers(0, (1 << 40) - 1))
def test_alternatives_are_different_and_fit(name: str, number: int) -> None:
    if fault_of(name):
        return
    found = list(alternatives(name, number))
    assert found[0] == name
    assert len(set(found)) == len(found)
    assert all(fault_of(one) == "" for one in found)


def test_the_second_file_of_a_name_keeps_its_ending() -> None:
    assert list(alternatives("report.pdf", 0))[1:3] == ["report (2).pdf", "report (3).pdf"]
    assert list(alternatives("notes", 0))[1] == "notes (2)"


@pytest.mark.parametrize("name", [".x", "a.part", "a.PART", "b.tmp", "c~", "d.filepart"])
def test_names_of_files_that_are_still_written_are_known(name: str) -> None:
    assert is_partial(name)
