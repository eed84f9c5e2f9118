"""What the attacks share: a channel from a few lines, and the judgement of both guards on it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.guard.judgement import judge
from gateway.inspection.chain import Role, bytes_body
from gateway.inspection.here import inspector_here
from gateway.policy.check import check_file
from gateway.policy.evaluate import Verdict
from gateway.policy.model import Channel

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
# A DOS header that points at PE: what every reader calls a Windows program.
EXE = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0" + bytes(200)
DOCX_PARTS: tuple[tuple[str, bytes], ...] = (
    ("[Content_Types].xml", b'<?xml version="1.0"?><Types/>'),
    ("_rels/.rels", b"<a/>"),
    ("word/document.xml", b"<a/>"),
)
AT = datetime(2026, 11, 21, 3, tzinfo=UTC)

Judged = Callable[..., dict[Role, Verdict]]


def zipped(*members: tuple[str, bytes]) -> bytes:
    """A zip archive of these members, in this order."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return written.getvalue()


def channel_of(lines: str, source: str = "") -> Channel:
    """A channel `c` whose conditions are these lines; source: more lines of `from`."""
    text = (
        "channel: c\npurpose: p\nowner: o\ncarries: files\nlane: import\ngrade: 3\n"
        f"from:\n  folder: /srv/attacks/in\n{source}"
        f"to:\n  folder: /srv/attacks/out\n{lines}"
        "tests:\n  - name: a\n    try: {generated: empty}\n    expect: refused\n"
    )
    checked = check_file("10-c.yaml", text.encode(), {})
    assert checked.channel is not None, checked.problems
    return checked.channel


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """What both guards make of some bytes under a channel, without scanners."""
    scratch: Path = tmp_path_factory.mktemp("scratch")
    inspectors = {role: inspector_here(role, [], scratch) for role in Role}

    def both(
        channel: Channel, data: bytes, name: str = "a.bin", peer: str = ""
    ) -> dict[Role, Verdict]:
        return {
            role: judge(
                inspectors[role],
                channel,
                bytes_body(data),
                name,
                AT,
                at_receiver=role is Role.RECEIVING,
                peer=peer,
            ).verdict
            for role in Role
        }

    return both
