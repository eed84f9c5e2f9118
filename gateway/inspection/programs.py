"""Which module a sandbox runs for which guard. Names only: nothing that reads content is loaded with them."""

from __future__ import annotations

from gateway.inspection.unsound import Role

_PROGRAMS = {
    Role.SENDING: "gateway.inspection.sending.program",
    Role.RECEIVING: "gateway.inspection.receiving.program",
}


def program_of(role: Role) -> str:
    """The module that a sandbox of this role runs."""
    return _PROGRAMS[role]
