"""A receiver that stands still at full rate, and a link that loses: repaired, or named within 5 s.

Every later unit arrives, and what was named arrives when it is sent again.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from gateway.ferry.reconcile import ReconcileList
from gateway.ferry.statefile import missing_list
from gateway.management.layout import Role
from gateway.unit.model import Side
from tests.support.gate import SMALL, Gate, big_table, gate, table
from tests.system.spaces import INNER_ADDRESS, PORT, needs_namespaces, spaces

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

NAMED_WITHIN_S = 5.0


def missing(running: Gate) -> ReconcileList:
    return missing_list(running.trial.host(Side.INNER).state / "ferry" / "state.json", time.time())


def numbers(running: Gate, side: Side, what: str) -> set[int]:
    return {record.unit for record in running.events(side, what) if record.unit is not None}


def unaccounted(running: Gate) -> set[int]:
    """Units that were sent, are not here, and that inner does not name."""
    named = {unit.number for unit in missing(running).units}
    return numbers(running, Side.OUTER, "sent") - numbers(running, Side.INNER, "received") - named


def every_later_unit_arrives(running: Gate) -> None:
    later = {f"later-{n}.csv": table(5000, n) for n in range(50)}
    for name, content in later.items():
        running.drop(name, content)
    running.until_inside(set(later), within_s=30)
    assert running.differing(later) == []


@pytest.mark.parametrize("stall_s", [0.05, 0.3], ids=["50 ms", "300 ms"])
def test_after_a_stall_at_full_rate_each_unit_is_here_or_named_and_comes_when_asked_for(
    tmp_path: Path, stall_s: float
) -> None:
    files = {f"f{n:04}.csv": big_table(250_000, n) for n in range(500)}
    with gate(tmp_path) as running:
        # A backlog: when the sending ferry goes on, it sends at the lane's rate for about a second.
        with running.held(Side.OUTER, Role.FERRY):
            for name, content in files.items():
                running.drop(name, content)
            running.until(
                lambda: len(running.events(Side.OUTER, "cleared")) == len(files), "all cleared", 60
            )
        began_s = time.monotonic()
        receiver = running.pid(Side.INNER, Role.FERRY)
        time.sleep(0.35)
        os.kill(receiver, signal.SIGSTOP)
        time.sleep(stall_s)
        os.kill(receiver, signal.SIGCONT)
        running.until(lambda: len(running.events(Side.OUTER, "sent")) == len(files), "all sent", 30)
        sent_s = time.monotonic() - began_s
        running.until(lambda: not unaccounted(running), "here or named", NAMED_WITHIN_S)
        named = len(missing(running).units)
        lost_blocks = running.counter(Side.INNER, Role.FERRY, "blocks_lost_total")
        every_later_unit_arrives(running)
        rounds = running.bring_all(set(files))
        print(f"sent in {sent_s:.1f} s, blocks lost {lost_blocks}, named {named}, lists {rounds}")
        assert running.differing(files) == []
        running.until(lambda: missing(running).empty, "nothing is missing any more", 10)
        assert len(running.inside()) == len(files) + 50


@needs_namespaces
def test_one_percent_of_random_loss_is_repaired_or_named_and_all_arrives(tmp_path: Path) -> None:
    chance = random.Random(4)
    files = {f"f{n:04}.csv": table(chance.randrange(200, 30_000), n) for n in range(400)}
    files |= {f"large-{n}.csv": big_table(8_000_000, n) for n in range(4)}
    link = f"udp: {INNER_ADDRESS}:{PORT}"
    with spaces() as net:
        net.lose(1)
        with gate(tmp_path, link=link, within=net.within()) as running:
            for name, content in files.items():
                running.drop(name, content)
            running.until(
                lambda: len(running.events(Side.OUTER, "sent")) == len(files), "all sent", 60
            )
            running.until(lambda: not unaccounted(running), "here or named", NAMED_WITHIN_S)
            named = len(missing(running).units)
            every_later_unit_arrives(running)
            rounds = running.bring_all(set(files))
            repaired = running.counter(Side.INNER, Role.FERRY, "lane_repaired_total")
            print(
                f"named {named}, lists {rounds}, packets lost {net.lost()}, symbols repaired {repaired}"
            )
            assert running.differing(files) == []
            assert net.lost() > 50
            # Most of what is lost is a heartbeat or a repair symbol: 41 symbols of 293 packets, once.
            assert repaired >= 10


def test_what_is_sent_while_the_receiving_ferry_is_away_is_named_and_comes_when_asked_for(
    tmp_path: Path,
) -> None:
    files = {f"f{n:03}.csv": table(4000, n) for n in range(200)}
    with gate(tmp_path) as running:
        running.drop("before.csv", table(1000))
        running.until_inside({"before.csv"})
        with running.dead(Side.INNER, Role.FERRY):
            for name, content in files.items():
                running.drop(name, content)
            running.until(
                lambda: len(running.events(Side.OUTER, "sent")) > len(files), "all sent", 30
            )
            # Past the three index blocks that follow each: only the list can bring them back.
            time.sleep(3.0)
        assert not running.inside() & set(files)
        every_later_unit_arrives(running)
        running.until(lambda: running.events(Side.INNER, "unit.lost"), "named", NAMED_WITHIN_S)
        rounds = running.bring_all(set(files))
        assert rounds >= 1
        assert running.differing(files) == []
        assert (running.trial.arrivals(SMALL) / "before.csv").read_bytes() == table(1000)
