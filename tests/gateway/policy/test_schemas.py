"""Schemas and coded places of a set: part of its digest, named by its lines, missing ones told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.policy.check import check_file
from gateway.policy.lists import read_list
from gateway.policy.load import PolicyErrors, load_set
from gateway.policy.model import CodesRule
from gateway.policy.schemas import MAX_SCHEMA_BYTES, read_schema
from gateway.policy.values import CodedPlace
from tests.gateway.policy.channel_text import BASIC

JSON = BASIC.replace("type: pdf or csv", "type: json\n  json: following schemas/a.json")
LISTS = {"icd": read_list("lists/icd.csv", b"code,display\nI10,x\n")[1]}


def written(folder: Path, schema: bytes | None) -> Path:
    (folder / "10-a.yaml").write_text(JSON)
    if schema is not None:
        (folder / "schemas").mkdir(exist_ok=True)
        (folder / "schemas" / "a.json").write_bytes(schema)
    return folder


def test_a_schema_comes_with_the_demand_and_changes_the_digest(tmp_path: Path) -> None:
    first = load_set(written(tmp_path, b'{"type": "object"}'))
    schema = first.channels["reports"].formats["json"].schema
    assert schema is not None
    assert (schema.path, schema.text) == ("schemas/a.json", '{"type": "object"}')
    assert "schemas/a.json" in {file.path for file in first.files}
    assert load_set(written(tmp_path, b'{"type": "array"}')).digest != first.digest


@pytest.mark.parametrize(
    ("schema", "number"), [(None, 2241), (b"\xff", 2102), (b" " * (MAX_SCHEMA_BYTES + 1), 2104)]
)
def test_a_schema_that_is_not_there_or_not_readable_stops_the_set(
    tmp_path: Path, schema: bytes | None, number: int
) -> None:
    with pytest.raises(PolicyErrors) as raised:
        load_set(written(tmp_path, schema))
    assert number in [problem.number for problem in raised.value.problems]


@pytest.mark.parametrize("name", ["schemas/a.txt", "schemas/../a.json", "schemas/.json", "a.xsd"])
def test_a_schema_has_a_plain_name(name: str) -> None:
    _, problem = read_schema(name, b"{}")
    assert problem is not None
    assert problem.number == 2242


@pytest.mark.parametrize(
    "line",
    ["json: following schemas/a.xsd", "json: following /etc/passwd",
     "json: following schemas/a.json or schemas/b.json", "xml: following schemas/a.json"],
)  # fmt: skip
def test_a_line_names_one_schema_of_its_own_kind(line: str) -> None:
    checked = check_file("10-a.yaml", BASIC.replace("type: pdf or csv", line).encode(), {})
    assert 2124 in [problem.number for problem in checked.problems]


@pytest.mark.parametrize(
    "place",
    ["Condition.code.coding.code", "DG1-3.1", "DG1-3", "column icd 10", "$.a.code", "$['a b'].c",
     "/ClinicalDocument/code/@code", "/a/b"],
)  # fmt: skip
def test_places_are_written_as_the_readers_name_them(place: str) -> None:
    text = f"{BASIC}  codes: {place} in list icd\n"
    checked = check_file("10-a.yaml", text.encode(), LISTS)
    assert checked.channel is not None, checked.problems
    rules = [c.rule for c in checked.channel.conditions if isinstance(c.rule, CodesRule)]
    assert rules == [CodesRule((CodedPlace(place, "icd"),))]
    assert checked.channel.codes["icd"].entries == {"I10"}
    assert checked.channel.sought.codes == {f"{place} in list icd"}


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("Condition.code.coding[0].code in list icd", 2240),
        ("code in list icd", 2240),
        ("DG1-3.1 in list nothing", 2170),
        ("DG1-3.1", 2124),
        ("DG1-3.1 in list a b", 2124),
    ],
)
def test_a_place_or_list_that_can_never_be_met_is_an_error(line: str, number: int) -> None:
    checked = check_file("10-a.yaml", f"{BASIC}  codes: {line}\n".encode(), LISTS)
    assert [problem.number for problem in checked.problems] == [number]
