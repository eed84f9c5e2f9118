"""Uploads and receipts, where a reload, a slow disk or a backup comes between."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.connectors.request.disk_room import DiskRoom
from gateway.connectors.request.large import Large
from gateway.connectors.request.upload_files import Upload
from gateway.connectors.request.upload_store import Uploads
from gateway.errors import Refused, Unavailable
from gateway.guard.outcome import Passed
from gateway.management.wiring.request_large import large_of
from gateway.receiving.durable_requests import DurableAdmitter
from gateway.sending.receipts import Known, Receipts, State
from gateway.spool import writer
from gateway.spool.model import Entry
from gateway.unit.model import Side
from gateway.unit.submitting import Submitter
from tests.gateway.guard.durable_world import DurableWorld, order, refused, submitted
from tests.gateway.policy.request_text import LOOKUP, request_channel
from tests.gateway.sending.test_submitting import World as Submitting
from tests.gateway.sending.test_submitting import unit
from tests.support.fakes import BoardOfOne


def test_a_channel_that_is_reloaded_does_not_let_two_write_to_one_upload(tmp_path: Path) -> None:
    """The former source lets what is under way end, and cuts the file off where its own writer stopped."""
    text = LOOKUP.replace("json, at most 1 KiB", "json, at most 9 MiB", 1)
    before, after = request_channel(text), request_channel(text.replace("9 MiB", "8 MiB"))
    submitter = cast("Submitter", SimpleNamespace(staging=lambda: tmp_path))
    kept: dict[str, Large] = {}
    found = [
        large_of(channel, submitter, tmp_path / "uploads", 0, kept) for channel in (before, after)
    ]
    old, new = [one.uploads for one in found if one is not None and one.uploads is not None]
    upload = asyncio.run(old.create("CN=portal-01", 100))
    with old.taken(upload):
        again = new.find("CN=portal-01", upload.id)
        with pytest.raises(Refused) as caught, new.taken(again):
            raise AssertionError
    assert caught.value.number == 6456
    assert new.most_bytes == 8 << 20


def test_a_wrong_digest_does_not_have_an_upload_read_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = asyncio.run(Uploads(tmp_path, DiskRoom(tmp_path), 100).create("a", 10))
    upload.append(b"12345")
    read: list[object] = []
    real = hashlib.file_digest

    def counted(stream: Any, name: str) -> object:
        read.append(stream)
        return real(stream, name)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    for _ in range(3):
        assert upload.sha256() == hashlib.sha256(b"12345").digest()
    assert len(read) == 1
    upload.append(b"67890")
    assert upload.sha256() == hashlib.sha256(b"1234567890").digest()
    upload.sync(4)
    assert upload.sha256() == hashlib.sha256(b"1234").digest()


def test_a_slow_disk_under_a_new_upload_does_not_stop_the_calls_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_synced, turns = threading.Event(), 0
    make = Upload.make

    def slow(self: Upload) -> None:
        assert is_synced.wait(10)
        make(self)

    monkeypatch.setattr(Upload, "make", slow)

    async def both() -> None:
        nonlocal turns
        uploads = Uploads(tmp_path, DiskRoom(tmp_path), 100)
        creating = asyncio.ensure_future(uploads.create("a", 10))
        for _ in range(5):
            await asyncio.sleep(0)
            turns += 1
        assert not creating.done()
        # What is not there yet counts as the caller's all the same.
        assert len(uploads) == 1
        is_synced.set()
        with uploads.taken(await creating):
            pass

    asyncio.run(both())
    assert turns == 5


def test_a_receipt_of_what_the_queue_has_not_taken_does_not_wait_for_ever(tmp_path: Path) -> None:
    world = Submitting(tmp_path)
    receipts = Receipts(tmp_path / "receipts", BoardOfOne())
    world.submitter._notes = receipts
    world.queue.full = True
    (error,) = world.run(lambda s: s.submit(unit(2), b"{}"))
    assert isinstance(error, Unavailable)
    told = receipts.known(2, "orders", "CN=portal-01")
    assert told == Known(State.REFUSED, 0, 6420)
    world.queue.full = False
    assert world.run(lambda s: s.submit(unit(4), b"{}")) == [None]
    assert receipts.known(4, "orders", "CN=portal-01") == Known(State.WAITING)


def test_a_request_older_than_the_memory_of_the_queues_is_not_performed_again(
    tmp_path: Path,
) -> None:
    """A ferry that was taken over waits until its number is forgotten."""
    queue = writer.open_writer(tmp_path / "admitted", memory_bytes=2_000)
    world = DurableWorld(tmp_path / "world", submitted)
    admitter = world.guards[Side.INNER].admit._of_requests
    assert isinstance(admitter, DurableAdmitter)
    admitter._forgot = queue.forgot
    on_the_lane = world.cleared(Side.OUTER, 2, order(), b'{"a":1}')
    assert isinstance(world.admitted(Side.INNER, on_the_lane), Passed)
    queue.put([Entry(2, b"h", b"")])
    queue.put([Entry(number, b"h", b"") for number in range(1 << 20, 1 << 24, 1 << 20)])
    assert not queue.has(2)
    assert refused(world.admitted(Side.INNER, on_the_lane)) == 5766
    # One that comes late behind many others is performed, as long as it is known not to have been.
    assert [queue.forgot(n) for n in (4, 1, (1 << 20) - 2, (1 << 24) - 2)] == [True, *[False] * 3]
    late = world.cleared(Side.OUTER, (1 << 24) - 2, order(), b'{"a":1}')
    assert isinstance(world.admitted(Side.INNER, late), Passed)
    queue.close()
    queue = writer.open_writer(tmp_path / "admitted")
    # The ledger is older than that, and what came since is read from the segments.
    assert queue.has(2) or queue.forgot(2)
    queue.close()


def test_a_number_that_is_given_twice_tells_nobody_of_another_s_request(tmp_path: Path) -> None:
    """The counter of numbers came back from a backup."""
    world = Submitting(tmp_path)
    receipts = Receipts(tmp_path / "receipts", BoardOfOne())
    world.submitter._notes = receipts
    world.run(lambda s: s.submit(unit(2), b"{}"))
    (error,) = world.run(lambda s: s.submit(replace(unit(2), brought_by="CN=b"), b"{}"))
    assert isinstance(error, Unavailable)
    assert receipts.known(2, "orders", "CN=b") is None
    assert receipts.known(2, "orders", "CN=portal-01") == Known(State.WAITING)
