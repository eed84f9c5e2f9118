"""A clumsy or hostile hand in control/: no list there stops the lane or fills its memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.ferry.oneway.account import MissingSequences
from gateway.ferry.reconcile import format_list, list_of
from gateway.ferry.sentlog import SentLog
from gateway.sending.resending import Resending
from tests.support.fakes import BoardOfOne, ListRecorder

GOOD = format_list(list_of([], [MissingSequences(3, 0, 9, 0)], 1_800_000_000))


def looks(control: Path, tmp_path: Path, times: int = 3) -> Resending:
    """A ferry that starts, and looks into the folder; fails the test where it does not come back."""
    log = SentLog(tmp_path / "sent", 7)
    made: list[Resending] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            resending = Resending(control, log, ListRecorder(), BoardOfOne())
            for at in range(times):
                resending.look(float(at + 1))
            made.append(resending)
        except BaseException as error:  # noqa: BLE001 shown by the assertion
            failed.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(2.0)
    assert not failed, repr(failed[0])
    assert made, "the ferry stands still"
    return made[0]


def a_pipe(control: Path) -> None:
    os.mkfifo(control / "a.gaps")


def a_folder(control: Path) -> None:
    (control / "a.gaps").mkdir()


def an_endless_file(control: Path) -> None:
    (control / "a.gaps").symlink_to("/dev/zero")


def a_dangling_link(control: Path) -> None:
    (control / "a.gaps").symlink_to("/nowhere")


def garbage(control: Path) -> None:
    (control / "a.gaps").write_bytes(os.urandom(4096))


def a_huge_file(control: Path) -> None:
    with (control / "a.gaps").open("wb") as file:
        file.truncate(1 << 30)


def garbage_with_its_second_name_taken(control: Path) -> None:
    garbage(control)
    (control / "a.refused").mkdir()
    (control / "a.refused" / "x").touch()


def a_list_with_its_second_name_taken(control: Path) -> None:
    (control / "a.gaps").write_text(GOOD)
    (control / "a.taken").mkdir()
    (control / "a.taken" / "x").touch()


def a_left_over_list_and_a_folder(control: Path) -> None:
    (control / "a.taken").write_text(GOOD)
    (control / "a.gaps").mkdir()
    (control / "a.gaps" / "x").touch()


@pytest.mark.parametrize(
    "put",
    [
        a_pipe,
        a_folder,
        an_endless_file,
        a_dangling_link,
        garbage,
        a_huge_file,
        garbage_with_its_second_name_taken,
        a_list_with_its_second_name_taken,
        a_left_over_list_and_a_folder,
    ],
)
def test_nothing_in_the_folder_stops_the_ferry(put: Callable[[Path], None], tmp_path: Path) -> None:
    """F10: a pipe is read for ever, a folder named like a list's next name ends the process."""
    control = tmp_path / "control"
    control.mkdir()
    put(control)
    (control / "z.gaps").write_text(GOOD)
    try:
        looks(control, tmp_path)
    finally:
        if put is a_pipe:  # let the thread go
            with suppress(OSError):
                os.close(os.open(control / "a.gaps", os.O_WRONLY | os.O_NONBLOCK))
    assert (control / "z.taken").read_text() == GOOD, "what comes after it is read"


def test_a_good_list_beside_a_bad_one_is_read(tmp_path: Path) -> None:
    control = tmp_path / "control"
    control.mkdir()
    garbage(control)
    (control / "b.gaps").write_text(GOOD)
    looks(control, tmp_path)
    assert (control / "b.taken").exists()


def test_a_list_of_the_whole_number_space_asks_for_what_there_is(tmp_path: Path) -> None:
    control = tmp_path / "control"
    control.mkdir()
    last = (1 << 64) - 1
    spans = [MissingSequences(session, 0, last, 0) for session in (1, 7, last)]
    (control / "a.gaps").write_text(format_list(list_of([], spans, 1_800_000_000)))
    resending = looks(control, tmp_path)
    assert resending.next(1) == []
