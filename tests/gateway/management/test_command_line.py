"""The command line as a whole: help, errors, exit statuses, environment, completion, reference."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import Misconfigured, Refused, StateUncertain, Unavailable
from gateway.management.cli import build_parser, main, status_of
from gateway.management.commands import COMMANDS, OVERVIEW, about
from gateway.management.commands.completing import completion_of, words_by_command
from gateway.management.commands.reference import cli_reference, parser_of
from gateway.management.layout import HostFolder
from gateway.management.terminal.help import Mistyped
from gateway.management.terminal.width import width
from gateway.unit.number import speak
from tests.gateway.management.fixtures import (
    CHINESE,
    PLAIN,
    delivered_story,
    gate_with,
    refused_story,
)

ROOT = Path(__file__).parents[3]
NAMES = [command.name for command in COMMANDS]


def run(*words: str, **environment: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main(list(words), environment, out, err), out.getvalue(), err.getvalue()


def test_alone_it_prints_a_screen_of_help() -> None:
    status, out, _ = run()
    assert status == 0
    assert len(out.splitlines()) <= 24
    assert out.splitlines()[-1].strip().startswith("ferrygate ")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", NAMES)
def test_each_help_fits_a_screen_and_ends_with_two_examples(name: str, language: str) -> None:
    _, out, _ = run(*name.split(), "--help", "--lang", language)
    lines = out.splitlines()
    assert len(lines) <= 24
    assert all(width(line) <= 80 for line in lines)
    assert all(line.startswith("  ferrygate ") for line in lines[-2:])
    assert not lines[-3]


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_can_be_typed(name: str) -> None:
    command = next(c for c in COMMANDS if c.name == name)
    for example in command.examples:
        import shlex

        words = shlex.split(example.split("|")[0].split(">")[0])[1:]
        options = build_parser().parse_args(words)
        assert options.chosen in COMMANDS


def test_the_overview_names_every_command() -> None:
    listed = {word.strip() for names, _ in OVERVIEW for word in names.split(",")}
    assert listed == {name.split()[0] for name in NAMES}


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (("unit",), "FG-7003"),
        (("units", "--chanel", "x"), "FG-7001"),
        (("life",), "FG-7001"),
        (("life", "7QK4-M2XD-1", "--gate", "/nowhere"), "FG-8011"),
        (("units", "--since", "soon", "--gate", "/nowhere"), "FG-7015"),
        (("help", "FG-0000"), "FG-7013"),
        (("policy", "check", "/nowhere"), "FG-7010"),
        (("explain", "nonsense"), "FG-8010"),
        (("completion", "tcsh"), "FG-7004"),
    ],
)
def test_a_slip_of_the_typist_is_64_with_a_number_and_no_trace(
    words: tuple[str, ...], number: str
) -> None:
    status, out, err = run(*words)
    assert (status, out) == (64, "")
    assert err.startswith(number)
    assert "Traceback" not in err


def test_a_gate_that_is_not_there_is_misconfigured() -> None:
    status, _, err = run("status", "--gate", "/nowhere")
    assert status == 78
    assert err.startswith("FG-1010")
    assert run("status")[2].startswith("FG-1012")


def test_a_misspelt_environment_name_stops_everything_and_is_named() -> None:
    status, out, err = run("version", FERRYGATE_HOMEE="/x")
    assert (status, out) == (78, "")
    assert err.startswith("FG-1002")
    assert "FERRYGATE_HOME?" in err


def test_help_is_given_in_the_language_of_the_environment() -> None:
    assert "用法" in run("units", "--help", FERRYGATE_LANG="zh")[1]
    assert run("units", "--help", "--ascii", FERRYGATE_LANG="zh")[1].isascii()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused(2201), 1),
        (Refused(8010), 64),
        (Mistyped(7001), 64),
        (Unavailable(3301), 69),
        (Unavailable(6502), 75),
        (StateUncertain(6501), 70),
        (Misconfigured(1010), 78),
    ],
)
def test_errors_have_their_exit_status(error: Refused, status: int) -> None:
    assert status_of(error) == status


def test_global_options_may_stand_before_or_behind() -> None:
    for words in (("--json", "version"), ("version", "--json")):
        _, out, _ = run(*words)
        assert json.loads(out)["schema"] == "ferrygate.version/1"


def test_quiet_says_nothing_but_the_status() -> None:
    assert run("version", "--quiet") == (0, "", "")


def test_every_number_has_a_page_in_both_languages() -> None:
    from gateway.messages.catalogue import TEXTS

    for number, text in TEXTS.items():
        data = about.page_data(number, text)
        for terminal in (PLAIN, CHINESE):
            lines = about.render_page(data, terminal)
            assert lines[0].startswith(f"FG-{number}")
            assert all(width(line) <= 80 for line in lines)


def test_help_shows_the_page_of_a_number_however_it_is_written() -> None:
    for written in ("FG-1002", "fg1002", "1002"):
        status, out, _ = run("help", written)
        assert status == 0
        assert out.startswith("FG-1002")


def test_debug_adds_the_trace() -> None:
    assert "Traceback" in run("status", "--gate", "/nowhere", "--debug")[2]


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m gateway.management.cli help | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr


@pytest.mark.parametrize("words", [("--help",), ("status", "--gate", "TRIAL")])
def test_what_is_asked_often_imports_nothing_heavy(words: tuple[str, ...], tmp_path: Path) -> None:
    from gateway.management.layout import HostFolder
    from gateway.unit.model import Side

    host = HostFolder(tmp_path)
    host.make(Side.OUTER)
    host.settings.write_text("gate: g\nside: outer\n")
    typed = [str(tmp_path) if word == "TRIAL" else word for word in words]
    code = f"import sys; from gateway.management.cli import main; main({typed!r})"
    code += "; print(*sys.modules, file=sys.stderr)"
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("FERRYGATE_")
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=True,
    )
    loaded = set(done.stderr.split())
    assert not loaded & {
        "cryptography",
        "yara_x",
        "rich",
        "magic",
        "psutil",
        "asyncio",
        "yaml",
        "subprocess",
    }


def test_the_reference_page_is_what_the_parser_says() -> None:
    assert (ROOT / "docs" / "CLI.md").read_text(encoding="utf-8") == cli_reference(), (
        "python -m gateway.management.commands.reference > docs/CLI.md"
    )


def test_completion_knows_every_command_and_option() -> None:
    parser = build_parser()
    words = words_by_command(parser)
    for name in NAMES:
        options = {o for o in parser_of(parser, name)._option_string_actions if o.startswith("--")}
        assert options <= set(words[name])
    assert "check" in words["policy"]
    assert {"outer", "inner"} <= set(words["run"])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ferrygate poli", "policy"),
        ("ferrygate policy ch", "check"),
        ("ferrygate units --re", "--result"),
    ],
)
def test_bash_completes(line: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "completion.bash"
    file.write_text(completion_of("bash"))
    words = line.split(" ")
    listed = " ".join(f'"{word}"' for word in words)
    script = f"source {file}; COMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}; _ferrygate; "
    script += 'printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert expected in done.stdout.split()


def completed(line: str, folder: Path, environment: dict[str, str]) -> list[str]:
    """What bash offers for a line, with the real program behind it."""
    file = folder / "completion.bash"
    file.write_text(completion_of("bash"))
    program = Path(sys.executable).with_name("ferrygate")
    words = [str(program), *line.split(" ")[1:]]
    listed = " ".join(f'"{word}"' for word in words)
    script = f"source {file}; COMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}; _ferrygate; "
    script += 'printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, cwd=folder, check=True,
        env={"PATH": os.environ["PATH"], **environment},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_channel_names_and_unit_numbers_of_the_gate_at_hand(tmp_path: Path) -> None:
    gate = gate_with(tmp_path / "gate", delivered_story(5) + refused_story(6))
    policies = HostFolder(gate / "inner").policies
    policies.mkdir()
    (policies / "10-lab.yaml").write_text("# a channel\nchannel: lab-reports\n")
    (policies / "20-wrong.yaml").write_bytes(b"\xff\xfe: [")
    home = {"FERRYGATE_HOME": str(gate)}
    assert completed("ferrygate units --channel ", tmp_path, home)[:1] == ["lab-reports"]
    assert set(completed("ferrygate audit search --unit ", tmp_path, home)) >= {speak(5), speak(6)}
    assert speak(6) in completed("ferrygate explain ", tmp_path, home)
    assert speak(5) in completed(f"ferrygate --gate {gate} life ", tmp_path, {})
    assert speak(5) not in completed("ferrygate life ", tmp_path, {})


def test_zsh_and_fish_files_ask_for_channels_and_units() -> None:
    assert "completion $asks" in completion_of("zsh")
    fish = completion_of("fish")
    assert "-l channel -x -a '(__ferrygate_names channels)'" in fish
    assert "__fish_seen_subcommand_from life' -a '(__ferrygate_names units)'" in fish


def test_zsh_and_fish_files_name_every_command() -> None:
    for shell in ("zsh", "fish"):
        text = completion_of(shell)
        assert all(word in text for name in NAMES for word in name.split())
