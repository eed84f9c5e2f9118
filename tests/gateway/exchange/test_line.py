"""Connections between processes of a side, over real sockets: they come back, and let nobody else in."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from gateway.errors import Misconfigured, Refused, StateUncertain, Unavailable
from gateway.exchange.caller import GuardLine
from gateway.exchange.frames import Frame, FrameKind, encode_failed, encode_frame
from gateway.exchange.line import Calling, Listening
from gateway.exchange.outgoing import WITHIN_S, Outgoing
from gateway.exchange.sockets import call, listen, owner_of, send_all
from gateway.unit.request import Consequence

ALL = frozenset(FrameKind)
ME = os.getuid()


class End:
    """What one end has heard, was told and lost."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.troubles: list[int] = []
        self.lost = 0

    def heard(self, frames: list[Frame]) -> None:
        self.frames += frames

    def trouble(self, refused: Refused | None) -> None:
        self.troubles.append(0 if refused is None else refused.number)

    def ended(self) -> None:
        self.lost += 1


def until(true: Callable[[], object], within_s: float = 5.0) -> None:
    deadline_s = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    # Deeper than an address of a socket can name.
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    return deep / "guard.sock"


@pytest.fixture
def guard(path: Path) -> Iterator[tuple[Listening, End]]:
    end = End()
    line = Listening(path, ME, ALL, end.heard, end.trouble, end.ended)
    yield line, end
    line.close()


def sealed(number: int, content: bytes = b"x") -> bytes:
    return encode_frame(FrameKind.SEALED, number, content)


def test_frames_go_both_ways_and_the_socket_is_for_two_users(
    path: Path, guard: tuple[Listening, End]
) -> None:
    line, end = guard
    other = End()
    calling = Calling(path, owner_of(path.parent), ALL, other.heard)
    until(lambda: calling.is_connected and line.is_connected)
    calling.send([sealed(1), sealed(2, os.urandom(1 << 20))])
    line.send([sealed(3)])
    until(lambda: len(end.frames) == 2 and len(other.frames) == 1)
    assert [frame.number for frame in (*end.frames, *other.frames)] == [1, 2, 3]
    assert stat.S_IMODE(path.lstat().st_mode) == 0o660
    calling.close()


def test_either_end_started_anew_is_whole_within_a_second(
    path: Path, guard: tuple[Listening, End]
) -> None:
    line, end = guard
    first = Calling(path, ME, ALL)
    until(lambda: line.is_connected)
    first.close()
    until(lambda: end.lost == 1 and not line.is_connected)
    with pytest.raises(Unavailable):
        line.send([sealed(1)])
    second = Calling(path, ME, ALL)
    until(lambda: line.is_connected)
    line.close()
    until(lambda: not second.is_connected)
    with pytest.raises(Unavailable):
        second.send([sealed(1)])
    again = End()
    begun_s = time.monotonic()
    later = Listening(path, ME, ALL, again.heard)
    until(lambda: second.is_connected and later.is_connected)
    second.send([sealed(4)])
    until(lambda: again.frames)
    assert time.monotonic() - begun_s < 1.0
    second.close()
    later.close()


def test_a_later_neighbour_takes_the_place_of_one_that_stands_still(
    path: Path, guard: tuple[Listening, End]
) -> None:
    line, _ = guard
    old = call(path, ME)
    until(lambda: line.is_connected)
    other = End()
    new = Calling(path, ME, ALL, other.heard)
    until(lambda: old.recv(1) == b"")
    until(lambda: line.is_connected)
    line.send([sealed(1)])
    until(lambda: other.frames)
    assert [frame.number for frame in other.frames] == [1]
    old.close()
    new.close()


def test_somebody_else_is_not_let_in_and_not_called(path: Path) -> None:
    end = End()
    line = Listening(path, ME + 1, ALL, end.heard, end.trouble)
    stranger = socket.socket(socket.AF_UNIX)
    folder = os.open(path.parent, os.O_PATH)
    stranger.connect(f"/proc/self/fd/{folder}/{path.name}")
    assert stranger.recv(1) == b""
    until(lambda: end.troubles == [5781])
    with pytest.raises(Refused) as found:
        call(path, ME + 1)
    assert found.value.number == 5781
    stranger.close()
    os.close(folder)
    line.close()


def test_a_neighbour_that_sends_no_frames_is_cut_off_and_may_come_again(
    path: Path, guard: tuple[Listening, End]
) -> None:
    _, end = guard
    wild = call(path, ME)
    wild.sendall(b"GET / HTTP/1.1\r\n" + bytes(40))
    assert wild.recv(1) == b""
    wild.close()
    until(lambda: 5767 in end.troubles)
    calling = Calling(path, ME, ALL)
    until(lambda: calling.is_connected)
    calling.send([sealed(1)])
    until(lambda: end.frames)
    calling.close()


def test_what_is_no_socket_is_left_alone(path: Path) -> None:
    path.write_text("somebody's")
    with pytest.raises(Misconfigured) as found:
        listen(path)
    assert found.value.number == 5780
    assert path.read_text() == "somebody's"
    with pytest.raises(Misconfigured):
        listen(path.parent / "nowhere" / "guard.sock")


def test_frames_of_many_threads_go_whole_and_what_is_too_much_is_not_taken() -> None:
    written: list[bytes] = []
    outgoing = Outgoing(lambda data, _: written.append(data), most_bytes=1_000_000)

    def put(n: int) -> None:
        for _ in range(200):
            outgoing.put([b"%d," % n] * 3)

    threads = [threading.Thread(target=put, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(b"".join(written).split(b",")[:-1]) == sorted(
        b"%d" % n for n in range(4) for _ in range(600)
    )


def test_a_neighbour_that_takes_nothing_is_bounded_and_one_that_breaks_is_told() -> None:
    stuck = threading.Event()
    begun = threading.Event()

    def write(_data: bytes, _until_s: float) -> None:
        begun.set()
        stuck.wait(5.0)
        raise OSError(32, "broken")

    outgoing = Outgoing(write, most_bytes=10)
    failed: list[int] = []

    def first() -> None:
        try:
            outgoing.put([b"12345"])
        except StateUncertain as error:
            failed.append(error.number)

    thread = threading.Thread(target=first)
    thread.start()
    begun.wait(5.0)
    outgoing.put([b"1234567"])
    with pytest.raises(Unavailable) as full:
        outgoing.put([b"1234567"])
    stuck.set()
    thread.join()
    with pytest.raises(Unavailable) as gone:
        outgoing.put([b"1"])
    assert (full.value.number, gone.value.number, failed) == (5769, 5768, [5777])


def test_only_what_was_never_offered_is_told_as_not_handed_over() -> None:
    offered: list[bytes] = []

    def write(data: bytes, _until_s: float) -> None:
        offered.append(data)
        if len(offered) == 2:
            raise OSError(32, "broken")

    outgoing = Outgoing(write)
    # One call's worth each: the first goes, the second breaks, the third is never offered.
    frames = [bytes(300_000), bytes(300_001), bytes(300_002)]
    with pytest.raises(StateUncertain) as uncertain:
        outgoing.put(frames)
    assert uncertain.value.number == 5777
    assert [len(data) for data in offered] == [300_000, 300_001]


def test_what_the_neighbour_had_no_byte_of_is_not_handed_over() -> None:
    heard, ours = socket.socketpair()
    heard.close()
    outgoing = Outgoing(lambda data, until_s: send_all(ours, data, until_s))
    with pytest.raises(Unavailable) as gone:
        outgoing.put([b"1", b"2"])
    assert gone.value.number == 5768
    heard, ours = socket.socketpair()
    outgoing = Outgoing(lambda data, _: send_all(ours, data, time.monotonic() + 0.05))
    with pytest.raises(StateUncertain):
        outgoing.put([bytes(4 << 20)])
    heard.close()
    ours.close()


def test_what_was_written_before_a_later_write_breaks_is_handed_over() -> None:
    second = threading.Event()

    def put_second() -> None:
        outgoing.put([b"2"])
        second.set()

    def write(data: bytes, _until_s: float) -> None:
        if data == b"2":
            raise OSError(32, "broken")
        # Meanwhile another thread puts the frame that will break.
        thread = threading.Thread(target=put_second)
        thread.start()
        thread.join()

    outgoing = Outgoing(write)
    outgoing.put([b"1"])
    assert second.is_set()
    with pytest.raises(Unavailable):
        outgoing.put([b"3"])


def test_a_neighbour_that_reads_in_drops_is_given_up_in_time(
    path: Path, guard: tuple[Listening, End]
) -> None:
    line, _ = guard
    slow = call(path, ME)
    until(lambda: line.is_connected)
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.2) and slow.recv(4096):
            pass

    thread = threading.Thread(target=drip)
    thread.start()
    begun_s = time.monotonic()
    try:
        with pytest.raises(StateUncertain):
            line.send([sealed(n, bytes(1 << 20)) for n in range(8)])
        assert time.monotonic() - begun_s < 2 * WITHIN_S
    finally:
        stop.set()
        thread.join()
        slow.close()


def test_the_next_neighbour_loses_nothing_by_the_end_of_the_one_before(path: Path) -> None:
    held, told = threading.Event(), list[str]()

    def heard(frames: list[Frame]) -> None:
        told.append(f"frame {frames[0].number}")
        if frames[0].number == 2:
            held.wait(5.0)

    line = Listening(path, ME, ALL, heard, on_lost=lambda: told.append("lost"))
    try:
        first = call(path, ME)
        first.sendall(sealed(2))
        until(lambda: told == ["frame 2"])
        first.close()
        # Its reader still works on the last frame when the next one comes.
        second = call(path, ME)
        second.sendall(sealed(4))
        until(lambda: "frame 4" in told)
        assert told == ["frame 2", "lost", "frame 4"]
        held.set()
        time.sleep(0.2)
        assert told == ["frame 2", "lost", "frame 4"]
        second.close()
        until(lambda: told[-1] == "lost")
    finally:
        held.set()
        line.close()


def test_the_edge_s_end_comes_back_by_itself(path: Path) -> None:
    async def play() -> None:
        came: list[Frame] = []
        lost: list[int] = []
        troubles: list[Refused] = []
        line = GuardLine(path, ME, came.append, lambda: lost.append(1), troubles.append)
        with pytest.raises(Unavailable):
            line.send(sealed(1))
        running = asyncio.create_task(line.run())
        for _ in range(2):
            end = End()
            guard = Listening(path, ME, ALL, end.heard)
            await asyncio.wait_for(line.connected.wait(), 2)
            for number in range(50):
                line.send(encode_frame(FrameKind.CAPTURED, number, b"c", b"h"))
            await asyncio.to_thread(until, partial(lambda end: len(end.frames) == 50, end))
            before = len(came)
            guard.send([encode_failed(9, 5760, Consequence.UNAVAILABLE)])
            while len(came) == before:
                await asyncio.sleep(0.005)
            await asyncio.to_thread(guard.close)
            while line.connected.is_set():
                await asyncio.sleep(0.005)
        assert (len(came), len(lost), troubles) == (2, 2, [])
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(play())
