"""Runs one test of a channel that carries requests: the same judges as the edges' and the guards'.

    try --> caller, address --> operation, values --> content --\\
                                                                 >-- verdict of the first that refuses
            answer --> status, headers, type --> content -------/

A part that the test leaves out is the first that the channel permits. Without an answer the test is of the
request alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from gateway.policy.content_channel import CONTENT_NAME, content_channel, of_content
from gateway.policy.evaluate import Check, Result, Verdict, evaluate
from gateway.policy.facts import FileFacts, MalwareFacts
from gateway.policy.live_judges import judge_message
from gateway.policy.model import Channel
from gateway.policy.operations import ContentRule, Operation, ValueRule
from gateway.policy.request_channel import RequestChannel
from gateway.policy.request_judges import judge_caller, judge_request, judge_response, verdict_of
from gateway.policy.request_trials import RequestTrial
from gateway.policy.routes import Call, route
from gateway.unit.request import Fields, RequestBody, ResponseBody
from gateway.unit.session import MessageBody

Examine = Callable[[Path, str, Channel, datetime], FileFacts]
# Takes what `changed` names out of an answer: the bytes of it, before and after.
Remove = Callable[[bytes, RequestChannel], bytes]

# Tests never ask the clock; a Monday.
_AT: Final = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


class NoSample(Exception):
    """A file of the test is not there. path: as the test names it."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class RequestBench:
    """Runs tests. folder: of the set. scratch: for contents. scanned: a scanner has looked at each."""

    def __init__(
        self, folder: Path, scratch: Path, examine: Examine, remove: Remove | None
    ) -> None:
        self._folder = folder
        self._scratch = scratch
        self._examine = examine
        self._remove = remove
        self.scanned = True

    def verdict(self, channel: Channel, trial: RequestTrial) -> Verdict:
        """What becomes of the test's call. Raises NoSample, and GatewayErrors of `examine`."""
        requests = channel.requests
        if requests is None:
            raise RuntimeError(f"{channel.name} carries no requests")
        checks: list[Check] = []
        caller, address = _caller_of(requests, trial)
        came = judge_caller(channel, caller, address)
        if not _passes(came, checks):
            return came
        said = None if trial.headers is None else {n: (v,) for n, v in trial.headers}
        call = route(channel, trial.method, trial.target, said)
        if isinstance(call, Check):
            return verdict_of([*checks, call])
        if call.operation.live is not None:
            for verdict in self._of_session(channel, requests, call, trial):
                if not _passes(verdict, checks):
                    return replace(verdict, checks=tuple(checks))
            return Verdict(Result.PASSES, None, tuple(checks))
        for verdict in self._of_request(channel, requests, call, trial):
            if not _passes(verdict, checks):
                return replace(verdict, checks=tuple(checks))
        if trial.status is not None:
            for verdict in self._of_answer(channel, requests, call.operation, trial, trial.status):
                if not _passes(verdict, checks):
                    return replace(verdict, checks=tuple(checks))
        return Verdict(Result.PASSES, None, tuple(checks))

    def _of_request(
        self, channel: Channel, requests: RequestChannel, call: Call, trial: RequestTrial
    ) -> list[Verdict]:
        rule = call.operation.content
        content = self._content(trial.sample) if trial.sample else trial.json.encode()
        media_type = trial.media_type or (rule.media_types[0] if rule and content else "")
        if content and not media_type:
            media_type = "application/octet-stream"
        required = {name: rule for name, rule in call.operation.headers.items() if rule.required}
        head = RequestBody(
            call.operation.name, call.path, call.query,
            _samples(required) if trial.headers is None else trial.headers, media_type, len(content),
            round(requests.answer_within_s * 1000),
        )  # fmt: skip
        verdicts = [judge_request(channel, head)]
        if rule is not None and content and verdicts[0].result is Result.PASSES:
            verdicts.append(self._judged(channel, rule, content, "body"))
        return verdicts

    def _of_session(
        self, channel: Channel, requests: RequestChannel, call: Call, trial: RequestTrial
    ) -> Iterator[Verdict]:
        """What opens it, then one message of each way that the test has."""
        opened = replace(trial, json="", sample="", media_type="")
        yield from self._of_request(channel, requests, call, opened)
        operation, live = call.operation, call.operation.live
        sent = self._content(trial.sample) if trial.sample else trial.json.encode()
        answer = self._content(trial.answer) if trial.answer else b""
        for content, from_caller in ((sent, True), (answer, False)):
            rule = live.rule(from_caller=from_caller) if live is not None else None
            if not content:
                continue
            event = "" if from_caller else trial.event
            is_text = rule is None or rule.is_text
            head = MessageBody(0, operation.name, 1, is_text, event, "", len(content))
            yield judge_message(channel, operation, head, from_caller=from_caller)
            if rule is not None:
                word: Literal["sends", "receives"] = "sends" if from_caller else "receives"
                yield self._judged(channel, rule.content, content, word)

    def _of_answer(
        self,
        channel: Channel,
        requests: RequestChannel,
        operation: Operation,
        trial: RequestTrial,
        status: int,
    ) -> list[Verdict]:
        answer = operation.answers.get(status)
        rule = answer.content if answer is not None else None
        content = self._content(trial.answer) if trial.answer else b""
        media_type = trial.answer_type or (rule.media_types[0] if rule and content else "")
        if content and not media_type:
            media_type = "application/octet-stream"
        head = ResponseBody(0, operation.name, status, (), media_type, len(content))
        rules = answer.headers if answer is not None else {}
        fields = _samples({name: rule for name, rule in rules.items() if rule.required})
        verdicts = [judge_response(channel, operation, replace(head, headers=fields))]
        if rule is None or not content or verdicts[0].result is not Result.PASSES:
            return verdicts
        verdicts.append(self._judged(channel, rule, content, "answers"))
        if requests.removed and self._remove is not None and verdicts[1].result is Result.PASSES:
            anew = self._remove(content, requests)
            verdicts.append(self._judged(channel, rule, anew, "answers"))
        return verdicts

    def _judged(
        self,
        channel: Channel,
        rule: ContentRule,
        content: bytes,
        word: Literal["body", "answers", "sends", "receives"],
    ) -> Verdict:
        view = content_channel(channel, rule)
        path = self._scratch / CONTENT_NAME
        path.write_bytes(content)
        facts = self._examine(path, CONTENT_NAME, view, _AT)
        self.scanned = self.scanned and facts.malware is not None
        facts = replace(facts, at=_AT, malware=facts.malware or MalwareFacts((), ()))
        sender = evaluate(view, facts, at_receiver=False)
        verdict = (
            sender
            if sender.result is not Result.PASSES
            else evaluate(view, facts, at_receiver=True)
        )
        return of_content(verdict, word)

    def _content(self, sample: str) -> bytes:
        path = self._folder / sample
        # A link could lead out of the set, to something that this test must not depend on.
        if not path.resolve().is_relative_to(self._folder.resolve()) or not path.is_file():
            raise NoSample(sample)
        return path.read_bytes()


def _passes(verdict: Verdict, checks: list[Check]) -> bool:
    checks += verdict.checks
    return verdict.result is Result.PASSES


def _caller_of(requests: RequestChannel, trial: RequestTrial) -> tuple[str, str]:
    source = requests.source
    first = source.addresses[0] if source.addresses else None
    address = trial.address or (str(first.network_address) if first is not None else "")
    return trial.caller or source.callers[0], address


def _samples(rules: Mapping[str, ValueRule]) -> Fields:
    """Something that each line takes, for headers that must be there and that a test leaves out."""
    return tuple((name, _sample(rule.text)) for name, rule in rules.items())


def _sample(text: str) -> str:
    """A value that a line takes, for the usual forms."""
    samples = {
        "fhir id": "a", "date": "2026-01-05", "date and time": "2026-01-05T08:00:00Z", "fhir date": "2026",
        "fhir token": "a", "number": "1", "whole number": "1", "oid": "1.2", "true or false": "true",
        "uuid": "00000000-0000-4000-8000-000000000000",
    }  # fmt: skip
    if text.startswith("one of "):
        return text.removeprefix("one of ").partition(",")[0].partition(" or ")[0].strip()
    for form in ("fhir reference of ", "fhir location of "):
        if text.startswith(form):
            return f"{re.split(', *| or ', text.removeprefix(form))[0]}/a"
    if text.startswith("fhir count at most "):
        return "1"
    return samples.get(text.removeprefix("many "), "a")
