"""A release lifts the hold and nothing else: the receiving guard's own judgement, on sealed units."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.guard.hop import Hop
from gateway.guard.outcome import Exit, Outcome, Passed
from gateway.identity.provision import provision
from gateway.inspection.chain import Role
from gateway.inspection.here import inspector_here
from gateway.receiving.admit import Admit
from gateway.receiving.verify import Opener
from gateway.spool import open_reader, open_writer, units_aside
from gateway.spool.bodies import FileBody, InlineBody
from gateway.spool.model import Entry, Put, Taken
from gateway.unit.model import Lane, Side, Stage
from tests.attacks.conftest import EXE, PDF, channel_of
from tests.support.fakes import BoardOfOne, ListRecorder
from tests.support.keys import GateKeys, cleared

HOLDS = "held_if:\n  size: at least 1 byte\n"
NAMED = "refused_if:\n  name: report.*\n"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> GateKeys:
    folder = tmp_path_factory.mktemp("gate")
    provision(folder, "hospital-a", now_ns=time.time_ns(), epochs=10)
    return GateKeys(folder)


def guard(
    keys: GateKeys, folder: Path, lines: str, content: bytes = PDF, **more: Any
) -> tuple[Admit, Taken]:
    """A receiving guard with one channel, and a sealed unit for it."""
    channel = dataclasses.replace(channel_of(lines), name="c")
    policy: Any = SimpleNamespace(channels={"c": channel}, digest="ab" * 32)
    opener = Opener(Lane.IMPORT, keys.trust(Side.INNER), keys.epoch_keys())
    (folder / "scratch").mkdir()
    (folder / "staging").mkdir()
    inspector = inspector_here(Role.RECEIVING, [], folder / "scratch")
    admit = Admit(Lane.IMPORT, lambda: policy, opener, inspector, folder / "staging", **more)
    sealed, _ = keys.sealer().seal_bytes(cleared(content, at_ns=time.time_ns(), channel="c"))
    return admit, Taken(7, b"", InlineBody(sealed), 1)


def outcomes(keys: GateKeys, folder: Path, lines: str, content: bytes) -> list[Outcome]:
    """What becomes of it when it comes, when it is released, and when it is released from a file."""
    admit, inline = guard(keys, folder, lines, content)
    sealed = inline.body.read()
    file = folder / "held.body"
    file.write_bytes(sealed)
    return [
        admit(inline),
        admit.release(inline),
        admit.release(Taken(7, b"", FileBody(file, len(sealed)), 1)),
    ]


def test_what_only_a_line_of_held_if_kept_passes_when_it_is_released(
    keys: GateKeys, tmp_path: Path
) -> None:
    came, *released = outcomes(keys, tmp_path, f"passes_if:\n  type: pdf\n{HOLDS}", PDF)
    assert isinstance(came, Exit) and came.stage is Stage.HELD
    for outcome in released:
        assert isinstance(outcome, Passed)
        body = outcome.entry.body
        assert (body.read_bytes() if isinstance(body, Path) else body) == PDF
        # The journal goes on saying which line people looked past.
        assert outcome.fields["word"] == "size"
        assert outcome.fields["sha256"] == came.fields["sha256"]


@pytest.mark.parametrize(
    ("lines", "content"),
    [
        (f"passes_if:\n  type: pdf\n{HOLDS}", EXE),
        (f"passes_if:\n  type: pdf\n{HOLDS}{NAMED}", PDF),
    ],
    ids=["another type", "a line of refused_if"],
)
def test_what_anything_else_refuses_is_refused_although_it_was_released(
    keys: GateKeys, tmp_path: Path, lines: str, content: bytes
) -> None:
    for outcome in outcomes(keys, tmp_path, lines, content):
        assert isinstance(outcome, Exit) and outcome.stage is Stage.REFUSED
    assert list((tmp_path / "staging").iterdir()) == []


def test_a_sealed_unit_altered_while_it_was_held_is_corrupt(keys: GateKeys, tmp_path: Path) -> None:
    opener = Opener(Lane.IMPORT, keys.trust(Side.INNER), keys.epoch_keys())
    policy: Any = SimpleNamespace(channels={}, digest="ab" * 32)
    admit = Admit(
        Lane.IMPORT,
        lambda: policy,
        opener,
        inspector_here(Role.RECEIVING, [], tmp_path),
        tmp_path,
    )
    sealed, _ = keys.sealer().seal_bytes(cleared(PDF, at_ns=time.time_ns(), channel="c"))
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    outcome = admit.release(Taken(7, b"", InlineBody(altered), 1))
    assert isinstance(outcome, Exit) and outcome.stage is Stage.CORRUPT


@pytest.mark.parametrize(
    "lines", ["passes_if:\n  type: pdf\n", f"passes_if:\n  type: pdf\n{HOLDS}"]
)
def test_what_the_queue_may_have_had_waits_for_people_and_passes_once(
    keys: GateKeys, tmp_path: Path, lines: str
) -> None:
    """A ferry that was taken over sends an old unit again when its number is forgotten."""
    room = 2_000
    queue = open_writer(tmp_path / "admitted", reserve_bytes=0, memory_bytes=room)
    admit, taken = guard(keys, tmp_path, lines, forgot=queue.forgot)
    holds = HOLDS in lines
    first = admit.release(taken) if holds else admit(taken)
    assert isinstance(first, Passed) and queue.put([first.entry]) == [Put.CONFIRMED]
    if not holds:
        again = admit(taken)
        assert isinstance(again, Passed) and queue.put([again.entry]) == [Put.DUPLICATE]
    queue.put([Entry(n, b"", b"") for n in range(1 << 20, 1 << 24, 1 << 20)])
    assert not queue.has(7), "the test wants it forgotten"
    came = admit(taken)
    assert isinstance(came, Exit)
    assert (came.stage, came.number, came.channel) == (Stage.HELD, 6515, "c")
    assert came.fields["sha256"] == first.fields["sha256"]
    # People looked: it was never there. From then on the queue knows it.
    released = admit.release(taken)
    assert isinstance(released, Passed) and queue.put([released.entry]) == [Put.CONFIRMED]
    once_more = admit.release(taken)
    assert isinstance(once_more, Passed) and queue.put([once_more.entry]) == [Put.DUPLICATE]
    queue.close()


def test_where_no_people_decide_it_is_refused_and_the_sender_told(
    keys: GateKeys, tmp_path: Path
) -> None:
    admit, taken = guard(
        keys, tmp_path, "passes_if:\n  type: pdf\n", holds=False, forgot=lambda number: number == 7
    )
    outcome = admit(taken)
    assert isinstance(outcome, Exit)
    assert (outcome.stage, outcome.number) == (Stage.REFUSED, 6516)
    assert list((tmp_path / "staging").iterdir()) == []


def test_what_is_refused_anyway_is_refused_by_its_line(keys: GateKeys, tmp_path: Path) -> None:
    lines = f"passes_if:\n  type: pdf\n{NAMED}"
    admit, taken = guard(keys, tmp_path, lines, forgot=lambda _: True)
    outcome = admit(taken)
    assert isinstance(outcome, Exit)
    assert outcome.stage is Stage.REFUSED and outcome.number not in (6515, 6516)


def test_a_unit_repeated_by_the_ferry_when_both_queues_forgot_it_lies_in_held(
    keys: GateKeys, tmp_path: Path
) -> None:
    lanes = (tmp_path / "received", tmp_path / "admitted")
    received, admitted = (open_writer(p, reserve_bytes=0, memory_bytes=2_000) for p in lanes)
    reader = open_reader(lanes[0])
    admit, taken = guard(keys, tmp_path, "passes_if:\n  type: pdf\n", forgot=admitted.forgot)
    recorder, status = ListRecorder(), BoardOfOne()

    def work(one: Taken) -> Outcome:
        return admit(one) if one.number == 7 else Passed(Entry(one.number, b"", b""), "c")

    hop = Hop(reader, admitted, work, recorder, status, stage=Stage.ADMITTED)

    def carry(*numbers: int) -> list[Put]:
        answers = received.put([Entry(n, b"", taken.body.read()) for n in numbers])
        until_s = time.monotonic() + 60
        while reader.health().depth:
            assert time.monotonic() < until_s
            hop.step(time.monotonic())
        return answers

    assert carry(7) == [Put.CONFIRMED]
    assert carry(7) == [Put.DUPLICATE]
    carry(*range(1 << 20, 1 << 24, 1 << 20))
    late = (1 << 24) - 2
    assert carry(7, late) == [Put.CONFIRMED] * 2
    (held,) = (event for event in recorder.events if event.what == "held")
    assert (held.unit, held.number, held.channel) == (7, 6515, "c")
    assert [one.number for one in units_aside(lanes[0])] == [7]
    assert admitted.has(late), "a late one that was never there"
    assert [e.unit for e in recorder.events if e.what == "admitted"].count(7) == 1
    hop.close()
    for end in (received, admitted, reader):
        end.close()
