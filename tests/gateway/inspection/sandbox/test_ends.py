"""Who ends with whom: nothing passes without the parent, and nothing outlives the guard."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from gateway.errors import GatewayError, Refused, Unavailable
from gateway.inspection.sandbox.sandbox import Sandbox
from tests.gateway.inspection.sandbox.conftest import PROGRAM, MakeSandbox, no_question

ROOT = Path(__file__).parents[4]


def until(met: Callable[[], bool]) -> None:
    for _ in range(400):
        if met():
            return
        time.sleep(0.05)
    raise AssertionError("it never came about")


def in_background(sandbox: Sandbox, job: str) -> tuple[threading.Thread, list[GatewayError]]:
    """A unit in work in another thread, and what it is refused with."""
    errors: list[GatewayError] = []

    def work() -> None:
        try:
            sandbox.run(job, "a", None, b"", no_question)
        except GatewayError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: _working_child(sandbox) is not None)
    return thread, errors


def _working_child(sandbox: Sandbox) -> int | None:
    parent = sandbox.parent_pid()
    if parent is None:
        return None
    busy = [one.pid for one in psutil.Process(parent).children() if sum(one.cpu_times()[:2]) > 0.1]
    return busy[0] if busy else None


def test_a_parent_that_dies_lets_the_unit_wait_and_is_started_anew(
    make_sandbox: MakeSandbox,
) -> None:
    sandbox = make_sandbox()
    sandbox.start()
    first = sandbox.parent_pid()
    assert first is not None
    thread, errors = in_background(sandbox, "loops")
    os.kill(first, signal.SIGKILL)
    thread.join()
    assert isinstance(errors[0], Unavailable)
    assert errors[0].number == 3981
    assert sandbox.run("echo", "a", None, b"next", no_question) == [b"next"]
    assert sandbox.parent_pid() != first
    assert sandbox.figures().parents_started == 2


def test_children_end_with_their_parent(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox()
    thread, _ = in_background(sandbox, "loops")
    parent = sandbox.parent_pid()
    assert parent is not None
    children = psutil.Process(parent).children()
    assert children
    os.kill(parent, signal.SIGKILL)
    thread.join()
    until(lambda: not any(one.is_running() for one in children))


def test_a_child_killed_from_outside_has_its_own_number(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox()
    thread, errors = in_background(sandbox, "loops")
    child = _working_child(sandbox)
    assert child is not None
    os.kill(child, signal.SIGKILL)
    thread.join()
    assert isinstance(errors[0], Refused)
    assert errors[0].number == 3993
    assert sandbox.run("echo", "a", None, b"next", no_question) == [b"next"]


def test_an_idle_child_that_is_gone_harms_no_unit(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox()
    pid = int(sandbox.run("who", "a", None, b"", no_question)[0])
    os.kill(pid, signal.SIGKILL)
    until(lambda: not psutil.pid_exists(pid))
    assert sandbox.run("echo", "a", None, b"next", no_question) == [b"next"]


def test_closing_lets_the_unit_in_work_wait(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox()
    thread, errors = in_background(sandbox, "loops")
    parent = sandbox.parent_pid()
    assert parent is not None
    processes = [psutil.Process(parent), *psutil.Process(parent).children()]
    sandbox.close()
    thread.join()
    assert isinstance(errors[0], Unavailable)
    until(lambda: not any(one.is_running() for one in processes))
    with pytest.raises(Unavailable) as closed:
        sandbox.run("echo", "a", None, b"", no_question)
    assert closed.value.number == 3994


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("tests.gateway.inspection.sandbox.program_with_thread", "threads"),
        ("tests.gateway.inspection.sandbox.no_such_program", "exit 1"),
    ],
)
def test_a_parent_that_does_not_come_up_lets_all_units_wait(
    make_sandbox: MakeSandbox, program: str, reason: str
) -> None:
    sandbox = make_sandbox(program)
    with pytest.raises(Unavailable) as unavailable:
        sandbox.start()
    assert unavailable.value.number == 3980
    assert unavailable.value.fields["reason"] == reason
    with pytest.raises(Unavailable) as unavailable:
        sandbox.run("echo", "a", None, b"", no_question)
    assert unavailable.value.number == 3980
    assert sandbox.parent_pid() is None


GUARD = f"""
import sys
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.settings import SandboxSettings
sandbox = Sandbox(SandboxSettings(children=2, cpu_s=600, wall_s=600, silence_s=600), {PROGRAM!r})
sandbox.start()
print(sandbox.parent_pid(), flush=True)
sandbox.run("loops", "a", None, b"", lambda question, leaf: b"")
"""


def test_nothing_outlives_a_guard_that_is_killed() -> None:
    guard = subprocess.Popen(
        [sys.executable, "-c", GUARD],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
    )
    assert guard.stdout is not None
    parent = psutil.Process(int(guard.stdout.readline()))
    until(lambda: any(sum(one.cpu_times()[:2]) > 0.1 for one in parent.children()))
    processes = [parent, *parent.children()]
    guard.kill()
    guard.wait()
    guard.stdout.close()
    until(lambda: not any(one.is_running() for one in processes))
