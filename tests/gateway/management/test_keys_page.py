"""docs/KEYS.md names every `pki` command, and only such as the command line knows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gateway.management.cli import build_parser
from gateway.management.commands import COMMANDS

PAGE = (Path(__file__).parents[3] / "docs" / "KEYS.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines() if line.startswith("ferrygate ")]


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_page_is_one_of_the_command_line(line: str) -> None:
    options = build_parser().parse_args(shlex.split(line)[1:])
    assert options.chosen.name in " ".join(shlex.split(line))


def test_the_page_names_every_command_about_keys() -> None:
    named = {" ".join(shlex.split(line)[1:3]) for line in LINES}
    assert named == {one.name for one in COMMANDS if one.name.startswith("pki ")}


def test_every_number_on_the_page_has_a_text() -> None:
    from gateway.messages.catalogue import TEXTS

    assert {int(number) for number in re.findall(r"FG-(\d{4})", PAGE)} <= set(TEXTS)
