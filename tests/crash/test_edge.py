"""However an edge ends: every file arrives once, whole, and nothing half-written is ever seen.

Every system call that changes something is a place to end, before it and after it. What a power cut
can take back in addition (a rename, an unlink, a ledger page that was not synced) has tests of its own.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from gateway.connectors import kernel
from gateway.connectors.file import claims, folder_sink, parts
from gateway.connectors.file.folder_sink import DestinationFolder, FolderSink
from gateway.connectors.file.folder_source import FolderSource, WatchedFolder
from gateway.sending.capture import Capturer
from gateway.unit.edge import Receipt
from tests.crash import edge_world
from tests.crash.edge_world import EdgeWorld
from tests.gateway.connectors.units import admitted, numbers_from
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue

ROOT = Path(__file__).parents[2]
LARGE = 100_000
# Rounds of both edges in which a handful of files certainly cross.
STEPS = 6


@pytest.fixture
def place() -> Iterator[Path]:
    parent = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=parent if parent.is_dir() else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class Killed(BaseException):
    """The process ends here. No handler of the product may catch it."""


class Executioner:
    """Ends the process at the n-th call that changes something on disk, before or after it."""

    CALLS = ("rename", "unlink", "link", "write", "pwrite", "fsync", "fdatasync", "mkdir", "open")

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.count = 0
        self.at = -1
        self.after = False
        for name in self.CALLS:
            self._watch(os, name)
        self._watch(kernel, "sync_all")
        for module in (claims, folder_sink):
            self._watch(module, "rename_new")

    def _watch(self, module: object, name: str) -> None:
        real = getattr(module, name)

        def call(*args: Any, **words: object) -> object:
            if name == "open" and not (len(args) > 1 and args[1] & os.O_CREAT):
                return real(*args, **words)
            self.count += 1
            if self.count - 1 == self.at and not self.after:
                raise Killed
            here = self.count - 1 == self.at
            try:
                return real(*args, **words)
            finally:
                if here:
                    raise Killed

        self._monkeypatch.setattr(module, name, call)

    def end_at(self, at: int, *, after: bool) -> None:
        self.count, self.at, self.after = 0, at, after


FILES = {
    "a": {"small.txt": b"small", "large.bin": os.urandom(LARGE), "\udcff\n.txt"[1:]: b"odd"},
    "b": {"small.txt": b"another", "n" * 250: b"long name"},
}


def fill(place: Path) -> None:
    for channel, files in FILES.items():
        (place / "in" / channel).mkdir(parents=True)
        for name, content in files.items():
            (place / "in" / channel / name).write_bytes(content)


def visible(folder: Path) -> dict[str, bytes]:
    return {
        p.name: p.read_bytes()
        for p in folder.iterdir()
        if p.is_file() and not p.name.startswith(".")
    }


def wanted() -> dict[str, dict[str, bytes]]:
    # A name with a control character is refused by the sink; everything else arrives as it was.
    return {c: {n: f for n, f in files.items() if "\n" not in n} for c, files in FILES.items()}


def assert_nothing_half(place: Path) -> None:
    for channel, files in wanted().items():
        folder = place / "out" / channel
        if folder.exists():
            for name, content in visible(folder).items():
                assert files.get(name) == content, f"{channel}/{name} is not whole"


def end_everywhere(
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[], Path],
    *,
    kept: str,
    stride: int,
) -> int:
    """One run for each place to end, each finished by a second run; gives how many there were."""
    executioner = Executioner(monkeypatch)
    ended, at = 0, 0
    while True:
        for after in (False, True):
            place = make()
            world = EdgeWorld(place, ["a", "b"], kept=kept, poll_s=0.0)
            executioner.end_at(at, after=after)
            survived = False
            with suppress(Killed):
                for _ in range(STEPS):
                    world.step()
                survived = True
            executioner.end_at(-1, after=False)
            assert_nothing_half(place)
            world.close()
            second = EdgeWorld(place, ["a", "b"], kept=kept, poll_s=0.0)
            for _ in range(STEPS):
                second.step()
            second.close()
            for channel, files in wanted().items():
                assert visible(place / "out" / channel) == files, f"ended at {at}, after={after}"
                assert visible(place / "in" / channel) == {}
                if kept:
                    assert visible(place / "in" / channel / kept) == FILES[channel]
            shutil.rmtree(place)
            if survived:
                return ended
            ended += 1
        at += stride


@pytest.mark.parametrize("kept", ["", "sent"])
def test_an_end_at_any_call_costs_nothing_and_doubles_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    def make() -> Path:
        folder = Path(tempfile.mkdtemp(dir=place))
        fill(folder)
        return folder

    ended = end_everywhere(monkeypatch, make, kept=kept, stride=1)
    # Two ends of one call each; a run without claims, parts, ledgers or renames would have few.
    assert ended > 100


@pytest.mark.parametrize("after", [False, True])
def test_a_ledger_cut_while_it_is_made_is_made_anew(
    place: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    (place / "out").mkdir()
    for at in range(6):
        with monkeypatch.context() as patch, suppress(Killed):
            Executioner(patch).end_at(at, after=after)
            sink_of(place)
        (receipt,) = sink_of(place).deliver([admitted(at, f"{at}", channel="a")])
        assert isinstance(receipt, Receipt)
        (place / "ledger").unlink()


def test_a_claim_that_the_power_cut_took_back_is_claimed_anew(place: Path) -> None:
    (place / "in").mkdir()
    (place / "in" / "a").write_bytes(b"whole")
    queue = MemoryQueue(place)
    source = FolderSource(WatchedFolder("a", place / "in", poll_s=0.0))
    (number,) = source.claim(numbers_from(), 10)
    claim = (
        place
        / "in"
        / ".ferrygate-taken"
        / "a"
        / os.listdir(place / "in" / ".ferrygate-taken" / "a")[0]
    )
    claim.rename(place / "in" / "a")
    source.close()
    capturer = Capturer(
        {"a": FolderSource(WatchedFolder("a", place / "in", poll_s=0.0))},
        queue,
        numbers_from(number + 1),
        ListRecorder(),
        BoardOfOne(),
    )
    capturer.step(0.0)
    assert [entry.body for entry in queue.entries.values()] == [b"whole"]
    assert visible(place / "in") == {}


def test_a_claim_is_durable_before_the_queue_has_its_unit(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "in").mkdir()
    (place / "in" / "a").write_bytes(b"whole")
    order: list[str] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        if os.readlink(f"/proc/self/fd/{fd}").endswith(".ferrygate-taken/a"):
            order.append("claims synced")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)

    class Queue(MemoryQueue):
        def put(self, entries):  # type: ignore[no-untyped-def]
            order.append("put")
            return super().put(entries)

    source = FolderSource(WatchedFolder("a", place / "in", poll_s=0.0))
    Capturer({"a": source}, Queue(), numbers_from(), ListRecorder(), BoardOfOne()).step(0.0)
    assert order == ["claims synced", "put"]


def test_a_removal_that_the_power_cut_took_back_is_done_again_without_a_second_unit(
    place: Path,
) -> None:
    (place / "in").mkdir()
    (place / "in" / "a").write_bytes(b"whole")
    queue, taken = MemoryQueue(), place / "in" / ".ferrygate-taken" / "a"
    source = FolderSource(WatchedFolder("a", place / "in", poll_s=0.0))
    Capturer({"a": source}, queue, numbers_from(), ListRecorder(), BoardOfOne()).step(0.0)
    (number,) = queue.entries
    (taken / f"{claims.claim_path(number, 'a')}").write_bytes(b"whole")
    again = FolderSource(WatchedFolder("a", place / "in", poll_s=0.0))
    Capturer({"a": again}, queue, numbers_from(9), ListRecorder(), BoardOfOne()).step(0.0)
    assert list(queue.entries) == [number]
    assert os.listdir(taken) == []


def sink_of(place: Path) -> FolderSink:
    return FolderSink(DestinationFolder("a", place / "out", place / "ledger"))


# The part is synced before its entry is written: a whole entry with a part cut short cannot be.
LEFT = [(ledger, part) for ledger in ("lost", "torn") for part in ("whole", "half", "lost")]


@pytest.mark.parametrize(("ledger", "part"), [*LEFT, ("persisted", "whole")])
def test_whatever_the_power_cut_left_before_the_rename_one_whole_file_is_shown(
    place: Path, monkeypatch: pytest.MonkeyPatch, ledger: str, part: str
) -> None:
    (place / "out").mkdir()
    sink = sink_of(place)
    before = (place / "ledger").read_bytes()

    def killed(*args: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(folder_sink, "rename_new", killed)
        with pytest.raises(Killed):
            sink.deliver([admitted(1, "a", b"whole", channel="a")])
    path = place / "out" / ".ferrygate-parts" / "a" / parts.part_name(1)
    assert path.read_bytes() == b"whole"
    if part == "half":
        path.write_bytes(b"wh")
    elif part == "lost":
        path.unlink()
    after = (place / "ledger").read_bytes()
    changed = next(i for i in range(len(after)) if after[i] != before[i])
    torn = after[: changed + 20] + before[changed + 20 :]
    (place / "ledger").write_bytes({"lost": before, "torn": torn, "persisted": after}[ledger])
    (receipt,) = sink_of(place).deliver([admitted(1, "a", b"whole", channel="a")])
    assert isinstance(receipt, Receipt)
    assert visible(place / "out") == {"a": b"whole"}


def test_a_rename_that_the_power_cut_took_back_is_done_again(place: Path) -> None:
    (place / "out").mkdir()
    sink_of(place).deliver([admitted(1, "a", b"whole", channel="a")])
    part = place / "out" / ".ferrygate-parts" / "a" / parts.part_name(1)
    (place / "out" / "a").rename(part)
    (receipt,) = sink_of(place).deliver([admitted(1, "a", b"whole", channel="a")])
    assert isinstance(receipt, Receipt)
    assert receipt.name == "a"
    assert visible(place / "out") == {"a": b"whole"}


def test_parts_and_entries_are_durable_in_their_order(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "out").mkdir()
    sink = sink_of(place)
    sink.deliver([])
    order: list[str] = []
    reals = {"fsync": os.fsync, "fdatasync": os.fdatasync}

    def watch(name: str) -> None:
        def sync(fd: int) -> None:
            order.append(Path(os.readlink(f"/proc/self/fd/{fd}")).name)
            reals[name](fd)

        monkeypatch.setattr(os, name, sync)

    watch("fsync")
    watch("fdatasync")
    real_rename = kernel.rename_new

    def rename(*args: object) -> None:
        order.append("rename")
        real_rename(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(folder_sink, "rename_new", rename)
    sink.deliver([admitted(1, "a", channel="a")])
    assert order == [parts.part_name(1), "a", "ledger", "rename", "out"]


def start(place: Path) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        [sys.executable, "-m", edge_world.__name__, os.fspath(place), "a", "b"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    return child


def bring(place: Path, channel: str, name: str, content: bytes) -> None:
    hidden = place / "in" / channel / f".{name}"
    hidden.write_bytes(content)
    hidden.rename(place / "in" / channel / name)


@pytest.mark.timeout(110)
def test_killed_again_and_again_while_files_cross_none_is_lost_doubled_or_half(place: Path) -> None:
    dice = random.Random(20261121)
    sent: dict[str, dict[str, bytes]] = {"a": {}, "b": {}}
    for channel in sent:
        (place / "in" / channel).mkdir(parents=True)
    kills = 0
    for round_number in range(20):
        child = start(place)
        for n in range(100):
            channel = dice.choice("ab")
            size = LARGE if n % 20 == 0 else dice.randrange(8000)
            name, content = f"{round_number}-{n}", dice.randbytes(size)
            sent[channel][name] = content
            bring(place, channel, name, content)
        time.sleep(dice.random() * 0.06)
        child.send_signal(signal.SIGKILL)
        kills += child.wait() == -signal.SIGKILL
        for channel, files in sent.items():
            out = place / "out" / channel
            for name, content in visible(out).items() if out.exists() else ():
                assert files[name] == content, f"{name} is half"
    world = EdgeWorld(place, ["a", "b"])
    world.finish()
    assert kills == 20
    for channel, files in sent.items():
        shown = visible(place / "out" / channel)
        assert {n: sha256(f).digest() for n, f in shown.items()} == {
            n: sha256(f).digest() for n, f in files.items()
        }
        assert visible(place / "in" / channel) == {}
    world.close()


@pytest.mark.timeout(110)
def test_twenty_thousand_files_of_two_channels_cross_once_each(place: Path) -> None:
    for channel in ("a", "b"):
        (place / "in" / channel).mkdir(parents=True)
        folder = os.open(place / "in" / channel, os.O_RDONLY)
        for n in range(10_000):
            fd = os.open(f"{n:05}.txt", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=folder)
            os.write(fd, b"%s %d" % (channel.encode(), n))
            os.close(fd)
        os.close(folder)
    world = EdgeWorld(place, ["a", "b"])
    world.finish()
    for channel in ("a", "b"):
        out = place / "out" / channel
        names = sorted(n for n in os.listdir(out) if not n.startswith("."))
        assert names == [f"{n:05}.txt" for n in range(10_000)]
        for n in range(0, 10_000, 97):
            assert (out / f"{n:05}.txt").read_bytes() == b"%s %d" % (channel.encode(), n)
        assert visible(place / "in" / channel) == {}
    assert world.board.counters["units_captured_total"] == 20_000
    assert world.board.counters["units_delivered_total"] == 20_000
    assert world.board.alarms == {}
    world.close()


def test_a_writer_that_keeps_appending_loses_no_line(place: Path) -> None:
    """Lines are appended while the edges work; what arrives in the end holds the whole."""
    (place / "in" / "a").mkdir(parents=True)
    world = EdgeWorld(place, ["a"])
    path, lines = place / "in" / "a" / "log", []
    for n in range(300):
        line = b"line %d\n" % n
        with path.open("ab") as file:
            file.write(line)
            if n % 3 == 0:
                world.step()
            file.write(line)
        lines += [line, line]
        world.step()
    world.finish()
    arrived = sorted(visible(place / "out" / "a").values(), key=len)
    assert b"".join(sorted(b"".join(arrived).splitlines(keepends=True))) == b"".join(sorted(lines))
    world.close()
