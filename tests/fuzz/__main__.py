"""`python -m tests.fuzz --seconds 600 --seed 7 --only pdf`: status 1 where something is found; it is kept."""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import sys
import tempfile
import time
import warnings
from pathlib import Path

from tests.fuzz.damage import damaged, seeds
from tests.fuzz.requests import RequestTarget, damaged_request, request_seeds
from tests.fuzz.target import Target


def main() -> int:
    """Look at damaged files until the time is over."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    parser.add_argument(
        "--only", default="", help="the word of one format, or of one kind of request"
    )
    parser.add_argument("--keep", type=Path, default=Path("fuzz-finds"))
    asked = parser.parse_args()
    seed = asked.seed or time.time_ns() % 10**9
    chance, files, requests = random.Random(seed), seeds(), request_seeds()
    words = [asked.only] if asked.only else [*files, *requests]
    ends_s, count, found = time.monotonic() + asked.seconds, 0, 0
    warnings.simplefilter("ignore")
    # Libraries of images tell of every broken strip on their own.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    with tempfile.TemporaryDirectory(prefix="ferrygate-fuzz-") as scratch:
        target, of_requests = Target(Path(scratch)), RequestTarget(Path(scratch))
        while time.monotonic() < ends_s:
            word = words[count % len(words)]
            if word in requests:
                data = damaged_request(chance, requests, word)
                finds = of_requests.finds(data, word)
            else:
                data = damaged(chance, files, word)
                finds = target.finds(data)
            for find in finds:
                found += 1
                asked.keep.mkdir(exist_ok=True)
                path = asked.keep / f"{word}-{hashlib.sha256(data).hexdigest()[:12]}"
                path.write_bytes(data)
                print(f"{path}  {find.where}: {find.what}", flush=True)
            count += 1
    print(f"seed {seed}: {count} files, {found} finds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
