"""Jobs that do what hostile content would have a parser do, served as the guard's own are."""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator

from gateway.inspection.sandbox.serve import serve
from gateway.inspection.sandbox.wire import Ask

_libc = ctypes.CDLL(None, use_errno=True)
_SOCKET = 3
_harmed = False


def echo(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    if _harmed:
        os._exit(1)
    yield request
    if descriptor >= 0:
        yield os.pread(descriptor, 1 << 20, 0)


def who(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    yield str(os.getpid()).encode()


def many(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    """request: how many answers of how many bytes."""
    count, size = (int(one) for one in request.split())
    for _ in range(count):
        yield bytes(size)


def asks(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    """Asks until the answer is `enough`; the last answer is the sum."""
    count = 0
    while ask(request) != b"enough":
        count += 1
    yield str(count).encode()


def hands_out(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    yield ask(b"leaf", request)
    yield ask(b"leaf", memoryview(request)[::-1])


def raises(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    yield b"something"
    raise KeyError("content of the unit")


def loops(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    while True:
        pass
    yield b""


def sleeps(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    time.sleep(3600)
    yield b""


def trickles(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    while True:
        time.sleep(0.05)
        yield bytes(1 << 16)


def eats_memory(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    kept = []
    while True:
        kept.append(bytearray(1 << 20))
    yield b""


def crashes(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    ctypes.string_at(0)
    yield b""


def aborts(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    _libc.abort()
    yield b""


def leaves(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    yield b"half"
    os._exit(0)


def closes(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    os.close(_SOCKET)
    time.sleep(3600)
    yield b""


def writes_raw(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    """Says to the guard what the request holds."""
    os.write(_SOCKET, request)
    time.sleep(3600)
    yield b""


def harms(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    global _harmed
    _harmed = True
    yield b"seemingly well"


def attempts(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
    """Tries what the request names: gives what came of it, unless the kernel ends the process."""
    try:
        yield f"done: {_ATTEMPTS[request.decode()](descriptor)!r}".encode()
    except (OSError, RuntimeError) as error:
        yield f"refused: {type(error).__name__}".encode()


def _libc_call(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def _open(path: str, flags: int) -> Callable[[int], object]:
    return lambda _: os.open(path, flags)


def _write_to_body(descriptor: int) -> object:
    return os.write(descriptor, b"changed")


def _map_body_for_writing(descriptor: int) -> object:
    return mmap.mmap(descriptor, 4096)


def _execute_memory(descriptor: int) -> object:
    return mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def _late_import(descriptor: int) -> object:
    import this

    return this


def _raise_limit(descriptor: int) -> object:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (3600, 3600))
    return "raised"


def _thread(descriptor: int) -> object:
    threading.Thread(target=int).start()
    return "thread"


def _others_descriptors(descriptor: int) -> object:
    """Descriptors beyond standard three, socket, scratch and the unit's."""
    found = []
    for number in range(64):
        try:
            fcntl.fcntl(number, fcntl.F_GETFD)
            found.append(number)
        except OSError:
            pass
    return found


_ATTEMPTS: dict[str, Callable[[int], object]] = {
    "open a file": _open("/etc/passwd", os.O_RDONLY),
    "open the environment": _open("/proc/self/environ", os.O_RDONLY),
    "open the memory of the parent": lambda _: os.open(f"/proc/{os.getppid()}/mem", os.O_RDWR),
    "write a file": _open("/tmp/written", os.O_WRONLY | os.O_CREAT),
    "make a memory file": lambda _: os.memfd_create("x"),
    "look at a path": lambda _: os.stat("/etc"),
    "list a folder": lambda _: os.listdir("/"),
    "unlink": lambda _: os.unlink("/tmp/x"),
    "rename": lambda _: os.rename("/tmp/x", "/tmp/y"),
    "cut the body": lambda descriptor: os.ftruncate(descriptor, 0),
    "write to the body": _write_to_body,
    "map the body for writing": _map_body_for_writing,
    "a tcp socket": lambda _: socket.socket(),
    "a unix socket": lambda _: socket.socket(socket.AF_UNIX),
    "a raw socket": lambda _: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "fork": lambda _: os.fork(),
    "a thread": _thread,
    "exec": lambda _: os.execv("/bin/true", ["true"]),
    "ptrace the parent": lambda _: _libc_call(_libc.ptrace(16, os.getppid(), 0, 0)),
    "kill the parent": lambda _: os.kill(os.getppid(), signal.SIGKILL),
    "kill all": lambda _: os.kill(-1, signal.SIGKILL),
    "a pidfd": lambda _: os.pidfd_open(1),
    "unshare": lambda _: _libc_call(_libc.unshare(0x10000000)),
    "mount": lambda _: _libc_call(_libc.mount(b"none", b"/", b"tmpfs", 0, None)),
    "executable memory": _execute_memory,
    "raise a limit": _raise_limit,
    "import late": _late_import,
    "prctl": lambda _: _libc_call(_libc.prctl(4, 1, 0, 0, 0)),
    "environment": lambda _: sorted(os.environ),
    "descriptors": _others_descriptors,
}

JOBS = {
    one.__name__: one
    for one in (
        echo,
        who,
        many,
        asks,
        hands_out,
        raises,
        loops,
        sleeps,
        trickles,
        eats_memory,
        crashes,
        aborts,
        leaves,
        closes,
        writes_raw,
        harms,
        attempts,
    )
}

if __name__ == "__main__":
    serve(JOBS)
