"""A scanner that is gone, hung, stopped, too old or talking nonsense lets nothing pass."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import Misconfigured, Unavailable
from gateway.inspection.chain import Inspector, Role, bytes_body, file_body, open_scanners
from gateway.inspection.content import Content
from gateway.inspection.here import inspector_here
from gateway.inspection.malware import clamd as clamd_module
from gateway.inspection.malware.clamd import WINDOW_BYTES, Clamd
from gateway.inspection.malware.yara import Yara, open_yara
from gateway.policy.facts import FileFacts, UnpackLimits
from tests.gateway.inspection.scanning import SHIPPED_RULES, Said
from tests.support.clamav import LocalClamd, eicar, running_clamd

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LIMITS = UnpackLimits()


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="fg") as folder:
        yield Path(folder)


def scan(scanner: Clamd | Yara, data: bytes) -> str | None:
    return scanner.scan(Content.of_bytes(data))


def test_clean_is_clean_and_a_find_is_named(clamd: LocalClamd) -> None:
    scanner = Clamd(clamd.socket, 25, 0)
    assert scan(scanner, b"hello") is None
    assert scan(scanner, eicar()) == "Local.Eicar-Test.UNOFFICIAL"
    # A longer content before a shorter one leaves nothing of itself behind.
    assert scan(scanner, bytes(70_000) + eicar()) is not None
    assert scan(scanner, b"hello") is None
    scanner.close()


def test_a_find_in_any_window_of_a_large_file_counts(clamd: LocalClamd, tmp_path: Path) -> None:
    scanner = Clamd(clamd.socket, 25, 0)
    path = tmp_path / "large"
    for offset in (WINDOW_BYTES - 30, 2 * WINDOW_BYTES - 10_000):
        with path.open("wb") as file:
            file.truncate(2 * WINDOW_BYTES)
            file.seek(offset)
            file.write(eicar())
        with Content.of_file(path.open("rb")) as content:
            assert scanner.scan(content) is not None, offset
    scanner.close()


def test_many_threads_ask_at_once_and_each_gets_its_own_answer(clamd: LocalClamd) -> None:
    scanner = Clamd(clamd.socket, 25, 0)
    wrong: list[object] = []

    def ask(number: int) -> None:
        for step in range(60):
            bad = (number + step) % 2 == 0
            data = (eicar() if bad else b"fine") + b"%d %d" % (number, step)
            if (scan(scanner, data) is not None) is not bad:
                wrong.append((number, step))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    scanner.close()


def test_killed_under_way_then_back(short_path: Path) -> None:
    with running_clamd(short_path) as clamd:
        scanner = Clamd(clamd.socket, 5, 0)
        assert scan(scanner, b"hello") is None
        os.kill(clamd.pid, signal.SIGKILL)
        clamd.process.wait()
        with pytest.raises(Unavailable) as raised:
            scan(scanner, b"hello")
        assert raised.value.number in (3302, 3308)
        assert scanner.state().trouble is not None
    with running_clamd(short_path):
        assert scan(scanner, b"hello") is None
        assert scan(scanner, eicar()) is not None
    scanner.close()


def test_stopped_counts_as_hung_and_its_late_answer_goes_to_nobody(short_path: Path) -> None:
    with running_clamd(short_path) as clamd:
        scanner = Clamd(clamd.socket, 0.5, 0)
        assert scan(scanner, b"hello") is None
        os.kill(clamd.pid, signal.SIGSTOP)
        try:
            with pytest.raises(Unavailable) as raised:
                scan(scanner, b"hello")
            assert raised.value.number == 3301
            began = time.monotonic()
            assert scanner.state().trouble is not None
            # Connecting and answering each have their own limit; a watch thread waits for both.
            assert time.monotonic() - began < 2.5 * clamd_module.STATE_WAIT_S
        finally:
            os.kill(clamd.pid, signal.SIGCONT)
        # The answer to the question that was given up was "OK": it must not be this one's.
        scanner = Clamd(clamd.socket, 25, 0)
        assert scan(scanner, eicar()) is not None
        scanner.close()


def test_a_session_that_clamd_ended_is_opened_anew(clamd: LocalClamd) -> None:
    scanner = Clamd(clamd.socket, 25, 0)
    assert scan(scanner, b"hello") is None
    session, kept = scanner._session()
    assert kept
    session._socket.shutdown(socket.SHUT_RDWR)
    assert scan(scanner, eicar()) is not None
    scanner.close()


_VERSION = b"ClamAV 1.4.6"


@contextmanager
def impostor(
    path: Path, answer: Callable[[bytes, socket.socket], bytes | None], version: bytes = _VERSION
) -> Iterator[None]:
    """Something that listens where clamd should. answer: to each command; None hangs up."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve(connection: socket.socket) -> None:
        with connection:
            for _ in range(20):
                try:
                    got = connection.recv(100_000)
                except OSError:
                    return
                if not got:
                    return
                if b"zVERSION\0" in got:
                    reply: bytes | None = version + b"\0"
                elif got in (b"zIDSESSION\0", b"zIDSESSION\0zFILDES\0", b"zFILDES\0"):
                    continue
                else:
                    reply = answer(got, connection)
                if reply is None:
                    return
                connection.sendall(reply)

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


_NONSENSE = {
    "empty": b"\0",
    "plain OK": b"OK\0",
    "OK without its number": b"fd[10]: OK\0",
    "OK to another question": b"2: fd[10]: OK\0",
    "OK and more": b"1: fd[10]: OK indeed\0",
    "two answers": b"1: fd[10]: OK\0" + b"1: fd[10]: OK\0",
    "small letters": b"1: fd[10]: ok\0",
    "a blank before": b" 1: fd[10]: OK\0",
    "a line feed": b"1: fd[10]: OK\n\0",
    "FOUND without a name": b"1: fd[10]:  FOUND\0",
    "an error": b"1: fd[10]: lstat() failed. ERROR\0",
    "no permission": b"1: fd[10]: Can't open file or directory ERROR\0",
    "limit": b"1: INSTREAM size limit exceeded. ERROR\0",
    "unknown command": b"UNKNOWN COMMAND\0",
    "a web server": b"HTTP/1.1 400 Bad Request\r\n\r\n\0",
    "without end": b"1: fd[10]: OK" * 200,
    "noise": bytes(range(1, 200)) + b"\0",
    "hangs up": None,
}


@pytest.mark.parametrize("what", _NONSENSE)
def test_whatever_is_no_verdict_is_no_pass(short_path: Path, what: str) -> None:
    path = short_path / "s"
    with impostor(path, lambda _got, _connection: _NONSENSE[what]):
        scanner = Clamd(path, 1, 0)
        with pytest.raises(Unavailable) as raised:
            scan(scanner, b"hello")
        assert raised.value.number // 100 == 33
        scanner.close()


def test_the_impostor_itself_can_answer_rightly(short_path: Path) -> None:
    """Otherwise the table above would prove nothing."""
    path = short_path / "s"
    with impostor(path, lambda _got, _connection: b"1: fd[10]: OK\0"):
        scanner = Clamd(path, 1, 0)
        assert scan(scanner, b"hello") is None
        scanner.close()


def test_an_answer_drop_by_drop_does_not_hold_us(short_path: Path) -> None:
    def drip(_got: bytes, connection: socket.socket) -> None:
        with contextlib.suppress(BrokenPipeError):
            for byte in b"1: fd[10]: O":
                connection.sendall(bytes([byte]))
                time.sleep(0.1)

    with impostor(short_path / "s", drip):
        scanner = Clamd(short_path / "s", 0.4, 0)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            scan(scanner, b"hello")
        assert time.monotonic() - began < 0.4 * 6
        scanner.close()


@pytest.mark.parametrize(
    ("version", "max_age_s", "number"),
    [
        (b"ClamAV 1.4.6/27450/Thu Nov 20 08:31:07 2014", 86400.0, 3305),
        (b"ClamAV 1.4.6/27450/Thu Nov 20 08:31:07 2070", 86400.0, 3316),
        (b"ClamAV 1.4.6", 86400.0, 3306),
        (b"ClamAV 1.4.6/27450/yesterday or so", 86400.0, 3303),
        (b"nginx", 0.0, 3303),
    ],
)
def test_signatures_that_are_too_old_let_nothing_pass(
    short_path: Path, version: bytes, max_age_s: float, number: int
) -> None:
    with impostor(short_path / "s", lambda _g, _c: b"1: fd[10]: OK\0", version):
        scanner = Clamd(short_path / "s", 1, max_age_s)
        with pytest.raises(Unavailable) as raised:
            scan(scanner, b"hello")
        assert raised.value.number == number
        state = scanner.state()
        assert state.trouble is not None
        assert state.trouble.number == number
        scanner.close()


def test_young_signatures_are_told_with_their_age(short_path: Path) -> None:
    made = time.strftime("%a %b %d %H:%M:%S %Y", time.gmtime(time.time() - 3 * 3600)).encode()
    with impostor(short_path / "s", lambda _g, _c: b"1: fd[10]: OK\0", b"ClamAV 1.4.6/1/" + made):
        scanner = Clamd(short_path / "s", 1, 86400.0)
        assert scan(scanner, b"hello") is None
        assert scanner.describe() == "ClamAV 1.4.6, signatures 3 h old"
        scanner.close()


def test_over_its_stream_limit_clamd_is_unavailable_and_not_silent(
    short_path: Path, tmp_path: Path
) -> None:
    """Windows are smaller than any sane limit: only the installation can be wrong."""
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(WINDOW_BYTES + 1)
    with running_clamd(short_path) as clamd:
        conf = clamd.folder / "clamd.conf"
        conf.write_text(conf.read_text().replace("StreamMaxLength 100M", "StreamMaxLength 1M"))
        clamd.stop()
        with _restarted(clamd), Content.of_file(large.open("rb")) as content:
            scanner = Clamd(clamd.socket, 25, 0)
            with pytest.raises(Unavailable) as raised:
                scanner.scan(content)
            assert raised.value.number in (3307, 3308)
            scanner.close()


@contextmanager
def _restarted(clamd: LocalClamd) -> Iterator[None]:
    import subprocess

    process = subprocess.Popen(
        ["/usr/sbin/clamd", "--foreground", f"--config-file={clamd.folder / 'clamd.conf'}"],
        stdout=subprocess.DEVNULL,
    )
    scanner = Clamd(clamd.socket, 2, 0)
    try:
        until = time.monotonic() + 30
        while scanner.state().trouble is not None and time.monotonic() < until:
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def examined(tmp_path: Path, data: bytes, said: Said) -> tuple[Inspector, FileFacts]:
    inspector = inspector_here(Role.SENDING, open_scanners(said), tmp_path)
    return inspector, inspector.examine(bytes_body(data), "x.txt", AT, LIMITS)


def test_a_chain_without_scanners_answers_nothing(tmp_path: Path) -> None:
    inspector, facts = examined(tmp_path, b"hello", Said(yara=""))
    with pytest.raises(Unavailable) as raised:
        inspector.scan(bytes_body(b"hello"), facts, LIMITS)
    assert raised.value.number == 3312


def test_one_scanner_that_is_gone_is_enough_to_wait(tmp_path: Path) -> None:
    inspector, facts = examined(tmp_path, b"hello", Said(clamd=str(tmp_path / "nobody")))
    with pytest.raises(Unavailable) as raised:
        inspector.scan(bytes_body(b"hello"), facts, LIMITS)
    assert raised.value.number == 3302
    states = inspector.scanners_state()
    assert [(state.name, state.trouble is None) for state in states] == [
        ("YARA", True),
        ("ClamAV", False),
    ]


def test_the_facts_say_which_scanners_looked(clamd: LocalClamd, tmp_path: Path) -> None:
    inspector, facts = examined(tmp_path, b"hello", Said(str(clamd.socket)))
    assert facts.malware is None
    malware = inspector.scan(bytes_body(b"hello"), facts, LIMITS).malware
    assert malware is not None
    assert malware.detections == ()
    assert malware.scanners[0].startswith("YARA, ")
    assert malware.scanners[1].startswith("ClamAV 1.")
    inspector.close()


def test_the_leaf_that_holds_it_is_named(clamd: LocalClamd, tmp_path: Path) -> None:
    from tests.gateway.inspection.packing import gz, tar_of

    inspector = inspector_here(Role.RECEIVING, open_scanners(Said(str(clamd.socket))), tmp_path)
    body = bytes_body(gz(tar_of({"a/b.txt": eicar()})))
    facts = inspector.examine(body, "x.tgz", AT, LIMITS)
    malware = inspector.scan(body, facts, LIMITS).malware
    assert malware is not None
    assert "x.tgz > x.tar > a/b.txt" in {detection.where for detection in malware.detections}
    inspector.close()


def test_a_rule_that_does_not_compile_stops_the_start_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "good.yar").write_text("rule a { condition: false }")
    (tmp_path / "wrong.yar").write_text(
        'rule b {\n  strings:\n    $x = "y"\n  condition:\n    $z\n}'
    )
    with pytest.raises(Misconfigured) as raised:
        open_yara(tmp_path)
    assert raised.value.number == 3501
    assert raised.value.fields["line"] == 5
    assert str(raised.value.fields["file"]).endswith("wrong.yar")


@pytest.mark.parametrize("text", ['include "/etc/passwd"', 'import "nothing"', "\udcff"])
def test_a_rule_file_reaches_nothing_else(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yar").write_text(text, errors="surrogateescape")
    with pytest.raises(Misconfigured):
        open_yara(tmp_path)


def test_no_rules_are_no_scanner(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(Misconfigured) as raised:
            open_yara(folder)
        assert raised.value.number == 3502


def test_yara_sees_every_window_and_the_start_only_once(tmp_path: Path) -> None:
    (tmp_path / "x.yar").write_text(
        'rule late { strings: $a = "needle" condition: $a }\n'
        "rule start { condition: at_start and uint8(0) == 0x4d }"
    )
    scanner = open_yara(tmp_path)
    size = clamd_module.WINDOW_BYTES // 3
    assert scan(scanner, bytes(size) + b"needle") == "x.late"
    assert scan(scanner, b"M" + bytes(10)) == "x.start"
    assert scan(scanner, b"N" + b"M" * size) is None


def test_the_shipped_rules_are_no_finding_themselves() -> None:
    scanner = open_yara(SHIPPED_RULES)
    for file in SHIPPED_RULES.glob("*.yar"):
        assert scan(scanner, file.read_bytes()) is None, file


def test_a_stream_is_framed_as_clamd_wants_it(short_path: Path, tmp_path: Path) -> None:
    """INSTREAM: lengths of four bytes, big end first, in parts of 256 KiB at most, a zero at last."""
    got = bytearray()

    def collect(piece: bytes, connection: socket.socket) -> bytes:
        got.extend(piece)
        while not got.endswith(struct.pack(">I", 0)) or len(got) < WINDOW_BYTES:
            got.extend(connection.recv(1 << 20))
        return b"1: stream: Win.Test FOUND\0"

    large = tmp_path / "large"
    large.write_bytes(b"\xff" * (WINDOW_BYTES + 1))
    with impostor(short_path / "s", collect), Content.of_file(large.open("rb")) as content:
        scanner = Clamd(short_path / "s", 25, 0)
        assert scanner.scan(content) == "Win.Test"
        scanner.close()
    at = got.index(b"zINSTREAM\0") + 10
    lengths = []
    while at < len(got):
        (length,) = struct.unpack_from(">I", got, at)
        lengths.append(length)
        at += 4 + length
    assert sum(lengths) == WINDOW_BYTES
    assert max(lengths) == 256 << 10
    assert lengths[-1] == 0


def test_a_body_in_a_file_is_scanned_as_it_lies_there(clamd: LocalClamd, tmp_path: Path) -> None:
    inspector = inspector_here(Role.SENDING, open_scanners(Said(str(clamd.socket))), tmp_path)
    path = tmp_path / "body"
    path.write_bytes(b"x" * 100_000 + eicar())
    body = file_body(path)
    facts = inspector.examine(body, "x.txt", AT, LIMITS)
    malware = inspector.scan(body, facts, LIMITS).malware
    assert malware is not None
    assert {detection.scanner for detection in malware.detections} == {"ClamAV", "YARA"}
    inspector.close()
