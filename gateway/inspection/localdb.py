"""A ClamAV of one's own for trying out: a signature database and a configuration, no download.

The database knows EICAR (the test string of the scanner makers, assembled here and stored nowhere)
and, where Debian's clamav-testfiles is installed, its harmless program. It protects nobody: a gate
that carries anything takes the signatures of ClamAV.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured, Unavailable
from gateway.inspection.malware.clamd import Clamd

TEST_FILES: Final = Path("/usr/share/clamav-testfiles")
# As Debian installs it; /usr/sbin is not on every user's path.
_PROGRAMS: Final = ("clamd", "/usr/sbin/clamd")
_START_WAIT_S: Final = 60.0
_STOP_WAIT_S: Final = 10.0
# Unix socket paths are at most 107 characters long (unix(7)).
_MAX_SOCKET_PATH: Final = 107


def eicar() -> bytes:
    """The 68 characters that every scanner reports (eicar.org), assembled here."""
    return b"".join(
        (b"X5O!P%@AP[4\\PZX5", b"4(P^)7CC)7}$EICAR-STANDARD-", b"ANTIVIRUS-TEST-FILE!$H+H*")
    )


def write_signatures(folder: Path) -> None:
    """Write local.ndb and local.hsb into a folder. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    # `*`: at any offset, so that it is found behind other bytes as well.
    (folder / "local.ndb").write_text(f"Local.Eicar-Test:0:*:{eicar().hex()}\n")
    sample = TEST_FILES / "clam.exe"
    if sample.is_file():
        data = sample.read_bytes()
        line = f"{hashlib.sha256(data).hexdigest()}:{len(data)}:Local.Clam-Test-File\n"
        (folder / "local.hsb").write_text(line)


def write_configuration(folder: Path, database: Path, socket: Path) -> Path:
    """Write clamd.conf for a daemon that lives in a folder; gives its path. Raises OSError.

    The limits are those that docs/INSPECTION.md asks of a gate's clamd.
    """
    lines = [
        "Foreground yes",
        f"LocalSocket {socket}",
        "LocalSocketMode 600",
        f"DatabaseDirectory {database}",
        f"TemporaryDirectory {folder}",
        f"LogFile {folder / 'clamd.log'}",
        f"PidFile {folder / 'clamd.pid'}",
        "MaxThreads 12",
        # Above one window of ours, so that nothing is answered OK unread.
        "MaxFileSize 100M",
        "StreamMaxLength 100M",
        "MaxScanSize 400M",
        "AlertExceedsMax yes",
        # Below the time that we wait for an answer.
        "MaxScanTime 20000",
    ]
    path = folder / "clamd.conf"
    path.write_text("\n".join(lines) + "\n")
    return path


@dataclass(slots=True)
class LocalClamd:
    """A clamd that was started here. socket: for `scanners: clamd:`. pid: to stop or signal it."""

    folder: Path
    socket: Path
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        """End it, by its own pid, and wait until it has gone."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_WAIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def find_clamd() -> str | None:
    """The path of the clamd program, None where it is not installed."""
    return next((found for name in _PROGRAMS if (found := shutil.which(name))), None)


def start_clamd(folder: Path) -> LocalClamd:
    """Start a clamd with local signatures that lives in a folder; returns when it answers.

    Raises Misconfigured 3503 (not installed, or the path is too long for a socket) and Unavailable
    3301 (it did not come up), and OSError.
    """
    program = find_clamd()
    socket = folder / "clamd.sock"
    if program is None or len(str(socket).encode()) > _MAX_SOCKET_PATH:
        raise Misconfigured(3503, folder=str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    socket.unlink(missing_ok=True)
    write_signatures(folder / "signatures")
    configuration = write_configuration(folder, folder / "signatures", socket)
    process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
        [program, "--foreground", f"--config-file={configuration}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Its own group: an interrupt of the terminal is the caller's to pass on.
        start_new_session=True,
    )
    started = LocalClamd(folder, socket, process)
    _wait_until_it_answers(started)
    return started


def _wait_until_it_answers(started: LocalClamd) -> None:
    scanner = Clamd(started.socket, 2.0, 0)
    until = time.monotonic() + _START_WAIT_S
    while scanner.state().trouble is not None:
        if started.process.poll() is not None or time.monotonic() > until:
            started.stop()
            raise Unavailable(3301, wait_s=_START_WAIT_S, socket=str(started.socket))
        time.sleep(0.05)


@contextmanager
def running_clamd(folder: Path) -> Iterator[LocalClamd]:
    """A clamd for the time of a with block; see start_clamd."""
    started = start_clamd(folder)
    try:
        yield started
    finally:
        started.stop()
