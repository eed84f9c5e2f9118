"""How `python -m outer` and `python -m inner` start: one process, all three in one, or one over three.

python -m outer guard       that process alone, as systemd starts it
python -m outer all         the three in threads of one process: for development only
python -m outer             one process that starts the three and starts them again when they die
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.errors import GatewayError, Misconfigured, StateUncertain, Unavailable
from gateway.management.environment import check_environment
from gateway.management.host import Host, open_host
from gateway.management.layout import UMASK, Role, find_host
from gateway.management.process import Process, stop_on_signals
from gateway.messages import describe, remedy
from gateway.policy.located import LocatedErrors, show
from gateway.unit.model import Side

Maker = Callable[[Role, Host], Process]

# sysexits: configuration, software (state uncertain), unavailable.
EXIT_MISCONFIGURED: Final = 78
EXIT_STATE_UNCERTAIN: Final = 70
EXIT_UNAVAILABLE: Final = 69

# A process that dies is started again at once, then ever later, as systemd would.
_FIRST_RESTART_S: Final = 0.2
_LONGEST_RESTART_S: Final = 10.0
_STEADY_S: Final = 10.0
_SWITCH_S: Final = 0.0005


def main(side: Side, make: Maker, arguments: list[str]) -> int:
    """Run what the arguments say until a signal; gives the exit status."""
    parser = argparse.ArgumentParser(prog=f"python -m {side.value}", description=__doc__)
    parser.add_argument("what", nargs="?", choices=[*(r.value for r in Role), "all"])
    parser.add_argument("--gate", type=Path, help="folder of the installation")
    options = parser.parse_args(arguments)
    try:
        check_environment(os.environ)
        folder = find_host(options.gate, side)
        if options.what is None:
            return _Supervisor(side, folder.root).run()
        os.umask(UMASK)
        # Modules and tables are loaded from here on, and none of it is garbage: not looked through again
        # and again, now (a tenth of the time of a start) or later (what a collection stops a request for).
        gc.disable()
        host = open_host(folder, side)
        roles = list(Role) if options.what == "all" else [Role(options.what)]
        return _run([make(role, host) for role in roles])
    except GatewayError as error:
        return complain(error)


def complain(error: GatewayError) -> int:
    """Say on stderr what is wrong and what to do; gives the exit status that fits."""
    if isinstance(error, LocatedErrors):
        for problem in error.problems:
            print(show(problem), file=sys.stderr)
    print(describe(error), file=sys.stderr)
    if what_to_do := remedy(error):
        print(f"  {what_to_do}", file=sys.stderr)
    if isinstance(error, Misconfigured):
        return EXIT_MISCONFIGURED
    if isinstance(error, StateUncertain):
        return EXIT_STATE_UNCERTAIN
    return EXIT_UNAVAILABLE if isinstance(error, Unavailable) else 1


def _run(processes: list[Process]) -> int:
    stop = threading.Event()
    # A thread that has waited for a file's bytes, or a request, goes on so soon beside one that computes.
    sys.setswitchinterval(_SWITCH_S)
    gc.freeze()
    gc.enable()
    for process in processes:
        stop_on_signals(process, stop)
    if len(processes) == 1:
        processes[0].run(stop)
        return 0
    failures: list[GatewayError] = []
    threads = [
        threading.Thread(target=_guarded, args=(process, stop, failures)) for process in processes
    ]
    for thread in threads:
        thread.start()
    while not stop.wait(0.2):
        pass
    for thread in threads:
        thread.join()
    return complain(failures[0]) if failures else 0


def _guarded(process: Process, stop: threading.Event, failures: list[GatewayError]) -> None:
    try:
        process.run(stop)
    except GatewayError as error:
        failures.append(error)
    finally:
        stop.set()


class _Child:
    """One of the three, and when it may be started again."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._wait_s = _FIRST_RESTART_S
        self._started_s = 0.0
        self.next_s = 0.0
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._started_s = time.monotonic()
        self.running = subprocess.Popen(self._command)  # noqa: S603 our own interpreter

    def look(self) -> int | None:
        """The exit status of one that has ended since the last look."""
        if self.running is None or (status := self.running.poll()) is None:
            return None
        self.running = None
        lived_s = time.monotonic() - self._started_s
        self._wait_s = (
            _FIRST_RESTART_S if lived_s > _STEADY_S else min(2 * self._wait_s, _LONGEST_RESTART_S)
        )
        self.next_s = time.monotonic() + self._wait_s
        return status


class _Supervisor:
    """Starts the three processes of a side and starts again what dies, but for status 78."""

    def __init__(self, side: Side, root: Path) -> None:
        self._children = {
            role: _Child([sys.executable, "-m", side.value, role.value, "--gate", str(root)])
            for role in Role
        }
        self._stop = threading.Event()
        self._status = 0

    def run(self) -> int:
        # As the units of systemd have it: a process that is woken does not drive out another of ours that
        # works, and finds more to do at once when its turn comes. Where it may not, it runs as it does.
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        signal.signal(signal.SIGHUP, lambda *_: self._signal_all(signal.SIGHUP))
        for child in self._children.values():
            child.start()
        while not self._stop.wait(0.05):
            self._look()
        self._signal_all(signal.SIGTERM)
        for child in self._children.values():
            if child.running is not None:
                child.running.wait()
        return self._status

    def _look(self) -> None:
        for child in self._children.values():
            status = child.look()
            if status == EXIT_MISCONFIGURED:
                self._status = EXIT_MISCONFIGURED
                self._stop.set()
            elif child.running is None and time.monotonic() >= child.next_s:
                child.start()

    def _signal_all(self, number: signal.Signals) -> None:
        for child in self._children.values():
            if child.running is not None:
                with contextlib.suppress(ProcessLookupError):
                    child.running.send_signal(number)
