"""What a channel wants looked at inside its files is looked at on both sides, and nothing is passed over."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.guard.judgement import judge
from gateway.inspection.chain import Role, bytes_body, open_scanners
from gateway.inspection.here import inspector_here
from gateway.inspection.looking import Looking
from gateway.messages import describe
from gateway.policy.check import check_file
from gateway.policy.evaluate import Result, Verdict
from gateway.policy.lists import EntryList, read_list
from gateway.policy.model import Channel
from tests.attacks.conftest import AT, EXE, PDF, zipped
from tests.corpus.csv import CASES as CSV_CASES
from tests.corpus.hl7 import CASES as HL7_CASES
from tests.corpus.hl7 import good as good_message
from tests.corpus.hl7 import with_program
from tests.corpus.ofd import CASES as OFD_CASES
from tests.corpus.ofd import GOOD as OFD_GOOD
from tests.corpus.ooxml import CASES as OOXML_CASES
from tests.corpus.ooxml import GOOD as OOXML_GOOD
from tests.corpus.ooxml import docx, packed
from tests.corpus.pdf import CASES as PDF_CASES
from tests.corpus.pdf import GOOD as PDF_GOOD
from tests.corpus.pdf import document, saved
from tests.corpus.xml import CDA_CASES, GOOD_CDA, cda_with_program
from tests.gateway.inspection.scanning import Said
from tests.support.clamav import LocalClamd, eicar

LISTS = {
    name: read_list(f"lists/{name}.txt", text.encode())[1]
    for name, text in (("rare", "# grade: 4\n罕见病\n"), ("numbers", "a = ZX-[0-9]{6}\n"))
}
TYPES = (
    "  type: json, fhir json, xml, cda, hl7 v2, csv, text, zip, docx or pdf\n"
    "  inside: csv, text or json\n"
)
FORMATS = (
    "  json: well formed\n  fhir: Patient or Bundle\n  xml: well formed\n  cda: follows WS/T 500\n"
    "  hl7: ORU^R01 or ADT\n  csv: any columns\n"
)
SOUGHT = (
    "refused_if:\n  identifiers: identity numbers or mobile numbers\n  patterns: in list numbers\n"
    "held_if:\n  words: in list rare\n  grade_found: above 3\n"
)
# A number of GB 11643's form and check digit, of nobody.
IDENTITY = "11010519491231002X"
ROLES = list(Role)


def channel_of(lines: str, lists: Mapping[str, EntryList] = LISTS) -> Channel:
    text = (
        "channel: c\npurpose: p\nowner: o\ncarries: files\nlane: import\ngrade: 3\n"
        "from:\n  folder: /srv/a\nto:\n  folder: /srv/b\npasses_if:\n" + lines
    )
    checked = check_file("10-c.yaml", text.encode(), lists)
    assert checked.channel is not None, checked.problems
    return checked.channel


def judged(tmp_path: Path, role: Role, channel: Channel, data: bytes) -> Verdict:
    return judge(
        inspector_here(role, [], tmp_path), channel, bytes_body(data), "x.bin", AT,
        at_receiver=role is Role.RECEIVING,
    ).verdict  # fmt: skip


def patient(**more: object) -> bytes:
    return json.dumps({"resourceType": "Patient", "id": "a1", **more}).encode()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "data",
    [
        good_message(),
        GOOD_CDA["a report"](),
        b"id,name\n1,Li\n2,Wang\n",
        b'{"a": [1, 2.50]}',
        patient(gender="male"),
        zipped(("a.csv", b"id,name\n1,Li\n2,Wang\n")),
        PDF,
    ],
    ids=["hl7", "cda", "csv", "json", "fhir", "csv in a zip", "pdf"],
)
def test_what_is_right_passes_on_both_sides(tmp_path: Path, role: Role, data: bytes) -> None:
    verdict = judged(tmp_path, role, channel_of(TYPES + FORMATS), data)
    assert verdict.result is Result.PASSES, verdict.deciding


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("data", "word"),
    [
        (HL7_CASES[9][1](), "hl7"),
        (good_message().replace(b"ORU^R01", b"ORM^O01"), "hl7"),
        (CDA_CASES[3][1](), "cda"),
        (CSV_CASES[0][1](), "csv"),
        (b'{"a": 1, "a": 2}', "json"),
        (patient(gender="robot"), "fhir"),
        (json.dumps({"resourceType": "Observation"}).encode(), "fhir"),
        (zipped(("a.csv", b"id,name\n1,=1+1\n2,b\n")), "csv"),
    ],
    ids=["hl7", "hl7 message", "cda", "csv", "json", "fhir code", "fhir type", "csv in a zip"],
)
def test_what_is_wrong_is_refused_by_the_line_of_its_format(
    tmp_path: Path, role: Role, data: bytes, word: str
) -> None:
    verdict = judged(tmp_path, role, channel_of(TYPES + FORMATS), data)
    assert verdict.result is Result.REFUSED
    assert verdict.deciding is not None
    assert verdict.deciding.word == word


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("cell", "number"), [(b"1980-02-29", 0), (b"20261121", 0), (b"1981-02-29", 3747), (b"Li", 3747)]
)
def test_a_table_whose_cells_are_not_of_their_kinds_is_refused(
    tmp_path: Path, role: Role, cell: bytes, number: int
) -> None:
    channel = channel_of("  type: csv\n  csv: columns id (whole number), name and born (date)\n")
    verdict = judged(tmp_path, role, channel, b"id,name,born\n1,Li,\n2,Wang," + cell + b"\n")
    assert verdict.number == number
    if number:
        assert verdict.deciding is not None
        assert (verdict.deciding.word, verdict.deciding.line) == ("csv", 13)
        fields = verdict.deciding.fields
        assert (fields["row"], fields["column"], fields["kind"]) == (3, 3, "date")
        assert cell.decode() not in str(fields)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "data",
    [
        with_program(),
        cda_with_program(),
        json.dumps({"report": base64.b64encode(EXE).decode()}).encode(),
        zipped(("a.json", json.dumps({"x": base64.b64encode(EXE).decode()}).encode())),
        json.dumps({"x": base64.b64encode(zipped(("a.exe", EXE))).decode()}).encode(),
    ],
    ids=["hl7", "cda", "json", "json in a zip", "zip in json"],
)
def test_a_program_inside_a_value_is_a_program(tmp_path: Path, role: Role, data: bytes) -> None:
    verdict = judged(tmp_path, role, channel_of(TYPES + FORMATS), data)
    assert (verdict.result, verdict.number) == (Result.REFUSED, 3117)


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def in_a_message(data: bytes) -> bytes:
    program = re.search(rb"\^Base64\^([A-Za-z0-9+/=]+)", with_program())
    assert program is not None
    return with_program().replace(program[1], in_base64(data).encode())


def in_a_report(data: bytes) -> bytes:
    program = re.search(rb"'B64'>([^<]+)<", cda_with_program())
    assert program is not None
    return cda_with_program().replace(program[1], in_base64(data).encode())


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "carry",
    [
        lambda data: json.dumps({"x": in_base64(data)}).encode(),
        lambda data: zipped(("a.json", json.dumps({"x": in_base64(data)}).encode())),
        lambda data: json.dumps({"x": in_base64(zipped(("a.txt", data)))}).encode(),
        lambda data: patient(
            photo=[{"contentType": "application/octet-stream", "data": in_base64(data)}]
        ),
        in_a_message,
        in_a_report,
    ],
    ids=["json", "json in a zip", "zip in json", "fhir", "hl7", "cda"],
)
def test_the_scanners_are_asked_about_what_lies_inside_values(
    tmp_path: Path, clamd: LocalClamd, role: Role, carry: Callable[[bytes], bytes]
) -> None:
    channel = channel_of(TYPES + FORMATS + "  malware: clean\n")
    inspector = inspector_here(role, open_scanners(Said(str(clamd.socket))), tmp_path)
    said = {}
    for what, data in (("eicar", eicar()), ("harmless", b"<html>a page</html>" + b" " * 60)):
        said[what] = judge(
            inspector, channel, bytes_body(carry(data)), "x.bin", AT,
            at_receiver=role is Role.RECEIVING,
        ).verdict  # fmt: skip
    inspector.close()
    assert said["eicar"].deciding is not None
    assert (said["eicar"].result, said["eicar"].deciding.word) == (Result.REFUSED, "malware")
    assert said["harmless"].result is Result.PASSES, said["harmless"].deciding


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("data", "word", "result"),
    [
        (f"id,name\n1,{IDENTITY}\n2,x\n".encode(), "identifiers", Result.REFUSED),
        (f"id,name\n1,{IDENTITY}\n2,x\n".encode("gb18030"), "identifiers", Result.REFUSED),
        ("id,name\n1,１１０１０５１９４９１２３１００２Ｘ\n2,x\n".encode(), "identifiers", Result.REFUSED),
        (json.dumps({"a": {"b": [IDENTITY]}}).encode(), "identifiers", Result.REFUSED),
        (good_message().replace(b"7001", IDENTITY.encode()), "identifiers", Result.REFUSED),
        (GOOD_CDA["a report"]().replace(b"0001", IDENTITY.encode()), "identifiers", Result.REFUSED),
        (f"the number is {IDENTITY}.\n".encode(), "identifiers", Result.REFUSED),
        (zipped(("a.txt", f"the number is {IDENTITY}.\n".encode())), "identifiers", Result.REFUSED),
        (b"order ZX-123456 is here\n", "patterns", Result.REFUSED),
        ("诊断:罕\u200b见病 一例\n".encode(), "words", Result.HELD),
        (b"nothing of note here\n", "", Result.PASSES),
    ],
)  # fmt: skip
def test_what_is_sought_is_found_in_every_format(
    tmp_path: Path, role: Role, data: bytes, word: str, result: Result
) -> None:
    verdict = judged(tmp_path, role, channel_of(TYPES + FORMATS + SOUGHT), data)
    assert verdict.result is result
    assert (verdict.deciding.word if verdict.deciding else "") == word


@pytest.mark.parametrize(
    ("path", "content", "line"),
    [
        ("lists/rare.txt", b"# grade: 4\nleprosy\nx\n", "words: in list rare"),
        ("lists/rare.csv", b"name,number\n\nx,1\n", "words: in list rare"),
        ("lists/rare.txt", b"a = b\n\nc = [0-9\n", "patterns: in list rare"),
        ("lists/rare.csv", b"a = b,1\n\nc = [0-9,2\n", "patterns: in list rare"),
    ],
)
def test_a_wrong_entry_is_named_by_the_file_as_it_lies_there_and_its_line(
    path: str, content: bytes, line: str
) -> None:
    _, known, problems = read_list(path, content)
    assert not problems
    channel = channel_of(f"  type: text\nrefused_if:\n  {line}\n", {"rare": known})
    with pytest.raises(Misconfigured) as caught:
        Looking(channel)
    assert f" {path}:3: " in describe(caught.value)


@pytest.mark.parametrize("role", ROLES)
def test_where_texts_are_sought_what_nobody_can_read_does_not_pass(
    tmp_path: Path, role: Role
) -> None:
    letters = TYPES.replace("docx or pdf", "docx, rtf or pdf")
    verdict = judged(tmp_path, role, channel_of(letters + SOUGHT), b"{\\rtf1 a letter}")
    assert (verdict.result, verdict.number) == (Result.REFUSED, 3959)


@pytest.mark.parametrize("role", ROLES)
def test_a_channel_that_asks_for_nothing_costs_nothing(tmp_path: Path, role: Role) -> None:
    plain = channel_of("  type: json\n")
    assert judged(tmp_path, role, plain, b'{"a": 1, "a": 2}').result is Result.PASSES


@pytest.mark.parametrize("role", ROLES)
def test_the_story_tells_no_whole_number(tmp_path: Path, role: Role) -> None:
    data = f"id,name\n1,{IDENTITY}\n2,x\n".encode()
    verdict = judged(tmp_path, role, channel_of(TYPES + SOUGHT), data)
    assert verdict.deciding is not None
    told = " ".join(str(value) for value in verdict.deciding.fields.values())
    assert IDENTITY not in told
    assert "***" in told


@pytest.mark.parametrize("role", ROLES)
def test_files_in_files_in_files_end_at_the_limit(tmp_path: Path, role: Role) -> None:
    data = b'{"a": 1}'
    for _ in range(12):
        data = json.dumps({"x": base64.b64encode(data + b" " * 64).decode()}).encode()
    verdict = judged(tmp_path, role, channel_of(TYPES + FORMATS), data)
    # JSON in base64 is no file by its first bytes; a zip is.
    for _ in range(8):
        data = json.dumps({"x": base64.b64encode(zipped(("a.json", data))).decode()}).encode()
    deep = judged(tmp_path, role, channel_of(TYPES + FORMATS), data)
    assert verdict.result is Result.PASSES
    assert (deep.result, deep.number) == (Result.REFUSED, 3221)


PDF_LINES = "  type: pdf\n  pdf: has no scripts, attachments or encryption\n"
DOCUMENTS = "  type: docx, xlsx, pptx or ofd\n  ooxml: plain\n  ofd: plain\n"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("make", [*OOXML_GOOD.values(), *OFD_GOOD.values()])
def test_documents_of_an_office_pass(tmp_path: Path, role: Role, make: Callable[[], bytes]) -> None:
    verdict = judged(tmp_path, role, channel_of(DOCUMENTS), make())
    assert verdict.result is Result.PASSES, verdict.deciding


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "make",
    [pytest.param(make, id=name) for name, make, _ in (*OOXML_CASES, *OFD_CASES)],
)
def test_documents_that_reach_out_or_run_something_do_not(
    tmp_path: Path, role: Role, make: Callable[[], Mapping[str, bytes]]
) -> None:
    verdict = judged(tmp_path, role, channel_of(DOCUMENTS), packed(make()))
    assert verdict.result is Result.REFUSED
    assert verdict.deciding is not None
    assert verdict.deciding.word in ("ooxml", "ofd", "type", "archive", "encrypted", "name")


@pytest.mark.parametrize("role", ROLES)
def test_a_number_split_over_runs_of_a_letter_is_found(tmp_path: Path, role: Role) -> None:
    runs = "".join(f"<w:r><w:t>{part}</w:t></w:r>" for part in (IDENTITY[:6], IDENTITY[6:]))
    letter = packed(docx(f"<w:p>{runs}</w:p>"))
    verdict = judged(tmp_path, role, channel_of(DOCUMENTS + SOUGHT), letter)
    assert verdict.deciding is not None
    assert (verdict.result, verdict.deciding.word) == (Result.REFUSED, "identifiers")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", PDF_GOOD)
def test_good_pdf_files_pass(tmp_path: Path, role: Role, name: str) -> None:
    verdict = judged(
        tmp_path,
        role,
        channel_of("  type: pdf\n  pdf: has no scripts, attachments or encryption\n"),
        PDF_GOOD[name](),
    )
    assert verdict.result is Result.PASSES, verdict.deciding


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("case", PDF_CASES, ids=lambda case: case[0])
def test_bad_pdf_files_do_not(
    tmp_path: Path, role: Role, case: tuple[str, Callable[[], bytes], set[int]]
) -> None:
    verdict = judged(tmp_path, role, channel_of("  type: pdf\n  pdf: plain\n"), case[1]())
    assert verdict.result is Result.REFUSED


@pytest.mark.parametrize("role", ROLES)
def test_a_number_on_a_page_is_found(tmp_path: Path, role: Role) -> None:
    channel = channel_of("  type: pdf\n  pdf: plain\n" + SOUGHT)
    verdict = judged(
        tmp_path,
        role,
        channel,
        saved(document(text=f"BT /F1 12 Tf 72 700 Td (patient {IDENTITY} is) Tj ET".encode())),
    )
    assert verdict.deciding is not None
    assert (verdict.result, verdict.deciding.word) == (Result.REFUSED, "identifiers")
