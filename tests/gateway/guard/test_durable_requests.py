"""Requests through the queues of both guards: judged as those of the sockets are, answered once, or never."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Refused
from gateway.unit.model import Lane, Side
from gateway.unit.request import Consequence, FailureBody
from tests.gateway.guard.durable_world import (
    DurableWorld,
    answer,
    order,
    refused,
    submitted,
)
from tests.support.requests import CHANNEL

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
