"""Connections to a peer: kept and reused, so many at most, and none whose next answer could be another's."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from gateway.connectors.request.peer_lines import written
from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.policy.operations import Answer, ContentRule
from gateway.unit.asking import Performed
from gateway.unit.model import CapturedUnit, Kind
from gateway.unit.request import RequestBody
from gateway.unit.stages import Admitted
from tests.gateway.connectors.request.harness import admitted
from tests.gateway.connectors.request.operations import OPERATIONS, operation
from tests.gateway.connectors.request.test_sink import Caller, calling, number_of

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
TOLD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n[66]"


@dataclass
class ByteServer:
    """Answers each request on each connection by its count from 0; b"" closes the connection."""

    answer: Callable[[int], bytes]
    connections: list[socket.socket] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    answered: int = 0
    port: int = 0

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with connection:
            try:
                while got := connection.recv(65536):
                    self.requests.append(got)
                    answer = self.answer(len(self.requests) - 1)
                    if not answer:
                        return
                    connection.sendall(answer)
                    self.answered += 1
            except OSError:
                return


@contextmanager
def serving(answer: Callable[[int], bytes]) -> Iterator[ByteServer]:
    server = ByteServer(answer)
    listener = socket.create_server(("127.0.0.1", 0))
    server.port = listener.getsockname()[1]
    thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def test_a_connection_is_kept_and_used_again() -> None:
    with serving(lambda _: OK) as server, calling(server.port) as caller:
        for _ in range(3):
            assert caller.call().content == b"{}"
        assert len(server.connections) == 1


@pytest.mark.parametrize(
    "answer",
    [
        OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"),
        # Until the connection ends: nobody could say where the next one begins.
        b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}",
    ],
)
def test_a_connection_that_ends_is_not(answer: bytes) -> None:
    with serving(lambda _: answer) as server, calling(server.port) as caller:
        if answer.startswith(b"HTTP/1.0"):
            threading.Thread(target=_end_soon, args=(server,), daemon=True).start()
        assert caller.call().content == b"{}"
        server.answer = lambda _: OK
        assert caller.call().content == b"{}"
        assert len(server.connections) == 2


def _end_soon(server: ByteServer) -> None:
    _until(lambda: server.answered == 1)
    server.connections[0].shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("with_answer", [True, False])
def test_what_comes_unasked_is_nobodys_answer(with_answer: bool) -> None:
    """Two answers to one request, in one piece or later: the second would be the next caller's."""
    with (
        serving(lambda count: OK + (TOLD if with_answer and not count else b"")) as server,
        calling(server.port) as caller,
    ):
        assert caller.call().content == b"{}"
        if not with_answer:
            server.connections[0].sendall(TOLD)
            _until(lambda: not _kept(caller))
        assert caller.call().content == b"{}"
        assert len(server.connections) == 2


def test_half_an_answer_is_none_and_its_connection_ends() -> None:
    with (
        serving(lambda count: OK[:-1] if not count else OK) as server,
        calling(server.port) as caller,
    ):
        assert number_of(caller, StateUncertain, within_ms=300) == 6381
        assert caller.call().content == b"{}"
        assert len(server.connections) == 2


def test_the_answer_to_head_ends_with_its_head() -> None:
    head = OK.removesuffix(b"{}")
    operations = {**OPERATIONS, "look": operation("look", "HEAD", "/fhir/DiagnosticReport/{id}")}
    with (
        serving(lambda _: head) as server,
        calling(server.port, operations=operations) as caller,
    ):
        for _ in range(2):
            assert caller.call("look").content == b""
        assert len(server.connections) == 1


def test_a_large_answer_is_read_to_its_end_and_a_larger_one_is_not() -> None:
    rule = ContentRule("json", 1, ("application/json",), 3 << 20, ())
    answers = {200: Answer(200, 1, rule, {})}
    operations = {"read": operation("read", "GET", "/notes/{id}", answers=answers)}
    sizes = iter((3 << 20, (3 << 20) + 1, 2))

    def answer(_: int) -> bytes:
        size = next(sizes)
        return OK[:-2].replace(b"Length: 2", b"Length: %d" % size) + b"1" * size

    with serving(answer) as server, calling(server.port, operations=operations) as caller:
        assert len(caller.call().content) == 3 << 20
        assert number_of(caller, Refused) == 6386
        assert caller.call().content == b"11"
        assert len(server.connections) == 2


def test_what_comes_before_an_answer_is_passed_over() -> None:
    first = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    with serving(lambda _: first + OK) as server, calling(server.port) as caller:
        assert caller.call().content == b"{}"
        assert caller.call().content == b"{}"
        assert len(server.connections) == 1


def test_a_kept_connection_that_the_peer_has_ended_is_not_used() -> None:
    with serving(lambda _: OK) as server, calling(server.port) as caller:
        caller.call()
        server.connections[0].shutdown(socket.SHUT_RDWR)
        _until(lambda: not _kept(caller))
        assert caller.call().content == b"{}"
        assert len(server.connections) == 2


def test_one_that_ends_under_a_request_is_not_asked_again() -> None:
    with serving(lambda count: b"" if count else OK) as server, calling(server.port) as caller:
        caller.call()
        assert number_of(caller, StateUncertain) == 6381
        assert len(server.requests) == 2


def test_a_connection_that_nobody_uses_ends_in_time() -> None:
    with serving(lambda _: OK) as server, calling(server.port, idle_s=0.2) as caller:
        caller.call()
        server.connections[0].settimeout(5)
        _until(lambda: not _kept(caller))
        caller.call()
        assert len(server.connections) == 2


def test_no_more_connections_than_are_allowed() -> None:
    begun, go = threading.Semaphore(0), threading.Event()

    def answer(_: int) -> bytes:
        begun.release()
        go.wait(10)
        return OK

    with (
        serving(answer) as server,
        calling(server.port, most_connections=2, connect_s=0.3) as caller,
    ):
        replies: list[Performed] = []
        threads = [
            threading.Thread(target=lambda: replies.append(caller.call(within_ms=9000)))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
            assert begun.acquire(timeout=5)
        # Not sent, so not performed.
        assert number_of(caller, Unavailable, within_ms=9000) == 6380
        go.set()
        for thread in threads:
            thread.join(10)
        assert [reply.content for reply in replies] == [b"{}", b"{}"]
        assert caller.call().content == b"{}"
        assert len(server.connections) == 2


def test_who_has_waited_for_room_gets_the_connection_that_is_free_and_none_is_left_open() -> None:
    with serving(lambda _: OK) as server, calling(server.port, most_connections=2) as caller:

        async def crowd() -> list[Performed]:
            return await asyncio.gather(*(caller.sink.perform(*read()) for _ in range(40)))

        assert {reply.content for reply in caller.beside.call(crowd())} == {b"{}"}
        assert len(server.connections) == 2
        lines = caller.sink._lines
        assert lines is not None and not lines._in_use


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\rb", "a\0b"])
def test_no_line_of_a_request_is_two(value: str) -> None:
    with pytest.raises(RuntimeError):
        written("GET", "/", "peer", [("x-purpose", value)], b"")
    with pytest.raises(RuntimeError):
        written("GET", f"/{value}", "peer", [], b"")


def test_a_method_that_carries_nothing_says_no_length() -> None:
    assert b"Content-Length" not in written("GET", "/", "peer", [], b"")
    assert b"Content-Length: 0\r\n" in written("DELETE", "/", "peer", [], b"")
    assert written("POST", "/", "peer", [], b"{}").endswith(b"Content-Length: 2\r\n\r\n{}")


@pytest.mark.parametrize("comes", [TOLD, b""])
def test_what_a_busy_loop_has_not_read_yet_is_seen_before_a_request_is_sent(comes: bytes) -> None:
    """Another answer would be the next caller's; an end would leave it unknown what became of him."""
    with serving(lambda _: OK) as server, calling(server.port) as caller:
        caller.call()
        begun, go = threading.Event(), threading.Event()

        async def busy_then_ask() -> Performed:
            begun.set()
            go.wait(5)
            return await caller.sink.perform(*read())

        answer = caller.beside.begin(busy_then_ask())
        assert begun.wait(5)
        if comes:
            server.connections[0].sendall(comes)
        else:
            server.connections[0].shutdown(socket.SHUT_RDWR)
        # On loopback it is in the other socket when this returns.
        go.set()
        assert answer.result(5).content == b"{}"
        assert len(server.connections) == 2


def read() -> tuple[Admitted, RequestBody]:
    head = RequestBody("read", (("id", "r-1"),), (), (), "", 0, 3000)
    return admitted(CapturedUnit(77, "reports", Kind.REQUESTS, 1, head), b""), head


def test_half_an_answer_that_nobody_has_asked_for_ends_its_connection() -> None:
    with serving(lambda _: OK) as server, calling(server.port, idle_s=60) as caller:
        caller.call()
        server.connections[0].sendall(b"HTTP/1.1 2")
        _until(lambda: not _kept(caller))
        assert caller.call().content == b"{}"
        assert len(server.connections) == 2


def test_answers_that_nobody_has_asked_for_are_not_kept_in_memory() -> None:
    with serving(lambda _: OK) as server, calling(server.port, idle_s=60) as caller:
        caller.call()
        server.connections[0].settimeout(10)
        with pytest.raises(OSError):
            for _ in range(100):
                server.connections[0].sendall(b"HTTP/1.1 204 No Content\r\n\r\n" * 4_000)
        assert _kept(caller) == 0


def test_a_peer_that_says_too_much_before_its_answer_has_none() -> None:
    with (
        serving(lambda _: b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + OK) as server,
        calling(server.port) as caller,
    ):
        assert number_of(caller, Refused) == 6389


LARGE = b'"' + b"x" * (3 << 20) + b'"'


@contextmanager
def slow_reader() -> Iterator[socket.socket]:
    """A listener whose connections take little until they are read."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(10)
        yield listener


def test_what_has_no_time_left_is_not_sent_on() -> None:
    """A peer that reads again after minutes would perform it then, behind later tries."""
    with slow_reader() as listener, calling(listener.getsockname()[1]) as caller:
        assert (
            number_of(caller, StateUncertain, name="create", path=(), content=LARGE, within_ms=300)
            == 6381
        )
        connection, _ = listener.accept()
        connection.settimeout(5)
        with connection:
            assert len(_all_of(connection)) < len(LARGE)


def test_a_connection_that_has_not_taken_all_of_a_request_gets_no_other() -> None:
    with slow_reader() as listener, calling(listener.getsockname()[1]) as caller:

        def serve() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                connections.append(connection)
                connection.recv(1000)
                connection.sendall(OK)

        connections: list[socket.socket] = []
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert caller.call("create", (), content=LARGE).head.status == 200
        assert caller.call().content == b"{}"
        thread.join(5)
        assert len(connections) == 2
        for connection in connections:
            connection.close()


def _all_of(connection: socket.socket) -> bytes:
    received = bytearray()
    while got := connection.recv(1 << 16):
        received += got
    return bytes(received)


@pytest.mark.parametrize(
    "part",
    [
        b"HTTP/1.1 200 OK\r\nConte",
        OK[:-1],
        # To the end of the connection: as long as it is ours, that is no end of the answer.
        OK.replace(b"Content-Length: 2\r\n", b"")[:-1] + b"}",
    ],
)
def test_an_answer_that_we_cut_off_is_unknown_and_at_once(part: bytes) -> None:
    with serving(lambda _: part) as server, calling(server.port) as caller:

        async def ask() -> Performed:
            return await caller.sink.perform(*read())

        answer = caller.beside.begin(ask())
        _until(lambda: len(server.requests) == 1)
        time.sleep(0.1)
        caller.beside.call(caller.sink.close())
        with pytest.raises(StateUncertain) as caught:
            answer.result(2)
        assert caught.value.fields["reason"] == "ConnectionResetError"


def test_a_name_whose_first_address_does_not_answer_is_reached_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(lambda _: OK) as server, socket.socket() as deaf, socket.socket() as full:
        deaf.bind(("127.0.0.2", server.port))
        deaf.listen(0)
        # With one that waits to be accepted there is no room for another: its SYN is dropped.
        full.connect(("127.0.0.2", server.port))
        more = socket.socket()
        more.setblocking(False)
        more.connect_ex(("127.0.0.2", server.port))
        both = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, server.port))
            for host in ("127.0.0.2", "127.0.0.1")
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        with more, calling(server.port, host="peer.example", connect_s=2.0) as caller:
            assert caller.call().content == b"{}"


def test_what_is_said_of_no_connection_names_no_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with calling(port) as caller:
        with pytest.raises(Unavailable) as caught:
            caller.call()
        assert caught.value.fields["reason"] == "Connection refused"


def _kept(caller: Caller) -> int:
    lines = caller.sink._lines
    return sum(line.is_connected() for _, line in list(lines._kept)) if lines is not None else 0


def _until(holds: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until_s
        time.sleep(0.01)
