"""The contents that only requests have, read where guards read them: in the sandbox of each side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.inspection.chain import Inspector, Role
from gateway.inspection.programs import program_of
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.settings import SandboxSettings
from gateway.inspection.sandboxed import Sandboxed
from tests.gateway.guard.contents import channel_of, numbers
from tests.gateway.guard.test_request_contents import (
    CREATE,
    LISTED,
    OBJECT,
    UPDATE,
    bundle,
    parts,
    with_request,
)
from tests.gateway.guard.test_soap_contents import CANCEL, FAULT, PLACE, SCHEMAS, envelope

Sides = tuple[Inspector, Inspector]


@pytest.fixture(scope="module")
def boxed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    folder: Path = tmp_path_factory.mktemp("boxed")
    made = []
    for role in (Role.SENDING, Role.RECEIVING):
        sandbox = Sandbox(SandboxSettings(), program_of(role))
        made.append(Inspector(Sandboxed(sandbox, folder), [], [sandbox.close]))
    yield made[0], made[1]
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("line", "content", "number"),
    [
        ("multipart of dicom, at most 1 MiB", parts(OBJECT, OBJECT), 0),
        ("multipart of dicom, at most 1 MiB", parts(OBJECT) + b"x", 3213),
        ("multipart of dicom, at most 1 MiB", parts(b"%PDF-1.4"), None),
        (LISTED, bundle(CREATE, UPDATE), 0),
        (LISTED, bundle(with_request(CREATE, method="DELETE", url="Observation/1")), 3587),
        ("json", b'"ok"', 0),
        ("json", b"ok", 2201),
        ("soap 1.1 of Place following schemas/orders.xsd", envelope(PLACE), 0),
        ("soap 1.1 of Place following schemas/orders.xsd", envelope(CANCEL), 3614),
        (
            "soap 1.1 of Place following schemas/orders.xsd",
            envelope(PLACE.replace("a</code>", "c</code>")),
            3612,
        ),
        ("soap 1.1 fault", envelope(FAULT), 0),
    ],
)
def test_the_sandbox_says_the_same(
    boxed: Sides, line: str, content: bytes, number: int | None
) -> None:
    said = numbers(boxed, channel_of(line, SCHEMAS), content)
    assert all(said) if number is None else said == (number, number)
