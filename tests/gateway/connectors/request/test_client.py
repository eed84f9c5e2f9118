"""The client to copy, over real connections."""

from __future__ import annotations

import os
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from client.ferrygate_client import Client, OutcomeUnknown
from tests.gateway.connectors.request.harness import PLAIN, running

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
READ = "/fhir/DiagnosticReport/r-1"


def test_a_caller_with_many_files_open_keeps_its_connection() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1_100)]
    try:
        with running(PLAIN) as gate, Client(f"http://127.0.0.1:{gate.port}") as caller:
            for _ in range(2):
                assert caller.call("GET", READ).status == 200
            assert gate.source.connections == 1
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Dying:
    """A gate of which the first connections break once a request has come whole; then it answers."""

    def __init__(self, deaths: int) -> None:
        self._deaths = deaths
        self.heads: list[bytes] = []
        self.ear = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.ear.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.ear.accept()
            except OSError:
                return
            with connection:
                self.heads.append(connection.recv(65_536))
                if len(self.heads) > self._deaths:
                    connection.sendall(OK)
                    connection.recv(1)


@contextmanager
def dying(deaths: int) -> Iterator[Dying]:
    gate = Dying(deaths)
    thread = threading.Thread(target=gate.serve)
    thread.start()
    try:
        yield gate
    finally:
        gate.ear.shutdown(socket.SHUT_RDWR)
        gate.ear.close()
        thread.join()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_may_not_be_repeated_and_lost_its_connection_is_of_unknown_outcome(
    method: str,
) -> None:
    with dying(1) as gate, Client(gate.url) as caller:
        with pytest.raises(OutcomeUnknown, match=f"{method} /orders/1"):
            caller.call(method, "/orders/1", b"{}", "application/json")
        assert len(gate.heads) == 1


def test_what_may_be_repeated_is_sent_until_there_is_an_answer() -> None:
    with dying(2) as gate, Client(gate.url) as caller:
        assert caller.call("GET", READ).content == b"ok"
        assert len(gate.heads) == 3
    with dying(1) as gate, Client(gate.url) as caller:
        assert caller.call("PUT", "/orders/1", b"{}", repeat=True).content == b"ok"


def test_a_caller_who_wants_no_second_try_has_none() -> None:
    with dying(1) as gate, Client(gate.url, again_s=0) as caller:
        with pytest.raises(ConnectionError):
            caller.call("GET", READ)
        assert len(gate.heads) == 1


def test_what_no_gate_took_is_sent_when_one_listens() -> None:
    """Nothing was performed, so an order waits for the gate, too, and no longer than it was told."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        Client(f"http://127.0.0.1:{port}", again_s=0.2) as caller,
        pytest.raises(ConnectionRefusedError),
    ):
        caller.call("POST", "/orders/1", b"{}")
    with dying(0) as gate, Client(f"http://127.0.0.1:{port}") as caller:
        calls = threading.Timer(0.3, _listen, (port, gate))
        calls.start()
        assert caller.call("POST", "/orders/1", b"{}").content == b"ok"
        calls.join()


def _listen(port: int, gate: Dying) -> None:
    """The gate is back under the port that nobody answered at: one connection."""
    with socket.create_server(("127.0.0.1", port)) as ear:
        connection, _ = ear.accept()
        with connection:
            gate.heads.append(connection.recv(65_536))
            connection.sendall(OK)
