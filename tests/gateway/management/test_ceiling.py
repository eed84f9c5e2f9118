"""A lane has a ceiling: a set with a channel of a higher data grade is not taken."""

from __future__ import annotations

from pathlib import Path

from gateway.management.policy_in_force import PolicyInForce
from gateway.management.settings import load_settings
from gateway.management.trial import make_trial
from gateway.unit.model import Lane, Side
from tests.gateway.management.test_command_line import run
from tests.gateway.policy.channel_text import BASIC
from tests.support.fakes import BoardOfOne, ListRecorder


def test_a_channel_above_the_ceiling_keeps_its_set_out_of_force(tmp_path: Path) -> None:
    (tmp_path / "10-reports.yaml").write_text(BASIC)
    recorder, board = ListRecorder(), BoardOfOne()
    policy = PolicyInForce(tmp_path, recorder, board, ceilings={Lane.IMPORT: 2})
    assert not policy.load()
    assert policy.current() is None and 1056 in board.alarms
    assert recorder.events[-1].fields["place"] == "10-reports.yaml:1:1"
    (tmp_path / "10-reports.yaml").write_text(BASIC.replace("grade: 3", "grade: 2"))
    assert policy.load() and policy.current() is not None


def test_policy_check_knows_the_ceiling_of_the_gate_at_hand(tmp_path: Path) -> None:
    trial = make_trial(tmp_path)
    host = trial.host(Side.INNER)
    assert load_settings(host.settings).link.grade == 5
    text = host.settings.read_text()
    host.settings.write_text(text.replace("link:\n", "link:\n  grade: 2\n", 1))
    status, out, _ = run("--gate", str(tmp_path), "policy", "check")
    assert status == 1
    assert "FG-2273" in out and "grade 2 at most" in out
