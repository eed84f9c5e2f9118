"""The same data as text on every kind of terminal and as JSON; text never says what JSON does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.management.commands import (
    audit,
    checkup,
    explain_page,
    explaining,
    lane,
    life,
    live,
    policy,
    starting,
    state,
    units,
    verifying,
)
from gateway.management.commands.command import json_text
from gateway.management.commands.top_frame import frame
from gateway.management.doctor.finding import look, ok, stop
from gateway.management.doctor.installed import judge_disk
from gateway.management.doctor.machine import judge_forwarding
from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.width import width
from gateway.unit.model import Side
from gateway.unit.number import speak
from tests.gateway.management.fixtures import (
    ASCII,
    CHINESE,
    COLOURED,
    PLAIN,
    TERMINALS,
    delivered_story,
    refused_story,
    status,
    watched,
)


def rows_of_units() -> dict[str, Any]:
    data = units.units_data(delivered_story() + refused_story(), None, None, 50)
    return {**data, "since": "2026-11-21T03:55:43.000Z", "complete": True}


def story(found: list[Any], here: frozenset[Side]) -> dict[str, Any]:
    return life.life_data(found[0].record.unit, found, here, "en")


def findings() -> dict[str, Any]:
    found = [
        ok("clock", 7143),
        judge_disk("/", 1, 2),
        look("processes", 7137, processes="edge", side="outer", folder="/etc/ferrygate"),
        stop(
            "folders",
            7121,
            path="/etc/ferrygate/keys/guard/signing.key",
            mode="0644",
            wanted="0600",
        ),
    ]
    return checkup.doctor_data(
        [
            {
                "side": "outer",
                "folder": "/etc/ferrygate",
                "findings": [checkup.finding_data(f, "en") for f in found],
            }
        ]
    )


def verified() -> dict[str, Any]:
    journal = {
        "folder": "/var/lib/ferrygate/outer/journal",
        "holds": False,
        "checkpoints": 12,
        "covers_s": 3_600.0,
        "words": "otter lantern nine cedar maple brick",
        "left_out": {"6020": 3},
        "keys": [
            {
                "ids": ["hospital-outer-3f3f3f3f"],
                "file": "/media/usb/outer.pub",
                "sha256": "3f" * 32,
                "signatures": 12,
            },
        ],
        "journals": [
            {
                "journal": "edge",
                "records": 410_221,
                "first_seq": 1,
                "last_seq": 410_221,
                "covered_seq": 410_000,
                "not_covered": 221,
            }
        ],
        "findings": [
            {
                "number": 6020,
                "note": False,
                "journal": "edge",
                "seq": 7,
                "last_seq": 7,
                "file": "x.jsonl",
                "offset_bytes": 9,
                "fields": {"journal": "edge", "seq": 7, "last_seq": 7},
            }
        ],
    }
    return {"holds": False, "journals": [journal]}


def checked() -> dict[str, Any]:
    problem = {
        "file": "10-lab.yaml",
        "line": 27,
        "column": 24,
        "number": 2101,
        "fields": {},
        "knows": [],
        "text": '10-lab.yaml:27:24  FG-2101  "pfd" is not a word\n    27 |   pfd: x\n    Write "pdf".',
    }
    return {
        "folder": "policies",
        "digest": "7f3a",
        "channels": ["a", "b"],
        "tests": {"passed": 12, "failed": 1, "not_run": 6},
        "scanned_by": "yara",
        "errors": [problem],
        "notes": [],
    }


def explained() -> dict[str, Any]:
    found = refused_story()
    data = explaining.unit_data(found[0].record.unit or 0, found, "en")
    check = {
        "word": "size",
        "section": "passes_if",
        "line": "10-lab-reports.yaml:24",
        "says": "at most 20 MiB",
        "outcome": "holds",
        "effect": "none",
        "number": 2204,
        "fields": {},
        "counts": {},
        "text": "412 KiB; the line says: at most 20 MiB " * 4,
    }
    judgement = {
        "channel": "lab-reports",
        "result": "refused",
        "time_zone": "UTC",
        "side": "outer",
        "deciding": {**check, "outcome": "fails"},
        "checks": [check],
        "advice": [{"number": 2225, "fields": {}, "text": "write type: pdf or elf program"}],
    }
    return {**data, "judgement": judgement, "scanned_by": "yara"}


LINK = {
    "end": "receives",
    "good": True,
    "blocks": 1000,
    "lost_blocks": 0,
    "frames": 64_000,
    "repaired_symbols": 14,
    "damaged": 0,
    "malformed": 0,
    "gbit_per_s": 0.93,
    "seconds": 10.0,
}

ANSWERS: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any], Terminal], Sequence[str]]]] = {
    "status": (status(), state.render_status),
    "top": (watched(), live.render_top),
    "units": (rows_of_units(), units.render_units),
    "life": (story(delivered_story(), frozenset(Side)), life.render_life),
    "life of a refused unit": (story(refused_story(), frozenset([Side.OUTER])), life.render_life),
    "alarms": ({"at": "", "hosts": status()["hosts"]}, units.render_alarms),
    "doctor": (findings(), checkup.render_doctor),
    "audit search": (
        audit.search_data(delivered_story() + refused_story(), 200),
        audit.render_search,
    ),
    "audit verify": (verified(), verifying.render_verify),
    "policy check": (checked(), policy.render_check),
    "explain": (explained(), explain_page.render_explain),
    "link test": (LINK, lane.render_link_test),
    "init": (starting.init_data(Path("gate"), "g", "one-way"), starting.render_init),
}


@pytest.mark.parametrize("kind", TERMINALS)
@pytest.mark.parametrize("name", ANSWERS)
def test_it_fits_80_columns(name: str, kind: str) -> None:
    data, render = ANSWERS[name]
    for line in render(data, TERMINALS[kind]):
        assert width(TERMINALS[kind].safe(_unpainted(line))) <= 80, line


@pytest.mark.parametrize("name", ANSWERS)
def test_ascii_is_ascii_once_it_is_printed(name: str) -> None:
    data, render = ANSWERS[name]
    assert all(ASCII.safe(line).isascii() for line in render(data, ASCII))


@pytest.mark.parametrize("name", ANSWERS)
def test_colour_adds_nothing_but_colour(name: str) -> None:
    data, render = ANSWERS[name]
    painted, plain = render(data, COLOURED), render(data, PLAIN)
    assert [_unpainted(line) for line in painted] == list(plain)
    assert not any("\x1b" in line for line in plain)


@pytest.mark.parametrize("name", ANSWERS)
def test_names_from_outside_cannot_move_the_cursor_or_reorder_a_line(name: str) -> None:
    data, render = ANSWERS[name]
    for terminal in (PLAIN, CHINESE):
        assert all(line.isprintable() for line in render(data, terminal))


@pytest.mark.parametrize("name", ANSWERS)
def test_the_same_data_is_one_json_object_with_its_schema(name: str) -> None:
    data, _ = ANSWERS[name]
    read = json.loads(json_text(name, data))
    assert next(iter(read)) == "schema"
    assert {key: value for key, value in read.items() if key != "schema"} == json.loads(
        json.dumps(data)
    )


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (60, 20), (200, 50), (40, 12)])
def test_a_frame_of_top_is_never_larger_than_the_screen(columns: int, rows: int) -> None:
    for language in ("en", "zh"):
        lines = frame(watched(), Terminal(columns, False, False, language), rows)
        assert len(lines) == rows
        assert max(width(line) for line in lines) <= columns


def test_top_shows_the_command_for_what_was_refused_last() -> None:
    assert frame(watched(), PLAIN, 24)[-1].endswith("$ ferrygate explain 7QK4-M2XD-9")


def test_a_state_is_a_letter_and_a_word() -> None:
    text = "\n".join(state.render_status(status(), PLAIN))
    for shown in ("O running", "! stopped", "? silent"):
        assert shown in text


def test_a_figure_that_nobody_knows_is_a_question_mark_and_not_a_nought() -> None:
    line = next(
        x for x in state.queue_table(status()["hosts"][0]["queues"], PLAIN) if "cleared" in x
    )
    assert line.split()[1:4] == ["?", "?", "?"]


def test_a_unit_is_one_row_with_its_result_and_the_line_that_decided() -> None:
    data = rows_of_units()
    by_unit = {row["unit"]: row for row in data["units"]}
    assert by_unit[speak(5)]["result"] == "delivered"
    assert by_unit[speak(6)]["result"] == "refused"
    assert (by_unit[speak(6)]["word"], by_unit[speak(6)]["rule"]) == (
        "type",
        "10-lab-reports.yaml:27",
    )
    assert data["of"] == 2


def test_units_are_found_by_result_and_by_stage() -> None:
    everything = delivered_story() + refused_story()
    assert [row["unit"] for row in units.units_data(everything, None, "refused", 9)["units"]] == [
        speak(6)
    ]
    assert [row["unit"] for row in units.units_data(everything, "delivered", None, 9)["units"]] == [
        speak(5)
    ]
    assert units.units_data(everything, None, None, 1)["of"] == 2


def test_on_the_sending_host_what_happened_beyond_is_not_known_and_it_says_so() -> None:
    sent = [e for e in delivered_story() if e.side is Side.OUTER]
    data = story(sent, frozenset([Side.OUTER]))
    text = " ".join(" ".join(life.render_life(data, PLAIN)).split())
    assert "Not known here. Nothing comes back over a one-way gate." in text
    assert f"ferrygate life {speak(5)}" in text
    assert "delivered" not in text


def test_the_receiving_host_knows_what_the_unit_itself_says_of_the_other() -> None:
    came = [e for e in delivered_story() if e.side is Side.INNER]
    data = story(came, frozenset([Side.INNER]))
    text = " ".join(" ".join(life.render_life(data, PLAIN)).split())
    assert "As the unit itself says: captured 2026-11-21T" in text
    assert "7f3a91c204be" in text


def test_the_deciding_line_comes_first() -> None:
    lines = list(explain_page.render_explain(explained(), PLAIN))
    first = lines[lines.index("") + 1]
    assert first.startswith("  REFUSED by type  10-lab-reports.yaml:27")
    text = "\n".join(lines)
    assert (
        text.index("REFUSED by type")
        < text.index("true   size")
        < text.index("What would let it through")
    )


def test_policy_check_prints_only_the_sums_where_all_is_well() -> None:
    data = {**checked(), "errors": [], "tests": {"passed": 19, "failed": 0, "not_run": 0}}
    assert policy.render_check(data, PLAIN) == ["2 channels, 19 tests pass, 0 to look at"]


def test_doctor_says_what_mends_it() -> None:
    text = "\n".join(checkup.render_doctor(findings(), PLAIN))
    assert "chmod 0600 /etc/ferrygate/keys/guard/signing.key" in text
    assert text.splitlines()[-1] == "1 ok, 1 to look at, 2 that stop the gate"


@pytest.mark.parametrize(
    ("free", "word"), [(1, "stop"), (100, "stop"), (101, "look"), (399, "look"), (400, "ok")]
)
def test_a_disk_is_judged_by_its_reserve(free: int, word: str) -> None:
    assert judge_disk("/", free, 100).state.value == word


def test_a_host_that_forwards_packets_is_stopped() -> None:
    assert judge_forwarding({"/proc/sys/net/ipv4/ip_forward": 0}).state.value == "ok"
    finding = judge_forwarding({"/proc/sys/net/ipv4/ip_forward": 1})
    assert finding.state.value == "stop"
    assert "net.ipv4.ip_forward=0" in finding.mend("en")


def _unpainted(line: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9]+m", "", line)
