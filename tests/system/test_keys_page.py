"""docs/KEYS.md walked as it is written, on a running gate: each command on its machine, in its order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.unit.model import Side
from tests.support.gate import Gate, gate, table

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

PAGE = Path(__file__).parents[2] / "docs" / "KEYS.md"
SECTIONS = (
    "Every 90 days: the outer guard",
    "Every 90 days: the inner guard",
    "Every 90 days: the revocation list",
    "Once a year: the epoch keys",
    "A key that somebody else may know",
    "Every 5 years: the issuing authority",
)
MACHINES = {
    "outer host": (Side.OUTER,),
    "inner host": (Side.INNER,),
    "both hosts": (Side.OUTER, Side.INNER),
}


@dataclass(frozen=True)
class Line:
    """A command of the page. hosts: where it is typed; none is the machine of the authorities."""

    words: tuple[str, ...]
    hosts: tuple[Side, ...]


def lines_of(section: str) -> list[Line]:
    """The `ferrygate` commands of a section. Where, says the item or paragraph before the block."""
    text = PAGE.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    parts = re.split(r"```(?:sh)?\n", text)
    found = []
    for before, block in zip(parts[::2], parts[1::2], strict=False):
        said = " ".join(re.split(r"\n\n|\n(?=\d\. |- )", before.rstrip())[-1].split())
        places = sorted((said.find(name), name) for name in MACHINES if name in said)
        for line in block.splitlines():
            words = shlex.split(line)
            if words[0] != "ferrygate":
                continue
            at_authority = "--issuing" in words or "--root" in words
            hosts = () if at_authority else MACHINES[places[0][1]]
            found.append(Line(tuple(words[1:]), hosts))
    return found


@dataclass
class Pocket:
    """The folder that a person carries from machine to machine, and the gate."""

    folder: Path
    gate: Gate

    def walk(self, section: str) -> None:
        lines = lines_of(section)
        assert lines
        for line in lines:
            words = [self._name(word) for word in line.words]
            if line.hosts:
                for side in line.hosts:
                    self._run(words, self.gate.trial.host(side).root)
            else:
                self._run(words, None)

    def _name(self, word: str) -> str:
        """What a name of the page is in this gate."""
        issued = self.folder / "issuing" / "issued"
        if match := re.fullmatch(r"(outer|inner)-[0-9a-f]{8}(\.crt)?", word):
            newest_last = sorted(
                issued.glob(f"{match[1]}-*.crt"), key=lambda p: p.stat().st_mtime_ns
            )
            # A certificate is carried when it is new, and revoked when another one has come.
            return str(newest_last[-1]) if match[2] else newest_last[-2].stem
        return {
            "issuing.crl": "issuing/issuing.crl",
            "issuing.pem": "issuing-2031/issuing.pem",
        }.get(word, word)

    def _run(self, words: list[str], home: Path | None) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FERRYGATE_")}
        done = subprocess.run(
            [sys.executable, "-m", "gateway.management.cli", *words],
            cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
            env=kept | ({"FERRYGATE_HOME": str(home)} if home else {}),
        )  # fmt: skip
        assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}{done.stderr}"

    def files_cross(self, name: str) -> None:
        content = table(1500, len(name))
        self.gate.drop(name, content)
        self.gate.until_inside({name})
        assert self.gate.arrived(name) == content
        assert not self.gate.alarms(Side.OUTER)
        assert not self.gate.alarms(Side.INNER)


@pytest.fixture
def pocket(tmp_path: Path) -> Iterator[Pocket]:
    folder = tmp_path / "pocket"
    folder.mkdir()
    with gate(tmp_path) as running:
        for name in ("issuing", "root"):
            (folder / name).symlink_to(running.trial.root / name)
        yield Pocket(folder, running)


def test_the_page_says_where_each_command_is_typed() -> None:
    places = [[one.hosts for one in lines_of(section)] for section in SECTIONS]
    outer, inner, both = (Side.OUTER,), (Side.INNER,), (Side.OUTER, Side.INNER)
    assert places == [
        [outer, (), inner, outer, outer],
        [inner, (), outer, inner, inner],
        [(), both],
        [inner, outer],
        [(), both],
        [(), both],
    ]


def test_the_steps_of_the_page_renew_everything_while_files_cross(pocket: Pocket) -> None:
    pocket.files_cross("before.csv")
    # A batch made on the day of another one is not made; that of today stands aside for the walk.
    epochs = pocket.gate.trial.host(Side.INNER).keys / "guard" / "epochs"
    (first,) = epochs.glob("*.bundle")
    first.rename(first.with_name("20200101T000000Z.bundle"))
    for number, section in enumerate(SECTIONS):
        pocket.walk(section)
        pocket.files_cross(f"after-{number}-sections.csv")
    refused = pocket.gate.events(Side.OUTER, "keys.refused") + pocket.gate.events(
        Side.INNER, "keys.refused"
    )
    assert refused == []
