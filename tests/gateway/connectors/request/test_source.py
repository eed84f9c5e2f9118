"""The HTTP source with its gate in memory, and back to back with the sink: callers are real clients."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from aiohttp import http_parser, web

from gateway.connectors.request.answer import Answer
from gateway.connectors.request.gate import Gate
from gateway.connectors.request.limits import Limits
from gateway.connectors.request.settings import Calling, Patience
from gateway.connectors.request.sink import HttpSink
from gateway.errors import Misconfigured, Refused, StateUncertain, Unavailable
from gateway.policy.values import Rate
from gateway.unit.asking import Answered
from gateway.unit.model import CapturedUnit
from gateway.unit.number import hear
from gateway.unit.request import RequestBody
from tests.gateway.connectors.request.harness import (
    PLAIN,
    BackToBack,
    Journal,
    MemoryAsker,
    answer_to,
    exchange,
    problem_in,
    running,
    status_of,
)
from tests.gateway.connectors.request.operations import OPERATIONS, matching
from tests.gateway.connectors.request.peer import Peer

CALL = b"GET /fhir/DiagnosticReport/r-1 HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n"
CREATE = (
    b"POST /fhir/DiagnosticReport HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n"
    b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
)


def body_of(unit: CapturedUnit) -> RequestBody:
    assert isinstance(unit.body, RequestBody)
    return unit.body


def test_who_waits_for_it_is_told_to_send_the_body_and_who_is_refused_is_not() -> None:
    waiting = CREATE[:-2].replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    with running(PLAIN, MemoryAsker()) as gate:
        with socket.create_connection(("127.0.0.1", gate.port), 5) as stream:
            stream.sendall(waiting)
            assert stream.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            stream.sendall(b"{}")
            assert stream.recv(65536).startswith(b"HTTP/1.1 200 ")
        for refused, status in (
            (waiting.replace(b"application/json", b"text/html"), b"415"),
            (waiting.replace(b"Length: 2", b"Length: 99999999"), b"413"),
        ):
            answer = exchange(gate.port, refused)
            assert answer.startswith(b"HTTP/1.1 " + status)


def test_what_crosses_is_values_and_nothing_of_the_caller() -> None:
    asker = MemoryAsker()
    with running(PLAIN, asker) as gate:
        response = requests.get(
            f"http://127.0.0.1:{gate.port}/fhir/DiagnosticReport",
            params={"date": "2026-01-05", "patient": "p-1"},
            headers={"X-Forwarded-For": "10.0.0.1", "Cookie": "a=b", "X-Purpose": "no"},
            timeout=5,
        )
    unit, content = asker.asked[0]
    body = body_of(unit)
    assert body == RequestBody(
        "list", (), (("patient", "p-1"), ("date", "2026-01-05")), (), "", 0, body.answer_within_ms
    )
    assert 0 < body.answer_within_ms <= 2000
    assert content == b""
    assert response.status_code == 200
    assert response.json()["id"] == "r-1"
    assert set(response.headers) == {
        "Content-Type", "Content-Length", "Cache-Control", "Server", "Ferrygate-Unit", "Date",
    }  # fmt: skip
    assert response.headers["Content-Type"] == "application/fhir+json"
    assert response.headers["Server"] == "gate"
    assert response.headers["Cache-Control"] == "no-store"
    assert hear(response.headers["Ferrygate-Unit"]) == unit.number


def test_listed_headers_go_and_come() -> None:
    asker = MemoryAsker(lambda n, unit, _: answer_to(unit, headers=(("etag", '"1"'), ("x-b", "2"))))
    with running(PLAIN, asker) as gate:
        response = requests.get(
            f"http://127.0.0.1:{gate.port}/fhir/DiagnosticReport/r-1",
            headers={"X-Purpose": "care"},
            timeout=5,
        )
    assert body_of(asker.asked[0][0]).headers == (("x-purpose", "care"),)
    assert response.headers["ETag"] == '"1"'
    assert "X-B" not in response.headers


def curl(gate_port: int, *arguments: str) -> tuple[int, str]:
    url = f"http://127.0.0.1:{gate_port}/fhir/DiagnosticReport"
    done = subprocess.run(
        ["curl", "-sS", "-w", "\n%{http_code}", *arguments, url],
        capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def test_curl_back_to_back_with_a_real_service(tmp_path: Path) -> None:
    peer = Peer()
    holder: list[HttpSink] = []

    class Late(HttpSink):
        """A sink that learns its peer's port when it starts."""

        def __init__(self) -> None:
            super().__init__(Calling("reports", "127.0.0.1", 1, None, OPERATIONS))

        async def start(self) -> None:
            await peer.start()
            super().__init__(Calling("reports", "127.0.0.1", peer.port, None, OPERATIONS))
            await super().start()

        async def close(self) -> None:
            await super().close()
            await peer.close()

    sink = Late()
    holder.append(sink)
    large = tmp_path / "large.json"
    large.write_text(json.dumps({"text": "x" * 60_000}))
    with running(PLAIN, BackToBack(sink), parts=(sink,)) as gate:
        json_type = ("-H", "Content-Type: application/json")
        assert curl(gate.port, *json_type, "-d", '{"a": 1}')[0] == 200
        assert curl(gate.port, *json_type, "--data-binary", f"@{large}")[0] == 200
        assert curl(gate.port, *json_type, "-H", "Transfer-Encoding: chunked", "-d", "{}")[0] == 200
        status, body = curl(gate.port, "-G", "-d", "name=li")
        assert (status, json.loads(body)["number"]) == (400, "FG-2355")
    assert [seen.content for seen in peer.seen] == [b'{"a": 1}', large.read_bytes(), b"{}"]
    names = {name.lower() for seen in peer.seen for name, _ in seen.headers}
    assert "user-agent" not in names


def test_what_may_be_repeated_is_tried_three_times_with_new_numbers() -> None:
    def behave(count: int, unit: CapturedUnit, _: bytes) -> Answered:
        if count < 2:
            raise StateUncertain(6370) if count else Unavailable(6371)
        return answer_to(unit)

    asker = MemoryAsker(behave)
    with running(PLAIN, asker) as gate:
        assert status_of(exchange(gate.port, CALL)) == 200
        answered = next(one for one in gate.journal.told if one.what == "call.answered")
    assert len({unit.number for unit, _ in asker.asked}) == 3
    left = [body_of(unit).answer_within_ms for unit, _ in asker.asked]
    assert left == sorted(left, reverse=True) and len(set(left)) == 3, "one deadline for all"
    assert answered.fields["tries"] == 3


@pytest.mark.parametrize(
    ("error", "status", "number"),
    [
        (StateUncertain(6370), 504, "FG-6370"),
        (Unavailable(6371), 503, "FG-6371"),
        (Refused(2358, type="x"), 403, "FG-2358"),
        (Refused(6385, status=500, operation="read"), 502, "FG-6385"),
        (Refused(2359, performed=1), 502, "FG-2359"),
        (RuntimeError("inside"), 500, "FG-6372"),
    ],
)
def test_what_went_wrong_is_told_by_its_status(error: Exception, status: int, number: str) -> None:
    def behave(_count: int, _unit: CapturedUnit, _content: bytes) -> Answered:
        raise error

    asker = MemoryAsker(behave)
    with running(PLAIN, asker) as gate:
        answer = exchange(gate.port, CREATE)
        problem = problem_in(answer)
    assert status_of(answer) == status
    assert problem["number"] == number
    assert len(asker.asked) == 1, "a POST is asked once"
    assert hear(str(problem["unit"])) == asker.asked[0][0].number
    assert b"inside" not in answer
    assert (b"Retry-After: 1" in answer) is (status == 503)
    what = {504: "call.unknown"}.get(status, "call.refused")
    assert [one.unit for one in gate.journal.told if one.what == what] == [asker.asked[0][0].number]


class Silent:
    """A gate that never answers."""

    def __init__(self) -> None:
        self.asked: list[CapturedUnit] = []
        self.cancelled = 0

    async def ask(self, unit: CapturedUnit, content: bytes) -> Answered:
        self.asked.append(unit)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        raise AssertionError


def test_time_without_an_answer_is_outcome_unknown() -> None:
    asker = Silent()
    settings = replace(PLAIN, answer_within_s=0.6)
    with running(settings, asker) as gate:  # type: ignore[arg-type]
        began_s = time.monotonic()
        assert problem_in(exchange(gate.port, CREATE))["number"] == "FG-6370"
        assert len(asker.asked) == 1
        assert status_of(exchange(gate.port, CALL)) == 504
        assert len(asker.asked) == 4, "company after each third of the time, three at most"
        assert time.monotonic() - began_s < 3
        assert asker.cancelled == 4
        assert gate.source.under_way == 0


def test_the_first_answer_counts_when_one_is_slow() -> None:
    class SlowFirst(MemoryAsker):
        async def ask(self, unit: CapturedUnit, content: bytes) -> Answered:
            answer = await super().ask(unit, content)
            if len(self.asked) == 1:
                await asyncio.sleep(60)
            return answer

    asker = SlowFirst()
    with running(replace(PLAIN, try_again_after_s=0.2), asker) as gate:
        answer = exchange(gate.port, CALL)
    assert status_of(answer) == 200
    assert len(asker.asked) == 2


def test_rates_and_numbers_at_once_are_bounded() -> None:
    limits = Limits(caller_rate=Rate(2, 60.0))
    with running(replace(PLAIN, limits=limits)) as gate:
        answers = [exchange(gate.port, CALL) for _ in range(3)]
        assert [status_of(answer) for answer in answers] == [200, 200, 429]
        assert problem_in(answers[2])["number"] == "FG-6360"
        assert b"Retry-After: 30\r\n" in answers[2] or b"Retry-After: 29\r\n" in answers[2]
    asker = Silent()
    for bounded, number in (
        (Limits(caller_at_once=1), "FG-6361"),
        (Limits(channel_at_once=1), "FG-6363"),
    ):
        settings = replace(PLAIN, limits=bounded, answer_within_s=1.0)
        with running(settings, asker) as gate, ThreadPoolExecutor() as pool:  # type: ignore[arg-type]
            first = pool.submit(exchange, gate.port, CREATE)
            time.sleep(0.3)
            assert problem_in(exchange(gate.port, CREATE))["number"] == number
            assert status_of(first.result()) == 504
            assert problem_in(exchange(gate.port, CREATE))["number"] == "FG-6370", "it has left"


def test_content_in_hand_is_bounded() -> None:
    with running(replace(PLAIN, limits=Limits(content_bytes=1))) as gate:
        answer = exchange(gate.port, CREATE)
        assert status_of(answer) == 503
        assert problem_in(answer)["number"] == "FG-6364"
        assert status_of(exchange(gate.port, CALL)) == 200


def test_a_caller_that_is_gone_loses_its_answer_and_that_is_told() -> None:
    class Slow(MemoryAsker):
        async def ask(self, unit: CapturedUnit, content: bytes) -> Answered:
            answer = await super().ask(unit, content)
            await asyncio.sleep(0.4)
            finished.set()
            return answer

    finished = threading.Event()
    with running(PLAIN, Slow()) as gate:
        with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as stream:
            stream.sendall(CREATE)
            time.sleep(0.1)
        assert finished.wait(5), "the request goes on without its caller"
        until_s = time.monotonic() + 5
        while not gate.journal.numbers("call.dropped") and time.monotonic() < until_s:
            time.sleep(0.02)
        assert gate.journal.numbers("call.dropped") == [6373]
        assert gate.journal.numbers("call.answered") == []


def test_a_stop_lets_what_is_under_way_end() -> None:
    class Slow(MemoryAsker):
        async def ask(self, unit: CapturedUnit, content: bytes) -> Answered:
            await asyncio.sleep(0.5)
            return answer_to(unit)

    with ThreadPoolExecutor() as pool:
        with running(PLAIN, Slow()) as gate:
            port = gate.port
            idle = socket.create_connection(("127.0.0.1", port), timeout=5)
            under_way = pool.submit(exchange, port, CREATE.replace(b"Connection: close\r\n", b""))
            time.sleep(0.2)
        assert status_of(under_way.result()) == 200
        assert b"Connection: close" in under_way.result()
        assert idle.recv(10) == b""
        idle.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_stop_does_not_wait_for_ever() -> None:
    settings = replace(PLAIN, answer_within_s=60, patience=Patience(stop_s=0.3))
    with ThreadPoolExecutor() as pool:
        began_s = time.monotonic()
        with running(settings, Silent()) as gate:  # type: ignore[arg-type]
            under_way = pool.submit(exchange, gate.port, CREATE)
            time.sleep(0.2)
        assert time.monotonic() - began_s < 4
        under_way.result()


def test_an_answer_that_its_caller_does_not_take_is_let_go() -> None:
    content = b'"' + b"x" * 4_000_000 + b'"'
    asker = MemoryAsker(lambda n, unit, _: answer_to(unit, content=content))
    patience = Patience(stall_s=0.5)
    with running(replace(PLAIN, patience=patience), asker) as gate, socket.socket() as stream:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stream.connect(("127.0.0.1", gate.port))
        stream.sendall(CALL.replace(b"Connection: close\r\n", b""))
        until_s = time.monotonic() + 5
        time.sleep(0.3)
        assert gate.source.connections == 1
        while gate.source.connections and time.monotonic() < until_s:
            time.sleep(0.05)
        assert gate.source.connections == 0


def test_an_answer_outside_its_operation_does_not_reach_the_caller() -> None:
    asker = MemoryAsker(lambda n, unit, _: answer_to(unit, status=500))
    with running(PLAIN, asker) as gate:
        answer = exchange(gate.port, CALL)
    assert status_of(answer) == 502
    assert problem_in(answer)["number"] == "FG-6385"


def test_a_submit_channel_answers_with_a_receipt() -> None:
    class Queue:
        taken: list[tuple[CapturedUnit, bytes]] = []  # noqa: RUF012
        full = False

        async def submit(self, unit: CapturedUnit, content: bytes) -> None:
            if self.full:
                raise Unavailable(6502, free=0, needed=1, folder="q")
            self.taken.append((unit, content))

    queue = Queue()
    gate_of = Gate(matching(), iter(range(7, 99)).__next__, Journal(), None, queue)
    with running(replace(PLAIN, submits=True), gate=gate_of) as gate:
        answer = exchange(gate.port, CREATE)
        assert status_of(answer) == 202
        receipt = json.loads(answer.partition(b"\r\n\r\n")[2])["receipt"]
        assert hear(receipt) == queue.taken[0][0].number == 7
        assert queue.taken[0][1] == b"{}"
        assert gate.journal.numbers("call.submitted") == [0]
        queue.full = True
        assert status_of(exchange(gate.port, CREATE)) == 503


@pytest.mark.parametrize("name", ["HttpRequestParser", "HttpResponseParser"])
def test_without_the_parser_in_c_nothing_starts(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(http_parser, name, getattr(http_parser, f"{name}Py"))
    with pytest.raises(Misconfigured) as caught, running():
        pass
    assert caught.value.number == 6392


def test_two_readers_that_differ_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    asker = MemoryAsker()
    monkeypatch.setattr(web.BaseRequest, "raw_path", "/fhir/DiagnosticReport/other")
    with running(PLAIN, asker) as gate:
        # What is chunked goes through aiohttp's server; what is whole: test_whole.py.
        chunked = CALL[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        assert problem_in(exchange(gate.port, chunked))["number"] == "FG-6322"
    assert asker.asked == []


def test_a_port_that_is_taken_does_not_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = replace(PLAIN, port=taken.getsockname()[1])
        with pytest.raises(Misconfigured) as caught, running(settings):
            pass
    assert caught.value.number == 6396


def test_a_loop_that_ended_ends_the_process() -> None:
    with running() as gate:
        assert gate.beside.step(0.0) > 0
        gate.beside._loop.call_soon_threadsafe(gate.beside._loop.stop)
        gate.beside._thread.join(5)
        with pytest.raises(StateUncertain) as caught:
            gate.beside.step(0.0)
        assert caught.value.number == 6374


def test_an_answer_says_only_our_own_headers() -> None:
    assert issubclass(Answer, web.Response)
    with running() as gate:
        answer = exchange(gate.port, CALL)
    names = {
        line.partition(b":")[0] for line in answer.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    }
    assert names == {
        b"Content-Type", b"Content-Length", b"Cache-Control", b"Server", b"Ferrygate-Unit", b"Date",
        b"Connection",
    }  # fmt: skip
