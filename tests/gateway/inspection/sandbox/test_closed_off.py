"""From inside a child: no file, no socket, no process, no other's memory, no way to more rights."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from gateway.errors import Refused
from gateway.inspection.sandbox.sandbox import Sandbox
from tests.gateway.inspection.sandbox.conftest import MakeSandbox, no_question

# What the filter ends the process for, and what it answers with an error.
KILLED = [
    "make a memory file",
    "unlink",
    "rename",
    "cut the body",
    "a tcp socket",
    "a unix socket",
    "a raw socket",
    "fork",
    "a thread",
    "exec",
    "ptrace the parent",
    "a pidfd",
    "unshare",
    "mount",
]
ANSWERED = [
    "open a file",
    "open the environment",
    "open the memory of the parent",
    "write a file",
    "look at a path",
    "write to the body",
    "map the body for writing",
    "kill the parent",
    "kill all",
    "executable memory",
    "prctl",
]


@pytest.mark.parametrize("attempt", KILLED)
def test_an_attempt_ends_the_child_and_refuses_the_unit(
    sandbox: Sandbox, body: int, attempt: str
) -> None:
    with pytest.raises(Refused) as refused:
        sandbox.run("attempts", "a", body, attempt.encode(), no_question)
    assert refused.value.number == 3984
    assert sandbox.run("echo", "a", None, b"next", no_question) == [b"next"]


@pytest.mark.parametrize("attempt", ANSWERED)
def test_an_attempt_fails(sandbox: Sandbox, body: int, attempt: str) -> None:
    (answer,) = sandbox.run("attempts", "a", body, attempt.encode(), no_question)
    assert answer.startswith(b"refused: "), answer


@pytest.mark.parametrize("attempt", ["list a folder", "raise a limit", "import late"])
def test_what_needs_a_path_or_a_limit_fails(sandbox: Sandbox, attempt: str) -> None:
    try:
        (answer,) = sandbox.run("attempts", "a", None, attempt.encode(), no_question)
    except Refused as refused:
        assert refused.number in (3984, 3992)
    else:
        assert answer.startswith(b"refused: "), answer


def test_the_environment_is_empty_of_the_guards(
    make_sandbox: MakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FERRYGATE_SECRET", "a-key-of-the-guard")
    sandbox = make_sandbox()
    sandbox.start()
    (answer,) = sandbox.run("attempts", "a", None, b"environment", no_question)
    assert b"FERRYGATE" not in answer
    assert b"HOME" not in answer
    parent = sandbox.parent_pid()
    assert parent is not None
    if os.geteuid() == 0:
        assert b"a-key-of-the-guard" not in Path(f"/proc/{parent}/environ").read_bytes()


def test_a_child_has_its_own_descriptors_only(sandbox: Sandbox, body: int) -> None:
    (answer,) = sandbox.run("attempts", "a", body, b"descriptors", no_question)
    # Standard three, its socket, its scratch memory, the unit's body.
    assert answer == b"done: [0, 1, 2, 3, 4, 5]"


def test_the_parent_cannot_be_looked_into_by_its_user(sandbox: Sandbox) -> None:
    sandbox.start()
    parent = sandbox.parent_pid()
    assert parent is not None
    # What is not dumpable belongs to root in /proc, whoever runs it.
    assert Path(f"/proc/{parent}/maps").stat().st_uid == 0
    assert len(psutil.Process(parent).threads()) == 1


def test_it_stands_without_what_a_strict_unit_file_forbids(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox("tests.gateway.inspection.sandbox.program_under_unit_file")
    in_force = sandbox.start()
    assert {"seccomp", "rlimits", "no_new_privs"} <= set(in_force)
    assert {"landlock", "namespaces", "capabilities"}.isdisjoint(in_force)
    with pytest.raises(Refused) as refused:
        sandbox.run("attempts", "a", None, b"a tcp socket", no_question)
    assert refused.value.number == 3984
    (answer,) = sandbox.run("attempts", "a", None, b"open a file", no_question)
    assert answer == b"refused: PermissionError"
