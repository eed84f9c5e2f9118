"""Places that are taken out of answers: what goes, what stays, and parts of a child that lies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.inspection.chain import bytes_body
from gateway.inspection.changing.handing_out import PROGRAM, InSandbox
from gateway.inspection.changing.here import hand_out_here
from gateway.inspection.changing.parts import Close, JsonPart, Key, Leaf, Number, Open, Sender
from gateway.inspection.changing.removed_places import Remover
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.settings import SandboxSettings
from gateway.policy.request_channel import Removal
from gateway.unit.stages import Body

REMOVE = Remover(hand_out_here)


def places(*written: str) -> list[Removal]:
    return [Removal(tuple(one.split(".")), 1) for one in written]


def without(value: object, *written: str) -> Any:
    return json.loads(REMOVE("lookup", bytes_body(json.dumps(value).encode()), places(*written)))


@pytest.mark.parametrize(
    ("value", "place", "left"),
    [
        ({"a": 1, "b": 2}, "a", {"b": 2}),
        ({"a": 1, "_a": {"id": "x"}, "b": 2}, "a", {"b": 2}),
        ({"a": {"b": 1, "c": 2}}, "a.b", {"a": {"c": 2}}),
        ({"a": [{"b": 1, "c": 2}, {"b": 3, "c": 4}]}, "a.b", {"a": [{"c": 2}, {"c": 4}]}),
        # Nothing is left empty by it, and what came empty stays.
        ({"a": {"b": {"deep": [1, {}]}}, "c": {}}, "a.b", {"c": {}}),
        ({"a": [{"b": 1}, {"c": 2}]}, "a.b", {"a": [{"c": 2}]}),
        ({"a": 1}, "a", {}),
        # Only at its place.
        ({"b": {"a": 1}, "a": 2}, "a", {"b": {"a": 1}}),
        ({"a": {"b": 1}}, "b", {"a": {"b": 1}}),
        ([{"a": 1, "b": 2}], "a", [{"b": 2}]),
        (7, "a", 7),
    ],
)
def test_a_place_goes_and_no_other(value: object, place: str, left: object) -> None:
    assert without(value, place) == left


def test_each_resource_of_a_bundle_loses_them_and_those_of_bundles_within() -> None:
    report = {"resourceType": "DiagnosticReport", "subject": {"reference": "a", "display": "b"}}
    inner = {"resourceType": "Bundle", "entry": [{"fullUrl": "u", "resource": report}]}
    # The type last: readers of JSON do not care.
    outer = {"entry": [{"fullUrl": "u", "resource": inner}], "link": [1], "resourceType": "Bundle"}
    assert without(outer, "subject.display", "entry.fullUrl", "link") == {
        "resourceType": "Bundle",
        "entry": [
            {"resource": {"resourceType": "Bundle", "entry": [{"resource": {
                "resourceType": "DiagnosticReport", "subject": {"reference": "a"}}}]}}
        ],
    }  # fmt: skip
    plain = {"resourceType": "List", "entry": [{"resource": report}]}
    assert without(plain, "subject.display") == plain


def test_numbers_keep_their_digits_and_once_more_changes_nothing() -> None:
    content = (
        b'{"a":1.00,"b":123456789012345678901234567890,"c":-0.5e-7,"d":"\\u00e9\\ud83d\\ude00"}'
    )
    once = REMOVE("lookup", bytes_body(content), places("x"))
    assert b"1.00" in once and b"123456789012345678901234567890" in once
    assert REMOVE("lookup", bytes_body(once), places("x")) == once


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc_"), inner, max_size=3),
    max_leaves=12,
))  # fmt: skip
def test_what_is_left_has_no_such_place(value: object) -> None:
    def stands(at: object, keys: tuple[str, ...]) -> bool:
        if isinstance(at, list):
            return any(stands(one, keys) for one in at)
        if not isinstance(at, dict) or keys[0] not in at:
            return False
        return not keys[1:] or stands(at[keys[0]], keys[1:])

    left = without(value, "a.b", "c")
    assert not stands(left, ("a", "b")) and not stands(left, ("c",))


def lying(*parts: JsonPart) -> Remover:
    """A remover whose child says these."""

    def hand_out(
        _kind: str,
        _channel: str,
        _body: Body,
        take: Callable[[bytes], None],
        begin: Callable[[], None],
    ) -> None:
        begin()
        Sender(take).send(parts)

    return Remover(hand_out)


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (Close(),),
        (Open(False),),
        (Open(False), Leaf(1), Close()),
        (Open(False), Key("a"), Close()),
        (Open(False), Key("a"), Key("b"), Leaf(1), Close()),
        (Open(True), Key("a"), Leaf(1), Close()),
        (Leaf(1), Leaf(2)),
        (Number("1}"),),
        (Open(False), Key("entry"), Leaf(1), Key("resourceType"), Leaf("Bundle"), Close()),
        (Open(True),) * 300,
        (Leaf("x" * 100_000),),
        (Open(False), Key("gone"), Open(True)),
    ],
)
def test_parts_that_are_no_document_end_as_refused(parts: tuple[JsonPart, ...]) -> None:
    with pytest.raises(Refused) as caught:
        lying(*parts)("lookup", bytes_body(b"{}"), places("gone"))
    assert caught.value.number == 2364


def test_a_child_that_hands_out_the_place_changes_nothing() -> None:
    parts = (Open(False), Key("gone"), Leaf("x"), Key("b"), Leaf(1), Key("gone"), Leaf(2), Close())
    assert lying(*parts)("lookup", bytes_body(b"{}"), places("gone")) == b'{"b":1}'


@pytest.mark.parametrize("content", [b"{", b'{"a":1,"a":2}', b"\xff", b"[" * 400 + b"]" * 400])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(Refused) as caught:
        REMOVE("lookup", bytes_body(content), places("a"))
    assert caught.value.number == 2364


def test_it_is_read_in_a_closed_off_child() -> None:
    sandbox = Sandbox(SandboxSettings(children=1, idle_children=1), PROGRAM)
    try:
        remove = Remover(InSandbox(sandbox))
        small = json.dumps({"a": 1, "b": [1.50, None]}).encode()
        assert remove("lookup", bytes_body(small), places("a")) == b'{"b":[1.5,null]}'
        large = json.dumps({"a": 1, "b": "x" * 600_000}).encode()
        assert json.loads(remove("lookup", bytes_body(large), places("a"))) == {"b": "x" * 600_000}
        assert sandbox.figures().units == 2
    finally:
        sandbox.close()
