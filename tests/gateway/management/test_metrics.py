"""`metrics`: printed for whoever asks, or written whole for the collector that reads files."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest

from gateway.audit.status import StatusBoard
from gateway.management.cli import main
from gateway.management.layout import HostFolder
from gateway.unit.model import Side
from tests.gateway.management.fixtures import gate_with


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    root = gate_with(tmp_path / "gate", [])
    for side in Side:
        board = StatusBoard(HostFolder(root / side.value).run, "guard")
        board.gauge("queue_captured_units", 3)
        board.flush(0.0)
    return root


def asked(gate: Path, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return (
        main(["--gate", str(gate), "metrics", *words], {}, out, err),
        out.getvalue(),
        err.getvalue(),
    )


def test_both_hosts_at_hand_are_one_text_with_each_family_once(gate: Path) -> None:
    status, text, _ = asked(gate)
    assert status == 0
    for side in Side:
        assert (
            f'ferrygate_queue_units{{side="{side.value}",process="guard",queue="captured"}} 3'
            in text
        )
    assert text.count("# TYPE ferrygate_queue_units gauge") == 1
    assert 'side="inner"' not in asked(gate, "--side", "outer")[1]


def test_a_file_is_replaced_whole_and_others_may_read_it(gate: Path, tmp_path: Path) -> None:
    target = tmp_path / "ferrygate.prom"
    target.write_text("of before")
    before = os.umask(0o077)
    try:
        assert asked(gate, "--to", str(target))[:2] == (0, "")
    finally:
        os.umask(before)
    assert target.read_text() == asked(gate)[1]
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.glob("*prom*")] == ["ferrygate.prom"]
    assert not list(tmp_path.glob(".ferrygate*"))


def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(
    gate: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("stays")
    target = tmp_path / "ferrygate.prom"
    target.symlink_to(precious)
    assert asked(gate, "--to", str(target))[0] == 0
    assert precious.read_text() == "stays"
    assert not target.is_symlink()


def test_where_nothing_can_be_written_it_says_so_and_leaves_nothing(
    gate: Path, tmp_path: Path
) -> None:
    status, out, err = asked(gate, "--to", str(tmp_path / "absent" / "ferrygate.prom"))
    assert (status, out) != (0, "")
    assert err.startswith("FG-7005")
