"""What the READMEs say is true: the two commands first, every command line understood, links there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.management.cli import build_parser

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "README.zh.md")


def shell_lines(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def lines_of(*programs: str) -> list[str]:
    """Lines of both pages that call one of these programs, each once, in the order of the first page."""
    lines = dict.fromkeys(line for page in PAGES for line in shell_lines(page))
    return [line for line in lines if Path(shlex.split(line)[0]).name in programs]


@pytest.mark.parametrize("page", PAGES)
def test_the_page_begins_with_the_two_commands(page: str) -> None:
    assert shell_lines(page)[:2] == ["make demo", "make test"]


@pytest.mark.parametrize("page", PAGES)
def test_make_knows_every_target_that_the_page_names(page: str) -> None:
    known = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = [line.split()[1] for line in shell_lines(page) if line.startswith("make ")]
    assert set(named) <= set(known)


@pytest.mark.parametrize("line", lines_of("ferrygate"))
def test_the_program_understands_every_command_line(line: str) -> None:
    options = build_parser().parse_args(shlex.split(line)[1:])
    assert options.chosen.name in " ".join(shlex.split(line))


def test_nothing_else_is_called_than_what_is_run_here_or_everybody_knows() -> None:
    lines = dict.fromkeys(line for page in PAGES for line in shell_lines(page))
    called = {Path(shlex.split(line)[0]).name for line in lines}
    run_here = {"make", "ferrygate", "install", "systemd-sysusers", "systemd-tmpfiles"}
    known = {"apt", "python3", "pip", "nft", "systemctl", "cp", "mkdir", "chmod", "echo"}
    assert called - run_here <= known


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("systemd-tmpfiles") is None, reason="needs root and systemd"
)
def test_users_owners_and_services_are_installed_by_the_lines_as_they_stand(tmp_path: Path) -> None:
    """Into a folder in the place of the root folder: nothing of this machine is changed."""
    for folder in ("etc/sysusers.d", "etc/tmpfiles.d", "etc/systemd/system", "var/lib"):
        (tmp_path / folder).mkdir(parents=True)
    for line in lines_of("install", "systemd-sysusers", "systemd-tmpfiles"):
        moved = line.replace(" /etc/", f" {tmp_path}/etc/")
        moved = re.sub(r"^(systemd-[a-z]+)", rf"\1 --root={tmp_path}", moved)
        done = subprocess.run(
            ["bash", "-c", moved], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{moved}: {done.stderr}"
    users = (tmp_path / "etc/passwd").read_text()
    assert all(f"ferrygate-{role}:" in users for role in ("edge", "guard", "ferry"))
    services = {path.name for path in (tmp_path / "etc/systemd/system").iterdir()}
    assert {f"ferrygate-outer-{role}.service" for role in ("edge", "guard", "ferry")} <= services


@pytest.mark.parametrize("page", PAGES)
def test_every_page_that_is_linked_to_is_there(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_first_policy_file_is_right_and_its_tests_pass(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    (tmp_path / "10-lab-reports.yaml").write_text(block[1], encoding="utf-8")
    samples = tmp_path / "samples" / "lab"
    samples.mkdir(parents=True)
    shipped = ROOT / "policies" / "samples" / "lab" / "report.pdf"
    (samples / "report.pdf").write_bytes(shipped.read_bytes())
    rules = tmp_path / "yara"
    rules.mkdir()
    for rule in (ROOT / "policies" / "yara").glob("*.yar"):
        (rules / rule.name).write_bytes(rule.read_bytes())
    result = subprocess.run(
        [sys.executable, "-m", "gateway.management.cli", "policy", "check", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "5 tests pass" in result.stdout


def test_check_and_explain_of_the_page_run_as_they_stand() -> None:
    ferrygate = str(Path(sys.executable).with_name("ferrygate"))
    for line in shell_lines("README.md"):
        if line.startswith(("ferrygate policy check", "ferrygate explain")):
            words = [ferrygate, *shlex.split(line)[1:]]
            result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
            # A report at night is refused: the answer depends on the hour, that it answers does not.
            assert result.returncode in (0, 1), result.stderr
            assert not result.stderr
