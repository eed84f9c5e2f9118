"""One real clamd for all tests of inspection."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clamav import LocalClamd, find_clamd, running_clamd


@pytest.fixture(scope="session")
def clamd() -> Iterator[LocalClamd]:
    """A clamd that nobody stops; tests that stop one start their own."""
    if find_clamd() is None:
        pytest.skip("clamd is not installed")
    with tempfile.TemporaryDirectory(prefix="fg") as folder, running_clamd(Path(folder)) as started:
        yield started
