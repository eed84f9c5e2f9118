"""A gate of one lane sends the same bytes as ever: nothing of two-way gates is on its link."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from gateway.ferry.link.memory import Weather
from tests.gateway.ferry.harness import Ferries

# Of version 0.1, before there were two lanes.
FRAMES = 4_294
DIGEST = "f2e07b776ebaabcdec4a7e79e2c64b6a63e7998a8764508d3ed353501850b312"


def test_the_frames_of_a_lane_with_losses_are_those_of_the_version_before_two_lanes(
    tmp_path: Path,
) -> None:
    ferries = Ferries(tmp_path, Weather())
    recorded: list[bytes] = []
    ferries.gap.recorded = recorded
    for number, size in enumerate([0, 1, 900, 5_000, 120_000, 1_500_000], start=1):
        ferries.put(number, bytes([number]) * size)
    ferries.run(0.004)
    ferries.gap.weather = Weather(loss=1.0)
    ferries.run(0.003)
    ferries.gap.weather = Weather()
    ferries.run(8.0)
    assert 5602 in ferries.inner.alarms
    assert len(recorded) == FRAMES
    assert sha256(b"".join(recorded)).hexdigest() == DIGEST
