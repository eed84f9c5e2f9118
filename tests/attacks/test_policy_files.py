"""A clumsy or hostile hand in the policy folder: loading ends, and takes little memory."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.policy.load import load_set
from gateway.policy.located import LocatedErrors


def a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "10-a.yaml")


def a_folder(folder: Path) -> None:
    (folder / "10-a.yaml").mkdir()


def an_endless_file(folder: Path) -> None:
    (folder / "10-a.yaml").symlink_to("/dev/zero")


def a_gigabyte(folder: Path) -> None:
    with (folder / "10-a.yaml").open("wb") as file:
        file.truncate(1 << 30)


def a_list_of_a_gigabyte(folder: Path) -> None:
    (folder / "lists").mkdir()
    with (folder / "lists" / "users.txt").open("wb") as file:
        file.truncate(1 << 30)


def a_list_that_is_a_pipe(folder: Path) -> None:
    (folder / "lists").mkdir()
    os.mkfifo(folder / "lists" / "users.txt")


def laughing_aliases(folder: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]" for i in range(12)
    ]
    (folder / "10-a.yaml").write_text("\n".join(lines))


def deep_nesting(folder: Path) -> None:
    (folder / "10-a.yaml").write_text("[" * 50_000)


def a_python_tag(folder: Path) -> None:
    (folder / "10-a.yaml").write_text("channel: !!python/object/apply:os.system ['true']\n")


@pytest.mark.parametrize(
    "put",
    [a_pipe, a_folder, a_gigabyte, a_list_of_a_gigabyte, a_list_that_is_a_pipe,
     laughing_aliases, deep_nesting, a_python_tag],
)  # fmt: skip
def test_loading_ends_and_nothing_is_loaded(put: Callable[[Path], None], tmp_path: Path) -> None:
    """F26: a pipe is waited for."""
    put(tmp_path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome: list[object] = []

    def work() -> None:
        try:
            outcome.append(load_set(tmp_path).channels)
        except (LocatedErrors, OSError) as error:
            outcome.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(5.0)
    for pipe in tmp_path.rglob("*"):
        if pipe.is_fifo():
            with suppress(OSError):
                os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    assert outcome, "it does not come back"
    assert not outcome[0] or isinstance(outcome[0], Exception)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10
