"""Sandboxes of the tests: real processes, each ended with its test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.inspection.sandbox.exchange import Leaf
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.settings import SandboxSettings

PROGRAM = "tests.gateway.inspection.sandbox.program"
# Generous in time: a machine under load is no reason to fail.
SETTINGS = SandboxSettings(children=2, memory_bytes=256 << 20, units_a_child=8)

MakeSandbox = Callable[..., Sandbox]


def no_question(question: bytes, leaf: Leaf | None) -> bytes:
    raise AssertionError(f"nobody should ask: {question!r}")


@pytest.fixture(scope="module")
def make_sandbox() -> Iterator[MakeSandbox]:
    """Sandbox(settings changed as given), closed at the end of the module."""
    made: list[Sandbox] = []

    def make(program: str = PROGRAM, **changes: float) -> Sandbox:
        made.append(Sandbox(replace(SETTINGS, **changes), program))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def sandbox(make_sandbox: MakeSandbox) -> Sandbox:
    return make_sandbox()


@pytest.fixture
def body(tmp_path: Path) -> Iterator[int]:
    """A unit's body of 4 KiB, open for reading."""
    path = tmp_path / "body"
    path.write_bytes(b"body" * 1024)
    descriptor = os.open(path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)
    assert path.read_bytes() == b"body" * 1024
