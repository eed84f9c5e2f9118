"""The journal says when the bytes of a refused unit go, and an alarm when they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.audit.events import EVENTS
from gateway.management.set_aside import keep_aside
from gateway.management.settings import read_settings
from gateway.policy.located import LocatedErrors
from gateway.spool.aside_keeping import Removal
from tests.support.fakes import BoardOfOne, ListRecorder

GONE = Removal(7, "refused", Path("/q/refused"), 3102, 1_000, 400, "age")


def test_limits_stand_in_the_settings_and_have_safe_defaults() -> None:
    usual = "gate: east\nside: inner\nmode: one-way\nlink:\n  udp: 127.0.0.1:4700\n"
    settings = read_settings("gate.yaml", usual.encode())
    assert (settings.keep_refused_s, settings.keep_refused_bytes) == (30 * 86_400, 10 << 30)
    assert settings.keep_refused_count == 100_000
    own = usual + (
        "queues:\n  keep_refused: 7 d\n  keep_refused_size: 1 GiB\n  keep_refused_count: 500\n"
    )
    settings = read_settings("gate.yaml", own.encode())
    keep = keep_aside(settings, ListRecorder(), BoardOfOne())
    assert (keep.age_s, keep.bytes, keep.count) == (7 * 86_400, 1 << 30, 500)


@pytest.mark.parametrize("count", ["0", "1000001", "many", "1 GiB"])
def test_a_count_that_is_no_number_of_sets_is_misread(count: str) -> None:
    text = "gate: east\nside: inner\nmode: one-way\nlink:\n  udp: 127.0.0.1:4700\n"
    with pytest.raises(LocatedErrors):
        read_settings("gate.yaml", f"{text}queues:\n  keep_refused_count: {count}\n".encode())


def test_a_removal_is_an_event_and_one_that_fails_an_alarm_until_it_works() -> None:
    usual = "gate: east\nside: inner\nmode: one-way\nlink:\n  udp: 127.0.0.1:4700\n"
    recorder, board = ListRecorder(), BoardOfOne()
    keep = keep_aside(read_settings("gate.yaml", usual.encode()), recorder, board)
    stuck = Removal(7, "refused", Path("/q/refused"), 3102, 1_000, 400, "age", "Permission denied")
    keep.on_removal(stuck)
    assert recorder.events == []
    assert board.alarms == {6514: {"folder": "/q/refused", "reason": "Permission denied"}}
    keep.on_removal(GONE)
    (event,) = recorder.events
    assert (event.what, event.unit) == ("set_aside.removed", 7)
    assert set(EVENTS["set_aside.removed"].required) == set(event.fields)
    assert board.alarms == {}
