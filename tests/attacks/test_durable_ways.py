"""The durable way of requests, where disks, journals, neighbours or callers fail it at the wrong moment."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from gateway.audit.event import Event
from gateway.connectors.request.limits import Limits
from gateway.connectors.request.tus import PATH
from gateway.errors import StateUncertain, Unavailable
from gateway.guard.outcome import Passed
from gateway.management.wiring.request_near import NearEnd
from gateway.policy.model import PolicySet
from gateway.receiving import performed_marks
from gateway.receiving.durable_answers import DurableAnswers
from gateway.receiving.performed_marks import PerformedMarks
from gateway.spool.model import Taken
from gateway.unit.model import Side
from gateway.unit.request import RequestBody
from gateway.unit.stages import Admitted
from tests.gateway.connectors.request.harness import PLAIN, exchange, status_of
from tests.gateway.connectors.request.large_harness import MIB, large_gate
from tests.gateway.connectors.request.test_large import Digesting, until
from tests.gateway.guard.durable_world import DurableWorld, answer, large, order, refused
from tests.gateway.policy.request_text import request_channel
from tests.gateway.receiving.test_durable_answers import World as Answers
from tests.gateway.receiving.test_durable_answers import answer as of_request
from tests.gateway.receiving.test_durable_answers import asked, came
from tests.gateway.sending.test_submitting import World as Submitting
from tests.gateway.sending.test_submitting import unit
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue
from tests.support.performing import Far, PlayedPeer, entry
from tests.support.requests import POLICY

AWAY = Unavailable(6380, channel="orders", reason="Connection refused")


def test_a_peer_that_was_away_for_days_leaves_no_mark_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = PerformedMarks(tmp_path / "marks")
    monkeypatch.setattr(os, "fdatasync", lambda _: None)
    # Sixteen that wait for a peer, each asked for every ten seconds: five megabytes in a day.
    for _ in range(10_500):
        marks.begin(range(2, 34, 2))
        for number in range(2, 34, 2):
            marks.not_performed(number)
    marks.begin([100])
    marks.close()
    assert (tmp_path / "marks").stat().st_size < 1 << 20
    after = PerformedMarks(tmp_path / "marks")
    assert after.get(100) is not None
    assert after.get(2) is None


def test_a_file_of_marks_that_is_too_long_is_not_read_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performed_marks, "_MOST_BYTES", 64 << 20)
    marks = PerformedMarks(tmp_path / "marks")
    monkeypatch.setattr(os, "fdatasync", lambda _: None)
    for at in range(300):
        marks.begin(range(at * 1_000, at * 1_000 + 1_000))
        marks.forget(range(at * 1_000, at * 1_000 + 1_000))
    marks.begin([7_000_001])
    marks.close()
    assert (tmp_path / "marks").stat().st_size > 4 << 20
    assert PerformedMarks(tmp_path / "marks").get(7_000_001) is not None


def test_marks_never_go_to_a_file_that_has_lost_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Descriptors run out, or the folder cannot be synced, while the file is written anew."""
    marks = PerformedMarks(tmp_path / "marks")
    monkeypatch.setattr(performed_marks, "_MOST_BYTES", 64)
    marks.begin([2, 4, 6, 8, 12])
    sync = os.fsync

    def of_folders(fd: int) -> None:
        if Path(f"/proc/self/fd/{fd}").is_dir():
            raise OSError(errno.EIO, "Input/output error")
        sync(fd)

    monkeypatch.setattr(os, "fsync", of_folders)
    is_begun = False
    with suppress(StateUncertain, Unavailable):
        marks.forget([2])
        marks.begin([10])
        is_begun = True
    monkeypatch.undo()
    after = PerformedMarks(tmp_path / "marks")
    assert after.get(8) is not None
    # Where it went on, what it said is begun is on disk.
    assert not is_begun or after.get(10) is not None


def test_an_answer_that_its_queue_gives_again_passes_again_and_no_other_does(
    tmp_path: Path,
) -> None:
    """Scanners that are away, or a full disk behind the judgement: the same unit is taken once more."""
    world = DurableWorld(tmp_path)
    world.across(Side.OUTER, 2, order(), b'{"a":1}')
    first = world.cleared(Side.INNER, 1001, answer(2), b'{"b":2}')
    again = world.cleared(Side.INNER, 1001, answer(2), b'{"b":2}')
    assert isinstance(first, Passed)
    assert isinstance(again, Passed)
    assert refused(world.cleared(Side.INNER, 1003, answer(2), b'{"b":2}')) == 5764
    assert isinstance(world.admitted(Side.OUTER, first), Passed)
    assert isinstance(world.admitted(Side.OUTER, again), Passed)


@dataclass(slots=True)
class FullRecorder(ListRecorder):
    """A journal whose buffer is full while its disk is: room is how many events it still takes."""

    room: int = 1_000

    def record(self, event: Event) -> None:
        if self.room <= 0:
            raise Unavailable(6003, folder="memory")
        self.room -= 1
        self.events.append(event)


def test_a_full_journal_does_not_end_the_edge_whose_peer_is_away(tmp_path: Path) -> None:
    queue = MemoryQueue()
    far = Far(tmp_path, queue, PlayedPeer(down=AWAY))
    full = FullRecorder(room=0)
    far.performer._recorder = full
    queue.put([entry(2)])
    for _ in range(3):
        with suppress(Unavailable):
            far.steps(1)
    full.room = 1_000
    far.peer.down = None
    far.steps(10)
    assert far.peer.asked == [2]
    assert queue.acknowledged == [2]


def test_an_operation_that_is_gone_does_not_stop_its_channel_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was put off while its peer was away; then a reload took its operation out of the policy."""
    monkeypatch.setattr("gateway.receiving.due_lines.MAX_IN_HAND", 1)
    clock = SimpleNamespace(now_s=0.0)
    queue = MemoryQueue(clock=lambda: clock.now_s)
    gone: set[int] = set()
    far = Far(tmp_path, queue, PlayedPeer(down=AWAY))
    queue.put([entry(2), entry(4)])
    far.steps(1)
    take = far.performer.take
    known = far.performer._terms

    def taking(taken: Taken, admitted: Admitted, head: RequestBody) -> None:
        far.performer._terms = (lambda _c, _o: None) if taken.number in gone else known
        take(taken, admitted, head)

    monkeypatch.setattr(far.performer, "take", taking)
    gone.add(4)
    queue.put([entry(6)])
    far.peer.down = None
    for _ in range(30):
        clock.now_s += 5.0
        far.steps(1)
    assert far.peer.asked == [2, 6]
    assert 6428 in far.board.alarms


def test_what_is_in_the_queue_comes_into_the_journal_when_it_takes_events_again(
    tmp_path: Path,
) -> None:
    world = Submitting(tmp_path)
    full = FullRecorder(room=1)
    world.submitter._recorder = full

    async def caller() -> None:
        tasks = [asyncio.ensure_future(world.submitter.submit(unit(n), b"{}")) for n in (2, 4, 6)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            world.submitter.step(0.0)
        full.room = 1_000
        world.submitter.step(0.0)
        async with asyncio.timeout(5):
            await asyncio.gather(*tasks)

    asyncio.run(caller())
    assert [event.unit for event in full.events] == [2, 4, 6] == list(world.queue.entries)


def test_an_answer_that_the_journal_had_no_room_for_is_let_go_of_later() -> None:
    world = Answers()
    full = FullRecorder(room=0)
    world.answers._recorder = full

    async def caller() -> None:
        world.answers.expect(asked(2))
        world.queue.put([came(3, of_request(4))])
        with pytest.raises(Unavailable):
            world.step()
        full.room = 1_000
        world.answers.step(0.0)

    asyncio.run(caller())
    # Nobody waits for it: its file goes, and not with the next start of the edge.
    assert world.queue.acknowledged == [3]


def test_a_body_is_not_left_behind_where_too_many_wait_for_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.receiving.durable_answers.MAX_EXPECTED", 0)
    channel = large(request_channel(POLICY))
    policy = PolicySet({channel.name: channel}, "ab" * 32, ())
    journal, queue = ListRecorder(), MemoryQueue(tmp_path)
    desk = SimpleNamespace(journal=journal, policy=SimpleNamespace(current=lambda: policy))
    answers = DurableAnswers(MemoryQueue(), journal, BoardOfOne())
    near = NearEnd(desk, queue, BoardOfOne(), answers)  # type: ignore[arg-type]
    body = tmp_path / "large.body"
    body.write_bytes(b"{}")
    with pytest.raises(Unavailable) as caught:
        asyncio.run(near.submit(replace(unit(2), channel=channel.name), body))
    assert caught.value.number == 5760
    assert not body.exists()


def test_an_answer_that_is_not_taken_counts_among_what_its_caller_has_at_once(
    tmp_path: Path,
) -> None:
    """Else one caller has as many gigabytes in the queues of all as he can open connections."""
    limits = Limits(channel_at_once=1)
    with large_gate(tmp_path, Digesting(60 * MIB), replace(PLAIN, limits=limits)) as gate:
        with socket.create_connection(("127.0.0.1", gate.source.port), timeout=10) as slow:
            slow.sendall(b"GET /objects/o-1 HTTP/1.1\r\nHost: gate\r\n\r\n")
            assert status_of(slow.recv(1024)) == 200
            second = requests.get(f"{gate.url}/objects/o-2", timeout=20)
            assert second.status_code == 429
        # He has gone: it is nobody's any more.
        until(lambda: gate.source.under_way == 0)
        assert gate.submitter.let_go == [1]
        assert requests.get(f"{gate.url}/objects/o-3", timeout=20).status_code == 200
        until(lambda: gate.source.under_way == 0)


def test_a_caller_that_waits_to_be_told_to_send_a_large_body_is_told(tmp_path: Path) -> None:
    with large_gate(tmp_path, Digesting()) as gate:
        port = gate.source.port
        wanted = {"POST /objects": b"Content-Type: application/dicom\r\n"}
        begun = requests.post(
            gate.url + PATH, headers={"Tus-Resumable": "1.0.0", "Upload-Length": "9"}, timeout=10
        )
        wanted[f"PATCH {begun.headers['Location']}"] = (
            b"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
            b"Content-Type: application/offset+octet-stream\r\n"
        )
        for line, headers in wanted.items():
            head = f"{line} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n".encode() + headers
            with socket.create_connection(("127.0.0.1", port), timeout=3) as stream:
                stream.sendall(head + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n")
                assert status_of(stream.recv(1024)) == 100, line
                stream.sendall(b"123456789")
                assert status_of(stream.recv(1024)) == 204, line
        # Who is refused is not asked for it first.
        told = exchange(
            port,
            b"POST /objects HTTP/1.1\r\nHost: g\r\nContent-Type: text/plain\r\n"
            b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n",
        )
        assert status_of(told) == 415
