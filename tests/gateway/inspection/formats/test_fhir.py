"""FHIR R4 in JSON and XML: both readers take what is right, refuse what is not, and hide nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.formats.contract import Item, Text
from gateway.inspection.formats.fhir import FhirProfile
from gateway.inspection.formats.fhir_xml import value_of
from gateway.inspection.formats.json import serialise
from gateway.inspection.formats.xml_nodes import Node, Watched, read_nodes
from gateway.inspection.receiving.formats import fhir as receiving
from gateway.inspection.receiving.formats.xml import watch as watch_receiving
from gateway.inspection.sending.formats import fhir as sending
from gateway.inspection.sending.formats.json import read
from gateway.inspection.sending.formats.xml import watch as watch_sending
from gateway.inspection.unsound import Fault, Member, Unsound, Word
from gateway.messages.formats_json import TEXTS
from tests.corpus import fhir_in_xml
from tests.corpus.fhir import BUNDLE, CASES, GOOD, PATIENT, PNG, XHTML, patient, xml
from tests.corpus.json import HIDDEN, program
from tests.gateway.inspection.formats.reading import LIMITS, Reader, numbers_of

SIDES: list[Any] = [pytest.param(sending, id="sending"), pytest.param(receiving, id="receiving")]
PROFILE = FhirProfile(
    frozenset(["Patient", "Observation"]), bundle_of=frozenset(["Patient", "Observation"])
)
# What is no JSON at all is said by the rule of JSON.
FHIR = Reader(PROFILE, TEXTS, frozenset({Word.FHIR, Word.JSON}))
FHIR_XML = Reader(PROFILE, TEXTS, frozenset({Word.FHIR}))
Corpus = tuple[str, Callable[[], bytes], str, set[int], frozenset[str]]


def items(
    side: Any, content: bytes, form: str = "json", profile: FhirProfile = PROFILE
) -> list[Item]:
    check = side.check_xml if form.endswith("xml") else side.check_json
    return FHIR.items(check, content, profile)


def faults(
    side: Any, content: bytes, form: str = "json", profile: FhirProfile = PROFILE
) -> set[int]:
    return numbers_of(items(side, content, form, profile))


def in_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def in_xml(value: Any) -> bytes:
    return fhir_in_xml.in_xml(in_json(value))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", GOOD)
def test_good_resources_pass_in_both_forms(side: Any, name: str) -> None:
    assert faults(side, in_json(GOOD[name])) == set()
    assert faults(side, in_xml(GOOD[name]), "xml") == set()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("case", CASES, ids=[f"{case[2]} {case[0]}" for case in CASES])
def test_bad_resources_do_not(side: Any, case: Corpus) -> None:
    found = faults(side, case[1](), case[2])
    assert found & case[3], found
    assert found <= TEXTS.keys()


@pytest.mark.parametrize("name", GOOD)
def test_xml_holds_the_values_of_its_json_for_both_readers(name: str) -> None:
    value = read(in_json(GOOD[name]), LIMITS)
    for watch in (watch_sending, watch_receiving):
        assert value_of(read_nodes(in_xml(GOOD[name]), LIMITS, watch)[0]) == value
    assert read(serialise(value), LIMITS) == value


@pytest.mark.parametrize("watch", [watch_sending, watch_receiving])
def test_characters_of_a_value_are_what_the_references_stand_for(watch: Watched) -> None:
    root, _ = read_nodes(xml('<language value="a&amp;b&lt;&#38;&#10;&quot;"/>'), LIMITS, watch)
    assert value_of(root)["language"] == 'a&b<&\n"'


@pytest.mark.parametrize("side", SIDES)
def test_what_one_engine_alone_would_let_through_is_caught(side: Any) -> None:
    """Gaps of the libraries, as they were measured: codes, ids and days pass fhirkit."""
    for name in (
        "a gender that does not exist",
        "an id of 65 characters",
        "a day that does not exist",
    ):
        (case,) = (one for one in CASES if one[0] == name and one[2] == "fhir json")
        assert faults(side, case[1]()) & case[3]


def test_numbers_keep_their_digits_through_both_forms() -> None:
    document = b'{"resourceType":"Observation","valueQuantity":{"value":13.20}}'
    assert serialise(read(document, LIMITS)) == document
    root, _ = read_nodes(fhir_in_xml.in_xml(document), LIMITS, watch_sending)
    assert serialise(value_of(root)) == document


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("side", SIDES)
def test_texts_stand_under_their_path_and_the_photo_comes_out(side: Any, form: str) -> None:
    content = in_xml(BUNDLE) if form == "xml" else in_json(BUNDLE)
    found = items(side, content, form)
    texts = {one.where: one.text for one in found if isinstance(one, Text)}
    patient_at = "Bundle.entry[0].resource.ofType(Patient)"
    assert texts[f"{patient_at}.identifier[0].value"] == "110101199003070011"
    assert texts[f"{patient_at}.name[0].given[0]"] == "三"
    assert texts[f"{patient_at}.text.div"] == "张三"
    (photo,) = (one for one in found if isinstance(one, Member))
    assert b"".join(photo.chunks) == PNG
    # A name takes no brackets of this kind.
    assert photo.name == "Bundle.entry[0].resource.ofType_Patient_.photo[0].data.png"


def test_both_sides_give_the_same_texts() -> None:
    for value in GOOD.values():
        seen = [
            {(one.where, one.text) for one in items(side, in_json(value)) if isinstance(one, Text)}
            for side in (sending, receiving)
        ]
        assert seen[0] == seen[1]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("how", HIDDEN)
def test_a_program_in_base64_in_any_string_comes_out_as_a_file(side: Any, how: str) -> None:
    # A string of FHIR has no line ends of its own in XML attributes: JSON is the harder case.
    for value in (
        patient(photo=None, address=[{"text": HIDDEN[how]()}]),
        patient(
            photo=None,
            text={
                "status": "generated",
                "div": f'<div xmlns="{XHTML}">{escape(HIDDEN[how]())}</div>',
            },
        ),
    ):
        (member,) = (one for one in items(side, in_json(value)) if isinstance(one, Member))
        assert b"".join(member.chunks) == program()


@pytest.mark.parametrize("side", SIDES)
def test_words_are_not_parted_by_formatting_and_cells_are(side: Any) -> None:
    cells = "<table><tr><td>a</td><td>b</td></tr></table>"
    div = f'<div xmlns="{XHTML}">1<b>3</b>8{cells}<img alt="Li" src="#x"/></div>'
    texts = {
        t.where: t.text
        for t in items(side, in_json(patient(text={"status": "generated", "div": div})))
        if isinstance(t, Text)
    }
    assert texts["Patient.text.div"].startswith("138\n")
    assert "a\nb" in texts["Patient.text.div"]
    assert texts["Patient.text.div/img/@alt"] == "Li"


@pytest.mark.parametrize("side", SIDES)
def test_a_channel_names_its_types(side: Any) -> None:
    one = FhirProfile(frozenset(["Patient"]))
    assert faults(side, in_json(PATIENT), profile=one) == set()
    assert faults(side, in_json(BUNDLE), profile=one) == {3551}
    assert faults(
        side, in_json(BUNDLE), profile=FhirProfile(frozenset(), frozenset(["Patient"]))
    ) == {3551}
    inner = patient(contained=[{"resourceType": "Organization", "name": "x"}])
    assert faults(side, in_json(inner), profile=one) == {3551}
    assert (
        faults(
            side,
            in_json(inner),
            profile=FhirProfile(one.types, contained=frozenset(["Organization"])),
        )
        == set()
    )


@pytest.mark.parametrize("side", SIDES)
def test_a_channel_may_take_comments_which_are_then_texts(side: Any) -> None:
    content = xml('<!-- tel 13812345678 --><active value="true"/>')
    found = items(side, content, "xml", FhirProfile(frozenset(["Patient"]), comments=True))
    assert found == [Text("comment", " tel 13812345678 ")]


@pytest.mark.parametrize("side", SIDES)
def test_pictures_inside_a_narrative_are_files(side: Any) -> None:
    picture = base64.b64encode(PNG).decode()
    for inner in (f'<img alt="" src="data:image/png;base64,{picture}"/>',
                  f'<p style="background: url(data:image/png;base64,{picture})"/>'):  # fmt: skip
        content = in_json(
            patient(
                photo=None,
                text={"status": "generated", "div": f'<div xmlns="{XHTML}">{inner}x</div>'},
            )
        )
        found = items(side, content)
        assert [b"".join(one.chunks) for one in found if isinstance(one, Member)] == [PNG]
        assert not any(isinstance(one, Fault) for one in found)


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["json", "xml"]))
def test_any_bytes_give_items_or_a_refusal(content: bytes, form: str) -> None:
    for side in (sending, receiving):
        assert (FHIR_XML if form == "xml" else FHIR).untold(items(side, content, form)) == []


@st.composite
def mutated(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    content = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content) - 1))
        piece = draw(
            st.binary(max_size=3)
            | st.sampled_from([b'"', b"<", b"{}", b"[]", b"null", b"1", b"&amp;", b"</"])
        )
        content[at : at + draw(st.integers(0, 8))] = piece
    return bytes(content)


@settings(deadline=None)
@given(mutated([in_json(value) for value in GOOD.values()]))
def test_changed_json_gives_items_or_a_refusal(content: bytes) -> None:
    for side in (sending, receiving):
        assert FHIR.untold(items(side, content)) == []


@settings(deadline=None)
@given(mutated([in_xml(value) for value in GOOD.values()]))
def test_changed_xml_gives_items_or_a_refusal_and_the_same_nodes(content: bytes) -> None:
    trees: list[Node | None] = []
    for side, watch in ((sending, watch_sending), (receiving, watch_receiving)):
        assert FHIR_XML.untold(items(side, content, "xml")) == []
        try:
            trees.append(read_nodes(content, LIMITS, watch)[0])
        except Unsound:
            trees.append(None)
    assert None in trees or trees[0] == trees[1]
