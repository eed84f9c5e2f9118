"""Runs the tests that stand in the policy files: the same judgement as the guards', on samples.

    sample, time --> examine (from outside) --> facts --> evaluate as sender --> evaluate as receiver
       |
       what the test leaves out is the channel's first permitted value, never the clock

Inspection lies above policy, so it comes in as a function. Tests run at check, plan and apply; a
start never runs them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from gateway.errors import Field, GatewayError, Misconfigured, Refused
from gateway.messages import describe
from gateway.policy.coverage import reached_lines, untested_lines
from gateway.policy.evaluate import Effect, Result, Verdict, evaluate, refused_anew
from gateway.policy.facts import FileFacts, MalwareFacts
from gateway.policy.located import Located
from gateway.policy.model import Channel, PolicySet, Trial
from gateway.policy.permitted import first_name, first_time, first_writer
from gateway.policy.request_coverage import untested_operations
from gateway.policy.request_testing import NoSample, Remove, RequestBench
from gateway.policy.request_trials import RequestTrial
from gateway.policy.samples import generate_sample

Examine = Callable[[Path, str, Channel, datetime], FileFacts]
# Writes a sample anew as the inner host's guard would; why it would be refused then, None where it passes.
Rewrite = Callable[[Path, Channel, FileFacts], Refused | None]
Generate = Callable[[str], bytes]


class Status(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What became of one test. sender, receiver: the verdicts, None where it did not come to one.

    scanned: whether scanners looked at the sample; where none did, it was taken as clean.
    problem: what to show for a test that failed or did not run.
    """

    channel: str
    trial: Trial | RequestTrial
    status: Status
    sender: Verdict | None = None
    receiver: Verdict | None = None
    scanned: bool = False
    problem: Located | None = None


@dataclass(frozen=True, slots=True)
class TestReport:
    """problems: tests that failed, and channels without the two tests that each must have.

    notes: lines that no test reaches, tests that did not run. Nothing here stops a running set.
    """

    # pytest takes classes of this prefix for its own.
    __test__: ClassVar[bool] = False

    results: tuple[TrialResult, ...]
    problems: tuple[Located, ...]
    notes: tuple[Located, ...]

    def count(self, status: Status) -> int:
        return sum(result.status is status for result in self.results)


def run_tests(
    policy_set: PolicySet,
    folder: Path,
    examine: Examine,
    generate: Generate = generate_sample,
    channels: Iterable[str] | None = None,
    rewrite: Rewrite | None = None,
    remove: Remove | None = None,
) -> TestReport:
    """Run the tests of a set, or of some channels of it. Reads samples below `folder`.

    examine(path, name, channel, at): the facts of a file under a name, taken in then; `malware` may be
    None where no scanner is at hand. A GatewayError that it raises makes the test NOT_RUN. Raises nothing
    else.
    """
    wanted = set(policy_set.channels if channels is None else channels)
    results: list[TrialResult] = []
    problems: list[Located] = []
    notes: list[Located] = []
    with tempfile.TemporaryDirectory(prefix="ferrygate-tests-") as scratch:
        bench = _Bench(folder, Path(scratch), examine, generate, rewrite)
        requests = RequestBench(folder, Path(scratch), examine, remove)
        for name, channel in sorted(policy_set.channels.items()):
            if name not in wanted:
                continue
            ran = [bench.run(channel, trial) for trial in channel.tests]
            ran += [_of_request(requests, channel, trial) for trial in _request_trials(channel)]
            results += ran
            problems += [r.problem for r in ran if r.problem and r.status is Status.FAILED]
            notes += [r.problem for r in ran if r.problem and r.status is Status.NOT_RUN]
            problems += _missing_kinds(channel)
            verdicts = [v for r in ran for v in (r.sender, r.receiver) if v is not None]
            notes += untested_lines(channel, reached_lines(channel, verdicts))
            notes += untested_operations(channel, verdicts)
    return TestReport(tuple(results), tuple(problems), tuple(notes))


@dataclass(frozen=True, slots=True)
class _Bench:
    folder: Path
    scratch: Path
    examine: Examine
    generate: Generate
    rewrite: Rewrite | None = None

    def run(self, channel: Channel, trial: Trial) -> TrialResult:
        name = trial.name or (first_name(channel) if trial.generated else Path(trial.sample).name)
        path = self._sample(trial)
        if path is None:
            problem = _at_test(channel, trial.line, 2192, sample=trial.sample)
            return TrialResult(channel.name, trial, Status.FAILED, problem=problem)
        try:
            facts = self.examine(path, name, channel, trial.at or first_time(channel))
        except GatewayError as error:
            why = describe(Misconfigured(error.number, **error.fields))
            problem = _at_test(channel, trial.line, 2196, title=trial.title, why=why)
            return TrialResult(channel.name, trial, Status.NOT_RUN, problem=problem)
        if facts.malware is None and trial.expect.word == "malware":
            problem = _at_test(channel, trial.line, 2194, title=trial.title)
            return TrialResult(channel.name, trial, Status.NOT_RUN, problem=problem)
        return _judged(channel, trial, facts, name, path, self.rewrite)

    def _sample(self, trial: Trial) -> Path | None:
        if trial.generated:
            path = self.scratch / "sample"
            path.write_bytes(self.generate(trial.sample))
            return path
        path = self.folder / trial.sample
        # A link could lead out of the set, to something that this test must not depend on.
        inside = path.resolve().is_relative_to(self.folder.resolve())
        return path if inside and path.is_file() else None


def _judged(
    channel: Channel,
    trial: Trial,
    facts: FileFacts,
    name: str,
    path: Path,
    rewrite: Rewrite | None,
) -> TrialResult:
    scanned = facts.malware is not None
    facts = replace(
        facts,
        name=name,
        peer=trial.writer if trial.writer is not None else first_writer(channel),
        size_bytes=facts.size_bytes if trial.size_bytes is None else trial.size_bytes,
        malware=facts.malware or MalwareFacts((), ()),
    )
    sender = evaluate(channel, facts, at_receiver=False)
    receiver = None
    if sender.result is Result.PASSES:
        receiver = evaluate(channel, replace(facts, peer=""), at_receiver=True)
        if receiver.result is Result.PASSES and rewrite is not None and channel.changes:
            refused = rewrite(path, channel, facts)
            receiver = receiver if refused is None else refused_anew(channel, receiver, refused)
    last = receiver or sender
    status = Status.PASSED if _is_as_expected(trial, last) else Status.FAILED
    problem = _unexpected(channel, trial, last) if status is Status.FAILED else None
    return TrialResult(channel.name, trial, status, sender, receiver, scanned, problem)


def _request_trials(channel: Channel) -> tuple[RequestTrial, ...]:
    return channel.requests.tests if channel.requests is not None else ()


def _of_request(bench: RequestBench, channel: Channel, trial: RequestTrial) -> TrialResult:
    """What became of a test of a channel that carries requests."""
    bench.scanned = True
    try:
        verdict = bench.verdict(channel, trial)
    except NoSample as error:
        problem = _at_test(channel, trial.line, 2192, sample=error.path)
        return TrialResult(channel.name, trial, Status.FAILED, problem=problem)
    except GatewayError as error:
        why = describe(Misconfigured(error.number, **error.fields))
        problem = _at_test(channel, trial.line, 2196, title=trial.title, why=why)
        return TrialResult(channel.name, trial, Status.NOT_RUN, problem=problem)
    passed = _is_as_expected(trial, verdict)
    found = None if passed else _unexpected(channel, trial, verdict)
    status = Status.PASSED if passed else Status.FAILED
    return TrialResult(channel.name, trial, status, verdict, None, bench.scanned, found)


def _is_as_expected(trial: Trial | RequestTrial, verdict: Verdict) -> bool:
    wanted = {"delivered": Result.PASSES, "refused": Result.REFUSED, "held": Result.HELD}
    if verdict.result is not wanted[trial.expect.result]:
        return False
    effect = Effect.REFUSES if verdict.result is Result.REFUSED else Effect.HOLDS_BACK
    words = {check.word for check in verdict.checks if check.effect is effect}
    if trial.expect.word and trial.expect.word not in words:
        return False
    return not trial.expect.counted or trial.expect.counted in _counted(verdict)


def _counted(verdict: Verdict) -> list[str]:
    """Words of the lines that counted something."""
    return [check.word for check in verdict.checks if check.effect is Effect.COUNTS]


def _unexpected(channel: Channel, trial: Trial | RequestTrial, verdict: Verdict) -> Located:
    got = {Result.PASSES: "delivered", Result.HELD: "held"}.get(verdict.result, "refused")
    if trial.expect.counted:
        got += f", counted by {' and '.join(_counted(verdict)) or 'no line'}"
    fields: dict[str, Field] = {"title": trial.title, "got": got}
    fields["expected"] = str(trial.expect)
    if verdict.deciding is None:
        return _at_test(channel, trial.expect_line, 2191, **fields)
    deciding = verdict.deciding
    error = Misconfigured(deciding.number, **deciding.fields)
    fields |= {"word": deciding.word, "rule": f"{deciding.file}:{deciding.line}"}
    fields["found"] = describe(error).partition(" ")[2]
    return _at_test(channel, trial.expect_line, 2193, **fields)


def _missing_kinds(channel: Channel) -> list[Located]:
    """Each channel shows at least once that something passes, and that something does not."""
    have = {trial.expect.result for trial in channel.tests}
    have |= {trial.expect.result for trial in _request_trials(channel)}
    return [
        _at_test(channel, 0, 2195, name=channel.name, kind=kind)
        for kind in ("delivered", "refused")
        if kind not in have
    ]


def _at_test(channel: Channel, line: int, number: int, **fields: Field) -> Located:
    return Located(channel.file, line, 1, 1, "", number, fields)
