"""Reading a unit to its end, sandboxed and not, beside the plain library over the same bytes in the same run.

    inspect.<format>.4k, .1m    MB/s, sandboxed: the sending side's reader, every line of the format asked
    inspect.types.4k            units/s: 4 KiB files of three types, types asked, in the sandbox
    inspect.clamav.1m           MB/s: type, sandbox, YARA and ClamAV on 1 MiB files, beside clamd alone

One thread each, so that the figures say what a unit costs and not how many processors there are; the last
two with four threads, as a guard has.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import pydicom
from lxml import etree
from PIL import Image

from bench.contents import SMALL_BYTES, small_files
from bench.record import Record, Tell, record
from gateway.inspection.chain import Inspector, Role, bytes_body, file_body, open_scanners
from gateway.inspection.content import Content
from gateway.inspection.here import inspector_here
from gateway.inspection.localdb import running_clamd
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.settings import SandboxSettings
from gateway.inspection.sandboxed import Sandboxed, program_of
from gateway.management.demo.cases import write_large
from gateway.management.init import shipped
from gateway.policy.check import check_file
from gateway.policy.facts import UnpackLimits
from gateway.policy.model import Channel
from gateway.unit.stages import Body

T = TypeVar("T")
LARGE_BYTES: Final = 1 << 20
_THREADS: Final = 4
_ROUNDS: Final = 3
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
  type: json, fhir json, xml, hl7 v2, csv, dicom, png or pdf
  json: well formed
  fhir: any resource
  xml: well formed
  hl7: any message
  csv: any columns
  dicom: any object
  image: whole
"""

Make = Callable[[int], bytes]
Read = Callable[[bytes], object]


def formats(tell: Tell) -> Iterator[Record]:
    """Every format at 4 KiB and 1 MiB."""
    with (
        tempfile.TemporaryDirectory(prefix="ferrygate-bench-") as folder,
        _sandboxed(folder) as inside,
    ):
        here = inspector_here(Role.SENDING, [], Path(folder))
        for name, (make, library, plain) in _FORMATS.items():
            for label, size_bytes, count in (("4k", SMALL_BYTES, 300), ("1m", LARGE_BYTES, 6)):
                tell(f"inspect.{name}.{label}", 0, 1)
                yield _one(
                    f"inspect.{name}.{label}", make(size_bytes), count, inside, here, library, plain
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
        data = [_csv(LARGE_BYTES - one) for one in range(count)]
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
    data: bytes,
    count: int,
    inside: Inspector,
    here: Inspector,
    library: str,
    plain: Read,
) -> Record:
    channel = _channel()
    sandboxed_s = _least(lambda: _examined(inside, data, channel), count)
    here_s = _least(lambda: _examined(here, data, channel), count)
    plain_s = _least(lambda: plain(data), count)
    size = len(data)
    parameters = {
        "size_bytes": size,
        "units_per_s": round(1 / sandboxed_s, 1),
        "without_sandbox_mb_per_s": round(size / here_s / 1e6, 2),
        **_machine(),
    }
    peer = (f"{library} alone", size / plain_s / 1e6)
    return record(name, size / sandboxed_s / 1e6, "MB/s", parameters, peer=peer)


def _least(work: Callable[[], object], count: int) -> float:
    """Seconds of one, in the best of several rounds."""
    took = []
    for _ in range(_ROUNDS):
        begun_s = time.perf_counter()
        for _ in range(count):
            work()
        took.append((time.perf_counter() - begun_s) / count)
    return min(took)


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


def _channel() -> Channel:
    checked = check_file("10-bench.yaml", _POLICY.encode(), {})
    if checked.channel is None:
        raise RuntimeError(f"the policy of the bench: {checked.problems}")
    return checked.channel


def _json(size_bytes: int) -> bytes:
    row = {"id": 7, "name": "glucose", "value": 5.25, "flags": [True, None, "文"]}
    return json.dumps([row] * max(1, size_bytes // 88), ensure_ascii=False).encode()


def _fhir(size_bytes: int) -> bytes:
    patient = {
        "resourceType": "Patient",
        "id": "a1",
        "gender": "male",
        "birthDate": "1970-01-01",
        "name": [{"family": "Li", "given": ["Yi"]}],
    }
    entry = [{"resource": patient}] * max(1, size_bytes // 150)
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entry}).encode()


def _xml(size_bytes: int) -> bytes:
    row = "<row id='7'><name>glucose</name><value unit='mmol/l'>5.25</value></row>"
    return f"<rows>{row * max(1, size_bytes // len(row))}</rows>".encode()


def _hl7(size_bytes: int) -> bytes:
    head = "MSH|^~\\&|LAB|H|HIS|H|20261121120000||ORU^R01|1|P|2.4\rPID|1||7||Li^Yi\rOBR|1|||GLU^glucose\r"
    # A message of a megabyte is one of long texts, not of twenty thousand results.
    text = "Li\\.br\\Yi " * max(1, size_bytes // 8_000)
    rows = max(2, (size_bytes - len(head)) // (len(text) + 35))
    return (head + "".join(f"OBX|{n}|TX|RPT^r||{text}||||||F\r" for n in range(1, rows))).encode()


def _csv(size_bytes: int) -> bytes:
    row = "00001-007,glucose,5.250,mmol/l\n"
    return ("sample,analyte,value,unit\n" + row * max(2, size_bytes // len(row))).encode()


def _dicom(size_bytes: int) -> bytes:
    if size_bytes <= SMALL_BYTES:
        return (shipped("policies") / "samples" / "lab" / "image.dcm").read_bytes()
    with tempfile.NamedTemporaryFile() as file:
        for _ in write_large(Path(file.name), size_bytes):
            pass
        return Path(file.name).read_bytes()


def _png(size_bytes: int) -> bytes:
    side = int(size_bytes**0.5)
    noise = bytes((7 * n * n + n) % 251 for n in range(side * side))
    file = io.BytesIO()
    Image.frombytes("L", (side, side), noise).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _decoded(data: bytes) -> None:
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        image.load()


def _elements(data: bytes) -> None:
    for element in pydicom.dcmread(io.BytesIO(data)).iterall():
        _ = element.value


_FORMATS: Final[dict[str, tuple[Make, str, Read]]] = {
    "json": (_json, "json.loads", json.loads),
    "fhir": (_fhir, "json.loads", json.loads),
    "xml": (_xml, "lxml", etree.fromstring),
    "hl7": (
        _hl7,
        "split at its separators",
        lambda data: [r.split(b"|") for r in data.split(b"\r")],
    ),
    "csv": (
        _csv,
        "csv.reader",
        lambda data: sum(1 for _ in csv.reader(io.StringIO(data.decode()))),
    ),
    "dicom": (_dicom, "pydicom, every element", _elements),
    "image": (_png, "Pillow, every pixel", _decoded),
}


def _machine() -> dict[str, Any]:
    return {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
