"""`init`, `run`, and the commands that live elsewhere: `demo`, `trial up`, `trial down`, `bench`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.management.commands.command import Answer, Call, Command, Data, Mistyped
from gateway.management.layout import Role
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.table import Cell, Column, table
from gateway.management.terminal.words import say
from gateway.unit.model import Side

if TYPE_CHECKING:
    from gateway.management.trial import Trial

DEFAULT_NAME: Final = "gate"


def initialise(call: Call) -> Answer:
    """Make a new gate in a folder, and say what must be carried where."""
    from gateway.management.init import initialise as make

    folder: Path = call.options.folder
    make(folder, call.options.name, call.options.mode)
    return Answer(init_data(folder, call.options.name, call.options.mode), render_init)


def init_data(folder: Path, name: str, mode: str) -> Data:
    """What lies where after `init`, and where it belongs."""
    parts = [
        ("outer", "to the outer host, as /var/lib/ferrygate/outer there"),
        ("inner", "to the inner host, as /var/lib/ferrygate/inner there"),
        ("issuing", "to the person who signs certificate requests; on no host"),
        ("root", "to a safe, on no host; needed again only for a new issuing authority"),
    ]
    return {
        "gate": name,
        "mode": mode,
        "folder": str(folder),
        "parts": [{"path": str(folder / part), "carry": where} for part, where in parts],
        "next": f"ferrygate --gate {folder} doctor",
    }


def render_init(data: Data, terminal: Terminal) -> Sequence[str]:
    """The parts with where each is carried, and the next command."""
    rows: list[list[Cell | str]] = [
        [Cell(part["path"], Colour.NAME), say(terminal, part["carry"])] for part in data["parts"]
    ]
    heads = [Column(say(terminal, "WHAT")), Column(say(terminal, "CARRY IT"), least=24)]
    made = say(
        terminal,
        "The gate {name} ({mode}) lies in {folder}.",
        name=data["gate"],
        mode=data["mode"],
        folder=data["folder"],
    )
    carry = say(
        terminal, "No part holds another's private keys; carry each by itself, then remove it here."
    )
    return [
        made,
        "",
        *table(terminal, heads, rows),
        "",
        carry,
        say(terminal, "Next: {command}", command=data["next"]),
    ]


def run(call: Call) -> int:
    """Become the daemon of one side. Does not return where that works."""
    host = call.host(Side(call.options.which))
    role = [call.options.role] if call.options.role else []
    arguments = [sys.executable, "-m", call.options.which, *role, "--gate", str(host.root)]
    call.out.flush()
    os.execv(sys.executable, arguments)  # noqa: S606 - our own interpreter and module, no shell


def demo(call: Call) -> int:
    from gateway.management.demo import run_demo

    return run_demo(call)


def trial_up(call: Call) -> Answer:
    """Make the trial gate where there is none, and start both hosts in the background."""
    from gateway.management.trial import Trial, make_trial, start

    root: Path = call.options.folder
    made = not (root / "outer" / "gate.yaml").is_file()
    trial = make_trial(root, call.options.mode) if made else Trial(root.resolve())
    start(trial)
    return Answer(trial_data(trial, made=made), render_trial)


def trial_data(trial: Trial, *, made: bool) -> Data:
    """Where to drop files and where they arrive, by channel."""
    channels = [
        {
            "channel": name,
            "drop": str(trial.drop(name, lane)),
            "arrivals": str(trial.arrivals(name, lane)),
        }
        for name, lane in sorted(trial.channels().items())
        if trial.drop(name, lane).is_dir()
    ]
    return {"folder": str(trial.root), "made": made, "channels": channels}


def render_trial(data: Data, terminal: Terminal) -> Sequence[str]:
    """The folders, then what to try next."""
    lines = [
        say(
            terminal,
            "Both hosts of {folder} run. Place files in the one folder; they arrive in the other:",
            folder=data["folder"],
        )
    ]
    for channel in data["channels"]:
        lines += [f"  {channel['channel']}", f"    {channel['drop']}", f"    {channel['arrivals']}"]
    for command in (
        f"ferrygate --gate {data['folder']} top",
        f"ferrygate trial down {data['folder']}",
    ):
        lines.append(f"$ {command}")
    return lines


def trial_down(call: Call) -> Answer:
    """Stop both hosts in order; what they held lies in their queues."""
    from gateway.management.trial import Trial, stop

    root: Path = call.options.folder.resolve()
    if not (root / "outer" / "gate.yaml").is_file():
        raise Mistyped(7010, path=str(root / "outer" / "gate.yaml"))
    stop(Trial(root))
    return Answer({"folder": str(root)}, render_trial_down)


def render_trial_down(data: Data, terminal: Terminal) -> Sequence[str]:
    return [say(terminal, "Both hosts of {folder} are stopped.", folder=data["folder"])]


def bench(call: Call) -> int:
    from gateway.management.bench import run_bench

    return run_bench(call)


def _init_arguments(parser: Parser) -> None:
    parser.add_argument("folder", type=_new_folder, metavar="DIR", help="where the gate is made")
    parser.add_argument(
        "--mode",
        choices=["one-way", "two-way"],
        required=True,
        help="one-way: one lane, outer to inner, no way back; two-way: the export lane beside it",
    )
    parser.add_argument(
        "--name", default=DEFAULT_NAME, help="name of the gate in certificates and on screens"
    )


def _new_folder(text: str) -> Path:
    folder = Path(text)
    if folder.exists() and not folder.is_dir():
        raise Mistyped(7012, path=text)
    return folder


def _run_arguments(parser: Parser) -> None:
    parser.add_argument(
        "which", choices=[side.value for side in Side], help="the host that this machine is"
    )
    roles = [*(role.value for role in Role), "all"]
    parser.add_argument(
        "role",
        nargs="?",
        choices=roles,
        metavar="edge|guard|ferry|all",
        help="one process; `all`: the three in one, for development only; without it the three, watched over",
    )


def _bench_arguments(parser: Parser) -> None:
    parser.add_argument(
        "--only", metavar="NAME", default="", help="only figures whose name begins so"
    )


def _trial_arguments(parser: Parser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of the trial gate")


def _trial_up_arguments(parser: Parser) -> None:
    _trial_arguments(parser)
    parser.add_argument(
        "--mode",
        choices=["one-way", "two-way"],
        default="one-way",
        help="of a gate that is made now; one-way if not said",
    )


COMMANDS: Final = (
    Command(
        "demo",
        "Both hosts on this machine, good and bad files, and what became of each. Needs no settings.",
        ("ferrygate demo", "ferrygate demo --lang zh"),
        demo,
    ),
    Command(
        "init",
        "Make a new gate: certificates, keys, settings of both hosts and a first policy set.",
        (
            "ferrygate init gate --mode one-way",
            "ferrygate init gate --mode one-way --name hospital-east",
        ),
        initialise,
        _init_arguments,
    ),
    Command(
        "run",
        "Run the processes of one host in the foreground; systemd does the same, one by one.",
        ("ferrygate run outer guard --gate gate", "ferrygate run inner all --gate gate"),
        run,
        _run_arguments,
    ),
    Command(
        "trial up",
        "Leave a gate running on this machine for trying out.",
        ("ferrygate trial up .trial", "ferrygate trial up .two --mode two-way"),
        trial_up,
        _trial_up_arguments,
    ),
    Command(
        "trial down",
        "Stop the gate of `trial up`.",
        ("ferrygate trial down .trial", "ferrygate trial up .trial"),
        trial_down,
        _trial_arguments,
    ),
    Command(
        "bench",
        "Measure the figures of docs/PERFORMANCE.md on this machine.",
        ("ferrygate bench", "ferrygate bench --only lane"),
        bench,
        _bench_arguments,
    ),
)

__all__ = ["COMMANDS", "init_data", "render_init"]
