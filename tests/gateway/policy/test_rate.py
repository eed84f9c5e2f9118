"""A token bucket lets through what its rate says, whatever the moments of asking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.rate import TokenBucket
from gateway.policy.values import Rate


def test_a_full_bucket_lets_its_amount_pass_at_once_and_then_waits() -> None:
    bucket = TokenBucket(Rate(3, 60.0))
    for _ in range(3):
        assert bucket.wait_s(0.0) == 0.0
        bucket.spend(0.0)
    assert bucket.wait_s(0.0) == pytest.approx(20.0)
    assert bucket.wait_s(19.0) == pytest.approx(1.0)
    assert bucket.wait_s(20.0) == 0.0


def test_asking_spends_nothing() -> None:
    bucket = TokenBucket(Rate(1, 1.0))
    assert [bucket.wait_s(0.0) for _ in range(5)] == [0.0] * 5


def test_a_clock_that_steps_back_gives_no_tokens() -> None:
    bucket = TokenBucket(Rate(1, 10.0))
    bucket.spend(100.0)
    assert bucket.wait_s(50.0) == pytest.approx(10.0)
    assert bucket.wait_s(100.0) == pytest.approx(10.0)


@given(st.integers(1, 50), st.lists(st.floats(0, 5), max_size=200))
def test_never_more_than_the_rate_and_one_filling(amount: int, pauses: list[float]) -> None:
    bucket = TokenBucket(Rate(amount, 10.0))
    now = 0.0
    passed = 0
    for pause in pauses:
        now += pause
        if bucket.wait_s(now) == 0.0:
            bucket.spend(now)
            passed += 1
    assert passed <= amount + now * amount / 10.0 + 1e-6
