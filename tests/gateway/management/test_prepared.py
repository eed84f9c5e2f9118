"""A policy set comes into force only where the guard can do what its lines ask."""

from __future__ import annotations

from pathlib import Path

from gateway.inspection.chain import Role
from gateway.inspection.here import inspector_here
from gateway.management.policy_in_force import PolicyInForce
from tests.gateway.management.test_command_line import run
from tests.gateway.policy.channel_text import BASIC
from tests.support.fakes import BoardOfOne, ListRecorder

SOUGHT = BASIC + "refused_if:\n  patterns: in list numbers\n"


def written(folder: Path, pattern: str) -> Path:
    (folder / "lists").mkdir(parents=True, exist_ok=True)
    (folder / "lists" / "numbers.txt").write_text(f"# numbers\na = ZX-[0-9]+\nb = {pattern}\n")
    (folder / "10-reports.yaml").write_text(SOUGHT)
    return folder


def test_a_pattern_that_cannot_be_used_keeps_its_set_out_of_force(tmp_path: Path) -> None:
    folder = written(tmp_path / "policies", "(x")
    policy = PolicyInForce(folder, ListRecorder(), board := BoardOfOne())
    policy.load()
    policy.prepare_with(inspector_here(Role.SENDING, [], tmp_path).prepare)
    assert policy.current() is None
    assert 1056 in board.alarms
    written(folder, "[0-9]{4}")
    assert policy.load()
    good = policy.current()
    assert good is not None
    written(folder, "(?<=back)x")
    assert not policy.load()
    assert policy.current() is good
    assert 1055 in board.alarms


def test_policy_check_names_the_line_of_the_list(tmp_path: Path) -> None:
    status, _, err = run("policy", "check", str(written(tmp_path, "(x")))
    assert status == 78
    assert "lists/numbers" in err
    assert ":3" in err or "line 3" in err
