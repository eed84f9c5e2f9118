"""The packet filters of systemd/, in force between two network namespaces: who gets a packet onto the link.

The unit files close the link to all but the ferry already; these hold where a unit file is not used. (I4)
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.management.layout import Role
from gateway.unit.model import Side
from tests.support.installed import ROOT, User, accounts, lacking, opened_way, set_owners
from tests.system.spaces import (
    EMPTY_CAPTURE_BYTES,
    INNER_ADDRESS,
    INNER_MAC,
    OUTER_ADDRESS,
    PORT,
    Spaces,
    needs_namespaces,
    spaces,
)

pytestmark = [
    pytest.mark.system,
    needs_namespaces,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "all is there"),
]
NOBODY = 65_534
ROOT_USER = User(0, (0,))
LINKS = {Side.OUTER: "fgto", Side.INNER: "fgti"}
SEND = (
    "import socket, errno\n"
    "try:\n    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ({address!r}, {port}))\n"
    "except OSError as e:\n    print(errno.errorcode[e.errno])\nelse:\n    print('sent')\n"
)
HEAR = (
    "import socket\n"
    "own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nown.bind(({address!r}, {port}))\n"
    "own.settimeout(3)\nprint('ready', flush=True)\n"
    "try:\n    print(own.recv(9))\nexcept TimeoutError:\n    print('nothing')\n"
)


@dataclass
class Linked:
    """Two namespaces with the filters of both hosts in force, and the accounts of an installation."""

    net: Spaces
    users: dict[Role, User]
    way: list[str]

    def python(self, side: Side, user: User, code: str) -> list[str]:
        within = [*self.net.within()[side], *self.way]
        groups = ",".join(map(str, user.groups))
        who = ["setpriv", f"--reuid={user.uid}", f"--regid={user.groups[0]}", f"--groups={groups}"]
        return [*within, *who, sys.executable, "-c", code]

    def send(self, side: Side, user: User, port: int = PORT) -> str:
        """`sent`, or the name of the error."""
        address = INNER_ADDRESS if side is Side.OUTER else OUTER_ADDRESS
        command = self.python(side, user, SEND.format(address=address, port=port))
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout.strip() or done.stderr

    def hears(self, port: int) -> str:
        """What the inner ferry gets of a datagram that is sent to this port by the outer one."""
        code = HEAR.format(address=INNER_ADDRESS, port=port)
        command = self.python(Side.INNER, self.users[Role.FERRY], code)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as hearing:
            assert hearing.stdout is not None
            assert hearing.stdout.readline() == "ready\n"
            # Past the outer filter, so that the inner one answers for itself.
            self.net.outside("nft", "flush", "ruleset")
            assert self.send(Side.OUTER, self.users[Role.FERRY], port) == "sent"
            return hearing.stdout.readline().strip()


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[Linked]:
    set_owners(tmp_path)
    users, _ = accounts(tmp_path)
    with spaces() as net:
        for side, within in net.within().items():
            text = (ROOT / "systemd" / f"ferrygate-{side.value}.nft").read_text()
            file = tmp_path / f"{side.value}.nft"
            file.write_text(text.replace('"link0"', f'"{LINKS[side]}"'))
            # The accounts exist below tmp_path only: laid over those of this machine for nft's look-up.
            script = f"mount --bind {tmp_path}/etc/passwd /etc/passwd && nft -f {file}"
            done = subprocess.run(
                [*within, "unshare", "--mount", "--propagation", "private", "sh", "-c", script],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        yield Linked(net, users, opened_way(tmp_path))


def test_on_the_outer_host_only_the_ferry_speaks_on_the_link_and_to_one_port(
    linked: Linked,
) -> None:
    others = (linked.users[Role.EDGE], linked.users[Role.GUARD], User(NOBODY, (NOBODY,)))
    for user in (*others, ROOT_USER):
        assert linked.send(Side.OUTER, user) == "EPERM"
    assert linked.send(Side.OUTER, linked.users[Role.FERRY]) == "sent"
    assert linked.send(Side.OUTER, linked.users[Role.FERRY], PORT + 1) == "EPERM"


def test_on_the_inner_host_nobody_speaks_on_the_link(linked: Linked) -> None:
    # Raw frames do not pass the IP hooks; they end where they leave.
    frame = b"\xff" * 6 + bytes.fromhex(INNER_MAC.replace(":", "")) + b"\x88\xb5" + bytes(50)
    raw = (
        "import socket\ns = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
        f"s.bind(('fgti', 0))\ns.send({frame!r})"
    )
    send_raw = linked.python(Side.INNER, ROOT_USER, raw)
    with linked.net.capture() as captured:
        for user in (*linked.users.values(), ROOT_USER):
            assert linked.send(Side.INNER, user) == "EPERM"
        subprocess.run(send_raw, capture_output=True, check=False)
        assert captured.stat().st_size == EMPTY_CAPTURE_BYTES
        # The capture is not blind: without the filter this same frame is in it.
        linked.net.inside("nft", "flush", "ruleset")
        subprocess.run(send_raw, capture_output=True, check=True)
        within_s = time.monotonic() + 5
        while captured.stat().st_size == EMPTY_CAPTURE_BYTES and time.monotonic() < within_s:
            time.sleep(0.05)
        assert captured.stat().st_size > EMPTY_CAPTURE_BYTES


def test_the_inner_host_hears_one_port_and_no_other(linked: Linked) -> None:
    assert linked.hears(PORT) == "b'x'"
    assert linked.hears(PORT + 1) == "nothing"
