"""A room for all, of which one has as much as it leaves free."""

from __future__ import annotations

import pytest

from gateway.unit.shares import has_share


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
