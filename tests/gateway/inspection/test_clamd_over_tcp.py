"""A clamd on another machine is asked over TCP as strictly as one beside the guard."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import Unavailable
from gateway.inspection.content import Content
from gateway.inspection.localdb import find_clamd, write_configuration, write_signatures
from gateway.inspection.malware import clamd as clamd_module
from gateway.inspection.malware.clamd import Clamd
from gateway.inspection.malware.clamd_session import tcp_address
from gateway.management.settings import read_settings
from gateway.policy.located import LocatedErrors
from tests.support.clamav import eicar
from tests.support.http_gate import free_port


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A real clamd that listens on TCP, on loopback."""
    program, port = find_clamd(), free_port()
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="fg") as name:
        folder = Path(name)
        write_signatures(folder / "signatures")
        file = write_configuration(folder, folder / "signatures", folder / "clamd.sock")
        file.write_text(file.read_text() + f"TCPSocket {port}\nTCPAddr 127.0.0.1\n")
        process = subprocess.Popen(
            [program, "--foreground", f"--config-file={file}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        made = f"tcp://127.0.0.1:{port}"
        until = time.monotonic() + 60
        while Clamd(made, 2, 0).state().trouble is not None:
            assert time.monotonic() < until
            time.sleep(0.1)
        yield made
        process.terminate()
        process.wait(10)


def scan(scanner: Clamd, data: bytes) -> str | None:
    return scanner.scan(Content.of_bytes(data))


def test_clean_is_clean_and_a_find_is_named(address: str, tmp_path: Path) -> None:
    scanner = Clamd(address, 25, 0)
    assert scan(scanner, b"hello") is None
    assert scan(scanner, eicar()) == "Local.Eicar-Test.UNOFFICIAL"
    assert scan(scanner, bytes(3_000_000) + eicar()) is not None
    assert scan(scanner, b"hello") is None
    file = tmp_path / "f"
    file.write_bytes(eicar())
    with file.open("rb") as opened:
        content = Content.of_descriptor(opened.fileno(), file.stat().st_size)
        assert scanner.scan(content) is not None
    scanner.close()


def test_a_large_content_goes_in_windows(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clamd_module, "WINDOW_BYTES", 1 << 20)
    scanner = Clamd(address, 25, 0)
    for at in ((1 << 20) - 30, (2 << 20) + 5):
        data = bytearray(3 << 20)
        data[at : at + 68] = eicar()
        assert scan(scanner, bytes(data)) is not None
    assert scan(scanner, bytes(3 << 20)) is None
    scanner.close()


def test_one_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable) as raised:
        scan(Clamd(f"tcp://127.0.0.1:{free_port()}", 2, 0), b"x")
    assert raised.value.number == 3302


@pytest.mark.parametrize(
    ("answer", "number"), [(b"1: stream: OK\n\0", 3303), (b"2: stream: OK\0", 3303), (b"", 3301)]
)
def test_one_that_talks_nonsense_or_nothing_is_no_answer(answer: bytes, number: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer_twice, args=(server, answer), daemon=True)
        thread.start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        scanner = Clamd(address, 1.0, 0)
        with pytest.raises(Unavailable) as raised:
            scan(scanner, b"x")
        assert raised.value.number == number
        scanner.close()
        thread.join(10)


def answer_twice(server: socket.socket, answer: bytes) -> None:
    """As clamd to VERSION, then as said to a stream."""
    first, _ = server.accept()
    with first:
        first.recv(100)
        first.sendall(b"ClamAV 1.4.6\0")
    second, _ = server.accept()
    with second:
        second.recv(1000)
        second.sendall(answer)
        # Until the scanner has had enough.
        while second.recv(1000):
            pass


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://scanner.inner:3310", ("scanner.inner", 3310)),
        ("tcp://10.0.0.9:3310", ("10.0.0.9", 3310)),
        ("tcp://[fd00::9]:3310", ("fd00::9", 3310)),
        ("tcp://:3310", None),
        ("tcp://a:0", None),
        ("tcp://a", None),
        ("tcp://a:70000", None),
        ("/run/clamd", None),
    ],
)
def test_addresses_are_read_strictly(text: str, address: tuple[str, int] | None) -> None:
    assert tcp_address(text) == address


SETTINGS = (
    "gate: g\nside: inner\nmode: one-way\nlink:\n  udp: 10.0.0.2:47000\nscanners:\n"
    "  clamd: {}\n  database: /var/lib/clamav\n"
)


def test_the_setting_takes_one_and_says_what_is_wrong_with_another() -> None:
    said = read_settings("gate.yaml", SETTINGS.format("tcp://scanner.inner:3310").encode()).scanners
    assert (said.clamd, said.database) == ("tcp://scanner.inner:3310", "/var/lib/clamav")
    with pytest.raises(LocatedErrors) as raised:
        read_settings("gate.yaml", SETTINGS.format("tcp:scanner").encode())
    assert [problem.number for problem in raised.value.problems] == [3331]


def test_no_descriptor_is_left_open(address: str) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        scanner = Clamd(address, 25, 0)
        scan(scanner, b"x")
        scanner.close()
    assert len(os.listdir("/proc/self/fd")) <= before
