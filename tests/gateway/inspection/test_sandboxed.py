"""A unit taken apart in a sandbox gives the same facts as in this process, and ends nobody's work."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.inspection.chain import Inspector, Role, bytes_body, file_body, open_scanners
from gateway.inspection.here import inspector_here
from gateway.inspection.programs import program_of
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.settings import SandboxSettings
from gateway.inspection.sandboxed import Sandboxed
from gateway.policy.facts import FileFacts, UnpackLimits
from tests.attacks.conftest import AT, zipped
from tests.corpus.csv import CASES as CSV_CASES
from tests.corpus.dicom import CASES as DICOM_CASES
from tests.corpus.fhir import JSON_CASES as FHIR_JSON_CASES
from tests.corpus.fhir import XML_CASES as FHIR_XML_CASES
from tests.corpus.hl7 import CASES as HL7_CASES
from tests.corpus.image import CASES as IMAGE_CASES
from tests.corpus.json import CASES as JSON_CASES
from tests.corpus.ofd import GOOD as OFD_GOOD
from tests.corpus.ooxml import GOOD as OOXML_GOOD
from tests.corpus.pdf import CASES as PDF_CASES
from tests.corpus.pdf import GOOD as PDF_GOOD
from tests.corpus.xml import CASES as XML_CASES
from tests.corpus.xml import CDA_CASES
from tests.gateway.inspection.attacks import ARCHIVES, DISGUISED, MALWARE, NAMES, POLYGLOTS
from tests.gateway.inspection.scanning import Said
from tests.gateway.inspection.test_looking import (
    FORMATS,
    IDENTITY,
    SOUGHT,
    TYPES,
    channel_of,
    in_base64,
)
from tests.support.clamav import LocalClamd, eicar

LIMITS = UnpackLimits()
CHANNEL = channel_of(
    TYPES.replace("docx or pdf", "docx, xlsx, pptx, ofd, dicom, png, jpeg, gif, tiff, bmp or pdf")
    + FORMATS
    + "  dicom: any object\n  image: whole\n  ooxml: plain\n  ofd: plain\n"
    + "  pdf: has no scripts or encryption\n"
    + SOUGHT
)


class Pair:
    """The same readers and scanners, here and in a sandbox."""

    def __init__(self, role: Role, clamd: LocalClamd, folder: Path) -> None:
        self.sandbox = Sandbox(SandboxSettings(), program_of(role))
        said = Said(str(clamd.socket))
        self.inside = Inspector(
            Sandboxed(self.sandbox, folder), open_scanners(said), [self.sandbox.close]
        )
        self.here = inspector_here(role, open_scanners(said), folder)

    def close(self) -> None:
        self.inside.close()
        self.here.close()


@pytest.fixture(scope="module", params=list(Role), ids=str)
def pair(
    request: pytest.FixtureRequest, clamd: LocalClamd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    made = Pair(request.param, clamd, tmp_path_factory.mktemp("scratch"))
    yield made
    made.close()


PDF_BAD = [(name, make) for name, make, _ in PDF_CASES]
STATIC = [
    pytest.param(attack.make, attack.name, id=attack.what)
    for attack in (*DISGUISED, *POLYGLOTS, *ARCHIVES, *NAMES, *MALWARE)
]
CORPUS = [
    pytest.param(case[1], "x.bin", id=f"{word} {case[0]}")
    for word, cases in (
        ("csv", CSV_CASES), ("dicom", DICOM_CASES), ("fhir json", FHIR_JSON_CASES),
        ("fhir xml", FHIR_XML_CASES), ("hl7", HL7_CASES),
        ("image", IMAGE_CASES), ("json", JSON_CASES), ("xml", XML_CASES), ("cda", CDA_CASES),
    )
    for case in cases
] + [
    pytest.param(make, "x.bin", id=f"office {name}")
    for name, make in (*OOXML_GOOD.items(), *OFD_GOOD.items(), *PDF_GOOD.items(), *PDF_BAD)
]  # fmt: skip


@pytest.mark.parametrize(("make", "name"), STATIC + CORPUS)
def test_the_sandbox_finds_what_is_found_here(
    pair: Pair, make: Callable[[], bytes], name: str
) -> None:
    body = bytes_body(make())
    facts = [
        one.scan(
            body, one.examine(body, name, AT, LIMITS, channel=CHANNEL), LIMITS, channel=CHANNEL
        )
        for one in (pair.here, pair.inside)
    ]
    assert _but_for_the_stack(facts[0]) == _but_for_the_stack(facts[1])
    # A unit of which nothing is known would be equal too.
    assert not any(3980 <= one.number <= 3999 for one in facts[1].problems)


def test_the_kinds_of_columns_come_to_the_child(pair: Pair) -> None:
    channel = channel_of("  type: csv\n  csv: columns id (whole number), born (date)\n")
    for cell, expected in (("1980-02-29", []), ("1981-02-29", [3747])):
        body = bytes_body(f"id,born\n1,{cell}\n".encode())
        for one in (pair.here, pair.inside):
            facts = one.examine(body, "a.csv", AT, LIMITS, channel=channel)
            assert [problem.number for problem in facts.problems] == expected


def _but_for_the_stack(facts: FileFacts) -> FileFacts:
    """How far a recursion came before the stack was full is another matter in another process."""
    return replace(
        facts,
        problems=tuple(
            replace(one, fields={**one.fields, "offset": 0}) if one.number == 3907 else one
            for one in facts.problems
        ),
    )


def test_a_file_on_disk_and_leaves_of_every_size_cross_the_socket(
    pair: Pair, tmp_path: Path
) -> None:
    parts = [(f"{n}.txt", b"one more line\n" * n) for n in (1, 50_000, 200_000, 1_500_000)]
    path = tmp_path / "large.zip"
    path.write_bytes(zipped(*parts, ("bad.txt", b" " * 3_000_000 + eicar())))
    body = file_body(path)
    roomy = UnpackLimits(ratio=100_000)
    said = []
    for one in (pair.here, pair.inside):
        facts = one.examine(body, "large.zip", AT, roomy, channel=CHANNEL)
        said.append(one.scan(body, facts, roomy, channel=CHANNEL))
    assert said[0] == said[1]
    assert said[1].malware is not None
    assert [one.where for one in said[1].malware.detections][-1].endswith("bad.txt")
    assert len(said[1].leaves) == 6


def test_texts_of_any_length_reach_the_search(pair: Pair) -> None:
    for before in (0, 131_000, 400_000, 1_100_000):
        data = json.dumps({"a": "x" * before + f" {IDENTITY} " + "y" * 50_000}).encode()
        facts = pair.inside.examine(bytes_body(data), "x.json", AT, LIMITS, channel=CHANNEL)
        assert [hit.name for hit in facts.hits] == ["identity numbers"], before


def test_the_guard_holds_no_reader(pair: Pair) -> None:
    """What is in this process is there for the comparison; the guard's own imports are checked apart."""
    body = bytes_body(json.dumps({"x": in_base64(eicar())}).encode())
    facts = pair.inside.examine(body, "x.json", AT, LIMITS, channel=CHANNEL)
    found = pair.inside.scan(body, facts, LIMITS, channel=CHANNEL).malware
    assert found is not None
    assert "x" in found.detections[0].where


def test_a_child_that_dies_refuses_its_unit_and_no_other(clamd: LocalClamd, tmp_path: Path) -> None:
    sandbox = Sandbox(SandboxSettings(memory_bytes=12 << 20), program_of(Role.RECEIVING))
    inspector = Inspector(Sandboxed(sandbox, tmp_path), [], [sandbox.close])
    roomy = UnpackLimits(total_bytes=1 << 40)
    good = bytes_body(b'{"a": 1}')
    many = bytes_body(b"[" + b'"%s",' % (b"x" * 100) * 200_000 + b"1]")
    assert inspector.examine(good, "g.json", AT, roomy, channel=CHANNEL).problems == ()
    refused = inspector.examine(many, "m.json", AT, roomy, channel=CHANNEL)
    assert [one.number for one in refused.problems] == [3985]
    assert refused.leaves[0].type == "unknown"
    assert inspector.examine(good, "g.json", AT, roomy, channel=CHANNEL).problems == ()
    inspector.close()


def test_a_parent_that_is_killed_makes_units_wait_and_comes_again(tmp_path: Path) -> None:
    sandbox = Sandbox(SandboxSettings(), program_of(Role.SENDING))
    inspector = Inspector(Sandboxed(sandbox, tmp_path), [], [sandbox.close])
    good = bytes_body(b'{"a": 1}')
    assert inspector.examine(good, "g.json", AT, LIMITS).problems == ()
    parent = sandbox.parent_pid()
    assert parent is not None
    os.kill(parent, signal.SIGKILL)
    time.sleep(0.2)
    assert inspector.examine(good, "g.json", AT, LIMITS).problems == ()
    assert sandbox.parent_pid() != parent
    inspector.close()


SMALL = st.one_of(
    st.binary(max_size=300),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=80) | st.floats(allow_nan=False),
        lambda inner: st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=10,
    ).map(lambda value: json.dumps(value).encode()),
    st.lists(st.text("ab,;\"\n<>&|^", max_size=12), max_size=6).map(lambda rows: "\n".join(rows).encode()),
)  # fmt: skip


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=SMALL)
def test_a_small_unit_is_the_same_in_the_request_and_in_a_file(
    pair: Pair, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "unit"
    path.write_bytes(data)
    quiet = channel_of(TYPES + "  json: well formed\n  xml: well formed\n  csv: any columns\n")
    for channel in (CHANNEL, quiet):
        said = [
            one.examine(body, "x.bin", AT, LIMITS, channel=channel)
            for one in (pair.inside, pair.here)
            for body in (bytes_body(data), file_body(path))
        ]
        assert [one == said[0] for one in said] == [True] * 4


def test_several_threads_share_one_sandbox(pair: Pair) -> None:
    wrong: list[object] = []

    def work(mine: int) -> None:
        for n in range(30):
            body = bytes_body(json.dumps({"n": [mine] * n}).encode())
            facts = pair.inside.examine(body, f"{mine}-{n}.json", AT, LIMITS, channel=CHANNEL)
            if facts.problems or facts.leaves[0].path != f"{mine}-{n}.json":
                wrong.append(facts)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
