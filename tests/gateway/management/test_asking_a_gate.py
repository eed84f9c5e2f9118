"""Commands on folders that look like a gate: real files, real journals, real policy sets."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from gateway.audit.event import Event
from gateway.audit.journal import open_journal
from gateway.audit.status import StatusBoard
from gateway.ferry.oneway.account import AccountState, MissingUnit
from gateway.ferry.reconcile import ReconcileList, Wanted, format_list, parse_list
from gateway.ferry.statefile import ReceiverState, write_state
from gateway.management.cli import main
from gateway.management.commands.watching import MINUTE_NS, Watch
from gateway.management.layout import HostFolder, Role
from gateway.unit.model import Side
from gateway.unit.number import speak
from tests.gateway.management.fixtures import NOW_NS, delivered_story, gate_with, refused_story

ROOT = Path(__file__).parents[3]
POLICIES = ROOT / "policies"


def run(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main(list(words), {}, out, err), out.getvalue(), err.getvalue()


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return gate_with(tmp_path / "gate", delivered_story(5) + refused_story(6))


def test_units_lists_what_both_hosts_know(gate: Path) -> None:
    status, out, _ = run("--gate", str(gate), "units", "--since", "2026-01-01")
    assert status == 0
    assert speak(5) in out
    assert speak(6) in out
    assert "2 of 2" in out


def test_units_takes_a_period(gate: Path) -> None:
    until = ("--since", "2026-01-01", "--until", "2026-11-01")
    assert "No unit since" in run("--gate", str(gate), "units", *until)[1]


def test_life_is_told_whoever_asks_and_however_he_writes_the_number(gate: Path) -> None:
    spoken = speak(5).lower().replace("-", " ")
    status, out, _ = run("--gate", str(gate), "life", spoken, "--json")
    data = json.loads(out)
    assert status == 0
    words = [event["what"] for host in data["hosts"] for event in host["events"]]
    assert words == ["captured", "cleared", "sent", "received", "admitted", "delivered"]
    assert data["summary"]["result"] == "delivered"


def test_a_unit_that_nobody_knows_is_answered_with_no(gate: Path) -> None:
    assert run("--gate", str(gate), "life", speak(99))[0] == 1
    status, _, err = run("--gate", str(gate), "explain", speak(99))
    assert status == 1
    assert err.startswith("FG-8003")


def test_on_a_sending_host_an_unknown_unit_may_be_known_beyond(tmp_path: Path) -> None:
    gate = gate_with(tmp_path, delivered_story(5), (Side.OUTER,))
    status, _, err = run("--gate", str(gate / "outer"), "explain", speak(99))
    assert status == 1
    assert err.startswith("FG-8002")
    assert f"ferrygate explain {speak(99)}" in " ".join(err.split())


def test_explain_answers_no_for_a_refused_unit_and_yes_for_a_delivered_one(gate: Path) -> None:
    status, out, _ = run("--gate", str(gate), "explain", speak(6))
    assert status == 1
    assert "REFUSED by type  10-lab-reports.yaml:27" in out
    assert "The receiving side never saw it." in out
    assert run("--gate", str(gate), "explain", speak(5))[0] == 0


def test_audit_search_finds_by_word_number_and_text(gate: Path) -> None:
    found = run("--gate", str(gate), "audit", "search", "--number", "FG-2201", "--json")[1]
    records = [json.loads(line) for line in found.splitlines()]
    assert [(r["what"], r["unit"]) for r in records] == [("refused", speak(6))]
    assert records[0]["schema"] == "ferrygate.audit-search/1"
    assert run("--gate", str(gate), "audit", "search", "--what", "lane.")[0] == 1
    assert "received" in run("--gate", str(gate), "audit", "search", "--what", "received")[1]


def test_status_and_alarms_answer_for_processes_that_never_ran(gate: Path) -> None:
    status, out, _ = run("--gate", str(gate), "status", "--json")
    data = json.loads(out)
    assert status == 1
    assert {p["state"] for h in data["hosts"] for p in h["processes"]} == {"stopped"}
    assert run("--gate", str(gate), "alarms")[0] == 0


def test_a_command_about_one_host_asks_which_where_there_are_two(gate: Path) -> None:
    status, _, err = run("--gate", str(gate), "link", "test")
    assert status == 78
    assert err.startswith("FG-1011")
    assert run("--gate", str(gate), "status", "--side", "inner", "--json")[1].count('"side"') == 1


def test_a_link_that_a_ferry_has_is_not_tested(gate: Path) -> None:
    host = HostFolder(gate / "inner")
    StatusBoard(host.run, "ferry").flush(1.0)
    status, _, err = run("--gate", str(gate / "inner"), "link", "test")
    assert status == 78
    assert err.startswith("FG-7021")


def test_a_reload_asks_no_guard_that_is_not_there_and_refuses_a_wrong_set(gate: Path) -> None:
    for side in Side:
        shutil.copytree(POLICIES, gate / side.value / "policies")
    status, _, err = run("--gate", str(gate), "policy", "reload")
    assert status == 75
    assert err.startswith("FG-7011")
    (gate / "inner" / "policies" / "10-lab-reports.yaml").write_text("channel: x\n")
    status, _, err = run("--gate", str(gate), "policy", "reload")
    assert status == 78
    assert "10-lab-reports.yaml" in err


def test_reconcile_prints_a_list_that_resend_takes(gate: Path, tmp_path: Path) -> None:
    status, out, _ = run("--gate", str(gate), "reconcile")
    assert status == 0
    assert parse_list(out).empty
    file = tmp_path / "gaps.txt"
    file.write_text(format_list(ReconcileList(1, 2, (Wanted(5, ((0, 300),)),))))
    status, out, _ = run("--gate", str(gate), "resend", str(file))
    assert status == 0
    assert "units 1," in out
    requests = list(HostFolder(gate / "outer").control(Role.FERRY).glob("*.gaps"))
    assert parse_list(requests[0].read_text()).units == (Wanted(5, ((0, 300),)),)


def test_reconcile_names_what_was_missed_in_the_period(gate: Path) -> None:
    now_ns = time.time_ns()
    account = AccountState(
        units=[
            MissingUnit(5, 900, [(0, 300)], now_ns),
            MissingUnit(6, 9, [(0, 9)], now_ns - 9 * 3_600 * 10**9),
        ]
    )
    state = gate / "inner" / "state" / "ferry" / "state.json"
    state.parent.mkdir(parents=True, exist_ok=True)
    write_state(state, ReceiverState(account=account))
    status, out, _ = run("--gate", str(gate), "reconcile")
    assert status == 1
    assert parse_list(out).units == (Wanted(5, ((0, 300),)), Wanted(6))
    assert parse_list(run("--gate", str(gate), "reconcile", "--period", "2 h")[1]).units == (
        Wanted(5, ((0, 300),)),
    )


def test_resend_takes_unit_numbers_as_they_are_spoken(gate: Path) -> None:
    assert run("--gate", str(gate), "resend", speak(5), speak(6).lower())[0] == 0
    folder = HostFolder(gate / "outer").control(Role.FERRY)
    (request,) = folder.glob("*.gaps")
    assert {unit.number for unit in parse_list(request.read_text()).units} == {5, 6}


def test_a_list_with_a_slip_asks_for_nothing(gate: Path, tmp_path: Path) -> None:
    file = tmp_path / "gaps.txt"
    file.write_text(format_list(ReconcileList(1, 2, (Wanted(5),))).replace("check ", "check 0"))
    assert run("--gate", str(gate), "resend", str(file))[0] == 1
    assert not list(HostFolder(gate / "outer").control(Role.FERRY).glob("*.gaps"))


def test_the_shipped_policies_check_on_a_machine_without_a_gate() -> None:
    status, out, _ = run("policy", "check", str(POLICIES))
    assert (status, len(out.splitlines())) == (0, 1), out


def test_a_wrong_policy_is_pointed_at_and_nothing_is_run(tmp_path: Path) -> None:
    good = next(POLICIES.glob("10-*.yaml")).read_text()
    (tmp_path / "10-lab.yaml").write_text(good.replace("size: at most", "size: at moost", 1))
    status, out, _ = run("policy", "check", str(tmp_path))
    assert status == 1
    assert "at moost" in out
    assert "^^^" in out
    assert out.splitlines()[-1].startswith("errors: ")
    data = json.loads(run("policy", "check", str(tmp_path), "--json")[1])
    assert data["tests"] is None
    assert data["errors"][0]["file"] == "10-lab.yaml"


def test_a_file_is_explained_without_a_gate(tmp_path: Path) -> None:
    program = tmp_path / "report.pdf"
    program.write_bytes(b"\x7fELF" + bytes(200))
    words = ("explain", str(program), "--policies", str(POLICIES), "--channel", "lab-reports")
    status, out, _ = run(*words)
    assert status == 1
    assert "REFUSED by type" in out
    report = POLICIES / "samples" / "lab" / "report.pdf"
    at_noon = ("--time", "2026-11-20T04:00Z", "--json")
    answer = json.loads(run("explain", str(report), *words[2:], *at_noon)[1])
    assert answer["receiver"] is not None, (
        "the receiving side is asked where the sending one passes"
    )


def test_an_unknown_channel_is_named_with_those_that_exist(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"x")
    status, _, err = run("explain", str(file), "--policies", str(POLICIES), "--channel", "labs")
    assert status == 64
    assert "lab-reports" in err


def test_init_says_what_to_carry_where(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    status, out, _ = run("init", str(folder), "--mode", "one-way", "--name", "east")
    assert status == 0
    assert str(folder / "root") in out
    assert run("init", str(folder), "--mode", "one-way")[0] == 78
    status, out, _ = run("--gate", str(folder), "doctor", "--json")
    findings = [f for host in json.loads(out)["hosts"] for f in host["findings"]]
    assert {f["check"] for f in findings} >= {
        "libraries",
        "keys",
        "policy",
        "settings",
        "disk",
        "link",
    }
    assert all(f["mend"] for f in findings if f["state"] == "stop")


def test_doctor_finds_a_key_that_others_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    run("init", str(folder), "--mode", "one-way")
    key = folder / "outer" / "keys" / "guard" / "signing.key"
    key.chmod(0o644)
    status, out, _ = run("--gate", str(folder / "outer"), "doctor")
    assert status == 1
    assert "FG-7121" in out


def test_verify_needs_a_key_and_finds_an_edited_record(gate: Path) -> None:
    journal = gate / "outer" / "journal"
    status, _, err = run("audit", "verify", str(journal))
    assert status == 64
    assert err.startswith("FG-7017")
    run("init", str(gate.parent / "keys"), "--mode", "one-way")
    key = gate.parent / "keys" / "inner" / "keys" / "trust" / "journals" / "outer.pub"
    segment = next((journal / "guard").glob("*.jsonl"))
    segment.write_bytes(segment.read_bytes().replace(b'"refused"', b'"cleared"'))
    status, out, _ = run("audit", "verify", str(journal), "--keys", str(key))
    assert status == 1
    assert "FG-6020" in out


def test_verify_says_whose_keys_vouched_and_where_they_came_from(gate: Path) -> None:
    journal = gate / "outer" / "journal"
    run("init", str(gate.parent / "keys"), "--mode", "one-way")
    key = gate.parent / "keys" / "inner" / "keys" / "trust" / "journals" / "outer.pub"
    beside = gate / "outer" / "keys" / "trust" / "journals" / "outer.pub"
    beside.parent.mkdir(parents=True)
    beside.write_bytes(key.read_bytes())
    answer = json.loads(run("audit", "verify", str(journal), "--json")[1])["journals"][0]
    assert 6044 in {finding["number"] for finding in answer["findings"]}
    assert [one["file"] for one in answer["keys"]] == [str(beside)]
    assert len(answer["keys"][0]["sha256"]) == 64
    given = run("audit", "verify", str(journal), "--keys", str(key), "--json")[1]
    answer = json.loads(given)["journals"][0]
    assert 6044 not in {finding["number"] for finding in answer["findings"]}
    assert [one["file"] for one in answer["keys"]] == [str(key)]


def test_config_says_what_stands_in_the_file_and_what_is_default(gate: Path) -> None:
    answer = json.loads(run("--gate", str(gate / "outer"), "config", "--json")[1])
    settings = {one["key"]: one for one in answer["settings"]}
    assert (settings["side"]["value"], settings["side"]["origin"]) == ("outer", "line 2")
    assert settings["queues.inline"]["origin"] == "default"


def test_top_draws_itself_on_a_terminal_and_leaves_with_q(gate: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FERRYGATE_")}
    environment |= {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    command = [sys.executable, "-m", "gateway.management.cli", "--gate", str(gate), "top"]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment
    )
    os.close(theirs)
    drawn = _read_until(ours, b"read-only")
    os.write(ours, b"q")
    _read_until(ours, b"\x1b[?1049l")
    assert process.wait(20) == 0
    os.close(ours)
    assert b"read-only" in drawn


def _read_until(terminal: int, wanted: bytes) -> bytes:
    seen, until_s = b"", time.monotonic() + 20
    while wanted not in seen and time.monotonic() < until_s:
        waiting = select.poll()
        waiting.register(terminal, select.POLLIN)
        if waiting.poll(200):
            try:
                seen += os.read(terminal, 65_536)
            except OSError:
                break
    return seen


def test_top_once_shows_the_units_of_the_last_hour(tmp_path: Path) -> None:
    age_ns = time.time_ns() - NOW_NS
    story = [
        replace(
            e, record=msgspec.structs.replace(e.record, at_ns=e.record.at_ns + age_ns - 5 * 10**9)
        )
        for e in delivered_story(5) + refused_story(6)
    ]
    gate = gate_with(tmp_path / "gate", story)
    status, out, _ = run("--gate", str(gate), "top", "--once")
    assert status == 0
    assert len(out.splitlines()) == 24
    row = next(line for line in out.splitlines() if line.startswith("lab-reports"))
    assert row.split() == ["lab-reports", "1", "2", "1", "1", "1", "0"]
    assert out.splitlines()[-1].endswith(f"$ ferrygate explain {speak(6)}")


def test_status_lists_the_channels_with_what_passed_and_was_refused_in_the_last_minute(
    tmp_path: Path,
) -> None:
    age_ns = time.time_ns() - NOW_NS
    story = [
        replace(
            e, record=msgspec.structs.replace(e.record, at_ns=e.record.at_ns + age_ns - 5 * 10**9)
        )
        for e in delivered_story(5) + refused_story(6)
    ]
    gate = gate_with(tmp_path / "gate", story)
    policies = HostFolder(gate / "outer").policies
    policies.mkdir()
    (policies / "20-quiet.yaml").write_text("channel: quiet-one  # yet\n")
    _, out, _ = run("--gate", str(gate), "status", "--json")
    data = json.loads(out)
    assert [
        (one["channel"], one["per_min"], one["refused_per_min"]) for one in data["channels"]
    ] == [("lab-reports", 1, 1), ("quiet-one", 0, 0)]
    crossing = data["crossing"]
    assert crossing["per_min"] == 1
    assert crossing["p50_s"] == crossing["p99_s"] is not None
    _, out, _ = run("--gate", str(gate), "status")
    assert next(line for line in out.splitlines() if "lab-reports" in line).split()[1:] == [
        "1",
        "1",
    ]


def test_a_long_journal_is_read_from_its_end_and_counted_for_the_whole_minute(
    tmp_path: Path,
) -> None:
    host = HostFolder(tmp_path / "outer")
    host.make(Side.OUTER)
    now_ns = time.time_ns()
    every_ns = 10**9 // 50
    journal = open_journal(host.journal(Role.GUARD), "guard")
    for place in range(3000):
        at_ns = now_ns - (3000 - place) * every_ns
        journal.record(Event("cleared", at_ns, place + 1, "lab"))
    journal.commit()
    whole = Watch({Side.OUTER: host}, MINUTE_NS).look(now_ns, "en")
    ended = Watch({Side.OUTER: host}, MINUTE_NS, 20_000).look(now_ns, "en")
    journal.close()
    assert whole["crossing"] == {"per_min": 3000, "p50_s": None, "p99_s": None}
    assert 2900 <= ended["crossing"]["per_min"] <= 3100
