"""An edge that was taken over: it owns the files of `captured` while the guard reads them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.errors import Refused, Unavailable
from gateway.guard.outcome import Exit, Outcome, Passed, Wait
from gateway.identity.provision import provision
from gateway.inspection.chain import Inspector, Role
from gateway.inspection.here import Here
from gateway.policy.facts import FileFacts
from gateway.policy.model import Channel
from gateway.receiving.verify import Opener
from gateway.sending import segments
from gateway.sending.judge import Judge
from gateway.spool.bodies import FileBody
from gateway.spool.model import Taken
from gateway.unit.encode import encode_captured
from gateway.unit.model import CapturedUnit, Kind, Lane, Side, Stage
from gateway.unit.model import FileBody as FileFields
from tests.attacks.conftest import EXE, PDF, channel_of
from tests.support.keys import GateKeys

NUMBER = 4711


class Meddling(Inspector):
    """The real one; when it has looked, somebody else does something."""

    def __init__(self, scratch: Path, then: Callable[[], object]) -> None:
        super().__init__(Here(Role.SENDING, scratch), [])
        self.then = then

    def examine(self, *args: Any, **options: Any) -> FileFacts:
        facts = super().examine(*args, **options)
        self.then()
        return facts


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> GateKeys:
    folder = tmp_path_factory.mktemp("gate")
    provision(folder, "hospital-a", now_ns=time.time_ns(), epochs=10)
    return GateKeys(folder)


@pytest.fixture
def bodies(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "body"
    folder.mkdir()
    yield folder


CHANNEL: Channel = channel_of("passes_if:\n  type: pdf\n")
GOOD = PDF[:-6] + b"%" + b"x" * 100_000 + b"\n%%EOF\n"
EVIL = EXE + bytes(len(GOOD) - len(EXE))


def judge_file(
    keys: GateKeys, tmp_path: Path, file: Path, then: Callable[[], object], size: int = len(GOOD)
) -> Outcome:
    scratch, staging = tmp_path / "scratch", tmp_path / "staging"
    scratch.mkdir(exist_ok=True)
    staging.mkdir(exist_ok=True)
    policy: Any = SimpleNamespace(channels={"c": CHANNEL}, digest="ab" * 32)
    judge = Judge(
        Lane.IMPORT,
        lambda: policy,
        Meddling(scratch, then),
        keys.sealer(),
        staging,
        holds=False,
    )
    unit = CapturedUnit(NUMBER, "c", Kind.FILES, time.time_ns(), FileFields("a.pdf", size, 1))
    try:
        return judge(Taken(NUMBER, encode_captured(unit), FileBody(file, size), 1))
    except Refused as error:
        return Exit(Stage.REFUSED, error.number)
    except Unavailable as error:
        return Wait(1.0, error.number)


def body_of(keys: GateKeys, outcome: Outcome) -> bytes:
    assert isinstance(outcome, Passed) and isinstance(outcome.entry.body, Path)
    opener = Opener(Lane.IMPORT, keys.trust(Side.INNER), keys.epoch_keys(), time.time_ns)
    target = outcome.entry.body.with_suffix(".opened")
    opener.open_file(outcome.entry.body, target)
    return target.read_bytes()


def test_a_file_that_nobody_touches_passes(keys: GateKeys, tmp_path: Path, bodies: Path) -> None:
    file = bodies / "0"
    file.write_bytes(GOOD)
    assert body_of(keys, judge_file(keys, tmp_path, file, lambda: None)) == GOOD


def test_an_edge_that_makes_up_channels_gets_one_turn_for_all_of_them(
    keys: GateKeys, tmp_path: Path
) -> None:
    """Each new name would have its turn before the channels that are known, and be remembered."""
    policy: Any = SimpleNamespace(channels={"c": CHANNEL}, digest="ab" * 32)
    judge = Judge(
        Lane.IMPORT, lambda: policy, Meddling(tmp_path, lambda: None), keys.sealer(), tmp_path, holds=False
    )  # fmt: skip

    def whose(name: str) -> str:
        unit = CapturedUnit(NUMBER, name, Kind.FILES, 0, FileFields("a.pdf", 1, 1))
        return judge.channel_of(Taken(NUMBER, encode_captured(unit), FileBody(tmp_path, 1), 1))

    assert [whose(name) for name in ("c", "d", "e")] == ["c", "", ""]


def test_a_file_written_to_between_inspection_and_sealing_does_not_pass(
    keys: GateKeys, tmp_path: Path, bodies: Path
) -> None:
    file = bodies / "0"
    file.write_bytes(GOOD)
    outcome = judge_file(keys, tmp_path, file, lambda: file.write_bytes(EVIL))
    assert not isinstance(outcome, Passed)


def test_a_file_exchanged_between_inspection_and_sealing_does_not_pass(
    keys: GateKeys, tmp_path: Path, bodies: Path
) -> None:
    file, other = bodies / "0", bodies / "other"
    file.write_bytes(GOOD)
    other.write_bytes(EVIL)
    outcome = judge_file(keys, tmp_path, file, lambda: other.rename(file))
    assert not isinstance(outcome, Passed) or body_of(keys, outcome) == GOOD


def test_a_folder_exchanged_for_the_time_of_sealing_passes_nothing_that_was_not_inspected(
    keys: GateKeys, tmp_path: Path, bodies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F6: neither inode nor times of the file change when the folder above it is another for a moment."""
    file = bodies / "0"
    file.write_bytes(GOOD)
    evil, away = tmp_path / "evil", tmp_path / "away"
    evil.mkdir()
    (evil / "0").write_bytes(EVIL)

    def exchange() -> None:
        bodies.rename(away)
        evil.rename(bodies)

    def exchange_back() -> None:
        if away.exists():
            bodies.rename(evil)
            away.rename(bodies)

    # An edge that watches (inotify tells it of the open) puts it back while the guard reads on.
    real = segments.seal_stream

    def sealing(*args: Any) -> bytes:
        exchange_back()
        return real(*args)

    monkeypatch.setattr("gateway.sending.seal.seal_stream", sealing)
    outcome = judge_file(keys, tmp_path, file, exchange)
    exchange_back()
    if isinstance(outcome, Passed):
        assert body_of(keys, outcome) == GOOD


def test_a_size_that_the_header_only_claims_does_not_pass(
    keys: GateKeys, tmp_path: Path, bodies: Path
) -> None:
    file = bodies / "0"
    file.write_bytes(GOOD)
    assert isinstance(judge_file(keys, tmp_path, file, lambda: None, size=len(GOOD) - 1), Exit)


def test_a_link_in_the_place_of_a_body_is_not_followed(
    keys: GateKeys, tmp_path: Path, bodies: Path
) -> None:
    """F6: what it points to would be read with the guard's rights: keys, policies, journals."""
    secret = tmp_path / "only-for-the-guard"
    secret.write_bytes(GOOD)
    file = bodies / "0"
    file.symlink_to(secret)
    outcome: Outcome | None = None
    with suppress(OSError):
        outcome = judge_file(keys, tmp_path, file, lambda: None)
    assert not isinstance(outcome, Passed)


def test_a_body_that_vanishes_under_the_guard_is_no_end_of_the_process(
    keys: GateKeys, tmp_path: Path, bodies: Path
) -> None:
    """F7: a plain OSError out of the judge ends the guard."""
    file = bodies / "0"
    file.write_bytes(GOOD)
    assert not isinstance(judge_file(keys, tmp_path, file, lambda: os.unlink(file)), Passed)
    assert not isinstance(judge_file(keys, tmp_path, file, lambda: None), Passed)
