"""Sealing and opening, measured: `python -m bench.sealing`. One results dict a figure.

    seal.stream, open.stream   GB/s of body through a file, beside a plain read and write of the same
                               bytes in the same run (ceiling)
    seal.small, open.small     units/s of one thread, whole call in memory
CPU time for small units (this machine is shared), wall time for streams (two threads each).
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from gateway.identity.device import load_guard_identity
from gateway.identity.epoch_keys import EpochKeys, load_peer_epochs
from gateway.identity.provision import provision
from gateway.identity.trust import load_trust
from gateway.receiving.verify import Opener
from gateway.sending.seal import Sealer
from gateway.unit.model import CapturedUnit, FileBody, Kind, Lane
from gateway.unit.stages import Cleared

SMALL_BYTES = 4096
LARGE_BYTES = 1 << 30
PASSES = 5


@dataclass(frozen=True, slots=True)
class _Body:
    content: bytes
    path: Path | None = None

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size if self.path else len(self.content)

    def open(self) -> BinaryIO:
        return self.path.open("rb", buffering=0) if self.path else BytesIO(self.content)

    def read(self) -> bytes:
        return self.content


def run(folder: Path | None = None, large_bytes: int = LARGE_BYTES) -> list[dict[str, Any]]:
    """All figures. folder: where the large files lie; memory (/dev/shm) where there is one."""
    base = folder or (Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None)
    with tempfile.TemporaryDirectory(dir=base) as made:
        work = Path(made)
        sealer, opener = _pair(work)
        return [*_small(sealer, opener), *_stream(sealer, opener, work, large_bytes)]


def _pair(work: Path) -> tuple[Sealer, Opener]:
    provision(work / "gate", "bench", now_ns=time.time_ns(), epochs=2)
    outer, inner = work / "gate/outer/keys", work / "gate/inner/keys"
    sender, receiver = (load_guard_identity(keys / "guard") for keys in (outer, inner))
    path = outer / "guard/peer-epochs.bundle"
    bundle = load_peer_epochs(path, load_trust(outer / "trust", receiver.name))
    trust = load_trust(inner / "trust", sender.name)
    epochs = EpochKeys(inner / "guard/epochs")
    return Sealer(sender, bundle, Lane.IMPORT), Opener(Lane.IMPORT, trust, epochs)


def _cleared(body: _Body) -> Cleared:
    now_ns = time.time_ns()
    file = FileBody("bench.bin", body.size_bytes, now_ns)
    return Cleared(CapturedUnit(1, "bench", Kind.FILES, now_ns, file), body, "0" * 64, now_ns)


def _small(sealer: Sealer, opener: Opener) -> list[dict[str, Any]]:
    unit = _cleared(_Body(os.urandom(SMALL_BYTES)))
    sealed, _ = sealer.seal_bytes(unit)
    seal_s = _best(lambda: sealer.seal_bytes(unit), 2000, time.process_time)
    open_s = _best(lambda: opener.open_bytes(sealed), 2000, time.process_time)
    parameters = {"body_bytes": SMALL_BYTES, "time": "cpu", "sealed_bytes": len(sealed)}
    return [
        _result("seal.small", 1 / seal_s, "units/s", parameters),
        _result("open.small", 1 / open_s, "units/s", parameters),
    ]


def _stream(sealer: Sealer, opener: Opener, work: Path, large_bytes: int) -> list[dict[str, Any]]:
    body, sealed, opened = work / "body", work / "sealed", work / "opened"
    block = os.urandom(1 << 24)
    with body.open("wb") as file:
        for start in range(0, large_bytes, len(block)):
            file.write(block[: large_bytes - start])
    unit = _cleared(_Body(b"", body))
    sealed_file, opened_file, copied = sealed, opened, work / "copied"
    times: dict[str, float] = {}
    # Turn about, so that a noisy moment meets all three.
    for _ in range(PASSES):
        for name, call in (
            ("copy", lambda: _copy(body, copied)),
            ("seal.stream", lambda: sealer.seal_file(unit, sealed_file)),
            ("open.stream", lambda: opener.open_file(sealed_file, opened_file)),
        ):
            times[name] = min(times.get(name, 1e9), _best(call, 1, time.perf_counter, 1))
    ceiling = large_bytes / times["copy"] / 1e9
    parameters = {"body_bytes": large_bytes, "folder": _kind(work), "threads": 2}
    return [
        _result(name, large_bytes / times[name] / 1e9, "GB/s", parameters)
        | {"ceiling": {"name": "plain read and write", "value": ceiling}}
        | {"ratio": times["copy"] / times[name]}
        for name in ("seal.stream", "open.stream")
    ]


def _kind(folder: Path) -> str:
    return "memory" if folder.is_relative_to("/dev/shm") else "disk"


def _copy(source: Path, target: Path) -> None:
    """The ceiling: the same reads and writes with nothing between, into a new file."""
    target.unlink(missing_ok=True)
    buffer = memoryview(bytearray(4 << 20))
    with source.open("rb", buffering=0) as one, target.open("wb", buffering=0) as two:
        while count := one.readinto(buffer):
            two.write(buffer[:count])


def _best(
    call: Callable[[], object], count: int, clock: Callable[[], float], passes: int = PASSES
) -> float:
    """Seconds a call, the best of the passes."""
    best = float("inf")
    for _ in range(passes):
        begun = clock()
        for _ in range(count):
            call()
        best = min(best, (clock() - begun) / count)
    return best


def _result(name: str, value: float, unit: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "parameters": parameters}


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
