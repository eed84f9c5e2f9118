"""Bodies far above 4 MiB through a whole gate over HTTP: in bounded memory, inspected before released."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import requests
from aiohttp import web

from client.ferrygate_client import Client
from gateway.connectors.request.loop import Beside
from gateway.management.demo.cases import write_large
from gateway.management.layout import Role
from gateway.management.trial import Trial, add_policy
from gateway.policy.samples import generate_sample
from gateway.unit.model import Side
from tests.gateway.connectors.request.certificates import Authority
from tests.gateway.connectors.request.peer import Peer
from tests.support.channel_text import channel_text
from tests.support.gate import Gate, big_table, gate
from tests.support.http_gate import free_port, place_tls

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]
MIB: Final = 1 << 20
SIZE_BYTES: Final = 256 * MIB
# Above what a process has with small requests. Ferries have windows, which fill on a loaded machine; a body
# held whole would show in any.
GROWN_MIB: Final = {Role.EDGE: 48, Role.GUARD: 64, Role.FERRY: 140}
CHANNEL: Final = "objects"
OPERATIONS: Final = """\
operations:
  store:
    call: POST /objects
    body: dicom, at most 300 MiB
    answers: {200: "json, at most 1 KiB"}
  stow:
    call: POST /studies
    body: multipart of dicom, at most 64 MiB
    answers: {200: "json, at most 1 KiB"}
  table:
    call: POST /tables
    body: csv, at most 64 MiB, malware clean
    answers: {200: "json, at most 1 KiB"}
  fetch:
    call: GET /objects/{id}
    id: text at most 40
    answers: {200: "dicom, at most 300 MiB"}

limits:
  answer_within: 90 s

tests:
  - name: an object can be fetched
    try: {call: GET /objects/1}
    expect: delivered
"""


class Archive(Peer):
    """Digests what it is given; gives a file."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self.got: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            headers = {"Content-Type": "application/dicom"}
            return web.FileResponse(self.file, headers=headers)
        digest = hashlib.sha256()
        async for piece in request.content.iter_chunked(MIB):
            digest.update(piece)
        self.got.append(digest.hexdigest())
        while not self.may_answer.is_set():
            await asyncio.sleep(0.02)
        return web.json_response({"sha256": digest.hexdigest()})


@dataclass
class Large:
    gate: Gate
    peer: Archive
    url: str
    verify: str
    cert: tuple[str, str]
    file: Path
    digest: str

    def post(self, target: str, content: bytes | Iterator[bytes], kind: str) -> requests.Response:
        headers = {"Content-Type": kind}
        return requests.post(
            self.url + target, data=content, headers=headers, verify=self.verify, cert=self.cert,
            timeout=100,
        )  # fmt: skip

    def client(self) -> Client:
        return Client(
            self.url, ca=self.verify, certificate=self.cert[0], certificate_key=self.cert[1],
            timeout_s=100.0,
        )  # fmt: skip


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Large]:
    folder = tmp_path_factory.mktemp("http-large")
    authority = Authority(folder / "ca")
    file = folder / "scan.dcm"
    for _ in write_large(file, SIZE_BYTES):
        pass
    peer, port = Archive(file), free_port()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        beside = Beside([peer], "peer")
        stack.callback(beside.close)

        def prepare(trial: Trial) -> None:
            text = channel_text(CHANNEL, port, f"http: localhost:{peer.port}", OPERATIONS)
            for side in Side:
                add_policy(trial, side, f"40-{CHANNEL}.yaml", text)
            place_tls(trial, CHANNEL, authority, authority.server("localhost"), to_peer=False)

        running = stack.enter_context(gate(folder, "two-way", prepare=prepare))
        device = authority.device("portal-01")
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        made = Large(
            running, peer, f"https://localhost:{port}", str(authority.ca),
            (str(device[0]), str(device[1])), file, digest,
        )  # fmt: skip
        running.until(lambda: _listens(made), "it listens", 20)
        yield made


def _listens(made: Large) -> bool:
    try:
        return made.post("/nothing", b"", "text/plain").status_code == 404
    except requests.ConnectionError:
        return False


def test_a_large_body_and_answer_cross_while_every_process_stays_small(
    large: Large, tmp_path: Path
) -> None:
    small = large.post("/tables", b"a,b\n1,2\n", "text/csv")
    assert small.status_code == 200, small.text
    before = large.gate.peak_mib()
    with large.client() as caller, (tmp_path / "answer").open("w+b") as answer:
        reply = caller.upload("POST", "/objects", str(large.file), "application/dicom")
        assert reply.json() == {"sha256": large.digest}
        assert caller.call("GET", "/objects/1", into=answer).status == 200
        answer.seek(0)
        assert hashlib.file_digest(answer, "sha256").hexdigest() == large.digest
    after = large.gate.peak_mib()
    grown = {who: round(after[who] - mib) for who, mib in before.items()}
    print(f"{SIZE_BYTES >> 20} MiB there and back; grown by {grown}")
    assert len(grown) == 6
    allowed = {who: GROWN_MIB[Role(who.split()[1])] for who in grown}
    assert {who: mib for who, mib in grown.items() if mib >= allowed[who]} == {}


def test_what_is_wrong_at_its_end_never_reaches_the_peer(large: Large) -> None:
    got = len(large.peer.got)
    table = big_table(8 * MIB, 1)
    infected = large.post("/tables", table + generate_sample("eicar") + b",1,2,3,4\n", "text/csv")
    assert infected.status_code == 403, infected.text
    cut = large.file.read_bytes()[: 40 * MIB]
    broken = large.post("/objects", cut, "application/dicom")
    assert broken.status_code == 403, broken.text
    assert large.post("/tables", table, "text/csv").status_code == 200
    assert len(large.peer.got) == got + 1


def test_each_part_of_a_large_multipart_is_looked_at(large: Large, tmp_path: Path) -> None:
    for _ in write_large(tmp_path / "part.dcm", 6 * MIB):
        pass
    part, got = (tmp_path / "part.dcm").read_bytes(), len(large.peer.got)
    head = b"Content-Type: application/dicom\r\n\r\n"
    kind = 'multipart/related; type="application/dicom"; boundary=b'
    for last, status in ((part, 200), (b"%PDF-1.4 " + part, 403)):
        content = b"--b\r\n" + head + part + b"\r\n--b\r\n" + head + last + b"\r\n--b--\r\n"
        told = large.post("/studies", content, kind)
        assert told.status_code == status, told.text
    assert len(large.peer.got) == got + 1


def test_an_upload_goes_on_after_its_edge_was_killed(large: Large, tmp_path: Path) -> None:
    file = tmp_path / "scan.dcm"
    for _ in write_large(file, 12 * MIB):
        pass
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    killed: list[int] = []

    def progress(done: int, _size: int) -> None:
        if done and not killed:
            killed.append(large.gate.signal(Side.OUTER, Role.EDGE, signal.SIGKILL))

    with large.client() as caller:
        reply = caller.upload("POST", "/objects", str(file), "application/dicom", progress=progress)
    assert killed[0]
    assert (reply.status, reply.json()) == (200, {"sha256": digest})
    assert large.peer.got.count(digest) == 1


def test_the_answer_comes_although_both_guards_were_killed_meanwhile(large: Large) -> None:
    got = len(large.peer.got)
    large.peer.may_answer.clear()
    try:
        with ThreadPoolExecutor(1) as pool:
            told = pool.submit(large.post, "/tables", b"a,b\n3,4\n", "text/csv")
            large.gate.until(lambda: len(large.peer.got) > got, "its peer has it", 30)
            for side in Side:
                with large.gate.dead(side, Role.GUARD):
                    pass
            large.peer.may_answer.set()
            assert told.result(90).status_code == 200, told.result().text
    finally:
        large.peer.may_answer.set()
    assert len(large.peer.got) == got + 1


def test_nothing_is_left_at_the_edges(large: Large) -> None:
    def left() -> list[Path]:
        hosts = [large.gate.trial.host(side) for side in Side]
        staged = [path for host in hosts for path in host.root.glob("queues/*/*/staging/*")]
        return staged + [p for host in hosts for p in host.uploads.glob("*/*")]

    large.gate.until(lambda: not left(), "staging and uploads are empty", 20)
    assert large.gate.pid(Side.OUTER, Role.EDGE)
