"""The client to copy, over real connections."""

from __future__ import annotations

import base64
import hashlib
import os
import resource
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from client.ferrygate_client import PIECE_BYTES, Client, HmacKey, OutcomeUnknown
from gateway.connectors.request.disk_room import DiskLimits
from gateway.connectors.request.signature import Signing
from gateway.connectors.request.subject import Caller, Callers
from tests.gateway.connectors.request.harness import PLAIN, running
from tests.gateway.connectors.request.large_harness import MIB, large_gate
from tests.gateway.connectors.request.test_large import BIG, Digesting

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


def test_an_upload_goes_on_where_a_restart_of_the_gate_has_stopped_it(tmp_path: Path) -> None:
    file = tmp_path / "scan.dcm"
    file.write_bytes(BIG)
    peer = Digesting()
    seen: list[int] = []
    locations: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    listening = replace(PLAIN, port=port)
    with ExitStack() as stack:
        stack.enter_context(large_gate(tmp_path, peer, listening))

        def progress(done: int, size: int) -> None:
            seen.append(done)
            assert size == len(BIG)
            if seen == [0, PIECE_BYTES]:
                stack.close()
                stack.enter_context(large_gate(tmp_path, peer, listening))

        with Client(f"http://127.0.0.1:{port}") as caller:
            reply = caller.upload(
                "POST", "/objects", str(file), "application/dicom",
                progress=progress, begun=locations.append,
            )  # fmt: skip
            assert reply.status == 204
            assert peer.digests == [(len(BIG), hashlib.sha256(BIG).hexdigest())]
            assert seen[-1] == len(BIG)
            assert seen.count(0) == 1
            # What was the content of a call is no upload any more.
            reply = caller.upload(
                "POST", "/objects", str(file), "application/dicom", resume=locations[0]
            )
            assert reply.status == 404


def test_a_large_answer_goes_to_a_file_and_a_cut_one_is_told(tmp_path: Path) -> None:
    with (
        large_gate(tmp_path, Digesting(9 * MIB)) as gate,
        Client(gate.url) as caller,
        (tmp_path / "answer").open("wb") as file,
    ):
        reply = caller.call("GET", "/objects/o-1", into=file)
        assert (reply.status, reply.content, file.tell()) == (200, b"", 9 * MIB)


def test_a_signed_upload_is_signed_to_its_last_byte(tmp_path: Path) -> None:
    file = tmp_path / "scan.dcm"
    file.write_bytes(BIG)
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    keys = tmp_path / "keys"
    keys.write_text(f"portal-01 hmac-sha256 {secret}\n")
    keys.chmod(0o600)
    callers = Callers((Caller("key portal-01"),))
    listening = replace(PLAIN, keys=keys, signing=Signing(ahead_s=0.0), callers=callers)
    peer = Digesting()
    with (
        large_gate(tmp_path, peer, listening) as gate,
        Client(gate.url, signer=HmacKey("portal-01", secret)) as caller,
    ):
        # Signatures of the second in which the gate began are refused: the client asks again.
        assert caller.upload("POST", "/objects", str(file), "application/dicom").status == 204
        assert peer.digests == [(len(BIG), hashlib.sha256(BIG).hexdigest())]


def test_an_upload_without_room_comes_back_as_a_reply(tmp_path: Path) -> None:
    file = tmp_path / "scan.dcm"
    file.write_bytes(BIG)
    limits = DiskLimits(most_bytes=1)
    with large_gate(tmp_path, Digesting(), limits=limits) as gate, Client(gate.url) as caller:
        reply = caller.upload("POST", "/objects", str(file), "application/dicom", patience_s=0.1)
        assert (reply.status, reply.json()["number"]) == (503, "FG-6451")
