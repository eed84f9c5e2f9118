"""A two-way gate over real processes: files cross both ways, each judged by both guards; nothing is lost."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.management.doctor.installed import folders
from gateway.management.layout import Role
from gateway.management.trial import Trial, add_policy
from gateway.policy.samples import generate_sample
from gateway.unit.model import Lane, Side, Stage
from gateway.unit.number import speak
from tests.corpus.persons import Person, people
from tests.corpus.persons import table as persons_table
from tests.gateway.guard.rewriting import LINES, SHIPPED
from tests.support.gate import LONG, REPLIES, SMALL, Gate, big_table, gate, table
from tests.support.installed import installed, lacking
from tests.system.test_renewal import ask, loaded, run

pytestmark = [pytest.mark.system, pytest.mark.timeout(900 if LONG else 300)]

SIZES = (300, 4096, 70_000, 1_500_000, 12_000_000)
LANES = {SMALL: Lane.IMPORT, REPLIES: Lane.EXPORT}
FILES, KILLS = (2000, 30) if LONG else (600, 10)
SEED = 20261122
REPLIES_FILE = "30-replies.yaml"
COLUMNS = LINES["csv"].removeprefix("columns ")


def of_all_sizes(seed: int) -> dict[str, bytes]:
    files = {f"{n}.csv": big_table(n, seed + n) if n > 50_000 else table(n, seed) for n in SIZES}
    return files | {f"small-{n}.csv": table(2000, seed + n) for n in range(50)}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with gate(tmp_path_factory.mktemp("two-way"), "two-way") as made:
        yield made


def test_files_cross_both_ways_at_once_as_they_were(running: Gate) -> None:
    sent = {channel: of_all_sizes(place * 1000) for place, channel in enumerate(LANES)}
    for channel, files in sent.items():
        for name, content in files.items():
            running.drop(name, content, channel)
    for channel, files in sent.items():
        running.until_inside(set(files), channel)
        assert running.differing(files, channel) == []
        assert running.inside(channel) == set(files)
    for lane in Lane:
        numbers = [record.unit for record in running.events(lane.sender, "captured")]
        assert len(numbers) == len(set(numbers)) >= len(sent[SMALL])
    ours, theirs = ({record.unit for record in running.events(side, "captured")} for side in Side)
    assert not ours & theirs
    for side in Side:
        verified = running.cli(side, "audit", "verify")
        assert verified.returncode == 0, verified.stdout


def test_the_guard_inside_refuses_what_may_not_leave(running: Gate) -> None:
    running.drop("program.csv", generate_sample("elf program"), REPLIES)
    running.until(lambda: "program.csv" in running.names_of(Side.INNER, "refused"), "refused")
    (refused,) = [
        r for r in running.events(Side.INNER, "refused") if r.fields["name"] == "program.csv"
    ]
    assert (refused.channel, refused.fields["word"]) == (REPLIES, "type")
    assert "program.csv" not in running.inside(REPLIES)


def tighten_outer(trial: Trial) -> None:
    """The outer host takes less from inside than the inner host lets out."""
    path = trial.host(Side.OUTER).policies / REPLIES_FILE
    path.write_text(path.read_text().replace("at most 200 MiB", "at most 10 KiB"))


def test_the_guard_outside_judges_what_comes_out_by_its_own_policy(tmp_path: Path) -> None:
    with gate(tmp_path, "two-way", prepare=tighten_outer) as running:
        running.drop("large.csv", table(20_000), REPLIES)
        running.drop("small.csv", table(2000), REPLIES)
        running.until_inside({"small.csv"}, REPLIES)
        running.until(lambda: "large.csv" in running.names_of(Side.OUTER, "refused"), "refused")
        assert "large.csv" in running.names_of(Side.INNER, "cleared")
        assert running.inside(REPLIES) == {"small.csv"}


def kill(running: Gate, side: Side, role: Role) -> None:
    running.until(lambda: running.signal(side, role, signal.SIGKILL), f"{side} {role} is killed")


def test_any_of_the_six_killed_at_random_loses_nothing_and_delivers_nothing_twice(
    tmp_path: Path,
) -> None:
    chance = random.Random(SEED)
    sent = {
        channel: {
            f"r{n:05}.csv": table(chance.randrange(1000, 8192), place * FILES + n)
            for n in range(FILES)
        }
        for place, channel in enumerate(LANES)
    }
    every = [(c, n, content) for c, files in sent.items() for n, content in files.items()]
    chance.shuffle(every)
    victims = [(side, role) for side in Side for role in Role]
    victims += [chance.choice(victims) for _ in range(KILLS - len(victims))]
    chance.shuffle(victims)
    with gate(tmp_path, "two-way") as running:
        for place, (side, role) in enumerate(victims):
            share = every[place * len(every) // KILLS : (place + 1) * len(every) // KILLS]
            for channel, name, content in share:
                running.drop(name, content, channel)
            time.sleep(chance.uniform(0.02, 0.7))
            kill(running, side, role)
        for channel, files in sent.items():
            running.bring_all(set(files), channel, within_s=300 if LONG else 150)
        # Anything delivered a second time would come within the next moments.
        time.sleep(2.0)
        for channel, files in sent.items():
            assert running.differing(files, channel) == []
            assert running.inside(channel) == set(files)
        for side in Side:
            verified = running.cli(side, "audit", "verify")
            assert verified.returncode == 0, verified.stdout
            assert running.cli(side, "reconcile").returncode == 0


def hold_large_replies(trial: Trial) -> None:
    for side in Side:
        path = trial.host(side).policies / REPLIES_FILE
        path.write_text(
            path.read_text().replace("tests:\n", "held_if:\n  size: above 8 KiB\n\ntests:\n", 1)
        )


def test_what_may_leave_only_by_people_waits_inside_and_goes_when_they_release_it(
    tmp_path: Path,
) -> None:
    content = table(20_000, 4)
    with gate(tmp_path, "two-way", prepare=hold_large_replies) as running:
        running.drop("held.csv", content, REPLIES)
        running.drop("refused.csv", table(20_000, 5), REPLIES)
        running.drop("small.csv", table(1000, 6), REPLIES)
        running.until_inside({"small.csv"}, REPLIES)
        running.until(lambda: len(running.events(Side.INNER, "held")) == 2, "both are held")
        units = {
            str(r.fields["name"]): speak(r.unit)
            for r in running.events(Side.INNER, "held")
            if r.unit is not None
        }
        assert running.events(Side.OUTER, "received", "held") != []
        assert running.inside(REPLIES) == {"small.csv"}
        shown = running.cli(Side.INNER, "held", "list")
        assert units["held.csv"] in shown.stdout and units["refused.csv"] in shown.stdout
        for word, name in (("release", "held.csv"), ("refuse", "refused.csv")):
            done = running.cli(Side.INNER, "held", word, units[name], "--reason", "seen")
            assert done.returncode == 0, done.stderr
        running.until_inside({"held.csv"}, REPLIES)
        assert running.arrived("held.csv", REPLIES) == content
        running.until(lambda: "refused.csv" in running.names_of(Side.INNER, "refused"), "refused")
        (cleared,) = [
            r for r in running.events(Side.INNER, "cleared") if r.fields["name"] == "held.csv"
        ]
        assert cleared.fields["released_by"]
        (admitted,) = [
            r for r in running.events(Side.OUTER, "admitted") if r.fields["name"] == "held.csv"
        ]
        assert admitted.fields["held_at"] == "inner"
        left = running.trial.host(Side.INNER).queue(Lane.EXPORT, Stage.CAPTURED) / "held"
        running.until(lambda: not list(left.iterdir()), "nothing is held any more")


def masks_replies(trial: Trial) -> None:
    for side in Side:
        folder = trial.host(side).policies
        shutil.copy(SHIPPED, folder)
        path = folder / REPLIES_FILE
        before = path.read_text().partition("passes_if:\n")[0]
        lines = f"  type: csv\n  csv: columns {COLUMNS}\n\nchanged:\n  persons: masked\n"
        path.write_text(f"{before}passes_if:\n{lines}")


def test_what_leaves_is_written_anew_inside_before_it_is_sealed(tmp_path: Path) -> None:
    files = {f"{n}.csv": (person, persons_table(person)) for n, person in enumerate(people(4))}
    with gate(tmp_path, "two-way", prepare=masks_replies) as running:
        for name, (_, content) in files.items():
            running.drop(name, content, REPLIES)
        running.until_inside(set(files), REPLIES)
        for name, (person, content) in files.items():
            assert left(person, content)
            assert left(person, running.arrived(name, REPLIES)) == []
        for cleared in running.events(Side.INNER, "cleared"):
            if cleared.channel == REPLIES:
                assert "persons: masked" in str(cleared.fields["changed"])
                (admitted,) = [
                    r for r in running.events(Side.OUTER, "admitted") if r.unit == cleared.unit
                ]
                assert admitted.fields["sha256"] == cleared.fields["changed_sha256"]
                assert "changed" not in admitted.fields
        staging = running.trial.host(Side.INNER).queue(Lane.EXPORT, Stage.CLEARED) / "staging"
        assert list(staging.iterdir()) == []


def left(person: Person, data: bytes) -> list[str]:
    texts = (data.decode("utf-8", "replace"), data.decode("gb18030", "replace"))
    return [value for value in person.values if any(value in text for text in texts)]


@pytest.mark.skipif(bool(lacking()), reason=lacking() or "all is there")
def test_three_users_a_side_carry_both_lanes_and_none_reaches_the_keys_of_another() -> None:
    with installed("two-way") as made:
        made.start_all()
        for channel in LANES:
            made.gate.drop("small.csv", table(2000), channel)
            made.gate.drop("large.csv", big_table(3_000_000, 1), channel)
        for channel in LANES:
            made.gate.until_inside({"small.csv", "large.csv"}, channel)
        for side in Side:
            host = made.trial.host(side)
            found = list(folders(host, side))
            assert [one.state.value for one in found] == ["ok"], found
            key = host.keys / "ferry" / "export-lane.key"
            for role, wanted in (
                (Role.EDGE, "EACCES"),
                (Role.GUARD, "EACCES"),
                (Role.FERRY, "done"),
            ):
                assert made.attempt(role, f"open({str(key)!r}, 'rb').read(1)") == wanted
        held = made.trial.host(Side.INNER).held_of(Lane.EXPORT)
        assert made.attempt(made.operator, f"import os; os.listdir({str(held)!r})") == "done"
        assert made.attempt(Role.EDGE, f"import os; os.listdir({str(held)!r})") == "EACCES"


def test_both_hosts_are_renewed_while_files_cross_both_ways(tmp_path: Path) -> None:
    with gate(tmp_path, "two-way") as running:
        for place, side in enumerate(Side, 1):
            certificate = ask(running, side)
            other = Side.INNER if side is Side.OUTER else Side.OUTER
            run(running, other, "pki", "trust", str(certificate))
            loaded(running, other, place)
            run(running, side, "pki", "install", str(certificate))
            loaded(running, side, place)
            for channel in LANES:
                name, content = f"{side.value}.csv", table(1500, place)
                running.drop(name, content, channel)
                running.until_inside({name}, channel)
                assert running.arrived(name, channel) == content
        # A batch made on the day of another one has other keys; that of today stands aside for the test.
        (first,) = (running.trial.host(Side.OUTER).keys / "guard" / "epochs").glob("*.bundle")
        first.rename(first.with_name("20200101T000000Z.bundle"))
        carried = running.trial.root / "outer.bundle"
        run(running, Side.OUTER, "pki", "epochs", "--out", str(carried))
        loaded(running, Side.OUTER, 3)
        run(running, Side.INNER, "pki", "trust", str(carried))
        loaded(running, Side.INNER, 3)
        running.drop("last.csv", table(1000), REPLIES)
        running.until_inside({"last.csv"}, REPLIES)
        for side in Side:
            assert not running.alarms(side), running.shown()


def test_a_link_test_of_either_lane_finds_its_own_link_good(tmp_path: Path) -> None:
    with gate(tmp_path, "two-way", started=False) as made:
        for lane in Lane:
            words = ("link", "test", "--lane", lane.value, "--seconds", "1 s", "--json")
            root = made.trial.host(lane.receiver).root
            command = [sys.executable, "-m", "gateway.management.cli", *words, "--gate", str(root)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as receiving:
                time.sleep(1.5)
                sent = made.cli(lane.sender, *words)
                assert sent.returncode == 0, sent.stderr
                said, _ = receiving.communicate(timeout=60)
            assert receiving.returncode == 0, said
            assert json.loads(said)["good"]


def with_export_channel(trial: Trial) -> None:
    template = (
        Path(__file__).parents[2] / "gateway/management/trial_policies/two-way" / REPLIES_FILE
    )
    for side in Side:
        add_policy(trial, side, REPLIES_FILE, template.read_text())


def test_a_one_way_gate_takes_no_export_channel(tmp_path: Path) -> None:
    with gate(tmp_path, started=False) as made:
        with_export_channel(made.trial)
        checked = made.cli(None, "policy", "check")
        assert checked.returncode == 1 and "FG-1034" in checked.stdout
        made.start()
        made.until(lambda: 1056 in made.alarms(Side.OUTER) & made.alarms(Side.INNER), "refused")
        made.drop("a.csv", table(1000), REPLIES)
        time.sleep(2.0)
        assert made.inside(REPLIES) == set()
        assert not (made.trial.host(Side.INNER).root / "queues" / "export").exists()


@pytest.mark.parametrize(
    ("side", "role", "other"),
    [
        (Side.OUTER, Role.EDGE, ("gateway.receiving", "gateway.connectors.file.folder_sink")),
        (Side.OUTER, Role.GUARD, ("gateway.receiving",)),
        (
            Side.OUTER,
            Role.FERRY,
            ("gateway.receiving", "gateway.ferry.oneway.receiver", "udp_receiver"),
        ),
        (Side.INNER, Role.EDGE, ("gateway.sending", "gateway.connectors.file.folder_source")),
        (Side.INNER, Role.GUARD, ("gateway.sending",)),
        (Side.INNER, Role.FERRY, ("gateway.sending", "gateway.ferry.oneway.sender", "udp_sender")),
    ],
)
def test_a_process_of_a_one_way_gate_loads_nothing_of_the_other_lane(
    tmp_path: Path, side: Side, role: Role, other: tuple[str, ...]
) -> None:
    with gate(tmp_path, started=False) as made:
        program = (
            "import sys; from pathlib import Path\n"
            "from gateway.management.host import open_host\n"
            "from gateway.management.layout import HostFolder, Role\n"
            "from gateway.unit.model import Side\n"
            f"from {side.value}.__main__ import make\n"
            f"host = open_host(HostFolder(Path({str(made.trial.host(side).root)!r})), Side({side.value!r}))\n"
            f"process = make(Role({role.value!r}), host)\n"
            "print(*sorted(sys.modules))\n"
            "for close in process.closing: close()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    assert f"{side.value}.{role.value}" in loaded
    assert [name for name in loaded if any(word in name for word in other)] == []
