"""Header blocks of SOAP under a name that the schema has, in a namespace that it has not."""

from __future__ import annotations

import pytest

from tests.gateway.guard.contents import channel_of, numbers
from tests.gateway.guard.test_soap_headers import LINE, TRACE, WITH_TICKET, headed
from tests.support.sides import Sides


@pytest.mark.parametrize("space", ["", "urn:another"])
def test_a_block_of_the_schema_is_not_freed_by_another_namespace(sides: Sides, space: str) -> None:
    """A Ticket is a number by the schema; in another namespace it was any text."""
    channel = channel_of(LINE.format("1.1"), WITH_TICKET)
    free = f'<Ticket xmlns="{space}">whatever one likes to say</Ticket>'
    assert numbers(sides, channel, headed(free)) == (3614, 3614)
    assert numbers(sides, channel, headed(TRACE)) == (0, 0)
