"""The pacer never lets more go than the rate and one burst."""

from __future__ import annotations

import pytest

from gateway.errors import Misconfigured
from gateway.ferry.pacing import Pacer
from gateway.ferry.shape import LaneShape, shape_for


@pytest.mark.parametrize("rate", [10_000_000, 1_000_000_000, 10_000_000_000])
def test_over_a_second_the_rate_is_kept(rate: int) -> None:
    pacer, now_s, sent = Pacer(rate), 0.0, 0
    while now_s < 1.0:
        wait_s = pacer.wait_s(now_s)
        if wait_s > 0:
            now_s += wait_s
            continue
        pacer.spend(44, 1472)
        sent += 44 * (1472 + 66) * 8
    assert 0.97 * rate <= sent <= 1.03 * rate + 2 * 131_072 * 8 + 44 * 1538 * 8


def test_a_caller_whose_time_is_older_than_another_s_gives_no_time_twice() -> None:
    # A loop that read its clock, and waited while the thread of a request sent.
    pacer, late_s, gone = Pacer(100_000_000), 0.005, 0
    for step in range(1_000):
        now_s = step * 0.01
        for at_s in (now_s + late_s, now_s):
            while pacer.wait_s(at_s) == 0:
                pacer.spend(44, 1472)
                gone += 44 * 1538
    assert gone * 8 <= 10.01 * 100_000_000 + (131_072 + 2 * 44 * 1538) * 8


def test_a_pause_is_not_saved_up() -> None:
    pacer = Pacer(100_000_000)
    pacer.wait_s(0.0)
    gone = 0
    while pacer.wait_s(3600.0) == 0:
        pacer.spend(44, 1472)
        gone += 44 * 1538
    assert gone <= 131_072 + 2 * 44 * 1538


def test_a_lane_without_a_rate_does_not_start() -> None:
    with pytest.raises(Misconfigured) as raised:
        Pacer(0)
    assert raised.value.number == 5103


@pytest.mark.parametrize(
    ("mtu", "overhead"), [(1500, 28), (1500, 48), (1500, 0), (9000, 28), (600, 28)]
)
def test_frames_of_a_shape_fit_the_mtu_and_one_call(mtu: int, overhead: int) -> None:
    shape = shape_for(mtu, overhead)
    assert shape.frame_bytes + overhead <= mtu
    assert shape.segments * shape.frame_bytes <= 65_507
    assert shape.symbols <= 255
    for k in range(1, shape.data_symbols + 1):
        assert 0 < shape.repair_for(k) <= shape.repair_symbols


@pytest.mark.parametrize("shape", [(500, 10, 2), (1472, 250, 11), (1472, 0, 2), (65_536, 10, 2)])
def test_shapes_outside_the_limits_do_not_start(shape: tuple[int, int, int]) -> None:
    with pytest.raises(Misconfigured):
        LaneShape(*shape)
