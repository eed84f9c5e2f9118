"""A room for all, of which one has as much as it leaves free."""

from __future__ import annotations

import pytest

from gateway.unit.shares import has_share, left_of_share


@pytest.mark.parametrize(("sharing", "each"), [(1, 6), (2, 4), (3, 3)])
def test_one_alone_has_half_two_a_third_each(sharing: int, each: int) -> None:
    own, most = [0] * sharing, 12
    while any(has_share(one, 1, most - sum(own)) for one in own):
        for place, one in enumerate(own):
            own[place] += has_share(one, 1, most - sum(own))
    assert own == [each] * sharing


def test_its_first_one_has_whatever_is_free() -> None:
    assert has_share(0, 5, 0)
    assert has_share(2, 3, 5)
    assert not has_share(2, 3, 4)


def test_what_is_left_of_a_share_is_what_may_come_one_by_one() -> None:
    for most in range(12):
        for own in range(most + 1):
            left, came = left_of_share(own, most - own), 0
            while own + came < most and has_share(own + came, 1, most - own - came):
                came += 1
            # The first of all may always come.
            assert came == max(left, 0), (most, own)
