"""Requests through the queues of both guards: judged as those of the sockets are, answered once, or never."""

from __future__ import annotations

import errno
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.exchange.at_once import AtOnce
from gateway.guard import asked_file
from gateway.guard.asked_file import AskedFile, Noted
from gateway.guard.durable_requests import Table
from gateway.guard.outstanding import MAX_WAITING, Asked
from gateway.unit.counted import AHEAD, first_of_minute
from gateway.unit.model import Lane, Side
from gateway.unit.request import Consequence, FailureBody
from tests.gateway.guard.durable_world import (
    DurableWorld,
    answer,
    order,
    refused,
    submitted,
)
from tests.support import syncs
from tests.support.requests import CHANNEL, request

OUT, IN = Side.OUTER, Side.INNER


@pytest.fixture
def world(tmp_path: Path) -> DurableWorld:
    return DurableWorld(tmp_path)


@pytest.fixture
def one_way(tmp_path: Path) -> DurableWorld:
    return DurableWorld(tmp_path, submitted, two_way=False)


def test_a_submitted_request_passes_both_guards_as_it_was(one_way: DurableWorld) -> None:
    manifest, content = one_way.across(OUT, 3, order(), b'{"a":1}')
    assert (manifest.body, content) == (order(), b'{"a":1}')
    assert (manifest.lane, manifest.number) == (Lane.IMPORT, 3)


def test_a_body_in_a_file_stays_one(one_way: DurableWorld, tmp_path: Path) -> None:
    file = tmp_path / "body"
    content = b'{"a":"' + b"x" * 200_000 + b'"}'
    file.write_bytes(content)
    manifest, found = one_way.across(OUT, 4, order(content), file)
    assert isinstance(found, Path) and found.read_bytes() == content
    assert manifest.body == order(content)


@pytest.mark.parametrize(
    ("changed", "content", "number"),
    [
        ({"operation": "delete"}, b'{"a":1}', 2353),
        ({"path": (("id", "x" * 41),)}, b'{"a":1}', 2354),
        ({"content_type": "text/html"}, b'{"a":1}', 2358),
        ({"size_bytes": 6}, b'{"a":1}', 5770),
        ({}, b"<a/>", 2201),
    ],
)
def test_what_an_operation_does_not_allow_is_refused_with_its_rule(
    one_way: DurableWorld, changed: dict[str, Any], content: bytes, number: int
) -> None:
    head = replace(replace(order(content), size_bytes=len(content)), **changed)
    outcome = one_way.cleared(OUT, 2, head, content)
    assert refused(outcome) == number
    fields = outcome.fields
    assert fields["operation"] == head.operation
    assert number == 5770 or fields["rule"]


def test_nobody_is_answered_in_a_gate_of_one_lane(one_way: DurableWorld) -> None:
    one_way.across(OUT, 2, order(), b'{"a":1}')
    assert refused(one_way.cleared(OUT, 3, answer(2), b'{"b":2}')) == 1051
    failure = FailureBody(2, "order", 6380, Consequence.UNAVAILABLE)
    assert refused(one_way.cleared(OUT, 3, failure, b"")) == 1051


def test_a_submitted_request_gets_no_answer(tmp_path: Path) -> None:
    world = DurableWorld(tmp_path, submitted)
    world.across(OUT, 2, order(), b'{"a":1}')
    assert refused(world.cleared(IN, 3, answer(2), b'{"b":2}')) == 5762


def test_an_answer_passes_once(world: DurableWorld) -> None:
    world.across(OUT, 2, order(), b'{"a":1}')
    manifest, content = world.across(IN, 3, answer(2), b'{"b":2}')
    assert (manifest.body, content) == (answer(2), b'{"b":2}')
    assert refused(world.cleared(IN, 5, answer(2), b'{"b":2}')) == 5764


def test_a_unit_given_again_by_its_queue_is_no_second_request(world: DurableWorld) -> None:
    asked, let_in = world.guards[OUT].tables.asked, world.guards[IN].tables.let_in
    for _ in range(2):
        world.across(OUT, 2, order(), b'{"a":1}')
        # It waits once: the second time is neither refused as known (5761) nor one more.
        assert (len(asked), len(let_in)) == (1, 1)
    manifest, content = world.across(IN, 3, answer(2), b'{"b":2}')
    assert (manifest.body, content) == (answer(2), b'{"b":2}')
    assert (len(asked), len(let_in)) == (0, 0)
    assert refused(world.cleared(IN, 5, answer(2), b'{"b":2}')) == 5764
    with pytest.raises(Refused) as twice:
        asked.answer(2, CHANNEL, "order", 0.0)
    assert twice.value.number == 5764


@pytest.mark.parametrize("killed", [[OUT], [IN], [OUT, IN]])
def test_an_answer_passes_guards_that_started_anew_meanwhile_and_once(
    world: DurableWorld, killed: list[Side]
) -> None:
    world.across(OUT, 2, order(), b'{"a":1}')
    for side in killed:
        world.start_anew(side)
    manifest, content = world.across(IN, 3, answer(2), b'{"b":2}')
    assert (manifest.body, content) == (answer(2), b'{"b":2}')
    for side in killed:
        world.start_anew(side)
    # The same unit may come again from its queue, and no other.
    assert world.across(IN, 3, answer(2), b'{"b":2}')[1] == b'{"b":2}'
    assert refused(world.cleared(IN, 5, answer(2), b'{"b":2}')) == 5764


def test_a_request_whose_time_was_over_meanwhile_is_answered_by_nobody(world: DurableWorld) -> None:
    world.across(OUT, 2, request("order", "one", b'{"a":1}', 1), b'{"a":1}')
    time.sleep(0.01)
    world.start_anew(IN)
    assert refused(world.cleared(IN, 3, answer(2), b'{"b":2}')) == 5763


def test_what_cannot_be_noted_does_not_pass_and_may_later(
    world: DurableWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write

    def full(_: int, __: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Unavailable) as raised:
        world.cleared(OUT, 2, order(), b'{"a":1}')
    assert raised.value.number == 4331
    monkeypatch.setattr(os, "write", real)
    world.across(OUT, 2, order(), b'{"a":1}')
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Unavailable):
        world.cleared(IN, 3, answer(2), b'{"b":2}')
    monkeypatch.setattr(os, "write", real)
    world.start_anew(IN)
    assert world.across(IN, 3, answer(2), b'{"b":2}')[1] == b'{"b":2}'


def test_those_that_waited_before_a_restart_keep_their_places_whatever_the_shares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fdatasync", lambda _: None)
    # One channel had its half, then another came: told in the wrong order none is left out.
    file, until_ns = AskedFile(tmp_path / "asked"), time.time_ns() + 10**11
    channels = ["late"] * 600 + ["early"] * (MAX_WAITING // 2)
    for number, channel in enumerate(channels):
        file.note(Noted(number, channel, "read", until_ns))
    file.close()
    assert len(Table(AskedFile(tmp_path / "asked"))) == len(channels)


def test_one_callers_large_requests_that_wait_leave_room_for_others(world: DurableWorld) -> None:
    world.guards[OUT].tables.asked._room = AtOnce(8)
    for number in (2, 4):
        world.across(OUT, number, order(), b'{"a":1}')
    with pytest.raises(Unavailable) as full:
        world.cleared(OUT, 6, order(), b'{"a":1}')
    assert full.value.number == 5760
    # Its queue gives one again that has its place, whoever has come meanwhile.
    for number in range(100, 106):
        world.guards[OUT].tables.asked.ask(Asked(number, f"channel {number}", "order", 0.0, 10.0))
    world.across(OUT, 4, order(), b'{"a":1}')


def test_a_torn_or_damaged_file_costs_what_is_behind_and_stays_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, until_ns = tmp_path / "asked", time.time_ns() + 10**11
    file = AskedFile(path)
    for number in range(20):
        file.note(Noted(number, "images", "read", until_ns))
    file.note(Noted(3, "images", "read", until_ns, 7))
    file.close()
    content = path.read_bytes()
    path.write_bytes(content[:-3])
    assert [one.request for one in AskedFile(path).found] == list(range(20))
    for at in range(0, len(content), 11):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert len(AskedFile(path).found) <= 20
    assert AskedFile(path, lambda: until_ns + 10**12).found == []
    monkeypatch.setattr(asked_file, "_MOST_BYTES", 2_000)
    monkeypatch.setattr(asked_file, "_MOST", 10)
    file = AskedFile(path)
    for number in range(1_000):
        file.note(Noted(number, "images", "read", until_ns))
    assert path.stat().st_size <= 2_000
    file.close()
    assert [one.request for one in AskedFile(path).found] == list(range(990, 1_000))


def test_an_answer_that_is_not_asked_for_is_set_aside(world: DurableWorld) -> None:
    assert refused(world.cleared(IN, 3, answer(2), b'{"b":2}')) == 5762


@pytest.mark.parametrize(
    ("head", "content", "number"),
    [(answer(2, b"{}", 500), b"{}", 2359), (answer(2, b"<a/>"), b"<a/>", 2201)],
)
def test_an_answer_that_does_not_pass_is_told_as_a_failure(
    world: DurableWorld, head: object, content: bytes, number: int
) -> None:
    world.across(OUT, 2, order(), b'{"a":1}')
    manifest, found = world.across(IN, 3, head, content)  # type: ignore[arg-type]
    assert found == b""
    assert manifest.body == FailureBody(2, "order", number, Consequence.ANSWER_REFUSED)


def test_a_failure_crosses_as_a_number_of_the_list(world: DurableWorld) -> None:
    for number, (said, told) in enumerate([(6380, 6380), (1234, 6371)]):
        world.across(OUT, 2 * number, order(), b'{"a":1}')
        failure = FailureBody(2 * number, "order", said, Consequence.UNAVAILABLE)
        manifest, _ = world.across(IN, 2 * number + 1, failure, b"")
        assert manifest.body == replace(failure, number=told)


def test_what_goes_one_way_is_refused_on_the_other(tmp_path: Path) -> None:
    by_socket = DurableWorld(tmp_path, lambda channel: channel)
    assert refused(by_socket.cleared(OUT, 2, order(), b'{"a":1}')) == 5783


def test_a_number_of_the_other_side_is_no_request_of_this_one(world: DurableWorld) -> None:
    assert refused(world.cleared(OUT, 3, order(), b'{"a":1}')) == 5776


def test_a_number_of_next_month_is_no_request_of_today(world: DurableWorld) -> None:
    far = first_of_minute(time.time_ns()) + 2 * AHEAD
    assert refused(world.cleared(OUT, far, order(), b'{"a":1}')) == 5776


def test_nothing_is_noted_in_a_file_that_has_lost_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written anew, and then not to be opened: the old one would take what nobody reads again."""
    path, until_ns = tmp_path / "asked", time.time_ns() + 10**11
    file, real = AskedFile(path), os.open

    def none_to_append(*given: Any, **named: Any) -> int:
        if given[1] & os.O_APPEND:
            raise OSError(errno.EMFILE, "no descriptor")
        return real(*given, **named)

    monkeypatch.setattr(os, "open", none_to_append)
    for most_bytes in (0, 1 << 20):
        monkeypatch.setattr(asked_file, "_MOST_BYTES", most_bytes)
        with pytest.raises(Unavailable) as raised:
            file.note(Noted(1, "images", "read", until_ns))
        assert raised.value.number == 4331
    monkeypatch.setattr(os, "open", real)
    file.note(Noted(2, "images", "read", until_ns))
    assert [one.request for one in AskedFile(path).found] == [2]


def test_what_may_be_on_disk_or_not_ends_the_guard_and_is_asked_again_by_the_next(
    world: DurableWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        syncs.fail(patch, 1)
        # The second answers well, and proves nothing.
        for _ in range(2):
            with pytest.raises(StateUncertain) as raised:
                world.cleared(OUT, 2, order(), b'{"a":1}')
            assert raised.value.number == 4331
    world.start_anew(OUT)
    world.across(OUT, 2, order(), b'{"a":1}')


def test_a_record_that_cannot_be_taken_back_is_not_told_as_if_it_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = AskedFile(tmp_path / "asked")

    def broken(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "write", broken)
    monkeypatch.setattr(os, "ftruncate", broken)
    with pytest.raises(StateUncertain):
        file.note(Noted(2, "images", "read", 1))
