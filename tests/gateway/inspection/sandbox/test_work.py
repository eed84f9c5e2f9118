"""Units in, answers out: whole, bounded, from several threads, without leaving anything behind."""

from __future__ import annotations

import fcntl
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from gateway.inspection.sandbox.exchange import Leaf
from gateway.inspection.sandbox.sandbox import Sandbox
from tests.gateway.inspection.sandbox.conftest import MakeSandbox, no_question

MIB = 1 << 20


def test_a_body_and_a_request_come_back(sandbox: Sandbox, body: int) -> None:
    assert sandbox.run("echo", "a", body, b"request", no_question) == [b"request", b"body" * 1024]


def test_a_body_in_sealed_memory_comes_back(sandbox: Sandbox) -> None:
    descriptor = os.memfd_create("body", os.MFD_ALLOW_SEALING)
    os.write(descriptor, b"in memory")
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
    assert sandbox.run("echo", "a", descriptor, b"", no_question)[1] == b"in memory"
    os.close(descriptor)


def test_a_body_that_could_be_written_is_a_bug(sandbox: Sandbox, tmp_path: Path) -> None:
    with (tmp_path / "body").open("w+b") as file, pytest.raises(RuntimeError):
        sandbox.run("echo", "a", file.fileno(), b"", no_question)


def test_an_unknown_job_is_a_bug(sandbox: Sandbox) -> None:
    with pytest.raises(RuntimeError):
        sandbox.run("none", "a", None, b"", no_question)


@pytest.mark.parametrize(("count", "size"), [(0, 0), (1, 0), (5000, 3), (3, 3 * MIB), (1, MIB + 1)])
def test_answers_come_whole_and_in_order(sandbox: Sandbox, count: int, size: int) -> None:
    answers = sandbox.run("many", "a", None, f"{count} {size}".encode(), no_question)
    assert [len(one) for one in answers] == [size] * count


def test_a_large_request_comes_whole(sandbox: Sandbox) -> None:
    request = os.urandom(4 * MIB)
    assert sandbox.run("echo", "a", None, request, no_question) == [request]
    with pytest.raises(RuntimeError):
        sandbox.run("echo", "a", None, request + b"x", no_question)


def test_a_child_asks_and_is_answered(sandbox: Sandbox) -> None:
    answers = iter([b"go on", b"x" * MIB, b"enough"])
    assert sandbox.run("asks", "a", None, b"?", lambda question, leaf: next(answers)) == [b"2"]


def test_a_child_hands_out_a_leaf(sandbox: Sandbox) -> None:
    seen: list[bytes] = []

    def look(question: bytes, leaf: Leaf | None) -> bytes:
        assert leaf is not None
        seen.append(leaf.read())
        return b"clean"

    leaf = bytes(range(256)) * 4096
    assert sandbox.run("hands_out", "a", None, leaf, look) == [b"clean", b"clean"]
    assert seen == [leaf, leaf[::-1]]


def test_units_of_one_channel_share_a_child_up_to_its_number(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox(units_a_child=3)
    pids = [sandbox.run("who", "a", None, b"", no_question)[0] for _ in range(9)]
    assert len(set(pids)) == 3
    assert pids[0] == pids[1] == pids[2] != pids[3]


def test_units_of_two_channels_never_share_a_child(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox(units_a_child=5, idle_children=2)
    pids: dict[str, set[bytes]] = {"a": set(), "b": set(), "c": set()}
    for turn in range(60):
        channel = "aabbcabc"[turn % 8]
        pids[channel].update(sandbox.run("who", channel, None, b"", no_question))
    assert not pids["a"] & pids["b"] | pids["b"] & pids["c"] | pids["a"] & pids["c"]


def test_a_large_unit_has_a_child_of_its_own(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox(small_bytes=1000)
    small = sandbox.run("who", "a", None, b"", no_question)
    large = sandbox.run("who", "a", None, bytes(1001), no_question)
    assert small != large
    assert sandbox.run("who", "a", None, bytes(1001), no_question) not in (small, large)
    assert sandbox.run("who", "a", None, b"", no_question) == small


def test_four_threads_have_their_own_answers(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox(children=3)

    def work(number: int) -> bool:
        return all(
            sandbox.run(
                "echo", f"channel{number % 2}", None, f"{number}/{turn}".encode(), no_question
            )
            == [f"{number}/{turn}".encode()]
            for turn in range(100)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))
    assert sandbox.figures().units == 400


def test_no_more_children_work_than_are_set(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox(children=2)
    lock = threading.Lock()
    now, most = 0, 0

    def slowly(question: bytes, leaf: Leaf | None) -> bytes:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.02)
        with lock:
            now -= 1
        return b"enough"

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: sandbox.run("asks", str(n), None, b"", slowly), range(12)))
    assert most == 2


def test_ten_thousand_units_leave_nothing_behind(make_sandbox: MakeSandbox, body: int) -> None:
    sandbox = make_sandbox(units_a_child=32)
    sandbox.run("echo", "a", body, b"", no_question)
    parent_pid = sandbox.parent_pid()
    assert parent_pid is not None
    us, parent = psutil.Process(), psutil.Process(parent_pid)

    def turn(units: int) -> tuple[int, int, int, int, int]:
        for number in range(units):
            sandbox.run("echo", "ab"[number // 100 % 2], body, b"x" * 100, no_question)
        return (
            us.num_fds(),
            us.memory_info().rss,
            _descriptors(parent),
            parent.memory_info().rss,
            len(parent.children()),
        )

    before, after = turn(2000), turn(8000)
    assert after[0] <= before[0] + 6
    assert after[1] <= before[1] + 8 * MIB
    assert after[2] <= before[2] + 1
    assert after[3] <= before[3] + 4 * MIB
    # Two idle, one ahead, and some that are just ending.
    assert after[4] <= 8
    assert sandbox.figures().parents_started == 1


def _descriptors(process: psutil.Process) -> int:
    try:
        return process.num_fds()
    except psutil.AccessDenied:
        # It is not dumpable: only root may count.
        return 0
