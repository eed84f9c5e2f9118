"""A chain of as many processes as a two-way gate has, with nothing in it: a ceiling for figures of requests.

    caller - HTTP - [edge] - [guard] - [ferry] - [ferry] - [guard] - [edge] - HTTP - service
                               |  |                          |  |
                            [child] journal               [child] journal

Each passes on what it reads, as many as have come at once; a guard asks its child a question and appends a
line a unit to a file, synced, before it does. No routes, signatures, schemas, policies, seals, lanes.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import select
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web

_TYPE: Final = "application/json"
_NUMBER_BYTES: Final = 8
_MOST_BYTES: Final = 65_536
_AT_ONCE: Final = 64
# As long as the lines of the two journals are.
_LINE: Final = b"." * 280 + b"\n"
_ANSWER: Final = b"." * 80


@contextmanager
def bare_chain(peer: int) -> Iterator[int]:
    """Gives the port at which it listens. peer: the service's."""
    with contextlib.ExitStack() as stack, socket.socket() as ear:
        ear.bind(("127.0.0.1", 0))
        ear.listen(128)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ferrygate-bench-")))
        pairs = [_pair() for _ in range(7)]
        (edge, a), (b, c), (d, e), (f, g), (h, far_edge), (i, child), (k, far_child) = pairs
        for work in (
            lambda: asyncio.run(_callers_edge(ear, edge)),
            lambda: _guard(a, b, i, folder / "outer"),
            lambda: _child(child),
            lambda: _ferry(c, d),
            lambda: _ferry(e, f),
            lambda: _guard(g, h, k, folder / "inner"),
            lambda: _child(far_child),
            lambda: asyncio.run(_peers_edge(far_edge, peer)),
        ):
            stack.callback(_ended, _begun(work))
        for pair in pairs:
            for end in pair:
                end.close()
        yield int(ear.getsockname()[1])


def _pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def _begun(work: Callable[[], None]) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=_quiet, args=(work,), daemon=True)
    process.start()
    return process


def _quiet(work: Callable[[], None]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work()


def _ended(process: multiprocessing.process.BaseProcess) -> None:
    process.terminate()
    process.join()


def _come(source: socket.socket) -> list[bytes]:
    """What has come, at least one."""
    come = [source.recv(_MOST_BYTES)]
    with contextlib.suppress(BlockingIOError):
        while come[-1] and len(come) < _AT_ONCE:
            come.append(source.recv(_MOST_BYTES, socket.MSG_DONTWAIT))
    return [one for one in come if one]


def _both_ways(
    one: socket.socket, other: socket.socket, before: Callable[[list[bytes]], None]
) -> None:
    poll = select.epoll()
    for end in (one, other):
        poll.register(end, select.EPOLLIN)
    while True:
        for ready, _ in poll.poll():
            source, to = (one, other) if ready == one.fileno() else (other, one)
            units = _come(source)
            before(units)
            for unit in units:
                to.send(unit)


def _ferry(one: socket.socket, other: socket.socket) -> None:
    _both_ways(one, other, lambda _: None)


def _guard(one: socket.socket, other: socket.socket, child: socket.socket, journal: Path) -> None:
    lines = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def judge(units: list[bytes]) -> None:
        child.sendall(b"".join(units)[:_MOST_BYTES])
        child.recv(_MOST_BYTES)
        os.write(lines, _LINE * len(units))
        os.fdatasync(lines)

    _both_ways(one, other, judge)


def _child(questions: socket.socket) -> None:
    while questions.recv(_MOST_BYTES):
        questions.send(_ANSWER)


async def _callers_edge(ear: socket.socket, guard: socket.socket) -> None:
    waiting: dict[bytes, asyncio.Future[bytes]] = {}
    loop = asyncio.get_running_loop()
    count = 0

    async def ask(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal count
        content = await request.read()
        count += 1
        number = count.to_bytes(_NUMBER_BYTES, "big")
        waiting[number] = loop.create_future()
        guard.send(number + content)
        return web.Response(body=await waiting[number], content_type=_TYPE)

    def come() -> None:
        for unit in _come(guard):
            waiting.pop(unit[:_NUMBER_BYTES]).set_result(unit[_NUMBER_BYTES:])

    loop.add_reader(guard, come)
    runner = web.ServerRunner(web.Server(ask, access_log=None))
    await runner.setup()
    await web.SockSite(runner, ear).start()
    await asyncio.Event().wait()


async def _peers_edge(guard: socket.socket, peer: int) -> None:
    loop = asyncio.get_running_loop()
    under_way: set[asyncio.Task[None]] = set()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def perform(unit: bytes) -> None:
            url = f"http://127.0.0.1:{peer}/orders/{int.from_bytes(unit[:_NUMBER_BYTES], 'big')}"
            content, headers = unit[_NUMBER_BYTES:], {"Content-Type": _TYPE}
            async with session.post(url, data=content, headers=headers) as answer:
                guard.send(unit[:_NUMBER_BYTES] + await answer.read())

        def come() -> None:
            for unit in _come(guard):
                task = loop.create_task(perform(unit))
                under_way.add(task)
                task.add_done_callback(under_way.discard)

        loop.add_reader(guard, come)
        await asyncio.Event().wait()
