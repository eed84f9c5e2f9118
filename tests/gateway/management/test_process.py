"""Signals end and reload a process whatever its main thread is doing at that moment."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from gateway.management.process import Process, stop_on_signals

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Board:
    """A board and a recorder that keep nothing."""

    def __getattr__(self, _name: str):  # type: ignore[no-untyped-def]
        return lambda *_arguments, **_fields: None


@pytest.fixture
def process() -> Iterator[Process]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield Process("edge", [], Board(), Board())
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_comes_inside_a_wait_ends_the_process(process: Process, number: int) -> None:
    stop = threading.Event()
    stop_on_signals(process, stop)
    # As inside of stop.wait(): the main thread holds the lock of the event when the handler runs.
    with stop._cond:  # type: ignore[attr-defined]
        os.kill(os.getpid(), number)
    assert stop.wait(10)


@pytest.mark.timeout(20)
def test_a_reload_is_wanted_once_for_each_signal(process: Process) -> None:
    reloads: list[int] = []
    process.reload = lambda: reloads.append(1)
    stop_on_signals(process, threading.Event())
    os.kill(os.getpid(), signal.SIGHUP)
    process._round()
    process._round()
    assert reloads == [1]
