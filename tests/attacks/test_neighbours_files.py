"""Files of a taken-over neighbour: the guard reads journals of edge and ferry, people read status."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.audit.follow import Follower
from gateway.audit.status import read_status
from gateway.audit.verify import verify
from gateway.errors import GatewayError

SEGMENT = "0000000000000001.jsonl"


def comes_back(call: Callable[[], object]) -> bool:
    """Whether a call ends within a second, however it ends."""

    def work() -> None:
        with suppress(OSError, GatewayError):
            call()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(1.0)
    return not thread.is_alive()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_folder(path: Path) -> None:
    path.mkdir()


def no_line_at_all(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(64 << 20)


def a_loop(path: Path) -> None:
    path.symlink_to(path.name)


ALL = pytest.mark.parametrize(
    "put",
    [
        a_pipe,
        a_folder,
        no_line_at_all,
        a_loop,
    ],
)


def release(path: Path) -> None:
    """Let go of a thread that waits for a writer."""
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


@ALL
def test_the_guard_does_not_stand_still_at_a_journal_of_the_edge(
    put: Callable[[Path], None], tmp_path: Path
) -> None:
    """F23: open(2) of a pipe waits for a writer, in the guard's own loop."""
    put(tmp_path / SEGMENT)
    try:
        assert comes_back(Follower(tmp_path, "edge", None).turn)
    finally:
        release(tmp_path / SEGMENT)


@ALL
def test_verifying_a_hostile_copy_ends(put: Callable[[Path], None], tmp_path: Path) -> None:
    """F23: the same for `audit verify`."""
    (tmp_path / "edge").mkdir()
    put(tmp_path / "edge" / SEGMENT)
    try:
        assert comes_back(lambda: verify(tmp_path, lambda *_: False))
    finally:
        release(tmp_path / "edge" / SEGMENT)


@ALL
def test_looking_at_the_status_ends(put: Callable[[Path], None], tmp_path: Path) -> None:
    """F23: the same for `status`, `top` and the metrics."""
    put(tmp_path / "edge.json")
    try:
        assert comes_back(lambda: read_status(tmp_path))
    finally:
        release(tmp_path / "edge.json")
