"""Requests that two readers could understand differently, and those that never end: none reaches the gate.

Each row is what goes over a socket, byte for byte, and the status that must come back. No row may be asked
through the gate, and no row may get a second answer out of what it smuggled behind the first.
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.connectors.request.limits import Limits
from gateway.connectors.request.settings import Patience
from gateway.unit.request import RequestBody
from tests.attacks.http_requests import ATTACKS, GET, H, get, post
from tests.gateway.connectors.request.harness import (
    PLAIN,
    MemoryAsker,
    Running,
    exchange,
    problem_in,
    running,
    status_of,
)


@pytest.fixture(scope="module")
def gate() -> Iterator[tuple[Running, MemoryAsker]]:
    asker = MemoryAsker()
    with running(PLAIN, asker) as made:
        yield made, asker


def test_the_table_is_long_enough() -> None:
    assert len(ATTACKS) >= 60
    assert len({name for name, _, _ in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize(("name", "sent", "status"), ATTACKS, ids=[a[0] for a in ATTACKS])
def test_is_refused_and_never_asked(
    gate: tuple[Running, MemoryAsker], name: str, sent: bytes, status: int
) -> None:
    made, asker = gate
    told = len(made.journal.told)
    # At once, then cut in two: a seam must not change what is understood.
    for parts in ([sent], [sent[: len(sent) // 2], sent[len(sent) // 2 :]]):
        answer = exchange(made.port, parts)
        assert status_of(answer) == status, answer[:400]
        assert asker.asked == []
        problem = problem_in(answer)
        assert problem["status"] == status
        assert set(problem) <= {"type", "title", "status", "number", "unit"}
        assert len(re.findall(rb"^HTTP/1.1 [1-5]", answer, re.MULTILINE)) == 1
        assert b"aiohttp" not in answer and b"Python" not in answer and b"Traceback" not in answer
    assert len(made.journal.told) >= told


def test_an_honest_request_passes_the_same_door(gate: tuple[Running, MemoryAsker]) -> None:
    made, asker = gate
    answer = exchange(made.port, get(b"/fhir/DiagnosticReport/r-1", b"Connection: close\r\n"))
    assert status_of(answer) == 200
    assert len(asker.asked) == 1
    asker.asked.clear()
    chunked = post(
        b"Connection: close\r\nTransfer-Encoding: chunked\r\n", b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    )
    answer = exchange(made.port, [chunked[i : i + 1] for i in range(len(chunked))])
    assert status_of(answer) == 200
    assert [content for _, content in asker.asked] == [b"{}"]
    asker.asked.clear()


def test_pipelined_requests_are_answered_in_order() -> None:
    asker = MemoryAsker()
    first = get(b"/fhir/DiagnosticReport/r-1")
    second = post(b"Content-Length: 2\r\n", b"{}")
    third = get(b"/fhir/DiagnosticReport/r-3", b"Connection: close\r\n")
    with running(PLAIN, asker) as made:
        answer = exchange(made.port, first + second + third)
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    heads = [unit.body for unit, _ in asker.asked if isinstance(unit.body, RequestBody)]
    assert len(heads) == len(asker.asked)
    assert [head.operation for head in heads] == ["read", "create", "read"]
    units = [line for line in answer.split(b"\r\n") if line.startswith(b"Ferrygate-Unit")]
    assert len(set(units)) == 3


def test_a_bad_request_behind_a_good_one_is_answered_after_it() -> None:
    asker = MemoryAsker()
    with running(PLAIN, asker) as made:
        answer = exchange(
            made.port, get(b"/fhir/DiagnosticReport/r-1") + b"FROB / HTTP/1.1\r\n\r\n"
        )
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.count(b"HTTP/1.1 405") == 1
    assert len(asker.asked) == 1


def test_more_behind_a_request_than_anyone_needs_ends_the_connection() -> None:
    asker = MemoryAsker()
    with running(PLAIN, asker) as made:
        answer = exchange(made.port, get(b"/fhir/DiagnosticReport/r-1") * 4000)
        assert answer.count(b"HTTP/1.1 ") <= len(asker.asked)
        assert len(asker.asked) < 4000


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (GET + H, b"X-A: 1\r\n"),
        (b"", b"G"),
        (post(b"Content-Length: 100\r\n"), b"x"),
        (post(b"Transfer-Encoding: chunked\r\n"), b"1\r\nx\r\n"),
    ],
    ids=["slow headers", "slow first line", "slow body", "slow chunks"],
)
def test_what_comes_too_slowly_is_ended(begin: bytes, piece: bytes) -> None:
    asker = MemoryAsker()
    patience = Patience(head_s=0.6, body_s=0.6, idle_s=5.0)
    with running(replace(PLAIN, patience=patience), asker) as made:
        began_s = time.monotonic()
        with socket.create_connection(("127.0.0.1", made.port), timeout=5) as stream:
            stream.sendall(begin)
            stream.settimeout(0.2)
            answer = b""
            while not answer and time.monotonic() - began_s < 5:
                try:
                    stream.sendall(piece)
                    answer = stream.recv(65536)
                except TimeoutError:
                    continue
        assert status_of(answer) == 408
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["number"] == "FG-6323"
        assert time.monotonic() - began_s < 2.5
    assert asker.asked == []


def test_a_connection_that_says_nothing_ends() -> None:
    with running(replace(PLAIN, patience=Patience(idle_s=0.4))) as made:
        began_s = time.monotonic()
        assert exchange(made.port, b"") == b""
        assert time.monotonic() - began_s < 2.5


def test_connections_are_bounded() -> None:
    with running(replace(PLAIN, most_connections=3)) as made:
        held = [socket.create_connection(("127.0.0.1", made.port), timeout=5) for _ in range(3)]
        time.sleep(0.3)
        assert exchange(made.port, get(b"/fhir/DiagnosticReport/r-1")) == b""
        assert made.journal.numbers("caller.refused") == [6365]
        for one in held:
            one.close()
        time.sleep(0.3)
        assert status_of(exchange(made.port, get(b"/", b"Connection: close\r\n"))) == 404


def test_a_flood_of_refused_requests_does_not_fill_the_journal() -> None:
    with running(replace(PLAIN, limits=Limits())) as made:
        for _ in range(60):
            with socket.create_connection(("127.0.0.1", made.port), timeout=5) as stream:
                stream.sendall(b"FROB / HTTP/1.1\r\n\r\n")
                assert stream.recv(12) == b"HTTP/1.1 405"
    told = [one for one in made.journal.told if one.number == 6303]
    assert len(told) == 21
    assert told[-1].fields == {"more": 40}
