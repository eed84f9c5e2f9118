"""`python -m bench [--only NAME]`: measures the figures and prints each as a line of JSON, as it comes.

Progress goes to stderr as `label done total` lines, for whoever draws a bar.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import Final

from bench import (
    files,
    http_requests,
    inspecting,
    lane,
    request_beside,
    requests,
    sealing,
    text,
)
from bench.record import Record, Tell, as_record, not_measured

_TELL_EVERY_S: Final = 0.2
PLAIN_UDP: Final = "plain UDP with segmentation over the same link"
# In the order in which they are measured. `file.memory` only where it is named.
_FIGURES: Final = (
    "lane.mtu1500",
    "lane.mtu9000",
    "seal",
    "file.small.types",
    "file.small.clamav",
    "file.large",
    "file.latency",
    "file.memory",
    "request.path",
    "request.c",
    "request.beside_bulk.p99",
    "inspect.formats",
    "inspect.types.4k",
    "inspect.clamav.1m",
    "inspect.words",
    "inspect.identifiers",
)
_ONLY_BY_NAME: Final = ("file.memory",)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--only", default="", help="only figures whose name begins so")
    only: str = parser.parse_args(arguments).only
    for name in _FIGURES:
        if name.startswith(only) and (only or name not in _ONLY_BY_NAME):
            for made in _measure(name, _teller()):
                print(json.dumps(made), flush=True)
    return 0


def _measure(name: str, tell: Tell) -> list[Record]:
    match name:
        case "lane.mtu1500":
            return [_lane(name, lane.lane_mtu1500)]
        case "lane.mtu9000":
            return [_lane(name, lane.lane_mtu9000)]
        case "seal":
            return [as_record(one, "a plain read and write") for one in sealing.run()]
        case "file.small.types":
            # The guards read every unit in their sandboxes: one run, two names.
            made = files.small_types(tell)
            return [made, {**made, "name": "inspect.sandboxed.small"}]
        case "file.small.clamav":
            return [_with_clamd(name, "units/s", lambda: files.small_clamav(tell))]
        case "file.large":
            return [files.large(tell)]
        case "file.latency":
            return [files.latency(tell)]
        case "request.path":
            return list(requests.path(tell))
        case "request.c":
            return list(http_requests.through(tell))
        case "request.beside_bulk.p99":
            return [request_beside.beside(tell)]
        case "inspect.formats":
            return list(inspecting.formats(tell))
        case "inspect.types.4k":
            return [inspecting.small(tell)]
        case "inspect.clamav.1m":
            return [_with_clamd(name, "MB/s", lambda: inspecting.clamav(tell))]
        case "inspect.words":
            return [text.words(tell)]
        case "inspect.identifiers":
            return [text.identifiers(tell)]
        case _:
            return [files.memory(tell)]


def _lane(name: str, measure: Callable[[], Record]) -> Record:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return not_measured(name, "Gbit/s", "network namespaces need root and iproute2")
    return as_record(measure(), PLAIN_UDP)


def _with_clamd(name: str, unit: str, measure: Callable[[], Record]) -> Record:
    if shutil.which("clamd", path="/usr/sbin:/usr/bin") is None:
        return not_measured(name, unit, "clamd is not installed")
    return measure()


def _teller() -> Tell:
    next_s = 0.0

    def tell(label: str, done: int, total: int) -> None:
        nonlocal next_s
        if time.monotonic() >= next_s or done == total:
            next_s = time.monotonic() + _TELL_EVERY_S
            print(f"{label} {done} {total}", file=sys.stderr, flush=True)

    return tell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
