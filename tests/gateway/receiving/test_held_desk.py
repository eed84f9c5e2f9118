"""What people decide about held units, and what becomes of the units: each wrong form, each order."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.errors import Unavailable
from gateway.guard.outcome import Exit, Outcome, Wait
from gateway.receiving import held_inbox, people
from gateway.receiving.decision import MAX_DECISION_BYTES, Word
from gateway.receiving.people import Standing, standing, user_name
from gateway.spool import set_aside
from gateway.spool.layout import Layout
from gateway.spool.model import Taken
from gateway.unit.model import Stage
from tests.gateway.receiving.held_world import ANNA, BAO, CHEN, World, body_of, sha256_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files to people")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.open()
    yield made
    made.close()


@pytest.mark.parametrize("number", [6, 7], ids=["small", "in a file"])
def test_released_by_as_many_as_the_policy_asks_it_goes_on_whole(world: World, number: int) -> None:
    world.hold(number)
    world.decide(number, ANNA)
    world.run()
    assert world.in_admitted() == {}
    (asked,) = world.events("held.release_asked")
    assert (asked.unit, asked.fields["uid"], asked.fields["reason"]) == (number, ANNA, "seen")
    assert (asked.fields["have"], asked.fields["needed"]) == (1, 2)
    assert asked.fields["group"] == "held-testers: not known here"
    world.decide(number, BAO)
    world.run()
    assert world.in_admitted() == {number: body_of(number)}
    (admitted,) = world.events("admitted")
    assert admitted.fields["released_by"] == f"{ANNA}, {BAO}"
    assert world.aside("held") == {}
    assert list(world.folder.iterdir()) == list(world.approvals.iterdir()) == []
    assert world.recorder.committed == len(world.recorder.events)


def test_one_person_counts_once_however_often(world: World) -> None:
    world.hold(6)
    for _ in range(3):
        world.decide(6, ANNA)
    world.run()
    assert world.in_admitted() == {}
    assert world.ignored() == [1077, 1077]
    page = world.pages.read(6)
    assert page is not None and [one.uid for one in page.approvals] == [ANNA]


def test_people_of_before_a_restart_count_after_it(world: World) -> None:
    world.hold(6)
    world.decide(6, ANNA)
    world.run()
    world.close()
    world.open()
    world.decide(6, BAO)
    world.run()
    assert world.in_admitted() == {6: body_of(6)}


def test_one_refusal_is_enough_and_the_unit_lies_in_refused(world: World) -> None:
    world.hold(7)
    world.decide(7, ANNA)
    world.decide(7, CHEN, Word.REFUSE, reason="not for this channel")
    world.run()
    assert world.in_admitted() == {} == world.aside("held")
    assert world.aside("refused") == {7: body_of(7)}
    (refused,) = world.events("refused")
    assert (refused.number, refused.fields["user"]) == (1072, str(CHEN))
    assert refused.fields["reason"] == "not for this channel"
    assert [event.fields["uid"] for event in world.events("held.refuse_asked")] == [CHEN]
    assert world.status.counters["units_refused_total"] == 1
    assert list(world.folder.iterdir()) == []


def test_a_refusal_that_comes_while_it_is_judged_anew_counts(world: World) -> None:
    world.hold(7)

    def slow(taken: Taken) -> Outcome:
        world.decide(7, CHEN, Word.REFUSE)
        world.pages.change(7, lambda page: page)
        # The desk takes it in before this judgement is settled.
        assert world.desk is not None
        world.desk._inbox.look()
        return world.passes(taken)

    world.judged = slow
    world.decide(7, ANNA)
    world.decide(7, BAO)
    world.run()
    assert world.in_admitted() == {}
    assert world.aside("refused") == {7: body_of(7)}
    assert world.writer is not None and list(world.writer.staging().iterdir()) == []


@pytest.mark.parametrize("stage", [Stage.REFUSED, Stage.CORRUPT])
def test_what_refuses_it_now_refuses_it_although_it_was_released(
    world: World, stage: Stage
) -> None:
    world.hold(7)
    world.judged = lambda taken: Exit(stage, 2204, "lab-reports", {"rule": "10-lab.yaml:31"})
    world.decide(7, ANNA)
    world.decide(7, BAO)
    world.run()
    assert world.in_admitted() == {}
    assert world.aside(stage.value) == {7: body_of(7)}
    (left,) = world.events(stage.value)
    assert (left.number, left.fields["rule"]) == (2204, "10-lab.yaml:31")
    assert left.fields["released_by"] == f"{ANNA}, {BAO}"


def test_a_bug_in_the_judgement_costs_the_unit_and_not_the_guard(world: World) -> None:
    def breaks(taken: Taken) -> Outcome:
        raise KeyError("x")

    world.hold(7)
    world.judged = breaks
    for uid in (ANNA, BAO):
        world.decide(7, uid)
    world.run()
    assert world.aside("corrupt") == {7: body_of(7)}
    assert [event.number for event in world.events("corrupt")] == [1083]


@pytest.mark.parametrize("raises", [True, False])
def test_what_cannot_be_judged_now_stays_held_and_is_tried_again(
    world: World, raises: bool
) -> None:
    def not_now(taken: Taken) -> Outcome:
        if raises:
            raise Unavailable(3301, scanner="clamd")
        return Wait(1.0, 3301, "lab-reports")

    world.hold(6)
    world.judged = not_now
    for uid in (ANNA, BAO):
        world.decide(6, uid)
    world.run(20)
    assert world.aside("held").keys() == {6}
    assert [event.number for event in world.events("deferred")] == [3301]
    world.judged = None
    world.run(70)
    assert world.in_admitted() == {6: body_of(6)}


def test_another_body_than_people_were_shown_does_not_go_on(world: World) -> None:
    world.hold(6)
    for uid in (ANNA, BAO):
        world.decide(6, uid)
    body = next((world.received / "held").glob("*.body"))
    body.write_bytes(b"another body")
    world.run()
    assert world.in_admitted() == {}
    assert world.aside("held").keys() == {6}
    assert world.ignored() == [1074, 1074]
    # People see what lies there now, and begin anew.
    world.run(130)
    page = world.pages.read(6)
    assert page is not None and page.approvals == [] and page.sha256 != sha256_of(6)


@pytest.mark.parametrize("word", list(Word))
def test_a_decision_for_another_body_is_ignored(world: World, word: Word) -> None:
    world.hold(6)
    world.decide(6, ANNA, word, sha256="00" * 32)
    world.decide(6, BAO, word, sha256="")
    world.run()
    assert world.ignored() == [1074, 1074]
    assert list(world.approvals.iterdir()) == []
    assert world.aside("held").keys() == {6}


@pytest.mark.parametrize("word", list(Word))
def test_a_decision_about_a_unit_that_is_not_held_is_ignored(world: World, word: Word) -> None:
    world.decide(6, ANNA, word)
    world.run()
    (event,) = world.events("held.ignored")
    assert (event.number, event.unit, event.fields["uid"]) == (1073, 6, ANNA)
    assert list(world.approvals.iterdir()) == []


def test_somebody_outside_the_group_does_not_count_where_the_host_has_it(world: World) -> None:
    world.asks(1, "daemon")
    world.hold(6)
    world.decide(6, ANNA)
    world.decide(6, ANNA, Word.REFUSE)
    world.run()
    assert world.ignored() == [1076, 1076]
    assert world.aside("held").keys() == {6}
    # The user `daemon` of every Debian is in the group of his name.
    world.decide(6, 1)
    world.run()
    assert world.in_admitted() == {6: body_of(6)}
    assert [e.fields["group"] for e in world.events("held.release_asked")] == ["daemon: member"]


def test_the_people_of_the_set_in_force_are_asked_for(world: World) -> None:
    world.hold(6)
    world.decide(6, ANNA)
    world.run()
    world.asks(1)
    world.run()
    assert world.in_admitted() == {6: body_of(6)}


def test_who_lost_the_group_meanwhile_counts_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.hold(6)
    world.decide(6, ANNA)
    world.run()
    monkeypatch.setattr(
        "gateway.receiving.held_desk.standing",
        lambda uid, group: Standing.STRANGER if uid == ANNA else Standing.MEMBER,
    )
    world.decide(6, BAO)
    world.run()
    assert world.in_admitted() == {}
    world.decide(6, CHEN)
    world.run()
    assert world.in_admitted().keys() == {6}


WRONG: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda good: b"",
    "no JSON": lambda good: b"\xff\xfe{",
    "cut": lambda good: good[:-1],
    "too long": lambda good: good[:-1] + b" " * MAX_DECISION_BYTES + b"}",
    "a list": lambda good: b"[" + good + b"]",
    "deep": lambda good: b"[" * 5000 + b"]" * 5000,
    "another field": lambda good: good[:-1] + b',"uid":0}',
    "no schema": lambda good: without(good, "schema"),
    "another schema": lambda good: changed(good, schema="ferrygate.decision/2"),
    "another word": lambda good: changed(good, decision="admit"),
    "no reason": lambda good: changed(good, reason=""),
    "blank reason": lambda good: changed(good, reason=" \n"),
    "long reason": lambda good: changed(good, reason="x" * 401),
    "unit as text": lambda good: changed(good, unit="6"),
    "unit below": lambda good: changed(good, unit=-1),
    "unit above": lambda good: changed(good, unit=1 << 40),
    "digest short": lambda good: changed(good, sha256="ab"),
    "digest in capitals": lambda good: changed(good, sha256="AB" * 32),
    "no digest": lambda good: without(good, "sha256"),
}


def changed(good: bytes, **values: object) -> bytes:
    return json.dumps({**json.loads(good), **values}).encode()


def without(good: bytes, name: str) -> bytes:
    return json.dumps({key: v for key, v in json.loads(good).items() if key != name}).encode()


@pytest.mark.parametrize("wrong", sorted(WRONG))
def test_a_file_of_another_form_decides_nothing_and_is_audited_once(
    world: World, wrong: str
) -> None:
    world.asks(1)
    world.hold(6)
    file = world.decide(6, ANNA)
    file.write_bytes(WRONG[wrong](file.read_bytes()))
    world.run()
    assert world.in_admitted() == {}
    (event,) = world.events("held.ignored")
    assert (event.number, event.fields["uid"]) == (1075, ANNA)
    assert list(world.approvals.iterdir()) == []


def as_link(file: Path) -> None:
    target = file.rename(file.parents[1] / "elsewhere.json")
    file.symlink_to(target)


def as_second_name(file: Path) -> None:
    os.link(file, file.parents[1] / "elsewhere.json")


def as_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def as_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("make", "number"),
    [
        (as_link, 1075),
        (as_pipe, 1075),
        (as_folder, 1075),
        (as_second_name, 1082),
        (lambda file: file.chmod(0o664), 1082),
        (lambda file: file.chmod(0o646), 1082),
    ],
    ids=["link", "pipe", "folder", "second name", "group writes", "others write"],
)
def test_a_file_that_is_not_surely_its_owner_s_decides_nothing(
    world: World, make: Callable[[Path], None], number: int
) -> None:
    world.asks(1)
    world.hold(6)
    make(world.decide(6, ANNA))
    world.run()
    assert world.in_admitted() == {}
    assert world.ignored() == [number]
    assert list(world.approvals.iterdir()) == []


def test_what_cannot_be_removed_is_audited_once_and_named_by_an_alarm(world: World) -> None:
    full = world.approvals / "x.json"
    full.mkdir()
    (full / "kept").touch()
    world.run(10)
    assert world.ignored() == [1075]
    assert held_inbox.FOLDER_ALARM in world.status.alarms


def test_drafts_and_other_names_are_left_alone(world: World) -> None:
    for name in (".0000000006-ab.new", ".0000000006-ab.json", "note.txt"):
        (world.approvals / name).write_bytes(b"{}")
    world.run()
    assert world.recorder.events == []
    assert len(list(world.approvals.iterdir())) == 3


def test_a_flood_of_decisions_is_taken_in_parts(world: World) -> None:
    for _ in range(150):
        world.decide(6, ANNA)
    assert world.desk is not None
    world.desk._inbox.look()
    assert len(world.ignored()) == 64


def test_without_its_folder_there_is_an_alarm_and_the_guard_goes_on(world: World) -> None:
    world.hold(6)
    world.approvals.rmdir()
    world.run()
    assert world.status.alarms.keys() == {1081, 1078}
    world.approvals.mkdir()
    world.run()
    assert world.status.alarms.keys() == {1078}


def test_pages_that_cannot_be_written_stop_nothing_but_what_people_decide(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.hold(6)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(world.pages, "change", full)
        world.decide(6, ANNA)
        world.run()
        assert world.status.alarms[1084]["reason"] == "No space left on device"
    world.run()
    assert 1084 not in world.status.alarms
    page = world.pages.read(6)
    assert page is not None and len(page.approvals) == 1


def test_a_held_unit_without_a_page_gets_one(world: World) -> None:
    for number in (6, 7):
        world.hold(number, with_page=False)
    world.run(65)
    for number in (6, 7):
        page = world.pages.read(number)
        assert page is not None and page.sha256 == sha256_of(number)
        assert page.since_ns == world.page(number).since_ns
    world.decide(6, ANNA)
    world.decide(6, BAO)
    world.run()
    assert world.in_admitted() == {6: body_of(6)}


def test_a_page_without_a_unit_goes(world: World) -> None:
    world.hold(6)
    world.pages.hold(world.page(9))
    world.run(65)
    assert sorted(world.pages.numbers()) == [6]


def test_the_oldest_above_a_day_and_more_than_a_thousand_are_alarms(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.receiving.held_watch.MOST", 2)
    for number in (6, 8, 10):
        world.hold(number)
    world.run()
    assert world.status.alarms[1078].keys() == {"unit", "hours"}
    assert world.status.alarms[1079] == {"count": 3, "limit": 2}
    assert world.status.gauges["held_units"] == 3
    for number in (6, 8, 10):
        world.decide(number, ANNA, Word.REFUSE)
    world.run(65)
    assert world.status.alarms == {}
    assert world.status.gauges["held_units"] == 0


def test_a_unit_that_cannot_be_opened_can_only_be_refused(world: World) -> None:
    world.hold(6, with_page=False)
    page = world.page(6)
    page.fields.pop("sha256")
    world.pages.hold(page)
    for uid in (ANNA, BAO):
        world.decide(6, uid, sha256="")
    world.run()
    assert world.ignored() == [1074, 1074]
    world.decide(6, CHEN, Word.REFUSE, sha256="")
    world.run()
    assert world.aside("refused").keys() == {6}


def test_a_body_that_is_gone_makes_the_unit_corrupt_when_it_is_released(world: World) -> None:
    world.hold(7)
    for uid in (ANNA, BAO):
        world.decide(7, uid)
    next((world.received / "held").glob("*.body")).unlink()
    world.run()
    assert [event.number for event in world.events("corrupt")] == [6511]
    assert world.aside("held") == {}
    assert set_aside.find(world_layout(world), 7) is not None


def world_layout(world: World) -> Layout:
    return Layout.of(world.received)


def test_users_and_groups_are_those_of_the_host() -> None:
    assert user_name(0) == "root"
    assert user_name(ANNA) == str(ANNA)
    assert standing(0, "root") is Standing.MEMBER
    assert standing(ANNA, "root") is Standing.STRANGER
    assert standing(0, "held-testers") is Standing.NOT_KNOWN
    assert people.standing(1, "root") is Standing.STRANGER
