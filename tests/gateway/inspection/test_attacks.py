"""Rows C1, C2, C3: every attack of the table is refused by the rule that stands beside it, on both sides."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.inspection.chain import Inspector, Role, Scanner, bytes_body, file_body, open_scanners
from gateway.inspection.here import inspector_here
from gateway.policy.facts import FileFacts, UnpackLimits
from tests.gateway.inspection.attacks import (
    ARCHIVES,
    DISGUISED,
    MALWARE,
    NAMES,
    POLYGLOTS,
    SLOW_MALWARE,
    Attack,
)
from tests.gateway.inspection.scanning import Said
from tests.support.clamav import TEST_FILES, LocalClamd

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LIMITS = UnpackLimits()
_STATIC = (*DISGUISED, *POLYGLOTS, *ARCHIVES, *NAMES)


@pytest.fixture(params=list(Role), ids=str)
def inspector(request: pytest.FixtureRequest, tmp_path: Path) -> Inspector:
    return inspector_here(request.param, [], tmp_path)


def rules_met(facts: FileFacts) -> set[str]:
    found = {problem.word for problem in facts.problems} | {f"is {facts.leaves[0].type}"}
    return found | ({"malware"} if facts.malware and facts.malware.detections else set())


@pytest.mark.parametrize("attack", _STATIC, ids=lambda a: a.what)
def test_an_attack_is_refused_by_its_rule(inspector: Inspector, attack: Attack) -> None:
    facts = inspector.examine(bytes_body(attack.make()), attack.name, AT, LIMITS)
    assert attack.rule in rules_met(facts), (facts.leaves[:2], facts.problems)


@pytest.mark.parametrize("attack", _STATIC, ids=lambda a: a.what)
def test_a_body_in_a_file_is_seen_as_the_same_thing(
    inspector: Inspector, attack: Attack, tmp_path: Path
) -> None:
    data = attack.make()
    path = tmp_path / "body"
    path.write_bytes(data)
    from_file = inspector.examine(file_body(path), attack.name, AT, LIMITS)
    assert from_file == inspector.examine(bytes_body(data), attack.name, AT, LIMITS)


def test_the_table_has_every_kind_of_attack_once() -> None:
    everything = (*_STATIC, *MALWARE, *SLOW_MALWARE)
    assert len({attack.what for attack in everything}) == len(everything) >= 60


@pytest.fixture(scope="module", params=list(Role), ids=str)
def scanning(
    request: pytest.FixtureRequest, clamd: LocalClamd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Inspector]:
    scanners: list[Scanner] = open_scanners(Said(str(clamd.socket)))
    inspector = inspector_here(request.param, scanners, tmp_path_factory.mktemp("scratch"))
    yield inspector
    inspector.close()


@pytest.mark.parametrize("attack", MALWARE, ids=lambda a: a.what)
def test_malware_is_found_by_a_scanner(scanning: Inspector, attack: Attack) -> None:
    body = bytes_body(attack.make())
    facts = scanning.examine(body, attack.name, AT, LIMITS)
    assert "malware" in rules_met(scanning.scan(body, facts, LIMITS)), facts


@pytest.mark.parametrize("attack", SLOW_MALWARE, ids=lambda a: a.what)
def test_what_clamav_misses_is_found_by_our_windows(scanning: Inspector, attack: Attack) -> None:
    body = bytes_body(attack.make())
    roomy = UnpackLimits(ratio=100_000)
    facts = scanning.examine(body, attack.name, AT, roomy)
    assert not facts.problems
    said = scanning.scan(body, facts, roomy).malware
    assert said is not None
    assert "ClamAV" in {detection.scanner for detection in said.detections}


@pytest.mark.skipif(not TEST_FILES.is_dir(), reason="clamav-testfiles is not installed")
def test_every_file_of_clamavs_own_test_set_is_refused(scanning: Inspector) -> None:
    passed = []
    files = sorted(TEST_FILES.iterdir())
    assert len(files) > 40
    for file in files:
        body = file_body(file)
        facts = scanning.examine(body, file.name, AT, LIMITS)
        if not rules_met(scanning.scan(body, facts, LIMITS)) & {"malware", "type", "archive"}:
            passed.append(file.name)
    assert not passed


def test_a_bomb_stops_at_its_limit_and_not_at_its_end(inspector: Inspector) -> None:
    """Reading on past a limit would cost a thousand times as much."""
    bomb = next(attack for attack in ARCHIVES if attack.what == "gzip bomb").make()
    costs = []
    for ratio in (2, 900):
        limits = UnpackLimits(ratio=ratio, total_bytes=1 << 40)
        began = time.process_time()
        facts = inspector.examine(bytes_body(bomb), "x.gz", AT, limits)
        costs.append(time.process_time() - began)
        assert [problem.number for problem in facts.problems] == [3224]
    assert costs[0] * 3 < costs[1]
