"""A rewriter without a sandbox, and channels that change."""

from __future__ import annotations

from pathlib import Path

from gateway.guard.judgement import judge
from gateway.guard.rewriting import Rewriter, Rewritten
from gateway.inspection.chain import bytes_body
from gateway.inspection.changing.changer import Changer, HandOut
from gateway.inspection.changing.here import hand_out_here
from gateway.inspection.here import inspector_here
from gateway.inspection.unsound import Role
from gateway.policy.check import check_file
from gateway.policy.evaluate import Result
from gateway.policy.masking import Masking
from gateway.policy.masking_words import read_masking
from gateway.policy.model import Channel
from tests.gateway.policy.channel_text import BASIC, NOON

SHIPPED = Path(__file__).parents[3] / "policies" / "masking.yaml"
KEY = b"a key for tests, 32 bytes long.."
LINES = {
    "fhir": "any resource", "hl7": "any message", "cda": "follows WS/T 500",
    "csv": "columns patient_id, 身份证号, 姓名, born, phone, 地址, email, remark, value",

    "dicom": "any object", "json": "well formed", "xml": "well formed", "image": "whole",
    "ooxml": "plain", "pdf": "has no scripts or encryption",
}  # fmt: skip


def masking(text: str | None = None) -> Masking:
    content = SHIPPED.read_bytes() if text is None else text.encode()
    made, problems = read_masking("masking.yaml", content)
    assert made is not None and not problems, problems
    return made


def channel(
    types: str, changed: str, rules: Masking | None = None, formats: str = "", columns: str = ""
) -> Channel:
    """formats: words of lines under passes_if, besides those that are written anew. columns: of tables."""
    words = dict.fromkeys(
        [*formats.split(), *([changed.partition(":")[0]] if rules is None else [])]
    )
    lines = "".join(
        f"  {word}: {LINES[word] if rules or word != 'csv' else 'any columns'}\n" for word in words
    )
    if columns:
        lines = f"  csv: columns {columns}\n"
    text = BASIC.replace("pdf or csv\n", f"{types}\n{lines}\nchanged:\n  {changed}\n")
    checked = check_file("10-test.yaml", text.encode(), {}, rules)
    assert checked.channel is not None and not checked.problems, checked.problems
    return checked.channel


class Anew:
    """Judges and writes anew as the guard of the inner host does."""

    def __init__(self, scratch: Path, hand_out: HandOut = hand_out_here, key: bytes = KEY) -> None:
        self.inspector = inspector_here(Role.RECEIVING, (), scratch)
        self.rewriter = Rewriter(self.inspector, Changer(hand_out, lambda: key))
        self._target = scratch / "new"

    def __call__(self, channel: Channel, data: bytes, name: str = "a.bin") -> Rewritten | None:
        body = bytes_body(data)
        first = judge(self.inspector, channel, body, name, NOON, at_receiver=True)
        assert first.verdict.result is Result.PASSES, first.verdict.deciding
        return self.rewriter(channel, first.facts, body, NOON, self._target, at_receiver=True)

    def bytes_of(self, channel: Channel, data: bytes) -> bytes:
        done = self(channel, data)
        assert done is not None
        content = done.changed.content
        return content if isinstance(content, bytes) else content.read_bytes()
