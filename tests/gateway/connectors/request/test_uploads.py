"""Uploads that resume: tus as its own client speaks it, restarts, ends by age, and whoever means ill."""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import requests
from tusclient.client import TusClient

from client.ferrygate_client import HmacKey, signed_headers
from gateway.connectors.request import upload_files
from gateway.connectors.request.disk_room import DiskLimits, DiskRoom
from gateway.connectors.request.tus import PATH
from gateway.connectors.request.upload_store import MOST_AGE_S, MOST_OF_CALLER, Uploads
from gateway.errors import Misconfigured, Refused, Unavailable
from tests.gateway.connectors.request.harness import PLAIN, exchange, status_of
from tests.gateway.connectors.request.large_harness import LIMIT, MIB, LargeGate, large_gate
from tests.gateway.connectors.request.test_large import BIG, TYPE, Digesting, until
from tests.support import syncs

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def peer() -> Digesting:
    return Digesting()


@pytest.fixture
def gate(tmp_path: Path, peer: Digesting) -> Iterator[LargeGate]:
    with large_gate(tmp_path, peer) as made:
        yield made


def begin(gate: LargeGate, length: int = 100) -> str:
    headers = {**TUS, "Upload-Length": str(length)}
    told = requests.post(gate.url + PATH, headers=headers, timeout=10)
    assert told.status_code == 201, told.text
    assert told.headers["Tus-Resumable"] == "1.0.0"
    return str(told.headers["Location"])


def piece(gate: LargeGate, upload: str, offset: object, data: bytes) -> requests.Response:
    headers = {**PIECE, "Upload-Offset": str(offset)}
    return requests.patch(gate.url + upload, data=data, headers=headers, timeout=10)


def problem(told: requests.Response) -> tuple[int, int]:
    """Status and number."""
    return told.status_code, int(told.json()["number"].removeprefix("FG-"))


def offset_of(gate: LargeGate, upload: str) -> int:
    told = requests.head(gate.url + upload, headers=TUS, timeout=10)
    assert told.status_code == 200
    return int(told.headers["Upload-Offset"])


def call(gate: LargeGate, upload: str, **more: str) -> requests.Response:
    headers = {**TYPE, "Ferrygate-Upload": upload.rpartition("/")[2], **more}
    return requests.post(f"{gate.url}/objects", headers=headers, timeout=20)


def test_the_client_of_the_protocol_uploads_across_a_restart(
    tmp_path: Path, peer: Digesting
) -> None:
    with large_gate(tmp_path, peer) as gate:
        client = TusClient(gate.url + PATH)
        uploader = client.uploader(file_stream=BytesIO(BIG), chunk_size=2 * MIB)
        uploader.upload(stop_at=4 * MIB)
        upload = "/" + str(uploader.url).split("/", 3)[3]
        # Half a piece more, and the caller breaks off: what has come counts.
        with socket.create_connection(("127.0.0.1", gate.source.port), 5) as caller:
            caller.sendall(
                f"PATCH {upload} HTTP/1.1\r\nHost: g\r\nTus-Resumable: 1.0.0\r\n"
                f"Upload-Offset: {4 * MIB}\r\nContent-Length: {2 * MIB}\r\n"
                "Content-Type: application/offset+octet-stream\r\n\r\n".encode()
                + BIG[4 * MIB : 5 * MIB + 7]
            )
        until(lambda: offset_of(gate, upload) > 5 * MIB)
    with large_gate(tmp_path, peer) as gate:
        resumed = TusClient(gate.url + PATH).uploader(
            file_stream=BytesIO(BIG), chunk_size=3 * MIB, url=gate.url + upload
        )
        assert 5 * MIB < resumed.offset <= 5 * MIB + 7
        resumed.upload()
        assert call(gate, upload).status_code == 204
        assert peer.digests == [(len(BIG), hashlib.sha256(BIG).hexdigest())]
        # It was the body of one call, and is gone with it.
        assert call(gate, upload).status_code == 404
        assert list(gate.uploads.iterdir()) == []
        assert gate.room.held == 0


def test_what_may_be_done_is_told(gate: LargeGate) -> None:
    told = requests.options(gate.url + PATH, timeout=10)
    assert told.status_code == 204
    assert told.headers["Tus-Extension"] == "creation,expiration,termination"
    assert told.headers["Tus-Max-Size"] == str(LIMIT)
    upload = begin(gate)
    assert requests.delete(gate.url + upload, headers=TUS, timeout=10).status_code == 204
    assert requests.head(gate.url + upload, headers=TUS, timeout=10).status_code == 404


@pytest.mark.parametrize(
    ("offset", "data", "told"),
    [
        (0, b"x", (409, 6457)),  # backwards
        (49, b"xx", (409, 6457)),  # over what is there
        (51, b"x", (409, 6457)),  # with a gap
        (100, b"", (409, 6457)),
        (-1, b"x", (400, 6458)),
        ("050", b"x", (400, 6458)),
        ("5e1", b"x", (400, 6458)),
        ("50, 51", b"x", (400, 6458)),
        (10**15, b"x", (400, 6458)),
        (50, b"x" * 51, (413, 6459)),  # beyond the end
    ],
)
def test_bytes_go_to_the_end_of_what_is_there_and_nowhere_else(
    gate: LargeGate, offset: object, data: bytes, told: tuple[int, int]
) -> None:
    upload = begin(gate)
    assert piece(gate, upload, 0, b"a" * 50).headers["Upload-Offset"] == "50"
    assert problem(piece(gate, upload, offset, data)) == told
    assert offset_of(gate, upload) == 50


def test_chunks_beyond_the_length_do_not_count_beyond_it(gate: LargeGate) -> None:
    upload = begin(gate, 5 * MIB)
    chunks = (b"x" * MIB for _ in range(8))
    headers = {**PIECE, "Upload-Offset": "0"}
    told = requests.patch(gate.url + upload, data=chunks, headers=headers, timeout=10)
    assert problem(told) == (413, 6459)
    assert offset_of(gate, upload) <= 5 * MIB


@pytest.mark.parametrize(
    ("length", "status"),
    [(str(LIMIT + 1), 413), ("0", 400), ("-5", 400), ("1e6", 400), ("9" * 16, 400), (None, 400)],
)
def test_a_length_is_a_number_within_the_limit(
    gate: LargeGate, length: str | None, status: int
) -> None:
    headers = {**TUS, **({"Upload-Length": length} if length is not None else {})}
    told = requests.post(gate.url + PATH, headers=headers, timeout=10)
    assert told.status_code == status
    assert list(gate.uploads.iterdir()) == []


@pytest.mark.parametrize(
    ("method", "target", "headers", "status"),
    [
        ("POST", PATH, {"Upload-Length": "5"}, 412),
        ("POST", PATH, {"Upload-Length": "5", "Tus-Resumable": "0.2.2"}, 412),
        ("POST", PATH, {**TUS, "Upload-Defer-Length": "1"}, 400),
        ("POST", PATH, {**TUS, "Upload-Length": "5", "upload-Length": "6"}, 400),
        ("POST", PATH, {**TUS, "tus-resumable": "1.0.0", "Upload-Length": "5"}, 412),
        ("POST", PATH + "?length=6", {**TUS, "Upload-Length": "5"}, 400),
        ("GET", PATH, TUS, 405),
        ("HEAD", PATH + "/../objects", TUS, 404),
        ("HEAD", PATH + "/" + "A" * 32, TUS, 404),
        ("HEAD", PATH + "/" + "a" * 32, TUS, 404),
        ("HEAD", PATH + "//" + "a" * 32, TUS, 404),
        ("PATCH", PATH + "/" + "a" * 32, {**PIECE, "Upload-Offset": "0"}, 404),
    ],
)
def test_what_is_no_upload_is_refused(
    gate: LargeGate, method: str, target: str, headers: dict[str, str], status: int
) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    sent = f"{method} {target} HTTP/1.1\r\nHost: g\r\n{lines}Content-Length: 0\r\n\r\n"
    assert status_of(exchange(gate.source.port, sent.encode())) == status


def test_one_writer_at_a_time(gate: LargeGate) -> None:
    upload = begin(gate, 3 * MIB)
    with socket.create_connection(("127.0.0.1", gate.source.port), 5) as first:
        first.sendall(
            f"PATCH {upload} HTTP/1.1\r\nHost: g\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
            f"Content-Length: {3 * MIB}\r\n"
            "Content-Type: application/offset+octet-stream\r\n\r\n".encode()
            + b"a" * 2 * MIB
        )
        until(lambda: offset_of(gate, upload) > 0)
        offset = offset_of(gate, upload)
        assert piece(gate, upload, offset, b"b").status_code == 423
        assert requests.delete(gate.url + upload, headers=TUS, timeout=10).status_code == 423
        assert call(gate, upload).status_code == 423
    until(lambda: piece(gate, upload, offset_of(gate, upload), b"c").status_code == 204)


def test_a_call_takes_only_what_is_whole_and_once_at_a_time(gate: LargeGate) -> None:
    upload = begin(gate, 100)
    piece(gate, upload, 0, b"a" * 99)
    assert problem(call(gate, upload)) == (409, 6460)
    piece(gate, upload, 99, b"a")
    # After the end nothing more is taken.
    assert problem(piece(gate, upload, 100, b"b")) == (413, 6459)
    assert call(gate, upload, **{"Content-Type": "text/plain"}).status_code == 415
    with_body = requests.post(
        f"{gate.url}/objects",
        data=b"xx",
        headers={**TYPE, "Ferrygate-Upload": upload[-32:]},
        timeout=10,
    )
    assert problem(with_body) == (400, 6454)
    gate.submitter.fails = Unavailable(6502)
    assert call(gate, upload).status_code == 503
    # Nothing was asked: the upload is there for another try.
    gate.submitter.fails = None
    assert call(gate, upload).status_code == 204
    assert gate.left() == []


def test_only_who_began_goes_on(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads", DiskRoom(tmp_path), LIMIT)
    upload = asyncio.run(uploads.create("CN=portal-01", 10))
    for caller, token in (("CN=portal-02", upload.id), ("CN=portal-01", "0" * 32), ("", upload.id)):
        with pytest.raises(Refused) as caught:
            uploads.find(caller, token)
        assert caught.value.number == 6455
    again = Uploads(tmp_path / "uploads", DiskRoom(tmp_path), LIMIT)
    assert again.find("CN=portal-01", upload.id).length_bytes == 10
    with pytest.raises(Refused):
        again.find("CN=portal-02", upload.id)


def test_unfinished_ones_end_by_age_and_are_bounded_by_count_and_bytes(tmp_path: Path) -> None:
    now_s = 1_000_000.0
    room = DiskRoom(tmp_path, DiskLimits(most_bytes=4 * LIMIT))
    uploads = Uploads(tmp_path / "uploads", room, LIMIT, lambda: now_s)
    old = asyncio.run(uploads.create("a", LIMIT))
    with pytest.raises(Refused) as caught:
        asyncio.run(uploads.create("a", 1))
    assert caught.value.number == 6462
    for _ in range(MOST_OF_CALLER):
        asyncio.run(uploads.create("b", 1))
    with pytest.raises(Refused) as caught:
        asyncio.run(uploads.create("b", 1))
    assert caught.value.number == 6462
    now_s += MOST_AGE_S + 1
    with pytest.raises(Refused) as caught:
        uploads.find("a", old.id)
    assert caught.value.number == 6455
    asyncio.run(uploads.create("a", 1))
    assert len(uploads) == 1
    assert (room.held, room.held_bytes) == (1, 1)
    now_s += MOST_AGE_S + 1
    again = DiskRoom(tmp_path)
    assert len(Uploads(tmp_path / "uploads", again, LIMIT, lambda: now_s)) == 0
    assert again.held == 0
    assert list((tmp_path / "uploads").iterdir()) == []


def test_a_version_of_the_protocol_that_is_none_of_ours_is_told(gate: LargeGate) -> None:
    for version in ({}, {"Tus-Resumable": "0.2.2"}):
        headers = {"Upload-Length": "5", **version}
        told = requests.post(gate.url + PATH, headers=headers, timeout=10)
        assert problem(told) == (412, 6461)


def test_a_folder_that_cannot_be_had_is_told_at_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured) as caught:
        Uploads(tmp_path / "file" / "uploads", DiskRoom(tmp_path), LIMIT)
    assert caught.value.number == 6464


def test_halves_and_foreign_files_of_an_earlier_run_go(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    kept = asyncio.run(Uploads(folder, DiskRoom(tmp_path), LIMIT).create("a", 5))
    (folder / ("0" * 32 + ".body")).write_bytes(b"no state")
    (folder / ("1" * 32 + ".upload")).write_bytes(b'["a", 5, 1]')
    (folder / "name.body").write_bytes(b"x")
    for number, state in enumerate((b"{}", b"[", b'["a", 1, 1]', b'["a", "5", 1]', b"[[], 5, 1]")):
        (folder / (str(number + 2) * 32 + ".body")).write_bytes(b"more")
        (folder / (str(number + 2) * 32 + ".upload")).write_bytes(state)
    again = Uploads(folder, DiskRoom(tmp_path), LIMIT)
    assert len(again) == 1
    assert again.find("a", kept.id).size_bytes == 0
    assert sorted(p.name for p in folder.iterdir()) == [f"{kept.id}.body", f"{kept.id}.upload"]


def test_a_full_disk_is_told_and_what_had_come_stays(
    gate: LargeGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin(gate)
    piece(gate, upload, 0, b"a" * 10)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(upload_files, "write_all", full)
        told = piece(gate, upload, 10, b"b" * 10)
        assert (told.status_code, told.json()["number"]) == (503, "FG-6452")
        headers = {**TUS, "Upload-Length": "5"}
        assert requests.post(gate.url + PATH, headers=headers, timeout=10).status_code == 503
    assert offset_of(gate, upload) == 10
    assert gate.room.held == 1
    assert piece(gate, upload, 10, b"b" * 90).status_code == 204


def test_where_requests_are_signed_each_piece_and_the_whole_are(
    tmp_path: Path, peer: Digesting
) -> None:
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    keys = tmp_path / "keys"
    keys.write_text(f"portal-01 hmac-sha256 {secret}\n")
    keys.chmod(0o600)
    key = HmacKey("portal-01", secret)
    from gateway.connectors.request.signature import Signing
    from gateway.connectors.request.subject import Caller, Callers

    listening = replace(
        PLAIN, keys=keys, signing=Signing(ahead_s=0.0), callers=Callers((Caller("key portal-01"),))
    )
    with large_gate(tmp_path, peer, listening) as gate:

        def ask(
            method: str, target: str, data: bytes, signed: bytes | None = None, /, **headers: str
        ) -> requests.Response:
            said = {name.replace("_", "-"): value for name, value in headers.items()}
            said |= signed_headers(key, method, target, data if signed is None else signed)
            return requests.request(method, gate.url + target, data=data, headers=said, timeout=10)

        def until_ready() -> bool:
            return ask("OPTIONS", PATH, b"").status_code == 204

        until(until_ready)
        tus = {"Tus_Resumable": "1.0.0"}
        unsaid = ask("POST", PATH, b"", Upload_Length="20", **tus)
        assert (unsaid.status_code, unsaid.json()["number"]) == (400, "FG-6463")
        upload = ask("POST", PATH + "?length=20", b"", Upload_Length="20", **tus).headers[
            "Location"
        ]
        tus["Content_Type"] = PIECE["Content-Type"]
        wrong = ask("PATCH", upload + "?offset=0", b"a" * 10, b"b" * 10, Upload_Offset="0", **tus)
        assert (wrong.status_code, wrong.json()["number"]) == (400, "FG-6356")
        moved = ask("PATCH", upload + "?offset=10", b"a" * 10, Upload_Offset="0", **tus)
        assert moved.json()["number"] == "FG-6463"
        for offset in (0, 10):
            told = ask(
                "PATCH", f"{upload}?offset={offset}", b"ab" * 5, Upload_Offset=str(offset), **tus
            )
            assert told.headers["Upload-Offset"] == str(offset + 10), told.text
        named = {"Ferrygate_Upload": upload[-32:], "Content_Type": "application/dicom"}
        other = ask("POST", "/objects", b"", b"ab" * 9, **named)
        assert other.json()["number"] == "FG-6356"
        assert ask("POST", "/objects", b"", b"ab" * 10, **named).status_code == 204
        assert peer.digests == [(20, hashlib.sha256(b"ab" * 10).hexdigest())]


def test_many_begin_at_once_and_no_more_than_may(gate: LargeGate) -> None:
    told: list[int] = []

    def one() -> None:
        headers = {**TUS, "Upload-Length": "5"}
        told.append(requests.post(gate.url + PATH, headers=headers, timeout=10).status_code)

    threads = [threading.Thread(target=one) for _ in range(MOST_OF_CALLER + 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [201] * MOST_OF_CALLER + [429] * 4


@pytest.mark.parametrize("cut", [True, False])
def test_what_a_failing_sync_covered_is_to_be_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: bool
) -> None:
    folder = tmp_path / "uploads"
    upload = asyncio.run(Uploads(folder, DiskRoom(tmp_path), LIMIT).create("a", 10))
    upload.append(b"12345")
    upload.sync(5)
    upload.append(b"67890")
    with monkeypatch.context() as patch:
        syncs.fail(patch, 1)
        if not cut:
            real, sizes = os.ftruncate, []

            def once(fd: int, size: int) -> None:
                sizes.append(size)
                if len(sizes) > 1:
                    raise OSError(errno.EIO, "Input/output error")
                real(fd, size)

            patch.setattr(os, "ftruncate", once)
        with pytest.raises(Unavailable) as caught:
            upload.sync(10)
    assert caught.value.number == 6452
    assert (upload.size_bytes, upload.is_whole) == (5, False)
    # A start finds what is on disk for sure, or nothing.
    assert [one.size_bytes for one in upload_files.load(folder)] == ([5] if cut else [])
    if cut:
        upload.append(b"67890")
        upload.sync(10)
        assert (upload.is_whole, upload.path.read_bytes()) == (True, b"1234567890")
