"""Tests of a policy file run hermetically, tell what went otherwise, and name the lines they miss."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from gateway.errors import Unavailable
from gateway.policy.evaluate import Result
from gateway.policy.facts import Detection, FileFacts, MalwareFacts
from gateway.policy.load import load_set
from gateway.policy.model import Channel
from gateway.policy.samples import generate_sample
from gateway.policy.testing import Status, TestReport, run_tests
from gateway.policy.texts import GENERATED
from tests.gateway.policy.channel_text import BASIC
from tests.gateway.policy.stand_in import examine

GOOD = "  - name: good\n    try: {file: samples/a.pdf}\n    expect: delivered\n"
BAD = "  - name: bad\n    try: {generated: elf program}\n    expect: refused by type\n"


def ran(folder: Path, text: str, look: object = examine) -> TestReport:
    (folder / "10-test.yaml").write_text(text)
    (folder / "samples").mkdir(exist_ok=True)
    (folder / "samples/a.pdf").write_bytes(b"%PDF-1.7 sample")
    return run_tests(load_set(folder), folder, look)  # type: ignore[arg-type]


def numbers(report: TestReport) -> list[int]:
    return [problem.number for problem in report.problems]


def test_right_tests_pass_and_nothing_is_left_to_say(tmp_path: Path) -> None:
    report = ran(tmp_path, BASIC + "tests:\n" + GOOD + BAD)
    assert [r.status for r in report.results] == [Status.PASSED, Status.PASSED]
    assert (report.problems, report.notes) == ((), ())


def test_a_test_that_comes_out_otherwise_names_the_line_that_decided(tmp_path: Path) -> None:
    wrong = BAD.replace("refused by type", "delivered")
    report = ran(tmp_path, BASIC + "tests:\n" + GOOD + wrong)
    problem = report.problems[0]
    assert (problem.number, problem.line) == (2193, 22)
    assert problem.fields["rule"] == "10-test.yaml:15"
    assert "elf program" in str(problem.fields["found"])


def test_refused_by_another_word_is_not_what_was_expected(tmp_path: Path) -> None:
    text = BASIC + "  size: at most 1 MiB\ntests:\n" + GOOD + BAD.replace("by type", "by size")
    assert numbers(ran(tmp_path, text)) == [2193]


def test_a_channel_without_both_kinds_of_tests_is_told(tmp_path: Path) -> None:
    assert numbers(ran(tmp_path, BASIC)) == [2195, 2195]
    assert numbers(ran(tmp_path, BASIC + "tests:\n" + GOOD)) == [2195]


def test_lines_that_no_test_reaches_are_named(tmp_path: Path) -> None:
    text = BASIC + "  size: at most 1 MiB\ntests:\n" + GOOD + BAD
    assert [(n.number, n.line) for n in ran(tmp_path, text).notes] == [(2197, 16)]
    text += "  - name: large\n    try: {file: samples/a.pdf, size: 2 MiB}\n    expect: refused by size\n"
    assert ran(tmp_path, text).notes == ()


def test_what_a_test_leaves_out_is_the_first_permitted_value(tmp_path: Path) -> None:
    text = BASIC.replace(
        "  folder: /srv/out", '  folder: /srv/out\n  names: "lab-*.pdf"\n  writers: bo, anna'
    )
    text += "  time: sun 03:00-03:05\nrefused_if:\n  time: sun 03:00-03:04\n"
    made = "  - name: made\n    try: {generated: script, name: lab-1.pdf}\n    expect: refused by type\n"
    good = GOOD.replace("a.pdf}", "a.pdf, name: lab-7.pdf}")
    report = ran(tmp_path, text + "tests:\n" + good + made)
    assert report.problems == ()
    assert report.results[0].sender is not None
    assert report.results[0].sender.result is Result.PASSES


def test_a_test_can_set_the_time_the_name_and_the_writer(tmp_path: Path) -> None:
    text = BASIC.replace("  folder: /srv/out", "  folder: /srv/out\n  writers: bo")
    text += "  time: mon-fri 08:00-18:00\n  name: '*.pdf'\ntests:\n" + GOOD
    for key, value, word in (
        ("time", "2026-01-05T07:59", "time"),
        ("name", "a.exe", "name"),
        ("writer", "eve", "writers"),
    ):
        text += f"  - name: by {key}\n    try: {{file: samples/a.pdf, {key}: {value}}}\n"
        text += f"    expect: refused by {word}\n"
    assert ran(tmp_path, text + BAD).problems == ()


def test_delivered_means_that_the_receiver_lets_it_through_too(tmp_path: Path) -> None:
    text = BASIC + "also_at_receiver:\n  size: at most 3 bytes\ntests:\n" + GOOD + BAD
    report = ran(tmp_path, text)
    assert numbers(report) == [2193]
    assert report.results[0].receiver is not None
    assert report.results[0].receiver.result is Result.REFUSED


def test_without_a_scanner_samples_count_as_clean_and_malware_tests_do_not_run(
    tmp_path: Path,
) -> None:
    text = BASIC + "  malware: clean\ntests:\n" + GOOD + BAD
    text += "  - name: eicar\n    try: {generated: eicar}\n    expect: refused by malware\n"
    report = ran(tmp_path, text)
    assert [r.status for r in report.results] == [Status.PASSED, Status.PASSED, Status.NOT_RUN]
    assert [n.number for n in report.notes] == [2194]
    assert not report.results[0].scanned


def test_with_a_scanner_its_answer_counts(tmp_path: Path) -> None:
    def scanning(path: Path, name: str, channel: Channel, at: datetime) -> FileFacts:
        hit = b"EICAR" in path.read_bytes()
        found = (Detection("ClamAV", "Eicar-Test", name),) if hit else ()
        return replace(examine(path, name, channel, at), malware=MalwareFacts(found, ("ClamAV",)))

    text = BASIC + "  malware: clean\ntests:\n" + GOOD + BAD
    text += "  - name: eicar\n    try: {generated: eicar}\n    expect: refused by malware\n"
    report = ran(tmp_path, text, scanning)
    assert {r.status for r in report.results} == {Status.PASSED}
    assert report.notes == ()


def test_an_inspector_that_is_not_ready_leaves_the_test_not_run(tmp_path: Path) -> None:
    def gone(*_: object) -> FileFacts:
        raise Unavailable(3301)

    report = ran(tmp_path, BASIC + "tests:\n" + GOOD + BAD, gone)
    assert {r.status for r in report.results} == {Status.NOT_RUN}
    assert report.count(Status.NOT_RUN) == 2


@pytest.mark.parametrize("kind", ["missing", "link"])
def test_a_sample_that_is_not_in_the_set_fails_its_test(tmp_path: Path, kind: str) -> None:
    (tmp_path / "samples").mkdir()
    if kind == "link":
        (tmp_path / "samples/b.pdf").symlink_to("/etc/hostname")
    text = BASIC + "tests:\n" + GOOD.replace("a.pdf", "b.pdf") + BAD
    assert numbers(ran(tmp_path, text)) == [2192]


def test_only_the_wanted_channels_are_tested(tmp_path: Path) -> None:
    (tmp_path / "10-test.yaml").write_text(BASIC)
    assert run_tests(load_set(tmp_path), tmp_path, examine, channels=()).problems == ()


@pytest.mark.parametrize("word", list(GENERATED))
def test_every_generated_sample_is_made_the_same_each_time(word: str) -> None:
    assert generate_sample(word) == generate_sample(word)


def test_no_part_of_the_source_is_the_test_file_itself() -> None:
    import gateway.policy.samples as module

    assert generate_sample("eicar") not in Path(str(module.__file__)).read_bytes()
    assert len(generate_sample("eicar")) == 68
