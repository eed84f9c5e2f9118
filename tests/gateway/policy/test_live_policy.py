"""Operations that are sessions: the words, what is wrong with them, and their tests in a file."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest

from gateway.errors import Refused
from gateway.management.commands.inspecting import laptop_inspection
from gateway.policy.ceiling import above_ceiling
from gateway.policy.content_channel import content_channels, prepared_channels
from gateway.policy.live import SUBPROTOCOL, Form, LiveRule
from gateway.policy.load import load_set
from gateway.policy.model import PolicySet
from gateway.policy.routes import match
from gateway.policy.testing import Status, run_tests
from gateway.policy.values import Rate
from gateway.unit.model import Lane, Side
from tests.gateway.policy.request_text import LOOKUP, read_requests, request_channel

SESSIONS = """\
operations:
  ward:
    call: WEBSOCKET /ward/{id}?from={from}
    id: text at most 20
    from: optional date
    headers: {x-lang: optional one of en or zh}
    sends: json following schemas/vitals.json, at most 4 KiB
    receives: binary png, at most 256 KiB
    sends_rate: at most 5 messages/s
    receives_rate: at most 90 messages/min
    subprotocols: [ward.v2, ward.v1]
    origins: [https://portal.example, "http://localhost:8080"]
    sessions: at most 2 a caller, 20 in all
    idle: 90 s
    longest: 8 h
  feed:
    call: EVENTS /feed/{id}
    id: text at most 20
    headers: {last-event-id: optional fhir id}
    receives: json, at most 1 KiB
    events: [vitals, message]
  calm:
    call: WEBSOCKET /calm
    sends: none
    receives: text, at most 1 KiB
"""
VITALS = json.dumps({"type": "object", "required": ["pulse"]})
SCHEMAS = {"schemas/vitals.json": VITALS}
TEXT = LOOKUP.replace("operations:\n", SESSIONS)


def live_of(name: str) -> LiveRule:
    requests = request_channel(TEXT, SCHEMAS).requests
    assert requests is not None
    live = requests.operations[name].live
    assert live is not None
    return live


def test_a_session_says_what_each_way_carries_how_fast_and_for_how_long() -> None:
    ward = live_of("ward")
    assert ward.form is Form.WEBSOCKET
    assert ward.sends is not None and ward.receives is not None
    assert (ward.sends.is_text, ward.receives.is_text) == (True, False)
    assert (ward.sends.rate, ward.receives.rate) == (Rate(5, 1.0), Rate(90, 60.0))
    assert ward.sends.content.most_bytes == 4 << 10
    assert ward.subprotocols == ("ward.v2", "ward.v1")
    assert ward.origins == ("https://portal.example", "http://localhost:8080")
    assert (ward.a_caller, ward.in_all, ward.idle_s, ward.longest_s) == (2, 20, 90.0, 28_800.0)
    feed = live_of("feed")
    assert (feed.form, feed.sends, feed.events) == (Form.EVENTS, None, ("vitals", "message"))
    assert feed.event_id is not None and feed.event_id.text == "optional fhir id"


def test_what_is_not_said_is_narrow() -> None:
    calm = live_of("calm")
    assert (calm.sends, calm.origins, calm.subprotocols, calm.event_id) == (None, (), (), None)
    assert (calm.a_caller, calm.in_all, calm.idle_s, calm.longest_s) == (4, 64, 300.0, 3600.0)
    assert calm.events == ()


def test_the_subprotocol_crosses_as_a_header_that_no_file_can_list() -> None:
    requests = request_channel(TEXT, SCHEMAS).requests
    assert requests is not None
    rule = requests.operations["ward"].headers[SUBPROTOCOL]
    assert rule.required and rule.text == "one of ward.v2, ward.v1"
    text = TEXT.replace(
        "{x-lang: optional one of en or zh}", "{sec-websocket-protocol: text at most 9}"
    )
    assert [one.number for one in read_requests(text, SCHEMAS)[1]] == [2314]


def test_a_session_is_found_by_its_form_and_by_no_method() -> None:
    channel = request_channel(TEXT, SCHEMAS)
    assert match(channel, "WEBSOCKET", "/ward/7?from=2026-01-05").operation.name == "ward"
    assert match(channel, "EVENTS", "/feed/7").operation.name == "feed"
    for method, target in (("GET", "/ward/7"), ("EVENTS", "/ward/7"), ("WEBSOCKET", "/feed/7")):
        with pytest.raises(Refused) as refused:
            match(channel, method, target)
        assert refused.value.number == 2353


def test_what_messages_hold_is_made_ready_for_inspection() -> None:
    lines = {view.line for view in content_channels(request_channel(TEXT, SCHEMAS))}
    for name in ("ward", "feed", "calm"):
        assert {one.line for one in live_of(name).contents} <= lines


@pytest.mark.parametrize(
    ("old", "new", "number"),
    [
        ("    receives: json, at most 1 KiB\n", "", 2174),
        ("    sends: none\n", "", 2174),
        ("    sends: none", "    sends: nothing", 2124),
        ("at most 256 KiB", "at most 2 MiB", 2316),
        ("binary png", "binary zip", 2317),
        ("    receives: json, at most 1 KiB", "    receives: binary json, at most 1 KiB", 2407),
        ("    events: [vitals, message]", "    subprotocols: ward", 2407),
        ("    events: [vitals, message]", "    sends: json", 2407),
        ("    sends: none", "    sends: none\n    events: vitals", 2407),
        ("[vitals, message]", '["a b"]', 2124),
        ("https://portal.example", "portal.example", 2124),
        ("https://portal.example", "https://portal.example/", 2124),
        ("https://portal.example", "null", 2124),
        ("https://portal.example", '"*"', 2124),
        ("at most 5 messages/s", "5 messages/s", 2124),
        ("at most 5 messages/s", "at most 5,000 messages/s", 2123),
        ("at most 2 a caller, 20 in all", "at most 2 a caller", 2124),
        ("at most 2 a caller, 20 in all", "at most 30 a caller, 20 in all", 2123),
        ("at most 2 a caller, 20 in all", "at most 2 a caller, 2,000 in all", 2123),
        ("idle: 90 s", "idle: 10 ms", 2123),
        ("longest: 8 h", "longest: 2 d", 2123),
        ("longest: 8 h", "longest: 8", 2110),
        ("longest: 8 h", "longst: 8 h", 2101),
        ("longest: 8 h", "body: none", 2307),
        ("longest: 8 h", "answers: {200: json}", 2307),
        ("WEBSOCKET /calm", "WEBSOCKETS /calm", 2107),
        ("WEBSOCKET /calm", "websocket /calm", 2107),
        ("WEBSOCKET /calm", "WEBSOCKET /ward/{idle}", 2304),
        ("WEBSOCKET /calm", "WEBSOCKET /ward/a", 2324),
        ("grade: 4\n", "grade: 4\nchanged: {response.name: removed}\n", 2400),
        ("grade: 4\n", "grade: 4\nsubmit: yes\n", 2401),
    ],
)
def test_what_is_wrong_is_told_with_its_place(old: str, new: str, number: int) -> None:
    assert old in TEXT
    problems = read_requests(TEXT.replace(old, new, 1), SCHEMAS)[1]
    assert number in [one.number for one in problems], problems


def test_a_one_way_gate_does_not_take_it() -> None:
    channel = request_channel(TEXT, SCHEMAS)
    taken = PolicySet({channel.name: channel}, "0" * 64, ())
    found = above_ceiling(taken, {Lane.IMPORT: 5})
    assert [one.number for one in found] == [1034]
    assert above_ceiling(taken, {Lane.IMPORT: 5, Lane.EXPORT: 5}) == ()


WARD = "call: WEBSOCKET /ward/7, caller: CN=portal-01"
TRIED = [
    (WARD, "delivered"),
    (f"{WARD}, json: {{pulse: 71}}", "delivered"),
    (f"{WARD}, json: {{puls: 71}}", "refused by sends"),
    (f"{WARD}, file: samples/spot.png", "refused by sends"),
    (f"{WARD}, answer: samples/spot.png", "delivered"),
    (f"{WARD}, answer: samples/pulse.json", "refused by receives"),
    (f"{WARD}, headers: {{x-lang: fr}}", "refused by x-lang"),
    ("call: GET /ward/7", "refused by operations"),
    ("call: EVENTS /feed/7, answer: samples/pulse.json, event: vitals", "delivered"),
    ("call: EVENTS /feed/7, answer: samples/pulse.json", "delivered"),
    ("call: EVENTS /feed/7, answer: samples/pulse.json, event: inner", "refused by events"),
    ("call: EVENTS /feed/7, json: {pulse: 71}", "refused by sends"),
    ("call: WEBSOCKET /calm, json: 1", "refused by sends"),
]
# One pixel.
SPOT = b"\x89PNG\r\n\x1a\n" + b"".join(
    struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))
    for kind, data in (
        (b"IHDR", struct.pack("!IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0\0")),
        (b"IEND", b""),
    )
)


def test_tests_in_the_file_try_an_opening_and_one_message(tmp_path: Path) -> None:
    tests = "".join(
        f"  - name: t{n}\n    try: {{{tried}}}\n    expect: {expect}\n"
        for n, (tried, expect) in enumerate(TRIED)
    )
    for folder, name, content in (
        ("samples", "spot.png", SPOT),
        ("samples", "pulse.json", b'{"pulse": 71}'),
        ("schemas", "vitals.json", VITALS.encode()),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_bytes(content)
    (tmp_path / "50-ward.yaml").write_text(f"{TEXT.rstrip()}\ntests:\n{tests}")
    policy_set = load_set(tmp_path)
    with laptop_inspection(tmp_path, None) as inspection:
        inspection.inspector(Side.OUTER).prepare(prepared_channels(policy_set))
        report = run_tests(policy_set, tmp_path, inspection.examine)
    wrong = [one.problem for one in report.results if one.status is not Status.PASSED]
    assert wrong == [] and len(report.results) == len(TRIED)
    noted = [note.fields for note in report.notes if note.number == 2408]
    assert noted == [{"name": "calm", "word": "receives"}]
