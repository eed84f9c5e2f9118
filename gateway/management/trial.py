"""A gate on this machine, for trying out: both hosts below one folder, joined over loopback.

No root and no settings are needed. `ferrygate trial up`, `make up`, the demo and the system tests use
it; a real gate differs in its link, its users and its folders, and in nothing else.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.audit.status import Condition, read_status
from gateway.errors import Misconfigured, Unavailable
from gateway.ferry.link.receive_buffer import permitted_receive_bytes
from gateway.management.init import FirstSettings, initialise
from gateway.management.lane_status import lane_name
from gateway.management.layout import HostFolder, Role
from gateway.management.settings import ONE_WAY, TWO_WAY, load_settings
from gateway.unit.model import Lane, Side

GATE: Final = "trial"
START_WITHIN_S: Final = 60.0
STOP_WITHIN_S: Final = 15.0
# Loopback carries more, but six processes share the machine's processors.
FASTEST_MBIT_PER_S: Final = 1000
# How long the receiver may be busy elsewhere; shorter where an ordinary user gets little buffer.
STALL_S: Final = 0.3
SHORT_STALL_S: Final = 0.01
# What the kernel books for a frame beside its bytes, with room to spare.
_BOOKED: Final = 4

_POLICIES: Final = Path(__file__).with_name("trial_policies")
# The folders of the networks on both sides.
_PLACES: Final = {Side.OUTER: "outside", Side.INNER: "inside"}
_CHANNEL_LINE: Final = re.compile(r"^channel:\s*(\S+)", re.MULTILINE)
_EXPORT_LINE: Final = re.compile(r"^lane:\s*export\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Trial:
    """A gate in a folder. Its processes are known by the pid files in run/."""

    root: Path

    def host(self, side: Side) -> HostFolder:
        return HostFolder(self.root / side.value)

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes of the gate. Reads the settings; raises as load_settings does."""
        return tuple(load_settings(self.host(Side.OUTER).settings).links)

    def channels(self) -> dict[str, Lane]:
        """The channels of the outer host's policy files with their lanes, as the files say. Does I/O."""
        texts = (path.read_text("utf-8") for path in self.host(Side.OUTER).policies.glob("*.yaml"))
        return {
            found[1]: Lane.EXPORT if _EXPORT_LINE.search(text) else Lane.IMPORT
            for text in texts
            if (found := _CHANNEL_LINE.search(text))
        }

    def drop(self, channel: str, lane: Lane = Lane.IMPORT) -> Path:
        """The watched folder of a channel, on the sending host."""
        return self.root / _PLACES[lane.sender] / channel

    def arrivals(self, channel: str, lane: Lane = Lane.IMPORT) -> Path:
        """The destination of a channel, on the receiving host."""
        return self.root / _PLACES[lane.receiver] / channel


def make_trial(
    root: Path,
    mode: str = ONE_WAY,
    *,
    clamd: str = "none",
    rate: str = "",
    link: str = "",
    back: str = "",
) -> Trial:
    """A new gate below `root` with the trial's policy set, its folders outside/ and inside/.

    rate, link, back: as gate.yaml says them, where loopback and what fits it are not wanted.

    Raises what initialise raises.
    """
    root = root.resolve()
    port, back_port = _free_ports()
    link, back = link or f"udp: 127.0.0.1:{port}", back or f"udp: 127.0.0.1:{back_port}"
    fitting, stall = _loopback()
    # A local signature database has no age; a real one is watched.
    first = FirstSettings(link, back, rate or fitting, stall, clamd, signatures="any age")
    initialise(root, GATE, mode, first=first)
    trial = Trial(root)
    for side in Side:
        policies = trial.host(side).policies
        for shipped in policies.glob("*.yaml"):
            shipped.unlink()
        templates = sorted(_POLICIES.glob("*.yaml"))
        if mode == TWO_WAY:
            templates += sorted((_POLICIES / TWO_WAY).glob("*.yaml"))
        for template in templates:
            add_policy(trial, side, template.name, template.read_text(encoding="utf-8"))
    return trial


def add_policy(trial: Trial, side: Side, name: str, template: str) -> None:
    """Write a policy file of the trial; OUTSIDE and INSIDE in it become the trial's folders."""
    text = template.replace("OUTSIDE", str(trial.root / "outside"))
    text = text.replace("INSIDE", str(trial.root / "inside"))
    found = _CHANNEL_LINE.search(text)
    if found is None:
        raise RuntimeError(f"{name} names no channel")
    for place in _PLACES.values():
        (trial.root / place / found[1]).mkdir(parents=True, exist_ok=True)
    (trial.host(side).policies / name).write_text(text, encoding="utf-8")


def start(trial: Trial, *, within: Mapping[Side, Sequence[str]] | None = None) -> None:
    """Start both hosts in the background; wait until all six processes run and the lane is heard.

    within: words before a side's command, such as `ip netns exec NAME`.

    Raises Unavailable 1060 with the log's last line where one does not come up; at once where a host ends.
    """
    hosts: list[subprocess.Popen[bytes]] = []
    for side in Side:
        if pid_of(trial, side) is not None:
            raise Misconfigured(1061, folder=str(trial.root))
        before = list(within[side]) if within else []
        with (trial.root / f"{side.value}.log").open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 our own interpreter
                [*before, sys.executable, "-m", side.value, "--gate", str(trial.host(side).root)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={k: v for k, v in os.environ.items() if not k.startswith("FERRYGATE_")},
            )
        _pid_file(trial, side).write_text(f"{process.pid}\n", encoding="ascii")
        hosts.append(process)
    deadline_s = time.monotonic() + START_WITHIN_S
    while not (all(is_running(trial, side) for side in Side) and lane_is_heard(trial)):
        has_ended = any(process.poll() is not None for process in hosts)
        if has_ended or time.monotonic() > deadline_s:
            last = _last_line(trial)
            stop(trial)
            raise Unavailable(1060, folder=str(trial.root), last=last)
        time.sleep(0.05)


def is_running(trial: Trial, side: Side) -> bool:
    """Whether the three processes of a side show a fresh status."""
    shown = read_status(trial.host(side).run)
    alive = {status.process for status in shown if status.condition is Condition.RUNNING}
    return alive >= {role.value for role in Role}


def lane_is_heard(trial: Trial) -> bool:
    """Whether the running receiving ferry of each lane has heard its sender; what is sent before that is
    lost and named."""
    return all(_is_heard(trial, lane) for lane in trial.lanes)


def _is_heard(trial: Trial, lane: Lane) -> bool:
    return any(
        status.process == Role.FERRY
        and status.condition is Condition.RUNNING
        and status.counters.get(lane_name(lane, "lane_blocks_total"), 0) > 0
        for status in read_status(trial.host(lane.receiver).run)
    )


def stop(trial: Trial) -> None:
    """End both hosts in order and wait for them; what they held lies in their queues."""
    pids = {side: pid_of(trial, side) for side in Side}
    for pid in pids.values():
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
    deadline_s = time.monotonic() + STOP_WITHIN_S
    for side, pid in pids.items():
        while pid is not None and _alive(pid) and time.monotonic() < deadline_s:
            time.sleep(0.05)
        if pid is not None and _alive(pid):
            os.kill(pid, signal.SIGKILL)
        _pid_file(trial, side).unlink(missing_ok=True)


@contextlib.contextmanager
def running(trial: Trial) -> Iterator[Trial]:
    """The trial, started; stopped at the end whatever happens."""
    start(trial)
    try:
        yield trial
    finally:
        stop(trial)


def pid_of(trial: Trial, side: Side) -> int | None:
    """The process over the three of a side, None where none runs."""
    try:
        pid = int(_pid_file(trial, side).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return pid if _alive(pid) else None


def _pid_file(trial: Trial, side: Side) -> Path:
    return trial.root / f"{side.value}.pid"


def _alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        # Our own child stays a zombie until somebody asks for its status.
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _last_line(trial: Trial) -> str:
    lines: list[str] = []
    for side in Side:
        with contextlib.suppress(OSError):
            lines += (
                (trial.root / f"{side.value}.log").read_text(errors="replace").splitlines()[-1:]
            )
    return " | ".join(lines)


def _loopback() -> tuple[str, str]:
    """Rate and stall that fit the receive buffer which this user may have, as settings say them."""
    if os.geteuid() == 0:
        return f"{FASTEST_MBIT_PER_S} Mbit/s", f"{STALL_S * 1000:.0f} ms"
    bits = permitted_receive_bytes() * 8 / _BOOKED
    mbit = min(FASTEST_MBIT_PER_S, int(bits / SHORT_STALL_S / 1e6))
    return f"{max(1, mbit)} Mbit/s", f"{SHORT_STALL_S * 1000:.0f} ms"


def _free_ports() -> tuple[int, int]:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])
