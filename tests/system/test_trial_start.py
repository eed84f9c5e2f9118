"""A gate for trying out that does not come up says so, and leaves nothing running."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gateway.errors import Unavailable
from gateway.management.trial import START_WITHIN_S, make_trial, pid_of, start
from gateway.unit.model import Side

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


def test_a_host_that_ends_is_told_at_once_and_the_other_is_stopped(tmp_path: Path) -> None:
    trial = make_trial(tmp_path / "gate", "two-way")
    settings = trial.host(Side.INNER).root / "gate.yaml"
    settings.write_text(f"{settings.read_text()}\nnonsense: 1\n")
    begun_s = time.monotonic()
    with pytest.raises(Unavailable) as told:
        start(trial)
    assert time.monotonic() - begun_s < START_WITHIN_S
    assert told.value.number == 1060
    assert "FG-1020" in str(told.value.fields["last"])
    assert [pid_of(trial, side) for side in Side] == [None, None]
