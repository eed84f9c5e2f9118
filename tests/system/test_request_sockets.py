"""The sockets of requests in an installed gate: each is for two users, and for nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from gateway.management.layout import Role
from gateway.unit.model import Side
from tests.support.installed import NOBODY, User, installed, lacking

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(240),
    pytest.mark.skipif(bool(lacking()), reason=lacking()),
]

_CALL = """\
s = socket.socket(socket.AF_UNIX)
s.connect({path!r})
s.settimeout(2)
print('cut off' if s.recv(1) == b'' else 'heard')"""


def all_exist(paths: Iterable[Path]) -> bool:
    return all(one.exists() for one in paths)


def test_each_socket_is_for_the_guard_and_one_neighbour() -> None:
    with installed("two-way") as made:
        for side in Side:
            for role in Role:
                made.start(side, role)
        gate = made.gate
        for side in Side:
            host = made.trial.host(side)
            sockets = (host.edge_socket, host.to_ferry_socket, host.from_ferry_socket)
            gate.until(partial(all_exist, sockets), "the guard listens", 60)
            assert [one.stat().st_uid for one in sockets] == [made.users[Role.GUARD].uid] * 3

            def said(who: Role | User, path: object) -> str:
                return made.attempt(who, _CALL.format(path=str(path)))

            # Let in, and nothing is said to it: the call for words ends by its time.
            assert "timed out" in said(Role.EDGE, host.edge_socket)
            assert said(Role.EDGE, host.to_ferry_socket) == "EACCES"
            assert said(Role.FERRY, host.edge_socket) == "EACCES"
            assert said(made.operator, host.edge_socket) == "EACCES"
            # One of the ferry's user is let in, until the ferry itself calls again.
            assert "EACCES" not in said(Role.FERRY, host.to_ferry_socket)
            assert not gate.alarms(side) & {5767, 5781}
            # Somebody of the edge's group comes in, and is not who should be there.
            stranger = User(NOBODY, made.users[Role.EDGE].groups)
            assert said(stranger, host.edge_socket).startswith("cut off")
            gate.until(partial(lambda side: 5781 in gate.alarms(side), side), "a stranger is told")
