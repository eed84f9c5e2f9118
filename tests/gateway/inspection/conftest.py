"""For all tests of inspection: one real clamd, and inspectors of both roles, with a sandbox and without."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.inspection.chain import Inspector, Role
from gateway.inspection.here import inspector_here
from gateway.inspection.programs import program_of
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.settings import SandboxSettings
from gateway.inspection.sandboxed import Sandboxed
from tests.support.clamav import LocalClamd, find_clamd, running_clamd


@pytest.fixture(scope="session")
def clamd() -> Iterator[LocalClamd]:
    """A clamd that nobody stops; tests that stop one start their own."""
    if find_clamd() is None:
        pytest.skip("clamd is not installed")
    with tempfile.TemporaryDirectory(prefix="fg") as folder, running_clamd(Path(folder)) as started:
        yield started


@pytest.fixture(scope="module", params=[(r, s) for r in Role for s in (False, True)], ids=str)
def any_inspector(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Inspector]:
    """Of each role, in this process and in a sandbox; without scanners."""
    role, boxed = request.param
    folder = tmp_path_factory.mktemp("scratch")
    if boxed:
        sandbox = Sandbox(SandboxSettings(), program_of(role))
        made = Inspector(Sandboxed(sandbox, folder), [], [sandbox.close])
    else:
        made = inspector_here(role, [], folder)
    yield made
    made.close()
