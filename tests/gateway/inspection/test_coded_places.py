"""A code that is not in its list is refused with its place, on both sides and through the sandbox."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.guard.judgement import judge
from gateway.inspection.chain import Inspector, Role, bytes_body
from gateway.inspection.formats.contract import Text
from gateway.inspection.here import inspector_here
from gateway.inspection.text.coded_places import Codes, CodeSearch, place_of
from gateway.policy.codes import CodeList, Days
from gateway.policy.evaluate import Result, Verdict
from gateway.policy.lists import read_list
from gateway.policy.model import Channel
from tests.attacks.conftest import AT, PDF, zipped
from tests.corpus.hl7 import good as good_message
from tests.corpus.xml import GOOD_CDA
from tests.gateway.inspection.test_looking import channel_of

LISTS = {
    "icd": read_list("lists/icd.csv", "code,display\nI10,高血压\nJ45.9,x\n".encode())[1],
    "yearly": read_list(
        "lists/yearly.csv",
        b"code,valid_from,valid_to\nI10,,\nJ45.9,2026-11-21,2026-11-21\n"
        b"E11,,2026-11-20\nK35,2026-11-22,\nZ00,2026-01-01,2026-12-31\n",
    )[1],
    "words": read_list("lists/words.txt", b"# some\n34133-9\n11488-4\n")[1],
}
CODES = """\
  codes:
    - Condition.code.coding.code in list icd
    - DG1-3.1 in list icd
    - column icd10 in list icd
    - $.diagnoses.code in list icd
    - /a/b/@code in list icd
"""
LINES = "  type: json, fhir json, fhir xml, xml, cda, hl7 v2, csv, zip or pdf\n"
LINES += "  inside: json, csv or fhir json\n"


def judged(any_inspector: Inspector, data: bytes, lines: str = CODES, at: datetime = AT) -> Verdict:
    channel = channel_of(LINES + lines, LISTS)
    return judge(any_inspector, channel, bytes_body(data), "x.bin", at, at_receiver=False).verdict


def condition(code: str) -> dict[str, object]:
    return {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/a"},
        "code": {"coding": [{"system": "http://example.org", "code": code}]},
    }


def fhir(code: str) -> bytes:
    return json.dumps(condition(code)).encode()


def bundle(code: str) -> bytes:
    entries = [{"resource": condition("I10")}, {"resource": condition(code)}]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def fhir_xml(code: str) -> bytes:
    return (
        '<Condition xmlns="http://hl7.org/fhir"><code><coding><system value="http://x"/>'
        f'<code value="{code}"/></coding></code><subject><reference value="Patient/a"/></subject></Condition>'
    ).encode()


def hl7(code: str) -> bytes:
    return good_message() + f"DG1|1||{code}^name^ICD~J45.9^other^ICD\r".encode()


def table(code: str) -> bytes:
    return f"id,icd10,name\n1,I10,a\n2,{code},b\n3,,c\n".encode()


def plain(code: str) -> bytes:
    return json.dumps({"diagnoses": [{"code": "I10"}, {"code": code}], "code": "Z"}).encode()


def xml(code: str) -> bytes:
    return f'<a><b code="I10"/><b code="{code}"/><c code="Z"/></a>'.encode()


MAKERS = [fhir, bundle, fhir_xml, hl7, table, plain, xml]


@pytest.mark.parametrize("make", MAKERS)
def test_codes_of_the_list_pass(any_inspector: Inspector, make: object) -> None:
    assert callable(make)
    verdict = judged(any_inspector, make("J45.9"))
    assert verdict.result is Result.PASSES, verdict.deciding


@pytest.mark.parametrize("code", ["I11", "i10", "I10\u200b", "code", "I" + "1" * 100])
@pytest.mark.parametrize("make", MAKERS)
def test_any_other_is_refused_with_its_place(
    any_inspector: Inspector, make: object, code: str
) -> None:
    assert callable(make)
    verdict = judged(any_inspector, make(code))
    assert (verdict.result, verdict.number) == (Result.REFUSED, 2243)
    assert verdict.deciding is not None
    fields = verdict.deciding.fields
    assert (verdict.deciding.word, fields["shown"], fields["count"]) == ("codes", code[:40], 1)
    assert str(fields["where"]).startswith("x.bin > ")


@pytest.mark.parametrize(
    ("code", "shown"),
    [("E11", "E11 (valid_to 2026-11-20)"), ("K35", "K35 (valid_from 2026-11-22)")],
)
@pytest.mark.parametrize("make", MAKERS)
def test_a_code_counts_on_the_days_of_its_table_only(
    any_inspector: Inspector, make: object, code: str, shown: str
) -> None:
    assert callable(make)
    lines = CODES.replace("in list icd", "in list yearly")
    assert judged(any_inspector, make("J45.9"), lines).result is Result.PASSES
    verdict = judged(any_inspector, make(code), lines)
    assert (verdict.result, verdict.number) == (Result.REFUSED, 2243)
    assert verdict.deciding is not None
    assert verdict.deciding.fields["shown"] == shown


@pytest.mark.parametrize(
    ("zone", "at", "result"),
    [
        ("Asia/Shanghai", datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC), Result.REFUSED),
        ("Asia/Shanghai", datetime(2025, 12, 31, 16, 0, tzinfo=UTC), Result.PASSES),
        ("Asia/Shanghai", datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), Result.PASSES),
        ("Asia/Shanghai", datetime(2026, 12, 31, 16, 0, tzinfo=UTC), Result.REFUSED),
        ("UTC", datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), Result.REFUSED),
        ("UTC", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), Result.PASSES),
    ],
)
def test_the_day_is_that_of_capture_in_the_zone_of_the_channel(
    any_inspector: Inspector, zone: str, at: datetime, result: Result
) -> None:
    made = channel_of(f"{LINES}  codes: $.code in list yearly\ntime_zone: {zone}\n", LISTS)
    body = bytes_body(b'{"code": "Z00"}')
    assert judge(any_inspector, made, body, "x", at, at_receiver=True).verdict.result is result


@pytest.mark.parametrize("make", [plain, table, bundle])
def test_so_is_one_inside_an_archive(any_inspector: Inspector, make: object) -> None:
    assert callable(make)
    name = "d/" + "n" * 200 + ".bin"
    assert judged(any_inspector, zipped((name, make("I10")))).result is Result.PASSES
    assert judged(any_inspector, zipped((name, make("I11")))).number == 2243


@pytest.mark.parametrize("data", [b'{"other": [1]}', b"<c/>", PDF, good_message()])
def test_a_file_without_the_place_passes(any_inspector: Inspector, data: bytes) -> None:
    verdict = judged(any_inspector, data)
    assert verdict.result is Result.PASSES, verdict.deciding


def test_codes_of_clinical_documents_are_held_to_a_list(any_inspector: Inspector) -> None:
    report = GOOD_CDA["a report"]()
    lines = "  codes: /ClinicalDocument/code/@code in list {}\n"
    assert judged(any_inspector, report, lines.format("icd")).number == 2243


@pytest.mark.parametrize(
    "rows",
    [
        'id,icd10,name\n"1\tI10",BAD,"x\n1"\n',
        'id,icd10,name\n1,"I10\t",a\n',
        'id,icd10,name\n"1\tI10","BAD\nx","I10\ty"\n',
        'id,icd10,name\n1,"I10\nI10",a\n',
    ],
)
def test_tabs_and_line_ends_in_cells_move_no_column(any_inspector: Inspector, rows: str) -> None:
    assert judged(any_inspector, rows.encode()).number == 2243


@pytest.mark.parametrize(
    "table",
    [
        "id,ICD10\n1,BAD\n",
        "id,ic\u00add10\n1,BAD\n",
        "id,icd 10\n1,BAD\n",
        "id,\uff49\uff43\uff4410\n1,BAD\n",
        "\ufeff\ufefficd10,id\nBAD,1\n",
        "Report,\nid,icd10\n1,BAD\n",
        "sep=;\nid;icd10\n1;BAD\n",
        "id;icd10;a,b,c,d\n1;BAD;x,y,z,w\n",
        "id,name\n1,x\n",
    ],
)
def test_a_table_without_the_column_is_refused(any_inspector: Inspector, table: str) -> None:
    # Whatever the heading looks like: what the line does not find, it cannot judge.
    assert judged(any_inspector, table.encode()).number in (2246, 2243)
    member = zipped(("a.csv", table.encode()))
    assert judged(any_inspector, member).result is Result.REFUSED


def test_a_long_table_keeps_its_columns(any_inspector: Inspector) -> None:
    rows = "".join(f"{n},I10,{'x' * 50}\n" for n in range(5_000))
    assert judged(any_inspector, f"id,icd10,name\n{rows}".encode()).result is Result.PASSES
    verdict = judged(any_inspector, f"id,icd10,name\n{rows}9,BAD,x\n".encode())
    assert verdict.deciding is not None
    assert "row 5002 " in str(verdict.deciding.fields["where"])


def test_repetitions_and_escapes_of_hl7_are_looked_up(any_inspector: Inspector) -> None:
    assert judged(any_inspector, hl7("I10").replace(b"~J45.9", b"~J99")).number == 2243
    # An escaped separator is a character of the code.
    assert judged(any_inspector, hl7("I10\\S\\x")).number == 2243
    assert judged(any_inspector, hl7("I10&x")).number == 2243


def test_a_lookup_beside_a_search_finds_both(any_inspector: Inspector) -> None:
    lines = CODES + "refused_if:\n  words: in list words\n"
    assert judged(any_inspector, plain("34133-9"), lines).result is Result.REFUSED
    channel = channel_of(LINES + lines, LISTS)
    facts = any_inspector.examine(
        bytes_body(plain("34133-9")), "x", AT, channel.unpack, channel=channel
    )
    assert {hit.kind for hit in facts.hits} == {"word", "code"}


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("a.json > Condition.code.coding[0].code", "Condition.code.coding.code"),
        ("a > Bundle.entry[3].resource.ofType(Condition).code.text", "Condition.code.text"),
        ("a > Patient.contained[0].ofType(Condition).code.text", "Condition.code.text"),
        ("a > b > $.x[0][1].y", "$.x.y"),
        ("a > DG1-3.1", "DG1-3.1"),
    ],
)
def test_places_lose_their_indices(where: str, place: str) -> None:
    assert place_of(where) == place


@given(st.lists(st.tuples(st.text(), st.text())))
def test_any_texts_give_hits_or_none(texts: list[tuple[str, str]]) -> None:
    held = CodeList(frozenset(["a"]), {"a": Days(last=date(2026, 1, 1))})
    codes = {p: (Codes(p, p, held),) for p in ("column a", "$.a", "")}
    search = CodeSearch(codes, date(2026, 1, 1))
    for where, text in texts:
        search.add(Text(where, text))
        search.add(Text(f"f > rows 1 to {len(text)}", text))
    assert all(len(hit.shown) <= 40 for hit in search.hits())


def test_a_channel_of_codes_asks_for_nothing_else(tmp_path: Path) -> None:
    channel: Channel = channel_of(LINES + CODES, LISTS)
    facts = inspector_here(Role.SENDING, [], tmp_path).examine(
        bytes_body(PDF), "x", AT, channel.unpack, channel=channel
    )
    assert facts.problems == ()
