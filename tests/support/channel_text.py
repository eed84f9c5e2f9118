"""Channel files of tests that carry requests: the head of each; its operations are the test's."""

from __future__ import annotations

from typing import Final

TWO_WAY: Final = "{request: import, response: export}"
_HEAD: Final = """\
channel: {name}
purpose: Requests of tests.
owner: whoever runs them
carries: requests
lanes: {lanes}
grade: {grade}

from:
  listens: https on 127.0.0.1:{port}
  callers: {callers}

to:
  {to}
"""


def channel_text(
    name: str,
    port: int,
    to: str,
    rest: str,
    *,
    callers: str = "CN=portal-01",
    lanes: str = TWO_WAY,
    grade: int = 3,
    base_path: str = "",
) -> str:
    """It listens on a port of this machine. rest: what follows `to`, as it is written."""
    if base_path:
        to += f"\n  base_path: {base_path}"
    head = _HEAD.format(name=name, port=port, callers=callers, to=to, lanes=lanes, grade=grade)
    return f"{head}\n{rest}"
