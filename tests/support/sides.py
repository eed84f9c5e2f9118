"""Both sides of a gate as they read contents: the sending guard's inspector and the receiving one's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.inspection.chain import Inspector, Role
from gateway.inspection.here import inspector_here

Sides = tuple[Inspector, Inspector]


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """Known to every test by tests/conftest.py."""
    folder = tmp_path_factory.mktemp("sides")
    made = inspector_here(Role.SENDING, (), folder), inspector_here(Role.RECEIVING, (), folder)
    yield made
    for one in made:
        one.close()
