"""Units written anew: what goes, what stays, and what is refused rather than passed unchanged."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from gateway.errors import Refused, Unavailable
from gateway.guard.judgement import judge
from gateway.guard.rewriting import after_change
from gateway.inspection.chain import bytes_body
from gateway.inspection.changing.changer import PROGRAM, Changer, InSandbox
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.settings import SandboxSettings
from gateway.policy.evaluate import Result
from gateway.policy.model import Channel, Condition, Section, SizeRule
from gateway.policy.values import SizeBound
from tests.corpus import dicom, hl7, ooxml, pdf
from tests.corpus.persons import FORMATS, fhir_json, hl7_v2, people, table
from tests.gateway.guard.rewriting import Anew, channel, masking
from tests.gateway.policy.channel_text import NOON

SOMEBODY = people(1)[0]


@pytest.fixture
def anew(tmp_path: Path) -> Anew:
    return Anew(tmp_path)


def test_a_channel_that_changes_nothing_leaves_the_unit_as_it_is(anew: Anew) -> None:
    plain = channel("json", "json: rebuilt")
    assert anew(replace(plain, rebuilt=frozenset()), b"{}") is None


def test_a_type_that_no_line_names_stays_as_it_is(anew: Anew) -> None:
    assert anew(channel("json or csv", "json: rebuilt"), b"a,b\n1,2\n", "a.csv") is None


def test_json_is_written_in_one_way(anew: Anew) -> None:
    came = b' { "a" : [ 1 , 2.50 , 1e3 , true , null , { } , [ ] ] ,\t"\\u4e2d" : "\\u0041/" }\n'
    made = anew.bytes_of(channel("json", "json: rebuilt"), came)
    assert made == '{"a":[1,2.50,1E+3,true,null,{},[]],"中":"A/"}'.encode()
    assert json.loads(made) == json.loads(came)


def test_numbers_keep_every_digit(anew: Anew) -> None:
    digits = "1234567890.12345678901234567890"
    assert digits.encode() in anew.bytes_of(
        channel("json", "json: rebuilt"), f'{{"a":{digits}}}'.encode()
    )


def test_comments_and_odd_encodings_of_xml_go(anew: Anew) -> None:
    came = (
        '<?xml version="1.0" encoding="GB18030"?><a x="1&#9;2"><!-- secret --><b><![CDATA[<中>]]></b>'
        "<c/></a>"
    ).encode("gb18030")
    made = anew.bytes_of(channel("xml", "xml: rebuilt"), came).decode()
    assert made.endswith('<a x="1&#9;2"><b>&lt;中&gt;</b><c/></a>')
    assert "secret" not in made


def test_hl7_comes_out_segment_by_segment(anew: Anew) -> None:
    came = hl7.message(hl7.PID, hl7.OBR, hl7.OBX, end="\r\n")
    assert anew.bytes_of(channel("hl7 v2", "hl7: rebuilt"), came) == came.replace(b"\r\n", b"\r")


def test_a_table_is_quoted_anew(anew: Anew) -> None:
    came = b'"a";"b"\n"x ""y""";"1"\n'
    assert anew.bytes_of(channel("csv", "csv: rebuilt"), came) == b'a;b\r\n"x ""y""";1\r\n'


def test_nothing_planted_is_left_in_a_dicom_object(anew: Anew) -> None:
    planted = dicom.element(0x00090010, "LO", b"PLANTED ") + dicom.element(
        0x00091001, "LT", b"payload "
    )
    came = dicom.file(
        dicom.head_elements(), planted, dicom.patient(), dicom.pixel_module(), dicom.native(),
        preamble=b"II*\0",
    )  # fmt: skip
    made = anew.bytes_of(channel("dicom", "dicom: rebuilt", None, "dicom"), came)
    assert made[:128] == bytes(128)
    assert b"PLANTED" not in made and b"payload" not in made
    assert bytes(range(16)) in made


def test_nothing_planted_is_left_in_an_image(anew: Anew) -> None:
    said = PngImagePlugin.PngInfo()
    said.add_text("Comment", "payload")
    buffer = io.BytesIO()
    picture = Image.linear_gradient("L").resize((40, 30))
    picture.save(buffer, "PNG", pnginfo=said)
    made = anew.bytes_of(channel("png", "image: rebuilt"), buffer.getvalue())
    assert b"payload" in buffer.getvalue() and b"payload" not in made
    assert Image.open(io.BytesIO(made)).tobytes() == picture.tobytes()


def test_one_patient_is_the_same_in_every_format(anew: Anew) -> None:
    made = {
        word: anew.bytes_of(
            channel(types, "persons: masked", masking(), word), message_of(SOMEBODY)
        )
        for word, (types, message_of) in FORMATS.items()
    }
    bundle = json.loads(anew.bytes_of(_masked("fhir json", "fhir"), fhir_json(SOMEBODY)))
    pseudonym = bundle["entry"][0]["resource"]["id"].encode()
    assert len(pseudonym) == 16
    # FHIR in XML names its contained patient by the same number.
    assert [word for word, data in made.items() if pseudonym not in data] == []


def test_another_key_makes_another_pseudonym(tmp_path: Path) -> None:
    taken = _masked("hl7 v2", "hl7")
    first, second = Anew(tmp_path), Anew(tmp_path, key=b"another key, also 32 bytes long.")
    assert first.bytes_of(taken, hl7_v2(SOMEBODY)) == first.bytes_of(taken, hl7_v2(SOMEBODY))
    assert first.bytes_of(taken, hl7_v2(SOMEBODY)) != second.bytes_of(taken, hl7_v2(SOMEBODY))


def test_clinical_content_stays(anew: Anew) -> None:
    bundle = json.loads(anew.bytes_of(_masked("fhir json", "fhir"), fhir_json(SOMEBODY)))
    observation = bundle["entry"][1]["resource"]
    assert observation["valueQuantity"] == {"value": 121.5, "unit": "mmHg"}
    assert observation["code"]["coding"] == [{"system": "http://loinc.org", "code": "8480-6"}]
    assert "血压正常" in observation["note"][0]["text"]
    patient = bundle["entry"][0]["resource"]
    assert (patient["gender"], patient["birthDate"]) == ("female", str(SOMEBODY.born.year))
    assert patient["name"][0]["text"] == SOMEBODY.surname + "**"
    assert observation["subject"]["reference"] == f"Patient/{patient['id']}"


def test_a_number_that_is_split_over_cells_is_refused_not_passed(anew: Anew) -> None:
    number = SOMEBODY.identity
    came = f"mrn,b,c\n7,{number[:6]},{number[6:]}\n".encode()
    with pytest.raises(Refused) as refused:
        anew(_tables("mrn, b, c"), came)
    assert (refused.value.number, refused.value.fields["word"]) == (3832, "identifiers")


def test_a_file_inside_is_refused_where_persons_are_masked(anew: Anew) -> None:
    with pytest.raises(Refused) as refused:
        anew(_masked("fhir json", "fhir"), _with_picture())
    assert (refused.value.number, refused.value.fields["type"]) == (3829, "png")


def test_a_file_inside_that_would_be_written_anew_is_refused(anew: Anew) -> None:
    taken = channel("fhir json or png", "image: rebuilt", None, "fhir")
    with pytest.raises(Refused) as refused:
        anew(taken, _with_picture())
    assert refused.value.number == 3829


def _with_picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (30, 30)).save(buffer, "PNG", compress_level=0)
    picture = base64.b64encode(buffer.getvalue()).decode()
    binary = {"resourceType": "Binary", "contentType": "image/png", "data": picture}
    return json.dumps(binary).encode()


def test_a_table_whose_columns_no_rule_names_is_refused(anew: Anew) -> None:
    """As one without names in its first line: its first person would pass for a name."""
    row = f"{SOMEBODY.name},121.5\n".encode()
    with pytest.raises(Refused) as refused:
        anew(_tables(f"{SOMEBODY.name}, 121.5"), row * 2)
    assert refused.value.number == 3837


def test_a_resource_among_plain_json_is_refused(anew: Anew) -> None:
    rules = masking("masking: x\nfields:\n  name:\n    becomes: removed\n    json: name\n")
    taken = channel("json", "persons: masked", rules, "json")
    assert anew.bytes_of(taken, b'{"name": "x", "a": 1}') == b'{"a":1}'
    with pytest.raises(Refused) as refused:
        anew(taken, b'{"entry": [{"a": 1, "resourceType": "Patient"}]}')
    assert refused.value.number == 3838


def test_a_format_that_the_rules_do_not_name_is_told_at_check() -> None:
    rules = masking("masking: x\nfields:\n  name:\n    becomes: removed\n    json: name\n")
    with pytest.raises(AssertionError, match="2274"):
        channel("hl7 v2", "persons: masked", rules, "hl7")


def test_a_column_that_is_masked_has_no_kind_but_one_that_is_removed_may() -> None:
    text = "masking: x\nfields:\n  a:\n    becomes: {becomes}\n    csv: Born Day\n"
    for becomes, taken in (("year", False), ("pseudonym", False), ("removed", True)):
        rules = masking(text.format(becomes=becomes))
        try:
            channel("csv", "persons: masked", rules, columns="born day (date), value (number)")
        except AssertionError as error:
            assert not taken and "2277" in str(error), error
        else:
            assert taken
        channel("csv", "persons: masked", rules, columns="born day, value (number)")


def test_a_column_about_persons_that_stands_twice_is_refused(anew: Anew) -> None:
    with pytest.raises(Refused) as refused:
        anew(_tables("mrn, mrn"), b"mrn,mrn\n1,2\n")
    assert refused.value.number == 3833


def test_without_its_key_nothing_is_masked_and_nothing_passes(tmp_path: Path) -> None:
    def no_key() -> bytes:
        raise Unavailable(3834, path="pseudonym.key", reason="gone")

    anew = Anew(tmp_path)
    changer = anew.rewriter._changer
    assert isinstance(changer, Changer)
    changer._key = no_key
    with pytest.raises(Unavailable) as gone:
        anew(_masked("csv", "csv"), table(SOMEBODY))
    assert gone.value.number == 3834


def test_what_is_too_long_for_memory_goes_to_a_file(anew: Anew, tmp_path: Path) -> None:
    rows = b"".join(b"%d,%s\n" % (n, b"x" * 90) for n in range(20_000))
    done = anew(channel("csv", "csv: rebuilt"), b"n,x\n" + rows)
    assert done is not None and done.changed.content == tmp_path / "new"
    written = (tmp_path / "new").read_bytes()
    assert written == (b"n,x\n" + rows).replace(b"\n", b"\r\n")
    assert len(written) == done.changed.size_bytes


@pytest.mark.parametrize("name", pdf.GOOD)
def test_a_pdf_is_written_anew_and_passes_again(name: str, anew: Anew) -> None:
    taken = channel("pdf", "pdf: rebuilt")
    try:
        made = anew.bytes_of(taken, pdf.GOOD[name]())
    except Refused as refused:
        # What an annotation draws only on the fly cannot be drawn into its page.
        assert refused.number == 3867
        return
    assert made.startswith(b"%PDF-") and b"/JavaScript" not in made


@pytest.mark.parametrize("name", ooxml.GOOD)
def test_an_office_document_is_written_anew_and_passes_again(name: str, anew: Anew) -> None:
    taken = channel("docx, xlsx or pptx", "ooxml: rebuilt")
    made = anew.bytes_of(taken, ooxml.GOOD[name]())
    names = zipfile.ZipFile(io.BytesIO(made)).namelist()
    assert not [one for one in names if "docProps" in one or "customXml" in one]


@pytest.mark.parametrize("kind", ["pdf", "docx", "png"])
def test_whole_formats_come_out_of_the_sandbox_as_they_do_here(kind: str, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.linear_gradient("L").save(buffer, "PNG")
    came = {
        "pdf": pdf.GOOD["a page"](),
        "docx": ooxml.GOOD[next(iter(ooxml.GOOD))](),
        "png": buffer.getvalue(),
    }[kind]
    word = {"pdf": "pdf", "docx": "ooxml", "png": "image"}[kind]
    taken = channel("pdf, docx, xlsx, pptx or png", f"{word}: rebuilt")
    sandbox = Sandbox(SandboxSettings(children=1), PROGRAM)
    try:
        sandboxed = Anew(tmp_path, hand_out=InSandbox(sandbox))
        assert sandboxed.bytes_of(taken, came) == Anew(tmp_path).bytes_of(taken, came)
    finally:
        sandbox.close()


def test_a_refusal_leaves_no_file(anew: Anew, tmp_path: Path) -> None:
    number = SOMEBODY.identity
    rows = "".join(f"{n},{'x' * 90},y\n" for n in range(9_000))
    with pytest.raises(Refused):
        anew(_tables("mrn, b, c"), f"mrn,b,c\n{rows}1,{number[:6]},{number[6:]}\n".encode())
    assert not (tmp_path / "new").exists()


def test_what_people_are_told_names_what_was_done(anew: Anew) -> None:
    done = anew(_masked("csv", "csv"), table(SOMEBODY))
    assert done is not None
    assert done.fields["changed"] == "csv: rebuilt, persons: masked"
    assert "name of a person 1" in str(done.fields["masked"])
    assert SOMEBODY.name not in str(done.fields)


def test_what_people_have_released_is_not_held_again_when_it_is_written_anew(
    anew: Anew, tmp_path: Path
) -> None:
    plain = channel("json", "json: rebuilt")
    large = SizeRule(SizeBound(at_least=1, at_most=1 << 40))
    holds = Condition(Section.HELD_IF, "size", "above 0 bytes", "10-test.yaml", 1, large)
    taken = replace(plain, conditions=(*plain.conditions, holds))
    body = bytes_body(b'{"a": 1}')
    first = judge(anew.inspector, taken, body, "a.json", NOON, at_receiver=True)
    assert first.verdict.result is Result.HELD
    work = partial(anew.rewriter, taken, first.facts, body, NOON, tmp_path / "x", at_receiver=True)
    done = work(is_released=True)
    assert done is not None and done.changed.content == b'{"a":1}'
    with pytest.raises(Refused):
        work(is_released=False)


def test_after_the_change_no_identifier_may_be_left() -> None:
    taken = _masked("csv", "csv")
    assert [line.word for line in after_change(taken).conditions][-1] == "identifiers"
    assert after_change(taken).name != taken.name


@pytest.mark.parametrize("word", FORMATS)
def test_it_is_the_same_out_of_the_sandbox(word: str, tmp_path: Path) -> None:
    types, message_of = FORMATS[word]
    taken = channel(types, "persons: masked", masking(), word)
    sandbox = Sandbox(SandboxSettings(children=1), PROGRAM)
    try:
        sandboxed = Anew(tmp_path, hand_out=InSandbox(sandbox))
        here = Anew(tmp_path)
        for one in people(8):
            came = message_of(one)
            assert sandboxed.bytes_of(taken, came) == here.bytes_of(taken, came)
        assert sandbox.figures().units > 0
    finally:
        sandbox.close()


def test_a_broken_file_is_refused_by_what_the_child_says(tmp_path: Path) -> None:
    sandbox = Sandbox(SandboxSettings(children=1), PROGRAM)
    try:
        anew = Anew(tmp_path, hand_out=InSandbox(sandbox))
        with pytest.raises(Refused) as refused:
            anew.rewriter._changer("json", "c", bytes_body(b'{"a":'), None, tmp_path / "new", "")
        assert refused.value.number == 3532
    finally:
        sandbox.close()


def _masked(types: str, formats: str) -> Channel:
    return channel(types, "persons: masked", masking(), formats)


def _tables(columns: str) -> Channel:
    return channel("csv", "persons: masked", masking(), "csv", columns)
