"""The examples of docs/POLICY.md are channels that the check takes."""

from __future__ import annotations

import re
from pathlib import Path

from tests.gateway.policy.request_text import LOOKUP, request_channel

ROOT = Path(__file__).parents[3]
SCHEMA = "schemas/dicom-json.json"


def test_the_operations_of_the_page_are_read_without_a_problem() -> None:
    page = (ROOT / "docs/POLICY.md").read_text("utf-8")
    blocks = re.findall(r"```yaml\n(?:operations:\n)?((?:  .*\n)+)```", page)
    assert len(blocks) == 3
    head, tail = LOOKUP.index("operations:"), LOOKUP.index("\nlimits:")
    text = f"{LOOKUP[:head]}operations:\n{''.join(blocks)}{LOOKUP[tail:]}"
    channel = request_channel(text, {SCHEMA: (ROOT / "policies" / SCHEMA).read_text("utf-8")})
    assert channel.requests is not None
    assert set(channel.requests.operations) == {
        "read-report", "search", "create", "search-studies", "retrieve", "store"
    }  # fmt: skip
