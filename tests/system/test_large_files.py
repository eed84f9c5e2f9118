"""Files that take a while to inspect: what the edge does meanwhile must not count as a change."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.management.layout import Role
from gateway.unit.model import Side
from tests.support.gate import big_table, gate, table

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


def test_no_good_large_file_is_refused_because_its_edge_lets_go_of_it(tmp_path: Path) -> None:
    files = {f"large-{n:02}.csv": big_table(6_000_000, n) for n in range(8)}
    files |= {f"small-{n:03}.csv": table(2000, n) for n in range(240)}
    with gate(tmp_path) as running:
        # All in one batch of the edge: it lets go of them one by one while the guard is at work.
        with running.held(Side.OUTER, Role.EDGE):
            for name, content in files.items():
                running.drop(name, content)
        running.until(
            lambda: len(running.inside()) + len(running.events(Side.OUTER, "refused")) >= len(files)
            or running.carry_list(),
            "each has its end", 60,
        )  # fmt: skip
        refused = [(r.number, r.fields) for r in running.events(Side.OUTER, "refused")]
        assert refused == []
        running.bring_all(set(files))
        assert running.differing(files) == []
