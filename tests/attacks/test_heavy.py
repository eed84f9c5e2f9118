"""F18: a file that costs a guard much more than it cost its sender."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.guard.judgement import Judgement, judge
from gateway.inspection import walk
from gateway.inspection.chain import Inspector, Role, ScannerState, bytes_body
from gateway.inspection.content import Content
from gateway.policy.evaluate import Result, evaluate
from gateway.policy.model import Channel
from tests.attacks.conftest import PDF, channel_of, zipped

AT = datetime(2026, 1, 7, 12, 0, tzinfo=UTC)
PDF_ONLY = channel_of("passes_if:\n  type: pdf\n")
ZIPS = channel_of("passes_if:\n  type: zip\n  inside: gif or pdf\n")
# Eight million blocks of one byte each: 16 MiB that the readers would go through one by one.
SLOW_GIF = b"GIF89a" + bytes(7) + b"!\xfe" + b"\x01x" * (8 << 20)
ROLES = list(Role)


def judged(
    scratch: Path, role: Role, channel: Channel, data: bytes, *, every_check: bool = False
) -> tuple[Judgement, float]:
    """The judgement, and the seconds of a processor that it took."""
    inspector = Inspector(role, [], scratch)
    begun_s = time.thread_time()
    made = judge(
        inspector, channel, bytes_body(data), "x.zip", AT,
        at_receiver=role is Role.RECEIVING, every_check=every_check,
    )  # fmt: skip
    return made, time.thread_time() - begun_s


def bomb() -> bytes:
    return zipped(("zeros", bytes(64 << 20)))


@pytest.mark.parametrize("role", ROLES)
def test_what_a_channel_does_not_take_is_not_taken_apart(tmp_path: Path, role: Role) -> None:
    made, _ = judged(tmp_path, role, PDF_ONLY, bomb())
    assert made.verdict.number == 2201
    assert len(made.facts.leaves) == 1


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("channel", [PDF_ONLY, ZIPS])
@pytest.mark.parametrize(
    "data",
    [
        bomb(),
        zipped(("../up", b"x"), ("a.pdf", PDF)),
        zipped(("a.exe", b"MZ" + bytes(100)), ("b.exe", b"MZ" + bytes(100))),
        PDF,
        b"GIF89a",
    ],
    ids=["bomb", "climbing name", "programs", "a report", "half a picture"],
)
def test_what_decides_is_the_same_as_where_everything_is_looked_at(
    tmp_path: Path, role: Role, channel: Channel, data: bytes
) -> None:
    """The guard stops early, `explain` does not: both must name the same line."""
    quick, _ = judged(tmp_path, role, channel, data)
    # No scanner is at hand here: what would ask one is another verdict.
    inspector = Inspector(role, [], tmp_path)
    facts = inspector.examine(bytes_body(data), "x.zip", AT, channel.unpack)
    thorough = evaluate(channel, facts, at_receiver=role is Role.RECEIVING)
    assert quick.verdict.result is thorough.result
    assert quick.verdict.number == thorough.number


@pytest.mark.parametrize("role", ROLES)
def test_the_first_thing_that_refuses_ends_the_taking_apart(tmp_path: Path, role: Role) -> None:
    many = zipped(("../up", b"x"), *((f"{n}.pdf", PDF) for n in range(200)))
    made, _ = judged(tmp_path, role, ZIPS, many)
    assert len(made.facts.leaves) < 10
    assert len(made.facts.problems) == 1


@pytest.mark.parametrize("role", ROLES)
def test_pictures_of_millions_of_blocks_cost_no_more_than_reading_them(
    tmp_path: Path, role: Role
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for number in range(4):
            archive.writestr(f"{number}.gif", SLOW_GIF)
    made, took_s = judged(tmp_path, role, ZIPS, packed.getvalue())
    assert made.verdict.number == 3113
    blocks = bytes(len(packed.getvalue()))
    begun_s = time.thread_time()
    for at in range(0, len(blocks), 16):
        blocks[at]
    assert took_s < 4 * (time.thread_time() - begun_s)


@pytest.mark.parametrize("role", ROLES)
def test_a_unit_has_its_share_of_the_processor_and_no_more(
    tmp_path: Path, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "MAX_PROCESSOR_S", 0.02)
    many = zipped(*((f"{n}.pdf", PDF + bytes(2_000)) for n in range(900)))
    made, _ = judged(tmp_path, role, ZIPS, many)
    assert 3226 in {problem.number for problem in made.facts.problems}


class Slow:
    """A scanner for whose answers a processor is needed, as a large archive needs for many."""

    name = "slow"

    def scan(self, content: Content) -> str | None:
        begun_s = time.thread_time()
        while time.thread_time() - begun_s < 0.03:
            pass
        return None

    def describe(self) -> str:
        return self.name

    def state(self) -> ScannerState:
        return ScannerState(self.name, "1", None, None)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("role", ROLES)
def test_where_the_time_ends_while_scanning_what_no_scanner_saw_does_not_pass(
    tmp_path: Path, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = channel_of("passes_if:\n  type: zip\n  inside: pdf\n  malware: clean\n")
    inspector = Inspector(role, [Slow()], tmp_path)
    monkeypatch.setattr(walk, "MAX_PROCESSOR_S", 0.5)
    many = zipped(*((f"{n}.pdf", PDF) for n in range(40)))
    made = judge(
        inspector, channel, bytes_body(many), "x.zip", AT, at_receiver=role is Role.RECEIVING
    )
    assert made.verdict.result is Result.REFUSED
    assert made.verdict.number == 3226
