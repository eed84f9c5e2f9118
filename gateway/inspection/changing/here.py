"""Handing out in this process: for `policy check`, `explain` and tests. A guard has a sandbox."""

from __future__ import annotations

from collections.abc import Callable

from gateway.inspection.changing.reading import hand_out
from gateway.inspection.content import Content
from gateway.unit.stages import Body


def hand_out_here(
    kind: str,
    _channel: str,
    body: Body,
    take: Callable[[bytes], None],
    begin: Callable[[], None],
) -> None:
    """As changer.HandOut has it; the channel is of no use here."""
    begin()
    with Content.of_body(body) as content:
        hand_out(kind, content, take)
