"""Bodies above 4 MiB at the two ends: through files, in bounded memory, in order, and nothing left behind."""

from __future__ import annotations

import hashlib
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from aiohttp import web

from gateway.connectors.request.disk_room import DiskLimits, DiskRoom
from gateway.connectors.request.settings import Patience
from gateway.errors import Refused, Unavailable
from tests.gateway.connectors.request.harness import PLAIN, exchange, problem_in, status_of
from tests.gateway.connectors.request.large_harness import LIMIT, MIB, large_gate
from tests.gateway.connectors.request.peer import Peer

TYPE = {"Content-Type": "application/dicom"}
BIG = bytes(range(256)) * 4096 * 9 + b"end"


def big(size_bytes: int) -> Iterator[bytes]:
    for at in range(0, size_bytes, MIB):
        yield bytes([at // MIB % 251]) * min(MIB, size_bytes - at)


class Digesting(Peer):
    """A peer that reads in pieces and answers with as many bytes as it is asked for."""

    def __init__(self, answer_bytes: int = 0) -> None:
        super().__init__()
        self.answer_bytes = answer_bytes
        self.digests: list[tuple[int, str]] = []
        self.lengths: list[str | None] = []

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        digest, size_bytes = hashlib.sha256(), 0
        async for piece in request.content.iter_chunked(MIB):
            digest.update(piece)
            size_bytes += len(piece)
        self.digests.append((size_bytes, digest.hexdigest()))
        self.lengths.append(request.headers.get("Content-Length"))
        if not self.answer_bytes:
            return web.Response(status=204)
        response = web.StreamResponse(headers=TYPE)
        await response.prepare(request)
        for piece in big(self.answer_bytes):
            await response.write(piece)
        return response


def test_a_large_body_and_a_large_answer_pass_whole(tmp_path: Path) -> None:
    peer = Digesting(9 * MIB)
    with large_gate(tmp_path, peer) as gate:
        told = requests.post(f"{gate.url}/objects", data=BIG, headers=TYPE, timeout=20)
        assert told.status_code == 200
        assert told.content == b"".join(big(9 * MIB))
        assert told.headers["Content-Length"] == str(9 * MIB)
        assert told.headers["Content-Type"] == "application/dicom"
        assert peer.digests == [(len(BIG), hashlib.sha256(BIG).hexdigest())]
        assert peer.lengths == [str(len(BIG))]
        chunked = requests.post(f"{gate.url}/objects", data=big(5 * MIB), headers=TYPE, timeout=20)
        fetched = requests.get(f"{gate.url}/objects/o-1", timeout=20)
        assert (chunked.status_code, len(fetched.content)) == (200, 9 * MIB)
        until(lambda: gate.submitter.let_go == [1, 2, 3])
        assert gate.journal.numbers("call.answered") == [0, 0, 0]
        assert (gate.room.held, gate.room.held_bytes) == (0, 0)
        # What is left are the answers, which the queue would take away.
        assert len(gate.left()) == 3


def test_curl_sends_a_file_and_keeps_a_large_answer(tmp_path: Path) -> None:
    file, answer = tmp_path / "file", tmp_path / "answer"
    file.write_bytes(BIG)
    peer = Digesting(9 * MIB)
    with large_gate(tmp_path, peer) as gate:
        subprocess.run(
            ["curl", "-sS", "-H", "Content-Type: application/dicom", "--data-binary", f"@{file}",
             "-o", str(answer), f"{gate.url}/objects"],
            check=True, timeout=30,
        )  # fmt: skip
    assert peer.digests == [(len(BIG), hashlib.sha256(BIG).hexdigest())]
    assert answer.read_bytes() == b"".join(big(9 * MIB))


@pytest.mark.parametrize("before", [b"", b"\r\n"], ids=["", "preamble of nothing"])
def test_parts_begin_with_their_boundary_at_both_ends(tmp_path: Path, before: bytes) -> None:
    typed = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=of-parts'}
    parts = (
        b"--of-parts\r\nContent-Type: application/dicom\r\n\r\n"
        + BIG[: 5 * MIB]
        + b"\r\n--of-parts--"
    )

    async def archive(request: web.Request) -> web.Response:
        return web.Response(body=before + await request.read(), headers=typed)

    peer = Peer(archive)
    with large_gate(tmp_path, peer) as gate:
        told = requests.post(f"{gate.url}/studies", data=before + parts, headers=typed, timeout=20)
        assert (told.status_code, told.headers["Content-Length"]) == (200, str(len(parts)))
        assert told.content == parts == peer.seen[0].content
        wrong = requests.post(
            f"{gate.url}/studies", data=b"\r\n" * 2 + parts, headers=typed, timeout=20
        )
        assert (wrong.status_code, wrong.json()["number"]) == (400, "FG-6328")


def test_a_small_operation_goes_the_way_that_it_went(tmp_path: Path) -> None:
    with large_gate(tmp_path, Digesting()) as gate:
        told = requests.get(f"{gate.url}/fhir/DiagnosticReport/r-1", timeout=20)
        # Its way is the asker's, and this gate has none.
        assert told.status_code == 500
        assert gate.submitter.units == []


@pytest.mark.parametrize(
    ("data", "headers", "number", "status"),
    [
        (b"x" * 10, {"Content-Length": str(LIMIT + 1)}, 6325, 413),
        (b"", {}, 6327, 415),
        (b"x" * 10, {"Content-Type": "text/plain"}, 6327, 415),
    ],
)
def test_what_is_too_long_or_of_another_type_is_refused_before_the_disk(
    tmp_path: Path, data: bytes, headers: dict[str, str], number: int, status: int
) -> None:
    with large_gate(tmp_path, Digesting()) as gate:
        said = {**TYPE, "Content-Length": str(len(data)), "Connection": "close", **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        sent = f"POST /objects HTTP/1.1\r\nHost: gate\r\n{lines}\r\n".encode() + data
        answer = exchange(gate.source.port, sent)
        assert (status_of(answer), problem_in(answer)["number"]) == (status, f"FG-{number}")
        assert gate.left() == []
        assert gate.submitter.units == []


def test_chunks_beyond_the_limit_end_in_413_and_leave_nothing(tmp_path: Path) -> None:
    with large_gate(tmp_path, Digesting()) as gate:
        told = exchange(
            gate.source.port,
            b"POST /objects HTTP/1.1\r\nHost: g\r\nContent-Type: application/dicom\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n13000000\r\n",
        )
        assert status_of(told) == 413
        assert gate.left() == []
        assert gate.room.held == 0


def test_a_caller_that_goes_away_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    peer = Digesting()
    with large_gate(tmp_path, peer) as gate:
        with socket.create_connection(("127.0.0.1", gate.source.port), 5) as caller:
            caller.sendall(
                b"POST /objects HTTP/1.1\r\nHost: g\r\nContent-Type: application/dicom\r\n"
                b"Content-Length: 9000000\r\n\r\n" + b"x" * 2_000_000
            )
            until(lambda: gate.room.held == 1)
        until(lambda: gate.room.held == 0)
        assert gate.left() == []
        assert peer.digests == []


def test_a_slow_body_ends_by_the_floor_and_not_by_its_length(tmp_path: Path) -> None:
    patience = Patience(body_s=0.4, free_bytes=1000, floor_bytes_s=1000)
    assert patience.of_body_s(900) == patience.body_s
    assert patience.of_body_s(3000) == pytest.approx(2.4)
    assert patience.of_answer_s(3000) == pytest.approx(32.0)
    with large_gate(tmp_path, Digesting(), replace(PLAIN, patience=patience)) as gate:
        began_s = time.monotonic()
        answer = exchange(
            gate.source.port,
            b"POST /objects HTTP/1.1\r\nHost: g\r\nContent-Type: application/dicom\r\n"
            b"Content-Length: 9000000\r\n\r\n" + b"x" * 1500,
        )
        assert status_of(answer) == 408
        assert time.monotonic() - began_s > 0.9
        assert gate.left() == []


def test_an_answer_above_its_limit_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with large_gate(tmp_path, Digesting(LIMIT + MIB)) as gate:
        told = requests.get(f"{gate.url}/objects/o-1", timeout=60)
        assert (told.status_code, told.json()["number"]) == (502, "FG-6386")
        assert gate.left() == []


def test_a_caller_that_reads_no_answer_lets_go_of_it(tmp_path: Path) -> None:
    listening = replace(PLAIN, patience=Patience(stall_s=0.3))
    with (
        large_gate(tmp_path, Digesting(80 * MIB), listening) as gate,
        socket.create_connection(("127.0.0.1", gate.source.port), 5) as caller,
    ):
        caller.sendall(b"GET /objects/o-1 HTTP/1.1\r\nHost: g\r\n\r\n")
        assert caller.recv(12) == b"HTTP/1.1 200"
        until(lambda: gate.submitter.let_go == [1])
        assert gate.journal.numbers("call.dropped") == [6373]
        assert gate.journal.numbers("call.answered") == []


def test_a_failed_submit_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with large_gate(tmp_path, Digesting()) as gate:
        gate.submitter.fails = Unavailable(6502)
        told = requests.post(f"{gate.url}/objects", data=BIG, headers=TYPE, timeout=20)
        assert (told.status_code, told.json()["number"]) == (503, "FG-6502")
        gate.submitter.fails = Refused(1080)
        told = requests.post(f"{gate.url}/objects", data=BIG, headers=TYPE, timeout=20)
        assert told.status_code == 403
        assert gate.left() == []


def test_room_on_disk_is_held_before_the_first_byte(tmp_path: Path) -> None:
    with large_gate(tmp_path, Digesting(), limits=DiskLimits(most_bytes=8 * MIB)) as gate:
        told = requests.post(f"{gate.url}/objects", data=BIG, headers=TYPE, timeout=20)
        assert (told.status_code, told.json()["number"]) == (503, "FG-6451")
        assert told.headers["Retry-After"]


def test_a_sink_without_room_for_the_answer_asks_nobody(tmp_path: Path) -> None:
    peer = Digesting(9 * MIB)
    with large_gate(tmp_path, peer, answers=DiskLimits(most_bytes=LIMIT - 1)) as gate:
        told = requests.get(f"{gate.url}/objects/o-1", timeout=20)
        assert told.status_code == 503
        assert peer.digests == []


def test_room_counts_bodies_bytes_and_what_the_disk_keeps_free(tmp_path: Path) -> None:
    free = 100
    room = DiskRoom(tmp_path, DiskLimits(most=2, most_bytes=80, reserve_bytes=30), lambda: free)
    room.hold(40)
    for size_bytes, number in ((41, 6451), (31, 6452)):
        with pytest.raises(Unavailable) as caught:
            room.hold(size_bytes)
        assert caught.value.number == number
    room.hold(30)
    with pytest.raises(Unavailable) as caught:
        room.hold(1)
    assert caught.value.number == 6450
    room.release(40)
    free = 61
    room.hold(1)


def until(holds: object, within_s: float = 10.0) -> None:
    assert callable(holds)
    end_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_both_ends_stay_small_beside_128_mib(tmp_path: Path) -> None:
    """In a process of its own, so that the peak is theirs. The caller and the peer are in it, too."""
    done = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import measured; measured({str(tmp_path)!r})"],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    grown_mib = int(done.stdout.split()[-1])
    assert grown_mib < 60, grown_mib


def measured(folder: str) -> None:
    peer = Digesting(128 * MIB)
    with large_gate(Path(folder), peer) as gate:
        requests.get(f"{gate.url}/objects", timeout=20)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with requests.post(
            f"{gate.url}/objects", data=big(128 * MIB), headers=TYPE, timeout=60, stream=True
        ) as told:
            got = sum(len(piece) for piece in told.iter_content(MIB))
        assert (peer.digests[0][0], got) == (128 * MIB, 128 * MIB)
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
