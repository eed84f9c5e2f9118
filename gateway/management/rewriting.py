"""What only the inner guard's wiring needs: who writes units anew, and the key of pseudonyms."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.guard.rewriting import Rewriter
from gateway.identity.pseudonym_key import load_pseudonym_key
from gateway.inspection.chain import Inspector
from gateway.inspection.changing.handing_out import PROGRAM
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.management.host import Desk
from gateway.management.sandboxes import sandbox_limits
from gateway.policy.masking import Masking
from gateway.unit.stages import Body

if TYPE_CHECKING:
    from gateway.inspection.changing.changer import Changer
    from gateway.inspection.changing.output import Changed


def open_rewriter(desk: Desk, inspector: Inspector) -> tuple[Rewriter, Sandbox]:
    """Who writes units anew, and the sandbox of its own that hands them out; started when first needed.

    The caller closes the sandbox.
    """
    sandbox = Sandbox(sandbox_limits(desk.host.settings), PROGRAM)
    keys = desk.host.folder.keys / "guard"
    return Rewriter(inspector, _WhenNeeded(sandbox, lambda: load_pseudonym_key(keys))), sandbox


class _WhenNeeded:
    """A Changer. The writers of all formats are loaded when the first unit is to be written anew."""

    def __init__(self, sandbox: Sandbox, key: Callable[[], bytes]) -> None:
        self._sandbox, self._key = sandbox, key
        self._lock = threading.Lock()
        self._changer: Changer | None = None

    def __call__(
        self, kind: str, channel: str, body: Body, masking: Masking | None, target: Path, name: str
    ) -> Changed:
        return self._made()(kind, channel, body, masking, target, name)

    def _made(self) -> Changer:
        with self._lock:
            if self._changer is None:
                from gateway.inspection.changing.changer import Changer, InSandbox

                self._changer = Changer(InSandbox(self._sandbox), self._key)
            return self._changer
