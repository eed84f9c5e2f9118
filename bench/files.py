"""Files through the whole path: six processes, both guards' checks, from a drop to a file inside.

    file.small.types    units/s: 20,000 files of 4 KiB, the type looked at on both sides
    file.small.clamav   the same, and a real clamd asked by both sides
    file.large          time of one 4 GiB image through the path, as a multiple of a plain copy
    file.latency        ms from the rename of a 4 KiB file outside to its appearance inside, p50
    file.memory         largest peak RSS in MiB while 10 GiB cross; only when asked for

Every delivered file is compared with what was sent. Processor time and peak memory of each process
stand in the parameters.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bench.contents import SMALL_BYTES, small_files, write_small
from bench.gate import RunningGate, Used, quiet, running_gate
from bench.record import Record, Tell, record
from gateway.management.demo.cases import write_large

SMALL_COUNT: Final = 20_000
LATENCY_COUNT: Final = 200
LARGE_BYTES: Final = 4 << 30
MEMORY_BYTES: Final = 10 << 30
# A gate that delivers nothing for so long has stopped.
SMALL_WITHIN_S: Final = 30.0
LARGE_WITHIN_S: Final = 900.0
ONE_WITHIN_S: Final = 10.0
# A listing of 20,000 names holds their folder and a processor: seldom, as times come from the files.
_COUNT_EVERY_S: Final = 1.0
# Often enough to see the end of a large file to a percent, seldom enough to cost nothing.
_LOOK_EVERY_S: Final = 0.1
_LOOK_CLOSELY_S: Final = 0.0005
_PAUSE_S: Final = 0.05
# What the disk of the receiving host must take in, twice: as it came, and opened.
LARGE_RATE: Final = "4 Gbit/s"
_COPY_BYTES: Final = 1 << 20


def small_types(tell: Tell, count: int = SMALL_COUNT) -> Record:
    return _small("file.small.types", tell, count, malware=False)


def small_clamav(tell: Tell, count: int = SMALL_COUNT) -> Record:
    return _small("file.small.clamav", tell, count, malware=True)


def latency(tell: Tell, count: int = LATENCY_COUNT) -> Record:
    """p50 of files dropped one at a time into an idle gate."""
    found_ms = []
    with running_gate() as gate:
        paths = write_small(gate.work / "files", count)
        for index, path in enumerate(paths):
            quiet_ms = _PAUSE_S * (1 + index % 7 / 7)  # no beat with the loops of the processes
            time.sleep(quiet_ms)
            found_ms.append(1000 * _cross(gate, path))
            tell("latency", index + 1, count)
    found_ms.sort()
    parameters = {
        "files": count,
        "size_bytes": SMALL_BYTES,
        "settling_s": 0,
        "p95_ms": round(found_ms[int(0.95 * count)], 1),
        "least_ms": round(found_ms[0], 1),
        "most_ms": round(found_ms[-1], 1),
        **_machine(),
    }
    return record("file.latency", found_ms[count // 2], "ms", parameters)


def large(tell: Tell, size_bytes: int = LARGE_BYTES) -> Record:
    """Ratio to the mean of one plain copy before and one after."""
    with running_gate(rate=LARGE_RATE) as gate:
        source = _write_large(gate, size_bytes, tell)
        before_s = _plain_copy(source, gate.work / "copy")
        took_s, used = _cross_large(gate, source, tell)
        after_s = _plain_copy(source, gate.work / "copy")
    copy_s = (before_s + after_s) / 2
    parameters = {
        "size_bytes": size_bytes,
        "seconds": round(took_s, 2),
        "copy_before_s": round(before_s, 2),
        "copy_after_s": round(after_s, 2),
        "copy": "the mean of one before and one after, each with fsync, on the same disk",
        **_shown(used, took_s),
    }
    copied = ("seconds of a plain copy with fsync", copy_s)
    ratio = took_s / copy_s
    return record("file.large", ratio, "times a copy", parameters, peer=copied, ratio=ratio)


def memory(tell: Tell, size_bytes: int = MEMORY_BYTES) -> Record:
    """Largest peak of the six processes."""
    with running_gate() as gate:
        source = _write_large(gate, size_bytes, tell)
        took_s, used = _cross_large(gate, source, tell)
    parameters = {"size_bytes": size_bytes, "seconds": round(took_s, 2), **_shown(used, took_s)}
    most = max(process.peak_bytes for process in used.values())
    return record("file.memory", most / (1 << 20), "MiB", parameters)


def _small(name: str, tell: Tell, count: int, *, malware: bool) -> Record:
    with running_gate(malware=malware) as gate:
        paths = write_small(gate.work / "files", count)
        copied = _copy_each(paths, gate.work / "copies")
        os.sync()
        quiet(gate)
        before = gate.used()
        took_s = _cross_all(gate, paths, name, tell)
        used = _since(before, gate.used())
        _compare(gate, count)
    parameters = {
        "files": count,
        "size_bytes": SMALL_BYTES,
        "types": "csv, dicom, pdf",
        "seconds": round(took_s, 2),
        **_shown(used, took_s),
    }
    peer = ("plain copy with fsync of each", count / copied)
    return record(name, count / took_s, "units/s", parameters, peer=peer)


def _cross_all(gate: RunningGate, paths: list[Path], name: str, tell: Tell) -> float:
    """Seconds from the first drop until the last file is readable inside."""
    begun_s = time.time()
    for path in paths:
        path.rename(gate.drop / path.name)
    moved_s, there = time.monotonic(), 0
    while there < len(paths):
        time.sleep(_COUNT_EVERY_S)
        before, there = there, _count_arrived(gate)
        tell(name, there, len(paths))
        if there > before:
            moved_s = time.monotonic()
        elif time.monotonic() > moved_s + SMALL_WITHIN_S:
            raise TimeoutError(f"{there} of {len(paths)} files arrived, {gate.refused()} refused")
    # The rename into place sets a file's change time: exact, however seldom we look.
    return max(path.stat().st_ctime for path in _arrived(gate)) - begun_s


def _count_arrived(gate: RunningGate) -> int:
    return sum(name[0] != "." for name in os.listdir(gate.arrivals))


def _arrived(gate: RunningGate) -> list[Path]:
    return [gate.arrivals / name for name in os.listdir(gate.arrivals) if name[0] != "."]


def _compare(gate: RunningGate, count: int) -> None:
    """Raises RuntimeError unless each file inside is byte for byte what was sent."""
    wrong = sum((gate.arrivals / n).read_bytes() != c for n, c in small_files(count))
    if wrong:
        raise RuntimeError(f"{wrong} of {count} files are not as they were sent")


def _cross(gate: RunningGate, path: Path) -> float:
    """Seconds of one file through an idle gate."""
    target = gate.arrivals / path.name
    begun_s = time.perf_counter()
    path.rename(gate.drop / path.name)
    while not target.exists():
        time.sleep(_LOOK_CLOSELY_S)
        if time.perf_counter() - begun_s > ONE_WITHIN_S:
            raise TimeoutError(f"{path.name} did not arrive, {gate.refused()} refused")
    return time.perf_counter() - begun_s


def _write_large(gate: RunningGate, size_bytes: int, tell: Tell) -> Path:
    """The file that is sent, durable, so that nobody else's writeback is measured."""
    source = gate.work / "series.dcm"
    for written in write_large(source, size_bytes):
        tell("writing a large file", written, size_bytes)
    os.sync()
    return source


def _cross_large(gate: RunningGate, source: Path, tell: Tell) -> tuple[float, Mapping[str, Used]]:
    """Seconds of a large file; the source stays (a second name of it is dropped)."""
    quiet(gate)
    dropped, target = gate.drop / source.name, gate.arrivals / source.name
    part = gate.drop / ".series.part"
    shutil.copyfile(source, part)
    os.sync()
    before = gate.used()
    begun_s = time.time()
    part.rename(dropped)
    until_s = time.monotonic() + LARGE_WITHIN_S
    while not target.exists():
        time.sleep(_LOOK_EVERY_S)
        tell("a large file on its way", int(time.time() - begun_s), int(LARGE_WITHIN_S))
        if time.monotonic() > until_s:
            raise TimeoutError(f"the file did not arrive, {gate.refused()} refused")
    took_s = target.stat().st_ctime - begun_s
    used = _since(before, gate.used())
    if not filecmp.cmp(source, target, shallow=False):
        raise RuntimeError("the file inside is not as it was sent")
    target.unlink()
    return took_s, used


def _plain_copy(source: Path, target: Path) -> float:
    """Seconds of a copy through a buffer, made durable; the copy is removed."""
    target.unlink(missing_ok=True)
    os.sync()
    begun_s = time.perf_counter()
    buffer = memoryview(bytearray(_COPY_BYTES))
    with source.open("rb", buffering=0) as one, target.open("wb", buffering=0) as two:
        while count := one.readinto(buffer):
            two.write(buffer[:count])
        os.fsync(two.fileno())
    took_s = time.perf_counter() - begun_s
    target.unlink()
    return took_s


def _copy_each(paths: list[Path], folder: Path) -> float:
    """Seconds of a plain copy of each file, made durable one by one."""
    folder.mkdir()
    begun_s = time.perf_counter()
    for path in paths:
        with (folder / path.name).open("wb", buffering=0) as copy:
            copy.write(path.read_bytes())
            os.fsync(copy.fileno())
    took_s = time.perf_counter() - begun_s
    shutil.rmtree(folder)
    return took_s


def _since(before: Mapping[str, Used], after: Mapping[str, Used]) -> dict[str, Used]:
    return {
        name: Used(used.cpu_s - before[name].cpu_s, used.peak_bytes)
        for name, used in after.items()
        if name in before
    }


def _shown(used: Mapping[str, Used], took_s: float) -> dict[str, Any]:
    """The six processes, as parameters of a figure."""
    return {
        "processors_used": {n: round(u.cpu_s / took_s, 2) for n, u in sorted(used.items())},
        "peak_mib": {n: u.peak_bytes >> 20 for n, u in sorted(used.items())},
        **_machine(),
    }


def _machine() -> dict[str, Any]:
    """load: runnable processes before; above 1 somebody else was at work."""
    return {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
