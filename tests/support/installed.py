"""A gate as it is installed: six processes of three users, owners and modes set by the files of systemd/.

    with installed(folder) as gate:
        gate.start(Side.OUTER, Role.GUARD)
        gate.attempt(Side.OUTER, Role.EDGE, "open('...').read()")

systemd-sysusers and systemd-tmpfiles work below a root of their own, so no account of this machine is
touched; the kernel needs numbers only. Needs root.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.management.layout import Role
from gateway.management.trial import Trial, lane_is_heard, make_trial
from gateway.unit.model import Side
from tests.support.gate import Gate

NOBODY: Final = 65_534
ROOT: Final = Path(__file__).parents[2]
HOME: Final = "var/lib/ferrygate"
TOOLS: Final = ("systemd-sysusers", "systemd-tmpfiles", "setpriv", "unshare")
# What the unit files give each process (AmbientCapabilities=).
CAPABILITIES: Final = {Role.FERRY: ",+net_raw,+net_admin"}


def lacking() -> str:
    """Why this cannot be done here, or nothing."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"needs {', '.join(missing)}" if missing else ""


@dataclass(frozen=True)
class User:
    """One system user by its numbers. groups: the primary one first."""

    uid: int
    groups: tuple[int, ...]


@dataclass
class Installed:
    """The gate below `root`, and what was started of it. operator: somebody of ferrygate-operators."""

    root: Path
    trial: Trial
    users: dict[Role, User]
    operator: User
    way: list[str]
    trace: bool = False
    running: dict[tuple[Side, Role], subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def gate(self) -> Gate:
        return Gate(self.trial)

    def as_user(self, who: Role | User) -> list[str]:
        """Words before a command that make it this user, with what systemd would give a process."""
        user = who if isinstance(who, User) else self.users[who]
        capabilities = "-all" + (CAPABILITIES.get(who, "") if isinstance(who, Role) else "")
        return [
            *self.way,
            "setpriv",
            f"--reuid={user.uid}",
            f"--regid={user.groups[0]}",
            f"--groups={','.join(map(str, user.groups))}",
            f"--inh-caps={capabilities}",
            f"--ambient-caps={capabilities}",
            f"--bounding-set={capabilities}",
            "--no-new-privs",
        ]

    def start(self, side: Side, role: Role) -> None:
        trace = self.root / f"{side.value}-{role.value}.trace"
        traced = ["strace", "-D", "-f", "-qq", "-v", "-o", str(trace)] if self.trace else []
        way, user = self.way, self.as_user(role)[len(self.way) :]
        log = (self.root / f"{side.value}-{role.value}.log").open("ab")
        with log:
            self.running[side, role] = subprocess.Popen(
                [*way, *traced, *user, sys.executable, "-m", side.value, role.value,
                 "--gate", str(self.trial.host(side).root)],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            )  # fmt: skip

    def start_all(self) -> None:
        """Inside first, as the README says; waits until the lane is heard."""
        for side in (Side.INNER, Side.OUTER):
            for role in Role:
                self.start(side, role)
        self.gate.until(lambda: lane_is_heard(self.trial), self.logs())

    def stop(self, side: Side, role: Role) -> None:
        process = self.running.pop((side, role))
        process.send_signal(signal.SIGTERM)
        process.wait(20)

    def stop_all(self) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            try:
                # Under a trace on a busy machine the last words take their time.
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()

    def attempt(self, who: Role | User, code: str) -> str:
        """What becomes of some Python run as this user: `done`, or the name of the error."""
        whole = (
            "import errno, os, socket\ntry:\n"
            + "".join(f"    {line}\n" for line in code.splitlines())
            + "except OSError as e:\n    print(errno.errorcode[e.errno])\nelse:\n    print('done')\n"
        )
        done = subprocess.run(
            [*self.as_user(who), sys.executable, "-c", whole],
            cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        return done.stdout.strip() or done.stderr

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.root.glob("*.log")))


@contextlib.contextmanager
def installed(mode: str = "one-way") -> Iterator[Installed]:
    """A trial gate whose folders lie where and as the installation lays them."""
    # Not below pytest's folder: nobody but root can enter that one.
    root = Path(tempfile.mkdtemp(prefix="ferrygate-installed-"))
    root.chmod(0o755)
    made: Installed | None = None
    try:
        (root / "var" / "lib").mkdir(parents=True)
        trial = make_trial(root / HOME, mode)
        set_owners(root)
        users, operator = accounts(root)
        edge = users[Role.EDGE]
        for place in ("outside", "inside"):
            for folder in (trial.root / place).iterdir():
                os.chown(folder, edge.uid, edge.groups[0])
        made = Installed(root, trial, users, operator, opened_way(root))
        yield made
    finally:
        if made is not None:
            made.stop_all()
        shutil.rmtree(root)


def opened_way(aside: Path) -> list[str]:
    """Words before a command that let others reach our interpreter where it lies in a closed home.

    In a mount namespace of its own the closed folder is covered by an empty one with just what is needed.
    aside: a folder for the mounts in between.
    """
    needed = {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), ROOT.resolve()}
    closed = {folder: path for path in needed for folder in path.parents if not _is_open(folder)}
    if not closed:
        return []
    steps = ["set -e"]
    places = sorted(path for path in needed if any(folder in path.parents for folder in closed))
    for number, path in enumerate(places):
        (aside / f"mount{number}").mkdir(exist_ok=True)
        steps.append(f"mount --bind {shlex.quote(str(path))} {aside}/mount{number}")
    steps += [f"mount -t tmpfs -o mode=755 none {shlex.quote(str(folder))}" for folder in closed]
    for number, path in enumerate(places):
        quoted = shlex.quote(str(path))
        steps += [f"mkdir -p {quoted}", f"mount --bind {aside}/mount{number} {quoted}"]
    script = "\n".join([*steps, 'exec "$@"'])
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]


def _is_open(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)


def set_owners(root: Path) -> None:
    """Accounts, then owners and modes below `root`, by the files that ship."""
    systemd = ROOT / "systemd"
    (root / "etc").mkdir()
    for name in ("passwd", "group"):  # so that no number of an account of this machine is taken
        shutil.copy(Path("/etc") / name, root / "etc" / name)
    for kind, words in (("sysusers", []), ("tmpfiles", ["--create"])):
        folder = root / "usr" / "lib" / f"{kind}.d"
        folder.mkdir(parents=True)
        shutil.copy(systemd / f"ferrygate.{kind}", folder / "ferrygate.conf")
        apply(root, kind, *words)


def apply(root: Path, kind: str, *words: str) -> None:
    """One of the files below `root` is put into force, as at every start of the machine."""
    command = [f"systemd-{kind}", *words, f"--root={root}", "ferrygate.conf"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def accounts(root: Path) -> tuple[dict[Role, User], User]:
    """The users that stand in root/etc, and one that is made up for an operator."""
    groups: dict[str, tuple[int, set[str]]] = {}
    for line in (root / "etc" / "group").read_text().splitlines():
        name, _, number, members = line.split(":")
        groups[name] = (int(number), set(members.split(",")))
    users = {}
    for line in (root / "etc" / "passwd").read_text().splitlines():
        name, _, uid, gid, *_ = line.split(":")
        if name.startswith("ferrygate-"):
            others = [number for number, members in groups.values() if name in members]
            users[Role(name.removeprefix("ferrygate-"))] = User(int(uid), (int(gid), *others))
    return users, User(NOBODY, (groups["ferrygate-operators"][0],))
