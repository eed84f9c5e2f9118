from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import gateway
from gateway.audit.events import EVENTS, events_table, meaning
from gateway.unit.model import Stage
from tests.gateway.audit.host import Host, segment

ROOT = Path(gateway.__file__).parent
AUDIT = ROOT.parent / "docs" / "AUDIT.md"


def test_the_table_of_the_document_is_that_of_the_program() -> None:
    assert events_table() in AUDIT.read_text(encoding="utf-8")


def test_every_stage_is_an_event() -> None:
    assert {stage.value for stage in Stage} <= set(EVENTS)


def test_every_meaning_is_in_both_languages() -> None:
    for what, one in EVENTS.items():
        assert one.en and one.zh and not one.en.isascii() < one.zh.isascii(), what
    assert meaning("held", "zh") != meaning("held") != "held"
    assert meaning("of.a.newer.version") == "of.a.newer.version"


def test_every_event_that_is_recorded_stands_in_the_table() -> None:
    words = {
        (path.relative_to(ROOT).as_posix(), node.args[0].value)
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Event"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert words
    assert [word for word in sorted(words) if word[1] not in EVENTS] == []


def test_a_segment_can_be_checked_with_the_shell_of_the_document(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.round(5)
    text = AUDIT.read_text(encoding="utf-8")
    script = text[text.index("```sh\n") + 6 :].split("```")[0]
    path = segment(tmp_path)

    def run() -> str:
        command = f"{script}\ncheck {path}"
        return subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, check=True
        ).stdout

    assert run() == ""
    path.write_bytes(path.read_bytes().replace(b"result-2", b"result-9"))
    assert run().startswith('bad: {"seq":3,')
