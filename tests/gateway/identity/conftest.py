from __future__ import annotations

import pytest

from tests.support.keys import GateKeys, make_gate


@pytest.fixture(scope="session")
def gate(tmp_path_factory: pytest.TempPathFactory) -> GateKeys:
    """One gate for all tests that only read it."""
    return make_gate(tmp_path_factory.mktemp("gate"), epochs=100)
