"""What must hold for any file: both sides' readers give facts; whoever writes it anew writes or refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from gateway.errors import Refused
from gateway.inspection.chain import Inspector, Role, bytes_body
from gateway.inspection.changing.changer import Changer
from gateway.inspection.changing.here import hand_out_here
from gateway.inspection.changing.writing import WRITTEN
from gateway.inspection.here import inspector_here
from gateway.policy.check import check_file
from gateway.policy.facts import UnpackLimits
from gateway.policy.filetypes import FORMATS, TYPE_WORDS
from gateway.policy.masking import MASKABLE
from gateway.policy.model import Channel
from tests.fuzz.finds import Find, timed
from tests.gateway.guard.rewriting import KEY, LINES, masking
from tests.gateway.policy.channel_text import BASIC

_AT: Final = datetime(2026, 11, 21, tzinfo=UTC)
_FORMAT_OF: Final = {kind: word for word, kinds in FORMATS.items() for kind in kinds}
_WHOLE: Final = {
    **LINES, "csv": "any columns", "ooxml": "with embedded documents", "ofd": "with jbig2",
    "pdf": "has no scripts or encryption",
}  # fmt: skip


class Target:
    """Looks at one file after the other. scratch: an existing folder."""

    def __init__(self, scratch: Path) -> None:
        self._inspectors = {role: inspector_here(role, (), scratch) for role in Role}
        self._changer = Changer(hand_out_here, lambda: KEY)
        self._masking = masking()
        self._channel = _channel()
        self._target = scratch / "anew"

    def finds(self, data: bytes) -> Iterator[Find]:
        """All that is wrong with how this file is taken."""
        kinds: set[str] = set()
        for role, inspector in self._inspectors.items():
            yield from timed(
                f"{role.value} examine", partial(self._add_kind, kinds, inspector, data)
            )
        for kind in kinds & set(WRITTEN):
            for rules in (None, self._masking if _FORMAT_OF[kind] in MASKABLE else None):
                yield from timed(f"{kind} anew", partial(self._anew, kind, data, rules))

    def _add_kind(self, kinds: set[str], inspector: Inspector, data: bytes) -> None:
        kinds.add(self._examined(inspector, data))

    def _examined(self, inspector: Inspector, data: bytes) -> str:
        facts = inspector.examine(
            bytes_body(data), "x.bin", _AT, UnpackLimits(), channel=self._channel
        )
        return facts.leaves[0].type

    def _anew(self, kind: str, data: bytes, rules) -> None:  # type: ignore[no-untyped-def]
        try:
            self._changer(kind, "fuzz", bytes_body(data), rules, self._target)
        except Refused as error:
            # What a writer stumbled over is a refusal at the gate, and a bug here.
            if error.number == 3828 and str(error.fields["type"]).endswith("Error"):
                raise
        finally:
            self._target.unlink(missing_ok=True)


def _channel() -> Channel:
    """Takes every type, asks every format to its end, and looks for every identifier."""
    lines = "".join(f"  {word}: {line}\n" for word, line in _WHOLE.items())
    types = ", ".join(word for word in TYPE_WORDS if word not in ("empty", "unknown"))
    text = BASIC.replace(
        "pdf or csv\n",
        f"{types}\n  inside: {types}\n{lines}\n"
        "refused_if:\n  identifiers: identity numbers or mobile numbers\n",
    )
    checked = check_file("10-fuzz.yaml", text.encode(), {})
    assert checked.channel is not None, checked.problems
    return checked.channel
