"""The table of FHIR R4: what ships is what the official definitions give, and says what the standard says."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.inspection.formats.fhir_tables import generate
from gateway.inspection.formats.fhir_types import PRIMITIVES, RESOURCE, RESOURCES, TYPES
from tests.corpus.fhir_examples import package

TABLE = Path(generate.__file__).with_name(generate.TABLE_NAME)


def test_the_table_is_what_the_generator_makes_of_the_package() -> None:
    path = package()
    if path is None:
        pytest.skip("hl7.fhir.r4.examples-4.0.1.tgz is not in $FERRYGATE_CORPORA (npm pack)")
    assert generate.written(generate.table(list(generate.definitions(path)))) == TABLE.read_bytes()


def test_the_table_names_its_source_and_licence_and_is_small() -> None:
    header = TABLE.read_bytes().partition(b"\n\n")[0]
    assert b"hl7.fhir.r4.examples 4.0.1" in header
    assert b"CC0-1.0" in header
    assert TABLE.stat().st_size < 600_000


def test_every_word_of_the_table_is_a_type_or_a_primitive() -> None:
    assert len(RESOURCES) == 146
    for one in TYPES.values():
        for slot in one.slots.values():
            assert slot.word in (PRIMITIVES if slot.primitive else {*TYPES, RESOURCE})


def test_some_elements_are_as_the_standard_has_them() -> None:
    patient, observation = TYPES["Patient"].slots, TYPES["Observation"].slots
    assert patient["gender"].codes is not None
    assert set(patient["gender"].codes) == {"male", "female", "other", "unknown"}
    assert patient["deceasedDateTime"].choice == patient["deceasedBoolean"].choice == "deceased"
    assert patient["name"].many
    assert not patient["birthDate"].many
    assert patient["contact"].word == "Patient.contact"
    assert TYPES["Observation"].required == (("status",), ("code",))
    assert observation["valueQuantity"].word == "Quantity"
    assert (
        TYPES["Observation.component"].slots["referenceRange"].word == "Observation.referenceRange"
    )
    assert patient["id"].word == "id"
    assert TYPES["Extension"].slots["valueMarkdown"].primitive
