"""Settings, folders, status and loops of a gate of two lanes; and that a gate of one keeps its own."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gateway.audit.event import Event
from gateway.audit.metrics import prometheus_text
from gateway.audit.status import StatusBoard, read_status
from gateway.errors import StateUncertain
from gateway.management.doctor.finding import State
from gateway.management.doctor.machine import judge_resend
from gateway.management.host import open_host
from gateway.management.init import initialise
from gateway.management.lane import lane_key
from gateway.management.lane_status import LaneStatuses
from gateway.management.layout import HostFolder
from gateway.management.policy_in_force import PolicyInForce
from gateway.management.process import Process
from gateway.management.settings import Settings, load_settings, read_settings
from gateway.policy.located import LocatedErrors
from gateway.unit.model import Lane, Side
from tests.gateway.policy.channel_text import BASIC
from tests.support.fakes import BoardOfOne, ListRecorder

LINK = "link:\n  udp: 10.99.0.2:47000\n  rate: 2 Gbit/s\n"
BACK = "back:\n  udp: 10.99.0.1:47001\n  grade: 2\n"


def said(mode: str, *groups: str, side: str = "outer") -> bytes:
    return f"gate: g\nside: {side}\nmode: {mode}\n{''.join(groups)}".encode()


def read(mode: str, *groups: str, side: str = "outer") -> Settings:
    return read_settings("gate.yaml", said(mode, *groups, side=side))


def numbers(mode: str, *groups: str) -> list[int]:
    with pytest.raises(LocatedErrors) as caught:
        read(mode, *groups)
    return [problem.number for problem in caught.value.problems]


def test_each_lane_has_a_link_with_values_of_its_own() -> None:
    settings = read("two-way", LINK, BACK)
    assert settings.is_two_way and set(settings.links) == set(Lane)
    assert settings.links[Lane.IMPORT] is settings.link
    back = settings.links[Lane.EXPORT]
    assert (back.host, back.port, back.grade, back.rate_bits_per_s) == (
        "10.99.0.1",
        47001,
        2,
        10**9,
    )
    assert (settings.sends, settings.receives) == (Lane.IMPORT, Lane.EXPORT)
    inner = read("two-way", LINK, BACK, side="inner")
    assert (inner.sends, inner.receives) == (Lane.EXPORT, Lane.IMPORT)


def test_a_one_way_gate_has_one_link_and_one_end_of_it() -> None:
    outer, inner = read("one-way", LINK), read("one-way", LINK, side="inner")
    assert set(outer.links) == {Lane.IMPORT} and not outer.is_two_way
    assert (outer.sends, outer.receives) == (Lane.IMPORT, None)
    assert (inner.sends, inner.receives) == (None, Lane.IMPORT)


@pytest.mark.parametrize(
    ("mode", "groups", "expected"),
    [
        ("one-way", (LINK, BACK), [1031, 1031]),
        ("two-way", (LINK,), [1032]),
        ("two-way", (LINK, "back:\n  rate: 1 Gbit/s\n"), [1028]),
        ("two-way", (LINK, "back:\n  udp: nobody\n"), [1029]),
        ("two-way", (LINK, "back:\n  ethernet: eth0\n"), [1030]),
        ("two-way", (LINK, LINK.replace("link", "back")), [1033]),
        ("two-way", (LINK, BACK + "  rats: 3\n"), [1024]),
        ("one-way", (LINK + "  resend_share: 20 %\n",), [1031]),
        ("two-way", (LINK + "  resend_share: 4 %\n", BACK), [2123]),
        ("two-way", (LINK, BACK + "  resend_share: 91 %\n"), [2123]),
        ("two-way", (LINK, BACK + "  resend_share: half\n"), [1022]),
    ],
)
def test_a_wrong_link_of_the_export_lane_is_told(
    mode: str, groups: tuple[str, ...], expected: list[int]
) -> None:
    assert numbers(mode, *groups) == expected


def test_what_goes_again_is_the_share_of_the_lane_that_the_settings_say() -> None:
    for share, expected in (("", 0.5), ("  resend_share: 20 %\n", 0.2)):
        settings = read("two-way", LINK + share, BACK)
        assert (settings.link.resend_share, settings.links[Lane.EXPORT].resend_share) == (
            expected,
            0.5,
        )
        found = judge_resend(settings.link)
        assert (found.number, found.state) == (7148, State.OK)
        assert found.fields["mbit_per_s"] == 2000 * expected
    slow = read("two-way", LINK.replace("2 Gbit/s", "2 Mbit/s"), BACK).link
    assert judge_resend(slow).state is State.LOOK
    assert "resend_share" in judge_resend(slow).mend("en")


def test_where_the_wrong_link_stands_is_told() -> None:
    with pytest.raises(LocatedErrors) as caught:
        read("two-way", LINK, "back:\n  udp: nobody\n")
    assert caught.value.problems[0].line == 8


def test_both_lanes_over_one_cable_may_have_one_interface() -> None:
    one = "  ethernet: eth0 to 02:00:00:00:00:02\n"
    settings = read("two-way", f"link:\n{one}", f"back:\n{one}")
    assert settings.links[Lane.IMPORT].interface == settings.links[Lane.EXPORT].interface


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("two") / "gate"
    initialise(root, "two", "two-way")
    return root


def test_init_makes_both_hosts_of_a_two_way_gate(made: Path) -> None:
    for side in Side:
        host = HostFolder(made / side.value)
        assert load_settings(host.settings).is_two_way
        assert host.lanes() == tuple(Lane)
        assert all(folder.is_dir() for folder in host.folders(side, Lane))
    inner, outer = HostFolder(made / "inner"), HostFolder(made / "outer")
    assert (inner.root / "held-export").is_dir() and (inner.root / "approvals-export").is_dir()
    assert not (outer.root / "held-export").exists()


def test_the_lanes_share_no_key(made: Path) -> None:
    keys = {
        (side, lane): lane_key(open_host(HostFolder(made / side.value), side), lane)
        for side in Side
        for lane in Lane
    }
    data = memoryview(b"block")
    tags = {place: key.tag(1, 1, data) for place, key in keys.items()}
    assert tags[Side.OUTER, Lane.IMPORT] == tags[Side.INNER, Lane.IMPORT]
    assert tags[Side.OUTER, Lane.EXPORT] == tags[Side.INNER, Lane.EXPORT]
    assert tags[Side.OUTER, Lane.IMPORT] != tags[Side.OUTER, Lane.EXPORT]


def test_a_one_way_gate_has_no_folder_and_no_key_of_the_export_lane(tmp_path: Path) -> None:
    initialise(tmp_path / "gate", "one", "one-way")
    assert [path for path in (tmp_path / "gate").rglob("*") if "export" in path.name] == []
    assert "back:" not in (tmp_path / "gate" / "outer" / "gate.yaml").read_text()


def test_the_figures_of_the_lanes_stand_apart_and_an_alarm_until_neither_has_it(
    tmp_path: Path,
) -> None:
    board = StatusBoard(tmp_path, "ferry")
    lanes = LaneStatuses(board)
    ours, theirs = lanes.of(Lane.IMPORT), lanes.of(Lane.EXPORT)
    for place, lane in enumerate((ours, theirs)):
        lane.gauge("lane_block", 10 + place)
        lane.count("lane_frames_total", 100 + place)
        lane.count("units_sent_total")
        lane.raise_alarm(5503, path="x")
    ours.clear_alarm(5503)
    assert [alarm.number for alarm in board.alarms] == [5503]
    theirs.clear_alarm(5503)
    assert board.alarms == ()
    board.gauge("export_channels", "replies")
    board.close()
    (status,) = read_status(tmp_path)
    assert (status.gauges["lane_block"], status.gauges["export_lane_block"]) == (10, 11)
    assert status.counters["units_sent_total"] == 2


def test_metrics_tell_the_lanes_by_their_label(tmp_path: Path) -> None:
    board = StatusBoard(tmp_path, "guard")
    board.tally.know(["reports", "replies"])
    board.gauge("export_channels", "replies")
    board.gauge("queue_received_units", 1)
    board.gauge("export_queue_captured_units", 2)
    for what, channel in (("admitted", "reports"), ("cleared", "replies"), ("refused", "replies")):
        board.tally.add(Event(what, 1, 7, channel))
    board.flush(0.0)
    text = prometheus_text({"inner": read_status(tmp_path)})
    head = 'side="inner",process="guard"'
    assert f'ferrygate_queue_units{{{head},queue="received"}} 1' in text
    assert f'ferrygate_queue_units{{{head},lane="export",queue="captured"}} 2' in text
    units = f"ferrygate_units_total{{{head}"
    assert f'{units},lane="import",channel="reports",stage="admitted",result="passed"}} 1' in text
    assert f'{units},lane="export",channel="replies",stage="cleared",result="passed"}} 1' in text
    assert f'{units},lane="export",channel="replies",stage="cleared",result="refused"}} 1' in text
    assert "export_channels" not in text


def test_a_set_with_a_channel_on_a_lane_that_the_gate_has_not_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "10-reports.yaml").write_text(BASIC.replace("lane: import", "lane: export"))
    recorder, board = ListRecorder(), BoardOfOne()
    policy = PolicyInForce(tmp_path, recorder, board, ceilings={Lane.IMPORT: 5})
    assert not policy.load()
    assert policy.current() is None and 1056 in board.alarms
    both = PolicyInForce(tmp_path, recorder, board, ceilings={Lane.IMPORT: 1, Lane.EXPORT: 5})
    assert both.load()


class Looping:
    """A loop that ends when it is told to, or with an error of its own."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.ended = threading.Event()

    def run(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                if self._error is not None:
                    raise self._error
                stop.wait(0.01)
        finally:
            self.ended.set()


class Stepping:
    steps = 0

    def step(self, _now_s: float) -> float:
        self.steps += 1
        return 0.01


@pytest.mark.timeout(20)
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("steps", [[], [Stepping()]])
def test_an_error_of_one_loop_ends_the_process_and_what_it_has_is_closed_after_all_loops(
    place: int, steps: list[Stepping]
) -> None:
    loops = [Looping(), Looping()]
    loops[place] = Looping(StateUncertain(6501))
    closed: list[bool] = []
    process = Process(
        "ferry",
        steps,
        BoardOfOne(),
        ListRecorder(),
        loops=loops,
        closing=[lambda: closed.append(all(loop.ended.is_set() for loop in loops))],
    )
    stop = threading.Event()
    with pytest.raises(StateUncertain):
        process.run(stop)
    assert stop.is_set() and closed == [True]


@pytest.mark.timeout(20)
def test_loops_run_beside_the_steps_until_the_process_is_stopped() -> None:
    loops, stepping, recorder = [Looping(), Looping()], Stepping(), ListRecorder()
    process = Process("guard", [stepping], BoardOfOne(), recorder, loops=loops)
    stop = threading.Event()
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    process.run(stop)
    timer.join()
    assert stepping.steps > 2 and all(loop.ended.is_set() for loop in loops)
    assert recorder.events[-1].what == "process.stopped"
