"""Reading a unit to its end, sandboxed and not, beside the plain library over the same bytes in the same run.

    inspect.<format>.4k, .100k, .1m   MB/s, sandboxed: the sending side's reader, the format's line asked
    inspect.types.4k                  units/s: 4 KiB files of three types, types asked, in the sandbox
    inspect.clamav.1m                 MB/s: type, sandbox, YARA and ClamAV on 1 MiB files, beside clamd alone

One thread each, so that the figures say what a unit costs and not how many processors there are; the last
two with four threads, as a guard has. Bodies lie as in a gate: small ones in memory, others in files.
"""

from __future__ import annotations

import contextlib
import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from bench.contents import SMALL_BYTES, small_files
from bench.formats import FORMATS, Format
from bench.record import Record, Tell, record
from gateway.inspection.chain import Inspector, Role, bytes_body, file_body, open_scanners
from gateway.inspection.content import Content
from gateway.inspection.here import inspector_here
from gateway.inspection.localdb import running_clamd
from gateway.inspection.programs import program_of
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.settings import SandboxSettings
from gateway.inspection.sandboxed import Sandboxed
from gateway.management.init import shipped
from gateway.policy.check import check_file
from gateway.policy.facts import UnpackLimits
from gateway.policy.model import Channel
from gateway.unit.stages import Body

T = TypeVar("T")
LARGE_BYTES: Final = 1 << 20
_SIZES: Final = {"4k": SMALL_BYTES, "100k": 100 << 10, "1m": LARGE_BYTES}
# Bodies above it lie in files (queues.inline in gate.yaml).
_INLINE_BYTES: Final = 64 << 10
# Of the speed without a sandbox, for all but the small ones.
_WANTED: Final = {"100k": 0.5, "1m": 0.5}
_THREADS: Final = 4
_ROUNDS: Final = 5
# Long enough that a turn of another process does not decide.
_ROUND_S: Final = 0.15
_AT: Final = datetime(2026, 11, 21, tzinfo=UTC)
_LIMITS: Final = UnpackLimits()
_POLICY: Final = """channel: bench
purpose: p
owner: o
carries: files
lane: import
grade: 3
from:
  folder: /srv/a
to:
  folder: /srv/b
passes_if:
  type: {types}
"""


def formats(tell: Tell) -> Iterator[Record]:
    """Every format at 4 KiB, 100 KiB and 1 MiB."""
    with (
        tempfile.TemporaryDirectory(prefix="ferrygate-bench-") as folder,
        _sandboxed(folder) as inside,
        _own_garbage_only(),
    ):
        here = inspector_here(Role.SENDING, [], Path(folder))
        for name, one in FORMATS.items():
            channel = channel_of_format(one)
            for label, size_bytes in _SIZES.items():
                tell(f"inspect.{name}.{label}", 0, 1)
                data = one.make(size_bytes)
                body = _lying(data, Path(folder) / "unit")
                wanted = _WANTED.get(label)
                yield _one(
                    f"inspect.{name}.{label}", one, data, body, channel, inside, here, wanted
                )


def small(tell: Tell, count: int = 6_000) -> Record:
    """Types of 4 KiB files in the sandbox, with the threads of a guard."""
    with (
        tempfile.TemporaryDirectory(prefix="ferrygate-bench-") as folder,
        _sandboxed(folder) as inside,
    ):
        here = inspector_here(Role.SENDING, [], Path(folder))
        files = [data for _, data in small_files(count)]
        took_s = _all(lambda data: _examined(inside, data, None), files)
        plain_s = _all(lambda data: _examined(here, data, None), files)
    tell("inspect.types.4k", 1, 1)
    parameters = {"files": count, "size_bytes": SMALL_BYTES, "threads": _THREADS, **_machine()}
    peer = ("the same without a sandbox", count / plain_s)
    return record("inspect.types.4k", count / took_s, "units/s", parameters, peer=peer)


def clamav(tell: Tell, count: int = 200) -> Record:
    """The whole chain on 1 MiB files beside clamd alone; in files, as units of this size lie in a gate."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ferrygate-bench-"))
        clamd = stack.enter_context(running_clamd(Path(folder) / "clamd"))
        chain = open_scanners(_Said(str(clamd.socket), str(shipped("policies") / "yara")))
        alone = open_scanners(_Said(str(clamd.socket), ""))
        inside = stack.enter_context(_sandboxed(folder, chain))
        table = FORMATS["csv"].make
        data = [table(LARGE_BYTES - one) for one in range(count)]
        paths = [Path(folder) / f"{place}.csv" for place in range(count)]
        for path, content in zip(paths, data, strict=True):
            path.write_bytes(content)

        def whole(path: Path) -> None:
            body = file_body(path)
            inside.scan(body, _facts_of(inside, body, None), _LIMITS)

        def plain(path: Path) -> None:
            with Content.of_file(path.open("rb", buffering=0)) as content:
                for scanner in alone:
                    scanner.scan(content)

        # In turn, so that a change of the machine meets both.
        rounds = [(_all(whole, paths), _all(plain, paths)) for _ in range(_ROUNDS)]
        took_s, plain_s = min(one for one, _ in rounds), min(other for _, other in rounds)
        for scanner in alone:
            scanner.close()
    tell("inspect.clamav.1m", 1, 1)
    size = sum(map(len, data))
    parameters = {
        "files": count,
        "size_bytes": LARGE_BYTES,
        "threads": _THREADS,
        "formats": "none asked",
        **_machine(),
    }
    peer = ("clamd alone", size / plain_s / 1e6)
    return record("inspect.clamav.1m", size / took_s / 1e6, "MB/s", parameters, peer=peer)


class _Said:
    """Scanner settings (opening.ScannerSettings)."""

    answer_within_s = 30.0
    signatures_max_age_s = 0.0

    def __init__(self, clamd: str, yara: str) -> None:
        self.clamd, self.yara = clamd, yara


def _one(
    name: str,
    one: Format,
    data: bytes,
    body: Body,
    channel: Channel,
    inside: Inspector,
    here: Inspector,
    wanted: float | None,
) -> Record:
    sandboxed_s, here_s, plain_s = _in_turn(
        lambda: _facts_of(inside, body, channel),
        lambda: _facts_of(here, body, channel),
        lambda: one.plain(data),
    )
    size = len(data)
    parameters = {
        "size_bytes": size,
        "lies_in": "memory" if body.path is None else "a file",
        "units_per_s": round(1 / sandboxed_s, 1),
        **_machine(),
    }
    return record(
        name,
        size / sandboxed_s / 1e6,
        "MB/s",
        parameters,
        peer=(f"{one.library} alone", size / plain_s / 1e6),
        without_sandbox=size / here_s / 1e6,
        wanted=wanted,
    )


def _in_turn(*works: Callable[[], object]) -> list[float]:
    """Seconds of each in the best of several rounds; in turn, so that a change of the machine meets all."""
    counts = [max(1, int(_ROUND_S / _seconds(work, 1))) for work in works]
    rounds = [
        [_seconds(work, count) for work, count in zip(works, counts, strict=True)]
        for _ in range(_ROUNDS)
    ]
    return [min(took) for took in zip(*rounds, strict=True)]


def _seconds(work: Callable[[], object], count: int) -> float:
    begun_s = time.perf_counter()
    for _ in range(count):
        work()
    return (time.perf_counter() - begun_s) / count


@contextlib.contextmanager
def _own_garbage_only() -> Iterator[None]:
    """What is loaded stays out of the collector's way, as in a child: each work pays for its own."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _lying(data: bytes, path: Path) -> Body:
    """A body where a gate would have it."""
    if len(data) <= _INLINE_BYTES:
        return bytes_body(data)
    path.write_bytes(data)
    return file_body(path)


def _all(work: Callable[[T], object], data: Sequence[T]) -> float:
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(work, data[: 8 * _THREADS]))
        begun_s = time.perf_counter()
        list(pool.map(work, data))
        return time.perf_counter() - begun_s


def _examined(inspector: Inspector, data: bytes, channel: Channel | None) -> Any:
    """The facts. Raises RuntimeError where a good file is not found good: then nothing was measured."""
    return _facts_of(inspector, bytes_body(data), channel)


def _facts_of(inspector: Inspector, body: Body, channel: Channel | None) -> Any:
    facts = inspector.examine(body, "x", _AT, _LIMITS, thorough=False, channel=channel)
    if facts.problems:
        raise RuntimeError(f"{facts.leaves[0].type}: {facts.problems[0]}")
    return facts


@contextlib.contextmanager
def _sandboxed(folder: str, scanners: Sequence[Any] = ()) -> Iterator[Inspector]:
    settings = SandboxSettings(children=_THREADS + 2, idle_children=_THREADS)
    sandbox = Sandbox(settings, program_of(Role.SENDING))
    sandbox.start()
    inspector = Inspector(Sandboxed(sandbox, Path(folder)), scanners, [sandbox.close])
    try:
        yield inspector
    finally:
        inspector.close()


def channel_of_format(one: Format) -> Channel:
    """A channel that takes one format and reads it to its end."""
    lines = "".join(f"  {line}\n" for line in one.line.split("; "))
    checked = check_file("10-bench.yaml", (_POLICY.format(types=one.types) + lines).encode(), {})
    if checked.channel is None:
        raise RuntimeError(f"the policy of the bench: {checked.problems}")
    return checked.channel


def _machine() -> dict[str, Any]:
    return {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
