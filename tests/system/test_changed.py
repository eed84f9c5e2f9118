"""A gate that masks persons and writes anew, over real processes, both sandboxes and a crash."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from gateway.management.layout import Role
from gateway.management.trial import Trial
from gateway.unit.model import Side
from tests.corpus.persons import Person, dicom_object, fhir_json, hl7_v2, people, table
from tests.gateway.guard.rewriting import LINES, SHIPPED
from tests.support.gate import Gate, gate

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

FILE = "10-lab-reports.yaml"
COLUMNS = LINES["csv"].removeprefix("columns ")
PERSONS = people(12)
MESSAGES = {".csv": table, ".json": fhir_json, ".hl7": hl7_v2, ".dcm": dicom_object}


def masks_persons(trial: Trial) -> None:
    for side in Side:
        folder = trial.host(side).policies
        shutil.copy(SHIPPED, folder)
        text = (folder / FILE).read_text()
        before = text.partition("passes_if:\n")[0]
        lines = (
            f"  type: csv, dicom, fhir json or hl7 v2\n  csv: columns {COLUMNS}\n  dicom: any object\n"
            "  fhir: any resource\n  hl7: any message\n  malware: clean\n\n"
            "changed:\n  persons: masked\n"
        )
        (folder / FILE).write_text(f"{before}passes_if:\n{lines}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with gate(tmp_path_factory.mktemp("changed"), prepare=masks_persons) as made:
        yield made


def left(person: Person, data: bytes) -> list[str]:
    texts = (data.decode("utf-8", "replace"), data.decode("gb18030", "replace"))
    return [value for value in person.values if any(value in text for text in texts)]


def test_no_person_arrives(running: Gate) -> None:
    makers = [(person, *one) for person in PERSONS for one in MESSAGES.items()]
    sent = {
        f"f{n}{suffix}": (person, make(person)) for n, (person, suffix, make) in enumerate(makers)
    }
    for name, (_, data) in sent.items():
        running.drop(name, data)
    running.until_inside(set(sent))
    for name, (person, data) in sent.items():
        assert left(person, data)
        assert left(person, running.arrived(name)) == []
    (one, *_) = running.events(Side.INNER, "admitted")
    assert "persons: masked" in str(one.fields["changed"])
    assert not any(person.name in str(one.fields) for person in PERSONS)


def test_the_delivery_is_of_what_was_written_anew(running: Gate) -> None:
    running.drop("receipt.csv", table(PERSONS[0]))
    running.until_inside({"receipt.csv"})
    running.until(
        lambda: any(
            e.fields.get("name") == "receipt.csv" for e in running.events(Side.INNER, "delivered")
        ),
        "it is recorded",
    )
    admitted = next(
        e for e in running.events(Side.INNER, "admitted") if e.fields["name"] == "receipt.csv"
    )
    delivered = next(e for e in running.events(Side.INNER, "delivered") if e.unit == admitted.unit)
    assert delivered.fields["sha256"] == admitted.fields["changed_sha256"]
    assert delivered.fields["sha256"] != admitted.fields["sha256"]


def test_nothing_passes_without_the_key_and_nothing_is_lost(running: Gate) -> None:
    key = running.trial.host(Side.INNER).keys / "guard" / "pseudonym.key"
    aside = key.with_name("aside.key")
    key.rename(aside)
    try:
        running.drop("waits.csv", table(PERSONS[1]))
        running.until(
            lambda: any(e.number == 3834 for e in running.events(Side.INNER, "deferred")),
            "it waits, and says why",
        )
        assert "waits.csv" not in running.inside()
    finally:
        aside.rename(key)
    running.until_inside({"waits.csv"})
    assert left(PERSONS[1], running.arrived("waits.csv")) == []


def test_a_crash_of_the_guard_changes_nothing(running: Gate) -> None:
    with running.dead(Side.INNER, Role.GUARD):
        for place, person in enumerate(PERSONS):
            running.drop(f"crash{place}.hl7", hl7_v2(person))
    running.until_inside({f"crash{place}.hl7" for place in range(len(PERSONS))})
    for place, person in enumerate(PERSONS):
        assert left(person, running.arrived(f"crash{place}.hl7")) == []


def test_what_cannot_be_masked_is_refused(running: Gate) -> None:
    number = PERSONS[2].identity
    names = COLUMNS.split(", ")
    row = ["7", "", "", "", "", "", "", number[:6], number[6:]]
    running.drop("split.csv", "\n".join([",".join(names), ",".join(row), ""]).encode())
    running.until(
        lambda: any(e.number == 3832 for e in running.events(Side.INNER, "refused")),
        "it is refused",
    )
    refused = next(e for e in running.events(Side.INNER, "refused") if e.number == 3832)
    assert refused.fields["name"] == "split.csv"
    assert "split.csv" not in running.inside()
