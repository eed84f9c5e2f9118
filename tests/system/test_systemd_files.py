"""The files of systemd/: read by the tools that use them, and true to what the processes really do."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from gateway.management.layout import HostFolder, Role
from gateway.management.watchdog import Pulse, notify
from gateway.unit.model import Lane, Side
from tests.support.gate import table
from tests.support.installed import Installed, installed, lacking, set_owners

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "systemd"
UNITS = sorted(SYSTEMD.glob("*.service"))
SERVICES = [(side, role) for side in Side for role in Role]
# `systemd-analyze security`: 0 is nothing allowed, 10 is everything. What all of them have, about 0.4:
# a root folder and accounts of the host (owners must have their names), two groups, files for a group.
# Above it the edge hands files to a group (0.2) and the guard runs machine code of YARA rules (0.1). The
# ferry is there for the link: network (0.5), IP (0.3), raw frames (0.2) and no list of addresses, which
# the site adds (0.2); two capabilities for raw frames and for the buffers of its sockets (0.4).
EXPOSURE_AT_MOST = {Role.EDGE: 0.5, Role.GUARD: 0.4, Role.FERRY: 1.8}

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze (apt install systemd)"
)
needs_installed = pytest.mark.skipif(bool(lacking()), reason=lacking() or "all is there")


def unit(side: Side, role: Role) -> Path:
    return SYSTEMD / f"ferrygate-{side.value}-{role.value}.service"


def values(path: Path, key: str) -> list[str]:
    """The words of every line of a key."""
    lines = path.read_text().splitlines()
    found = [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]
    return " ".join(found).split()


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@needs_analyze
def test_systemd_understands_every_line_of_every_unit(tmp_path: Path) -> None:
    # What a machine without an installation lacks: the program. Users are looked up at start only.
    program = str(Path(sys.executable).with_name("ferrygate"))
    for path in [*UNITS, *SYSTEMD.glob("*.target")]:
        text = path.read_text().replace("/opt/ferrygate/bin/ferrygate", program)
        (tmp_path / path.name).write_text(text)
    for path in sorted(tmp_path.iterdir()):
        done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(path))
        said = [line for line in done.stderr.splitlines() if "ferrygate" in line]
        assert said == []


@needs_analyze
@pytest.mark.parametrize(("side", "role"), SERVICES)
def test_no_process_is_more_exposed_than_it_must_be(side: Side, role: Role) -> None:
    done = run("systemd-analyze", "security", "--offline=yes", "--no-pager", str(unit(side, role)))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= EXPOSURE_AT_MOST[role]


@pytest.mark.parametrize(("side", "role"), SERVICES)
def test_a_unit_starts_its_own_process_as_its_own_user(side: Side, role: Role) -> None:
    path = unit(side, role)
    assert values(path, "ExecStart") == [
        "/opt/ferrygate/bin/ferrygate", "run", side.value, role.value,
    ]  # fmt: skip
    assert values(path, "User") == values(path, "Group") == [f"ferrygate-{role.value}"]
    assert values(path, "Environment") == [f"FERRYGATE_HOME=/var/lib/ferrygate/{side.value}"]
    # As the processes of one command are scheduled: test_http_requests.
    assert values(path, "CPUSchedulingPolicy") == ["batch"]
    wants = values(SYSTEMD / f"ferrygate-{side.value}.target", "Wants")
    assert path.name in wants


@pytest.mark.parametrize(("side", "role"), SERVICES)
def test_the_groups_of_a_unit_are_those_of_the_accounts(side: Side, role: Role) -> None:
    members = [line.split() for line in (SYSTEMD / "ferrygate.sysusers").read_text().splitlines()]
    groups = {one[2] for one in members if one[:2] == ["m", f"ferrygate-{role.value}"]}
    assert set(values(unit(side, role), "SupplementaryGroups")) == groups


@pytest.mark.parametrize(("side", "role"), SERVICES)
def test_all_that_a_process_writes_is_one_mount(side: Side, role: Role) -> None:
    """A unit moves from a folder to another by rename, which two mounts refuse."""
    assert values(unit(side, role), "ReadWritePaths") == [f"/var/lib/ferrygate/{side.value}"]


@pytest.mark.parametrize("side", list(Side))
def test_tmpfiles_sets_owner_and_mode_of_every_folder_of_a_host(side: Side) -> None:
    lines = [line.split() for line in (SYSTEMD / "ferrygate.tmpfiles").read_text().splitlines()]
    said = {one[1]: (int(one[2], 8), one[3]) for one in lines if one[:1] == ["z"] and one[2] != "-"}
    host = HostFolder(Path("/var/lib/ferrygate") / side.value)
    for folder, owned in host.folders(side, Lane).items():
        owner = f"ferrygate-{owned.owner.value}" if owned.owner else "root"
        assert said[str(folder)] == (owned.mode, owner), folder


@needs_installed
@pytest.mark.parametrize("name", [f"{side}{mode}" for side in Side for mode in ("", "-two-way")])
def test_the_packet_filter_reads_well(name: str, tmp_path: Path) -> None:
    if shutil.which("nft") is None or shutil.which("ip") is None:
        pytest.skip("needs nft and ip")
    set_owners(tmp_path)
    # A pair, because not every kernel has dummies; the filter stands on one end of it.
    script = (
        f"mount --bind {tmp_path}/etc/passwd /etc/passwd"
        " && ip link add link0 type veth peer name other0"
        f" && nft -c -f {SYSTEMD}/ferrygate-{name}.nft"
    )
    done = run("unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", script)
    assert done.returncode == 0, done.stderr


def test_systemd_hears_when_a_process_is_ready_and_when_its_loops_go_round(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(5)
        said = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}
        notify(b"READY=1", said)
        assert systemd.recv(100) == b"READY=1"
        pulse = Pulse(threading.Event(), said)
        assert not pulse.is_set()
        assert systemd.recv(100) == b"WATCHDOG=1"


def test_a_loop_that_hangs_is_not_covered_by_another_that_goes_round(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        said = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "150000"}
        pulse = Pulse(threading.Event(), said)
        other = threading.Thread(target=pulse.is_set)  # asks once, and then never again
        other.start()
        other.join()
        time.sleep(0.1)
        systemd.setblocking(False)
        assert list(_drained(systemd)) == [b"WATCHDOG=1"]
        for _ in range(10):
            pulse.is_set()
            time.sleep(0.02)
        assert list(_drained(systemd)) == []


def _drained(one: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            yield one.recv(100)
        except BlockingIOError:
            return


@pytest.fixture(scope="module")
def traced() -> Iterator[Installed]:
    """A gate whose processes are watched from their first instruction until files have crossed."""
    with installed() as made:
        made.trace = True
        made.start_all()
        made.gate.drop("small.csv", table(2000, 1))
        made.gate.drop("large.csv", table(300_000, 2))
        made.gate.drop("not-what-it-says.csv", b"\x7fELF" + bytes(3000))
        made.gate.until_inside({"small.csv", "large.csv"})
        made.gate.until(lambda: made.gate.events(Side.OUTER, "refused"), "one is refused")
        made.stop_all()
        made.gate.until(
            lambda: all("exit_group(" in trace.read_text() for trace in made.root.glob("*.trace")),
            "strace has written all",
        )
        yield made


def calls(traced: Installed, side: Side, role: Role) -> list[str]:
    """The system calls from the start of our program on, one a line: what is before it is setpriv's work,
    which systemd does before its filter holds."""
    lines = (traced.root / f"{side.value}-{role.value}.trace").read_text().splitlines()
    calls = [line.partition(" ")[2].strip() for line in lines]
    program = f'execve("{sys.executable}"'
    start = next(n for n, call in enumerate(calls) if call.startswith(program))
    assert f'"-m", "{side.value}", "{role.value}"' in calls[start]
    return calls[start + 1 :]


@cache
def call_names(name: str) -> frozenset[str]:
    """What a name of a filter stands for, sets within sets resolved."""
    if not name.startswith("@"):
        return frozenset({name})
    done = run("systemd-analyze", "syscall-filter", name)
    listed = [line.strip() for line in done.stdout.splitlines()[1:]]
    words = [line for line in listed if line and not line.startswith("#")]
    return frozenset().union(*(call_names(word) for word in words))


def filtered(path: Path) -> set[str]:
    """The calls that a unit's SystemCallFilter lines let through, read as systemd reads them."""
    let: set[str] = set()
    for line in path.read_text().splitlines():
        if line.startswith("SystemCallFilter="):
            value = line.partition("=")[2]
            named = frozenset().union(*(call_names(word) for word in value.strip("~").split()))
            let = let - named if value.startswith("~") else let | named
    # Always let through (systemd.exec(5)).
    return let | {"execve", "exit", "exit_group", "rt_sigreturn", "sigreturn"}


@needs_analyze
@needs_installed
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize(("side", "role"), SERVICES)
def test_a_process_makes_no_system_call_that_its_unit_forbids(
    traced: Installed, side: Side, role: Role
) -> None:
    made = calls(traced, side, role)
    names = {call.partition("(")[0] for call in made if re.match(r"[a-z0-9_]+\(", call)}
    assert {"openat", "futex"} <= names
    # The sandbox makes these only in namespaces of its own, which the unit does not let it have.
    own_root = {"chroot", "capset"} if role is Role.GUARD else set()
    assert names - filtered(unit(side, role)) <= own_root
    # RestrictSUIDSGID=: no setgid bit may be set by hand.
    assert [c for c in made if re.match(r"f?chmod(at2?)?\(.*\b0[2-7]\d{3}\b", c)] == []
    assert values(unit(side, role), "RestrictNamespaces") == ["yes"]
    if role is not Role.GUARD:  # its readers' sandbox asks for namespaces, and goes on without them
        assert [c for c in made if re.match(r"(unshare|setns)\(|clone3?\(.*CLONE_NEW", c)] == []
    families = set(values(unit(side, role), "RestrictAddressFamilies"))
    sockets = {m[1] for c in made if (m := re.match(r"socket\((AF_[A-Z0-9]+)", c))}
    assert sockets <= families
    if values(unit(side, role), "ProcSubset") == ["pid"]:
        # Of /proc there are processes only; /proc/sys, /proc/stat and the like are not there.
        opened = {m[1] for c in made if (m := re.match(r'openat\(\w+, "/proc/([^/"]+)', c))}
        assert {word for word in opened if not re.fullmatch(r"self|thread-self|\d+", word)} == set()
    if "MemoryDenyWriteExecute=yes" in unit(side, role).read_text():
        assert [c for c in made if c.startswith(("mmap", "mprotect")) and _is_wx(c)] == []


def _is_wx(call: str) -> bool:
    if call.startswith("mprotect"):
        return "PROT_EXEC" in call
    return "PROT_EXEC" in call and "PROT_WRITE" in call
