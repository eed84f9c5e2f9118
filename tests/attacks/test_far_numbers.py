"""An edge that gives the numbers of months to come: each would make a later genuine unit a duplicate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.errors import Refused, Unavailable
from gateway.guard.counters import MOST_ATTEMPTS, Counter
from gateway.guard.hop import Hop
from gateway.guard.outcome import Exit, Passed
from gateway.identity.provision import provision
from gateway.inspection.chain import Role
from gateway.inspection.here import inspector_here
from gateway.receiving.admit import Admit
from gateway.receiving.verify import Opener
from gateway.sending.judge import Judge
from gateway.spool import open_reader, open_writer, units_aside
from gateway.spool.bodies import FileBody, InlineBody
from gateway.spool.model import Entry, Taken
from gateway.unit.counted import AHEAD, first_of_minute
from gateway.unit.encode import encode_captured
from gateway.unit.model import CapturedUnit, Kind, Lane, Side, Stage
from gateway.unit.model import FileBody as FileFields
from gateway.unit.outcomes import FIRST_OWN_NUMBER
from tests.attacks.conftest import PDF, channel_of
from tests.support.fakes import BoardOfOne, ListRecorder
from tests.support.keys import GateKeys, cleared

POLICY: Any = SimpleNamespace(
    channels={"c": replace(channel_of("passes_if:\n  type: pdf\n"), name="c")}, digest="ab" * 32
)
OLD = 4711
DAY_NS = 86_400 * 10**9


def now_number() -> int:
    return first_of_minute(time.time_ns())


def far_number() -> int:
    return now_number() + 2 * AHEAD


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> GateKeys:
    folder = tmp_path_factory.mktemp("gate")
    provision(folder, "hospital-a", now_ns=time.time_ns(), epochs=10)
    return GateKeys(folder)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the wall clock of a guard, as far as it looks at numbers, so many days back."""

    def days_back(days: int) -> None:
        told = SimpleNamespace(
            monotonic=time.monotonic, time_ns=lambda: time.time_ns() - days * DAY_NS
        )
        monkeypatch.setattr("gateway.guard.counters.time", told)

    return days_back


class Clearing:
    """A sending guard between real queues, and an edge that writes whatever it likes."""

    def __init__(self, keys: GateKeys, folder: Path) -> None:
        self.folder, self.counter = folder, Counter()
        (folder / "scratch").mkdir()
        self.cleared = open_writer(folder / "cleared", reserve_bytes=0)
        self.judge = Judge(
            Lane.IMPORT, lambda: POLICY, inspector_here(Role.SENDING, [], folder / "scratch"),
            keys.sealer(), self.cleared.staging(), holds=False, counter=self.counter,
        )  # fmt: skip
        self.recorder, self.board = ListRecorder(), BoardOfOne()
        self.install_edge("captured")

    def install_edge(self, name: str) -> None:
        """An edge with a queue that knows nothing of before."""
        self.captured = open_writer(self.folder / name, reserve_bytes=0)
        self.reader = open_reader(self.folder / name)
        self.hop = Hop(
            self.reader, self.cleared, self.judge, self.recorder, self.board, stage=Stage.CLEARED
        )

    def capture(self, *numbers: int, at_ns: int | None = None) -> None:
        file = FileFields("a.pdf", len(PDF), 1)
        self.captured.put(
            [
                Entry(n, encode_captured(CapturedUnit(n, "c", Kind.FILES, at_ns, file)), PDF)
                for n, at_ns in ((n, at_ns or time.time_ns()) for n in numbers)
            ]
        )

    def until(self, true: Callable[[], bool]) -> None:
        until_s = time.monotonic() + 60
        while not true():
            assert time.monotonic() < until_s
            time.sleep(min(self.hop.step(time.monotonic()), 0.05))

    def until_empty(self) -> None:
        self.until(lambda: self.reader.health().depth == 0)

    def happened(self, unit: int) -> list[tuple[str, int, str, bool]]:
        return [
            (e.what, e.number, e.channel, "again" in e.fields)
            for e in self.recorder.events
            if e.unit == unit
        ]

    def close_edge(self) -> None:
        for end in (self.hop, self.captured, self.reader):
            end.close()


@pytest.fixture
def clearing(keys: GateKeys, tmp_path: Path) -> Iterator[Clearing]:
    made = Clearing(keys, tmp_path)
    yield made
    made.close_edge()
    made.cleared.close()


def test_a_file_under_a_number_of_next_month_takes_it_from_no_later_one(clearing: Clearing) -> None:
    far, now = far_number(), now_number()
    clearing.capture(far, OLD, now, now + AHEAD, FIRST_OWN_NUMBER + 2)
    clearing.until_empty()
    aside = {one.number: one.reason for one in units_aside(clearing.folder / "captured")}
    assert aside == {far: 5776, FIRST_OWN_NUMBER + 2: 5776}
    assert clearing.happened(far) == [("refused", 5776, "c", False)]
    for number in (OLD, now, now + AHEAD):
        assert clearing.happened(number) == [("cleared", 0, "c", False)]
    # The host is installed anew, and its counter comes there.
    clearing.close_edge()
    clearing.install_edge("captured-anew")
    clearing.counter.reached(far - 2)
    clearing.capture(far)
    clearing.until_empty()
    assert clearing.happened(far)[1:] == [("cleared", 0, "c", False)]


def test_where_the_guard_has_the_wrong_clock_files_wait_and_go_on_when_it_is_set(
    clearing: Clearing, clock: Callable[[int], None]
) -> None:
    clock(30)
    number = now_number()
    clearing.capture(number, OLD)
    clearing.until(lambda: bool(clearing.happened(number)))
    assert clearing.happened(number) == [("deferred", 5785, "", False)]
    assert 5785 in clearing.board.alarms
    clearing.until(lambda: clearing.reader.health().depth == 1)
    clock(0)
    clearing.until_empty()
    assert clearing.happened(number)[1:] == [("cleared", 0, "c", False)]
    assert 5785 not in clearing.board.alarms
    assert not list(units_aside(clearing.folder / "captured"))


def test_a_clock_that_is_set_back_makes_nothing_far_that_was_near(
    clearing: Clearing, clock: Callable[[int], None]
) -> None:
    """Of a guard that began with an empty queue: edge and guard have the clock of one host."""
    number = now_number()
    clearing.capture(number)
    clearing.until_empty()
    clock(30)
    then_ns = time.time_ns() - 30 * DAY_NS
    clearing.capture(number + 2, number + 2 * AHEAD, at_ns=then_ns)
    clearing.until_empty()
    assert clearing.happened(number + 2) == [("cleared", 0, "c", False)]
    assert clearing.happened(number + 2 * AHEAD) == [("refused", 5776, "c", False)]


def test_a_gate_that_was_installed_a_while_ago_and_never_started_anew_counts_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """1,500 units a second, every second number, are more than a week ahead of the clock after five days."""
    began_s, began_ns, began = time.monotonic(), time.time_ns(), now_number()
    counter, passed_s = Counter(), 0
    told = SimpleNamespace(
        monotonic=lambda: began_s + passed_s, time_ns=lambda: began_ns + passed_s * 10**9
    )
    monkeypatch.setattr("gateway.guard.counters.time", told)
    for passed_s in range(0, 10 * 86_400, 43_200):
        assert counter.is_near(began + 3_000 * passed_s), f"after {passed_s} s"


def test_whoever_gives_numbers_ahead_of_the_clock_gains_no_more_by_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = SimpleNamespace(monotonic=lambda: 1_000.0, time_ns=time.time_ns)
    monkeypatch.setattr("gateway.guard.counters.time", told)
    counter, now = Counter(), now_number()
    for number in (OLD, now, now + AHEAD - 2, now + AHEAD):
        assert counter.is_near(number)
    assert not counter.is_near(now_number() + AHEAD + 2)


def admitting(keys: GateKeys, folder: Path) -> Admit:
    opener = Opener(Lane.IMPORT, keys.trust(Side.INNER), keys.epoch_keys())
    for name in ("scratch", "staging"):
        (folder / name).mkdir(exist_ok=True)
    inspector = inspector_here(Role.RECEIVING, [], folder / "scratch")
    return Admit(Lane.IMPORT, lambda: POLICY, opener, inspector, folder / "staging")


@pytest.mark.parametrize("in_file", [False, True], ids=["inline", "file"])
def test_the_receiving_guard_believes_no_other_guard_about_it(
    keys: GateKeys, tmp_path: Path, clock: Callable[[int], None], in_file: bool
) -> None:
    """A guard that was taken over seals any number; the ferries cannot: the seal names it (4190)."""
    admit = admitting(keys, tmp_path)

    def came(number: int, came_as: int | None = None) -> Taken:
        unit = cleared(PDF, number, time.time_ns(), "c")
        sealed, _ = keys.sealer().seal_bytes(unit)
        if in_file:
            path = tmp_path / "sealed"
            path.write_bytes(sealed)
        body = FileBody(path, len(sealed)) if in_file else InlineBody(sealed)
        return Taken(came_as or number, b"", body, 1)

    far, now = far_number(), now_number()
    refused = admit(came(far))
    assert isinstance(refused, Exit)
    assert (refused.stage, refused.number, refused.channel) == (Stage.REFUSED, 5776, "c")
    forged = admit(came(OLD, far))
    assert isinstance(forged, Exit) and (forged.stage, forged.number) == (Stage.CORRUPT, 4190)
    for number in (OLD, now, now + AHEAD):
        assert isinstance(admit(came(number)), Passed)
    for left in (tmp_path / "staging").iterdir():
        left.unlink()
    clock(30)
    assert isinstance(admit(came(now + 2)), Passed), "it knows where the counter was"
    (tmp_path / "staging" / str(now + 2)).unlink(missing_ok=True)
    admit = admitting(keys, tmp_path)
    with pytest.raises(Unavailable) as waits:
        admit(came(now))
    assert waits.value.number == 5785
    assert not list((tmp_path / "staging").iterdir()), "nothing opened lies there while it waits"


def test_what_opens_a_moment_later_is_not_let_in_unasked(
    keys: GateKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An epoch begins between the look at a unit and its opening: its sender chose which."""

    def not_begun(*_: object) -> None:
        raise Refused(4203)

    monkeypatch.setattr(Opener, "look_bytes", not_begun)
    sealed, _ = keys.sealer().seal_bytes(cleared(PDF, far_number(), time.time_ns(), "c"))
    outcome = admitting(keys, tmp_path)(Taken(far_number(), b"", InlineBody(sealed), 1))
    assert isinstance(outcome, Exit) and (outcome.stage, outcome.number) == (Stage.CORRUPT, 4203)


def test_a_wrong_clock_is_waited_for_as_long_as_refused_units_are_kept(
    clock: Callable[[int], None],
) -> None:
    counter, number, now_ns = Counter(), now_number(), time.time_ns()
    clock(30)
    with pytest.raises(Unavailable):
        counter.check(number, now_ns, MOST_ATTEMPTS)
    with pytest.raises(Refused) as refused:
        counter.check(number, now_ns, MOST_ATTEMPTS + 1)
    assert refused.value.number == 5776
    # Where the counter was is known, whatever the clock says.
    counter.reached(number)
    counter.check(number + AHEAD, now_ns, 1)
    counter.reached(OLD)
    counter.check(number + AHEAD, now_ns, 1)
