"""Two lanes that lose, stand still and are away: every file arrives both ways and nobody brings a list.

The sender's journal then says of each unit what became of it on the other host.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from gateway.audit.record import Record
from gateway.ferry.statefile import missing_list
from gateway.management.layout import Role
from gateway.management.trial import Trial
from gateway.policy.samples import generate_sample
from gateway.unit.model import Lane, Side
from tests.support.gate import REPLIES, SMALL, Gate, big_table, gate, table
from tests.system.spaces import (
    INNER_ADDRESS,
    OUTER_ADDRESS,
    PORT,
    Spaces,
    needs_namespaces,
    spaces,
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

LANES = {SMALL: Lane.IMPORT, REPLIES: Lane.EXPORT}
ROUNDS = 4


def files_of(seed: int, small: int = 150, large: int = 2, name: str = "") -> dict[str, bytes]:
    chance = random.Random(seed)
    files = {
        f"{name}s{n:04}.csv": table(chance.randrange(200, 30_000), seed + n) for n in range(small)
    }
    return files | {f"{name}large-{n}.csv": big_table(6_000_000, seed + n) for n in range(large)}


def drop_all(running: Gate, sent: Mapping[str, Mapping[str, bytes]]) -> None:
    for channel, files in sent.items():
        for name, content in files.items():
            running.drop(name, content, channel)


def all_arrive_by_themselves(
    running: Gate, sent: Mapping[str, Mapping[str, bytes]], within_s: float
) -> None:
    for channel, files in sent.items():
        running.until_inside(set(files), channel, within_s=within_s)
        assert running.differing(files, channel) == []
        assert running.inside(channel) == set(files)
    for side in Side:
        assert running.events(side, "resend.requested") == []


def outcomes(running: Gate, side: Side) -> dict[int, set[str]]:
    """By unit, what the other side has told of it."""
    found: dict[int, set[str]] = {}
    for record in running.events(side, "outcome"):
        assert record.unit is not None
        found.setdefault(record.unit, set()).add(str(record.fields["became"]))
    return found


def captured(running: Gate, side: Side) -> set[int]:
    return {r.unit for r in running.events(side, "captured") if r.unit is not None}


def all_delivered(running: Gate, side: Side, units: set[int]) -> bool:
    return outcomes(running, side) == {unit: {"delivered"} for unit in units}


def each_is_known_to_be_delivered(running: Gate, within_s: float = 20.0) -> None:
    for side in Side:
        units = captured(running, side)
        running.until(
            partial(all_delivered, running, side, units),
            f"{side.value} knows of all that it was delivered",
            within_s,
        )


def nothing_missing(state: Path) -> bool:
    return missing_list(state, 0.0).empty


def no_alarm(running: Gate, side: Side, of: set[int]) -> bool:
    return not running.alarms(side) & of


def nothing_is_missing(running: Gate) -> None:
    for side in Side:
        state = running.trial.host(side).state / "ferry" / "state.json"
        running.until(partial(nothing_missing, state), "nothing is missing", 10)
        running.until(partial(no_alarm, running, side, {5602, 5720}), "no alarm stands", 10)


@contextlib.contextmanager
def lossy(folder: Path, percent: int) -> Iterator[tuple[Gate, Spaces]]:
    def back(trial: Trial) -> None:
        for side in Side:
            path = trial.host(side).settings
            text, count = re.subn(
                r"(?m)^(back:\n(?:  .*\n)*?  udp:) .*$",
                rf"\1 {OUTER_ADDRESS}:{PORT + 1}",
                path.read_text(),
            )
            assert count == 1
            path.write_text(text)

    with spaces() as net:
        net.lose(percent)
        net.lose_back(percent)
        link = f"udp: {INNER_ADDRESS}:{PORT}"
        with gate(folder, "two-way", link=link, within=net.within(), prepare=back) as running:
            yield running, net


@needs_namespaces
@pytest.mark.parametrize("percent", [1, 5])
def test_random_loss_on_both_lanes_costs_no_file_and_no_person(
    tmp_path: Path, percent: int
) -> None:
    sent: dict[str, dict[str, bytes]] = {channel: {} for channel in LANES}
    with lossy(tmp_path, percent) as (running, net):
        # How many units lose more than a block can repair is chance: as many rounds as it takes.
        for part in range(ROUNDS):
            more = {
                channel: files_of(place * 1000 + part * 10_000, name=f"{part}-")
                for place, channel in enumerate(LANES)
            }
            drop_all(running, more)
            for channel, files in more.items():
                sent[channel] |= files
            all_arrive_by_themselves(running, sent, within_s=90)
            resent = {side: len(running.events(side, "resent")) for side in Side}
            if percent == 1 or all(count > 10 for count in resent.values()):
                break
        each_is_known_to_be_delivered(running)
        nothing_is_missing(running)
        print(f"{percent} %: packets lost {net.lost()}, units sent again {resent}")
        assert net.lost() > 50
        if percent == 5:
            # More than a block can repair, so that this test sees what it is about.
            assert all(count > 10 for count in resent.values())


def test_a_stall_longer_than_the_buffers_costs_no_file_and_no_person(tmp_path: Path) -> None:
    sent = {channel: {f"f{n:04}.csv": big_table(250_000, place * 1000 + n) for n in range(300)}
            for place, channel in enumerate(LANES)}  # fmt: skip
    with gate(tmp_path, "two-way") as running:
        for channel, lane in LANES.items():
            # A backlog: the sender goes on at the lane's rate while the receiver stands still.
            with running.held(lane.sender, Role.FERRY):
                drop_all(running, {channel: sent[channel]})
                running.until(
                    partial(
                        lambda sender: len(running.events(sender, "cleared")) == 300, lane.sender
                    ),
                    "cleared",
                    60,
                )
                receiver = running.pid(lane.receiver, Role.FERRY)
                os.kill(receiver, signal.SIGSTOP)
            running.until(
                partial(lambda sender: len(running.events(sender, "sent")) >= 300, lane.sender),
                "all sent to nobody",
                60,
            )
            os.kill(receiver, signal.SIGCONT)
        all_arrive_by_themselves(running, sent, within_s=90)
        each_is_known_to_be_delivered(running)
        nothing_is_missing(running)
        lost = {side: running.events(side, "unit.lost") for side in Side}
        print({side.value: len(found) for side, found in lost.items()})
        assert all(lost.values())


def test_what_was_sent_while_a_ferry_was_dead_comes_by_itself(tmp_path: Path) -> None:
    sent = {
        channel: files_of(place * 1000, small=60, large=0) for place, channel in enumerate(LANES)
    }
    with gate(tmp_path, "two-way") as running:
        with running.dead(Side.INNER, Role.FERRY):
            drop_all(running, sent)
            running.until(
                lambda: len(running.events(Side.OUTER, "sent")) >= 60, "sent to nobody", 30
            )
            # Past the index blocks that follow each.
            time.sleep(3.0)
        all_arrive_by_themselves(running, sent, within_s=60)
        each_is_known_to_be_delivered(running)
        nothing_is_missing(running)


def test_the_sender_learns_of_a_refusal_with_its_number_and_survives_killed_guards(
    tmp_path: Path,
) -> None:
    def tighten(trial: Trial) -> None:
        path = trial.host(Side.OUTER).policies / "30-replies.yaml"
        path.write_text(path.read_text().replace("at most 200 MiB", "at most 10 KiB"))

    with gate(tmp_path, "two-way", prepare=tighten) as running:
        running.drop("large.csv", table(20_000), REPLIES)
        running.drop("program.csv", generate_sample("elf program"), REPLIES)
        for n in range(40):
            running.drop(f"s{n}.csv", table(2000, n), REPLIES)
            if n in (10, 30):
                running.signal(Side.OUTER, Role.GUARD, signal.SIGKILL)
            if n == 20:
                running.signal(Side.INNER, Role.GUARD, signal.SIGKILL)
            time.sleep(0.05)
        running.until_inside({f"s{n}.csv" for n in range(40)}, REPLIES)
        taken = running.events(Side.INNER, "captured")
        units = {str(r.fields["name"]): r.unit for r in taken if r.unit is not None}

        def told() -> dict[int, set[str]]:
            return outcomes(running, Side.INNER)

        # The guard inside refused the program itself: there is nothing to be told of it.
        running.until(lambda: len(told()) == 41, "all outcomes are told", 20)
        assert told()[units["large.csv"]] == {"refused"}
        assert units["program.csv"] not in told()
        (refused,) = {r.number for r in told_of(running, units["large.csv"])}
        (there,) = running.events(Side.OUTER, "refused")
        assert refused == there.number
        shown = running.cli(Side.INNER, "life", spoken(units["large.csv"]))
        assert f"FG-{refused}" in shown.stdout and "outer host" in shown.stdout
        rows = running.cli(Side.INNER, "units", "--result", "delivered", "--limit", "100").stdout
        assert rows.count("s1") >= 1


def told_of(running: Gate, unit: int | None) -> list[Record]:
    return [r for r in running.events(Side.INNER, "outcome") if r.unit == unit]


def spoken(unit: int | None) -> str:
    from gateway.unit.number import speak

    assert unit is not None
    return speak(unit)
