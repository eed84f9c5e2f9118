"""What only the inner guard's wiring needs: who writes units anew, and the key of pseudonyms."""

from __future__ import annotations

from gateway.guard.rewriting import Rewriter
from gateway.identity.pseudonym_key import load_pseudonym_key
from gateway.inspection.chain import Inspector
from gateway.inspection.changing.changer import PROGRAM, Changer, InSandbox
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.management.host import Desk
from gateway.management.sandboxes import sandbox_limits


def open_rewriter(desk: Desk, inspector: Inspector) -> tuple[Rewriter, Sandbox]:
    """Who writes units anew, and the sandbox of its own that hands them out; started when first needed.

    The caller closes the sandbox.
    """
    sandbox = Sandbox(sandbox_limits(desk.host.settings), PROGRAM)
    keys = desk.host.folder.keys / "guard"
    changer = Changer(InSandbox(sandbox), lambda: load_pseudonym_key(keys))
    return Rewriter(inspector, changer), sandbox
