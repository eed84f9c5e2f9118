"""Values that were got past the masking once, by somebody who tried: none of them leaves any more."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.errors import Refused
from tests.corpus import hl7
from tests.corpus.xml import document
from tests.gateway.guard.rewriting import Anew, channel, masking

PATIENT = {"resourceType": "Patient", "id": "p1", "name": [{"family": "李", "given": ["一"]}]}
PID = "PID|1||M123456^^^H^MR||王小明^Smith||19800229|M|||中山路1号||13912345678"


def observation(note: str, **more: object) -> dict[str, object]:
    return {
        "resourceType": "Observation", "status": "final", "code": {"text": "blood pressure"},
        "note": [{"text": note}], **more,
    }  # fmt: skip


def bundle(*resources: object) -> bytes:
    entries = [{"resource": one} for one in resources]
    text = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return json.dumps(text, ensure_ascii=False).encode()


def message(*segments: str) -> bytes:
    return hl7.message(PID, hl7.OBR, *segments)


def cda(name: str, text: str) -> bytes:
    body = f"<structuredBody><component><section><text>{text}</text></section></component></structuredBody>"
    return document(body).replace("<name>张三</name>", name).encode()


# What it is, the type, the file, and what must not be found in what leaves.
CASES: list[tuple[str, str, Callable[[], bytes], tuple[str, ...]]] = [
    ("a short field of a message", "hl7", lambda: message("NTE|1||王小明"), ("王小明",)),
    ("a component that no rule names", "hl7",
     lambda: message("OBX|1|CE|1^王小明^L||A^王小明^L||||||F"), ("王小明",)),
    ("beside the number of the patient", "hl7",
     lambda: hl7.message(PID.replace("^^^H", "^王小明^^H"), hl7.OBR), ("王小明",)),
    ("a blank within a name", "hl7", lambda: message("NTE|1||患者王 小明来诊"), ("王 小明", "小明")),
    ("full width and capitals", "hl7",
     lambda: message("NTE|1||no. Ｍ１２３４５６, mr SMITH, m123456"), ("Ｍ１２３４５６", "SMITH", "m123456")),
    ("the day of birth in words", "hl7",
     lambda: message("NTE|1||生于1980年2月29日，1980-02-29"), ("1980年2月29日", "1980-02-29")),
    ("a name in two parts, together", "fhir",
     lambda: bundle(PATIENT, observation("患者李一来诊")), ("李一",)),
    ("another reference than the subject's", "fhir",
     lambda: bundle(PATIENT, observation("x", performer=[{"reference": "Patient/p1"}])),
     ("Patient/p1",)),
    ("a name before the number", "fhir",
     lambda: bundle(
         PATIENT, observation("x", subject={"reference": "http://h/王小明/Patient/p1/_history/王小明"})),
     ("王小明",)),
    ("the number of the subject by value", "fhir",
     lambda: bundle(PATIENT, observation("x", subject={"identifier": {"value": "M123456"}})), ("M123456",)),
    ("a name as a parameter", "fhir", lambda: json.dumps(
        {"resourceType": "Parameters", "parameter": [{"name": "a", "valueHumanName": {"text": "王小明"}}]},
        ensure_ascii=False).encode(), ("王小明",)),
    ("ideographs of one's own", "hl7",
     lambda: hl7.message(PID.replace("王小明", "王\ue000明"), hl7.OBR, "NTE|1||王\ue000明"), ("\ue000",)),
    ("an attribute that begins as a namespace", "xml",
     lambda: '<r><name>王小明</name><b xmlnsz="王小明"/></r>'.encode(), ("王小明",)),
    ("a name over elements", "cda",
     lambda: cda("<name><family>欧阳</family><given>兰英</given></name>", "欧阳兰英来诊"), ("欧阳", "兰英")),
]  # fmt: skip
RULES = "masking: x\nfields:\n  name:\n    becomes: masked\n    xml: r/name\n"


@pytest.mark.parametrize(
    ("word", "make", "values"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_it_does_not_leave(
    word: str, make: Callable[[], bytes], values: tuple[str, ...], tmp_path: Path
) -> None:
    types = {"fhir": "fhir json", "hl7": "hl7 v2"}.get(word, word)
    rules = masking(RULES) if word == "xml" else masking()
    came = make()
    left = Anew(tmp_path).bytes_of(channel(types, "persons: masked", rules, word), came).decode()
    assert all(value in came.decode() for value in values if value not in ("小明", "李一"))
    assert [value for value in values if value in left] == []


def test_clinical_content_that_shares_words_with_a_removed_part_stays(tmp_path: Path) -> None:
    contact = [{"relationship": [{"text": "父亲"}], "name": {"text": "李大山"}}]
    person = {**PATIENT, "contact": contact, "address": [{"city": "北京", "line": ["知春路1号"]}]}
    came = bundle(person, observation("父亲有高血压，李大山陪同，转北京协和医院，住知春路1号"))
    left = Anew(tmp_path).bytes_of(channel("fhir json", "persons: masked", masking(), "fhir"), came)
    assert "父亲有高血压，***陪同，转北京协和医院，住***" in left.decode()


def test_the_name_of_the_file_names_nobody(tmp_path: Path) -> None:
    taken = channel("hl7 v2", "persons: masked", masking(), "hl7")
    for name in ("王小明.hl7", "13912345678.hl7", "M123456-result.hl7"):
        with pytest.raises(Refused) as refused:
            Anew(tmp_path)(taken, message(), name)
        assert refused.value.number == 3839
    assert Anew(tmp_path)(taken, message(), "result-7.hl7") is not None


def test_a_resource_within_other_xml_is_refused(tmp_path: Path) -> None:
    came = (
        '<r><Patient xmlns="http://hl7.org/fhir"><name><text value="王小明"/></name></Patient></r>'
    )
    with pytest.raises(Refused) as refused:
        Anew(tmp_path)(channel("xml", "persons: masked", masking(RULES), "xml"), came.encode())
    assert refused.value.number == 3838


def test_a_line_end_that_only_one_reader_knows_moves_no_column(tmp_path: Path) -> None:
    taken = channel("csv", "persons: masked", masking(), "csv", "mrn; 姓名")
    came = "mrn;姓名\u2028,x\n1;王小明\n".encode()
    try:
        left = Anew(tmp_path).bytes_of(taken, came).decode()
    except (Refused, AssertionError):
        return
    assert "王小明" not in left


def test_many_persons_in_one_file_cost_time_by_its_length(tmp_path: Path) -> None:
    """Nine thousand values took 160 microseconds for each character once."""
    taken = channel("fhir json", "persons: masked", masking(), "fhir")

    def took_s(count: int) -> float:
        people = [{"resourceType": "Patient", "id": f"p{n:07}"} for n in range(count)]
        came = bundle(*people, observation("nothing to be found here " * 2_000))
        begun_s = time.process_time()
        Anew(tmp_path).bytes_of(taken, came)
        return time.process_time() - begun_s

    few = took_s(500)
    assert took_s(5_000) < 40 * few
