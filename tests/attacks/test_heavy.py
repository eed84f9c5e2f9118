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
from gateway.inspection.chain import Role, ScannerState, bytes_body
from gateway.inspection.content import Content
from gateway.inspection.here import inspector_here
from gateway.policy.evaluate import Result, evaluate
from gateway.policy.facts import FileFacts
from gateway.policy.model import Channel
from tests.attacks.conftest import PDF, channel_of, zipped

AT = datetime(2026, 1, 7, 12, 0, tzinfo=UTC)
PDF_ONLY = channel_of("passes_if:\n  type: pdf\n")
ZIPS = channel_of("passes_if:\n  type: zip\n  inside: gif or pdf\n")
# Just below what the readers walk to its end: eight million blocks of one byte, or blocks of 255.
WALKED_BYTES = (16 << 20) - 1024
SLOW_GIF = b"GIF89a" + bytes(7) + b"!\xfe" + b"\x01x" * (WALKED_BYTES // 2)
HONEST_GIF = (
    b"GIF89a" + bytes(7) + b"!\xfe" + (b"\xff" + bytes(255)) * (WALKED_BYTES // 256) + b"\0;"
)
ROLES = list(Role)


def judged(
    scratch: Path, role: Role, channel: Channel, data: bytes, *, every_check: bool = False
) -> tuple[Judgement, float]:
    """The judgement, and the seconds of a processor that it took."""
    inspector = inspector_here(role, [], scratch)
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
    for data in (bomb(), zipped(("a.pdf", PDF), ("../up", b"x"))):
        made, _ = judged(tmp_path, role, PDF_ONLY, data)
        assert made.verdict.number == 2201
        assert len(made.facts.leaves) == 1
        assert not made.facts.problems


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
    inspector = inspector_here(role, [], tmp_path)
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
def test_pictures_of_millions_of_blocks_cost_little_more_than_others_of_their_size(
    tmp_path: Path, role: Role
) -> None:
    slow_s, slow = examined(tmp_path, role, SLOW_GIF)
    honest_s, honest = examined(tmp_path, role, HONEST_GIF)
    assert slow.problems[0].number == 3113
    assert not honest.problems
    assert slow_s < 5 * honest_s


def examined(scratch: Path, role: Role, picture: bytes) -> tuple[float, FileFacts]:
    """The least of three times, and what was found in an archive of four such pictures."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for number in range(4):
            archive.writestr(f"{number}.gif", picture)
    inspector, took_s = inspector_here(role, [], scratch), []
    for _ in range(3):
        begun_s = time.thread_time()
        facts = inspector.examine(bytes_body(packed.getvalue()), "x.zip", AT, ZIPS.unpack)
        took_s.append(time.thread_time() - begun_s)
    return min(took_s), facts


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
    inspector = inspector_here(role, [Slow()], tmp_path)
    monkeypatch.setattr(walk, "MAX_PROCESSOR_S", 0.5)
    many = zipped(*((f"{n}.pdf", PDF) for n in range(40)))
    made = judge(
        inspector, channel, bytes_body(many), "x.zip", AT, at_receiver=role is Role.RECEIVING
    )
    assert made.verdict.result is Result.REFUSED
    assert made.verdict.number == 3226
