"""A ClamAV daemon of the demo's own, with a signature database made on the spot.

No signatures are downloaded: the database knows the EICAR test file and nothing else. A real gate
points `scanners: clamd:` at the daemon of its host.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.errors import Unavailable
from gateway.policy.samples import generate_sample

_START_WITHIN_S: Final = 30.0
_CONFIGURATION: Final = """\
LocalSocket {folder}/clamd.sock
DatabaseDirectory {folder}/database
TemporaryDirectory {folder}/scratch
LogFile {folder}/clamd.log
Foreground yes
{user}
MaxThreads 4
AlertEncrypted yes
AlertExceedsMax yes
StreamMaxLength 4000M
MaxScanSize 4000M
MaxFileSize 2000M
"""


def find_clamd() -> str | None:
    """The program, None where ClamAV is not installed."""
    return shutil.which("clamd", path="/usr/sbin:/usr/bin:/usr/local/sbin")


@contextlib.contextmanager
def local_clamd(folder: Path) -> Iterator[Path]:
    """A running clamd; gives its socket. Raises Unavailable 1062 where it does not come up."""
    program = find_clamd()
    if program is None:
        raise Unavailable(1062, reason="clamd is not installed")
    for part in ("database", "scratch"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    signature = f"Local.Eicar-Test:0:*:{generate_sample('eicar').hex()}\n"
    (folder / "database" / "local.ndb").write_text(signature, encoding="ascii")
    configuration = folder / "clamd.conf"
    configuration.write_text(
        _CONFIGURATION.format(folder=folder, user="User root" if _is_root() else "")
    )
    with (folder / "clamd.out").open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 the daemon just found
            [program, "--config-file", str(configuration)], stdout=output, stderr=output
        )
    socket = folder / "clamd.sock"
    try:
        _wait_for(socket, process)
        yield socket
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(socket: Path, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + _START_WITHIN_S
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline_s:
            raise Unavailable(1062, reason=f"clamd did not start, see {socket.parent}/clamd.out")
        time.sleep(0.05)


def _is_root() -> bool:
    return os.geteuid() == 0
