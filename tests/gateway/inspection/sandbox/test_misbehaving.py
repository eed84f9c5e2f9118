"""A child that loops, eats, dies, raves or is silent: its unit is refused, the next is unharmed."""

from __future__ import annotations

import msgspec
import pytest

from gateway.errors import Refused
from gateway.inspection.sandbox.exchange import Leaf
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.wire import Answer, Asked, Done, Hello, framed
from gateway.messages.sandbox import TEXTS
from tests.gateway.inspection.sandbox.conftest import MakeSandbox, no_question

KIB = 1 << 10
MIB = 1 << 20
CASES: list[tuple[str, bytes, int, dict[str, float]]] = [
    ("crashes", b"", 3983, {}),
    ("aborts", b"", 3983, {}),
    ("eats_memory", b"", 3985, {}),
    ("loops", b"", 3986, {"cpu_s": 1}),
    ("loops", b"", 3988, {"silence_s": 1.5}),
    ("loops", b"", 3987, {"wall_s": 1.5}),
    ("trickles", b"", 3987, {"wall_s": 2.5, "silence_s": 2.0}),
    ("sleeps", b"", 3988, {"silence_s": 1.5}),
    ("closes", b"", 3991, {}),
    ("leaves", b"", 3991, {}),
    ("raises", b"", 3992, {}),
    ("many", b"100 1000000", 3990, {"answer_bytes": 4 * MIB}),
    ("many", b"1000000 0", 3990, {"answer_bytes": 4 * MIB}),
    ("many", b"1 8000000", 3990, {"answer_bytes": 4 * MIB}),
    ("writes_raw", b"\xff\xff\xff\xff", 3989, {}),
    ("writes_raw", b"\x00\x00\x00\x01\xc1", 3989, {}),
    ("writes_raw", b"\x00\x00\x00\x00", 3989, {}),
    ("writes_raw", framed(Hello(1)), 3989, {}),
    ("writes_raw", framed(Done()) + b"more", 3989, {}),
    ("writes_raw", framed(Answer(b"half", more=True)) + framed(Done()), 3989, {}),
    ("writes_raw", framed(Asked(b"", 1 << 30)), 3989, {}),
    (
        "writes_raw",
        b"\x00\x00\x00\x06" + msgspec.msgpack.encode([11, 5, None]),
        3988,
        {"silence_s": 1.5},
    ),
    ("writes_raw", b"\x00\x00\x00\x04" + msgspec.msgpack.encode([11, 5, None]), 3989, {}),
]


@pytest.mark.parametrize(("job", "request_", "number", "limits"), CASES)
def test_the_unit_is_refused_and_the_next_is_unharmed(
    make_sandbox: MakeSandbox, job: str, request_: bytes, number: int, limits: dict[str, float]
) -> None:
    sandbox = make_sandbox(**limits)
    with pytest.raises(Refused) as refused:
        sandbox.run(job, "a", None, request_, no_question)
    assert refused.value.number == number
    assert refused.value.fields.keys() >= {"job", "channel"}
    TEXTS[number].en.format(**refused.value.fields)
    assert sandbox.run("echo", "a", None, b"next", no_question) == [b"next"]
    sandbox.close()


def test_no_word_of_the_content_comes_with_a_raised_exception(sandbox: Sandbox) -> None:
    with pytest.raises(Refused) as refused:
        sandbox.run("raises", "a", None, b"", no_question)
    assert refused.value.fields["name"] == "KeyError"


def test_endless_questions_are_refused(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox(questions=50)
    with pytest.raises(Refused) as refused:
        sandbox.run("asks", "a", None, b"more", lambda question, leaf: b"go on")
    assert refused.value.number == 3990
    assert sandbox.run("echo", "a", None, b"next", no_question) == [b"next"]


def test_a_refusal_while_answering_is_the_units(sandbox: Sandbox) -> None:
    def refuse(question: bytes, leaf: Leaf | None) -> bytes:
        raise Refused(3301, scanner="test")

    with pytest.raises(Refused) as refused:
        sandbox.run("asks", "a", None, b"scan", refuse)
    assert refused.value.number == 3301
    assert sandbox.run("echo", "a", None, b"next", no_question) == [b"next"]


def test_a_unit_is_not_blamed_for_a_child_that_another_has_harmed(
    make_sandbox: MakeSandbox,
) -> None:
    sandbox = make_sandbox()
    again: list[str] = []
    assert sandbox.run("harms", "a", None, b"", no_question) == [b"seemingly well"]
    answers = sandbox.run("echo", "a", None, b"mine", no_question, lambda: again.append("again"))
    assert answers == [b"mine"]
    assert again == ["again"]
    assert sandbox.figures().tried_again == 1


def test_a_unit_that_ends_every_child_is_tried_twice_at_most(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox()
    sandbox.run("echo", "a", None, b"", no_question)
    with pytest.raises(Refused) as refused:
        sandbox.run("crashes", "a", None, b"", no_question)
    assert refused.value.number == 3983
    assert sandbox.figures().tried_again == 1
