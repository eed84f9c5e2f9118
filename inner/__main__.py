"""python -m inner [edge|guard|ferry|all] [--gate DIR]"""

from __future__ import annotations

import sys

from gateway.management.host import Host
from gateway.management.layout import Role
from gateway.management.process import Process
from gateway.management.start import main
from gateway.unit.model import Side


def make(role: Role, host: Host) -> Process:
    """The process of a role. Each loads its own parts only: no parser of a guard is in an edge."""
    match role:
        case Role.EDGE:
            from inner.edge import edge as made
        case Role.GUARD:
            # Its sandboxes load while its own modules do.
            from gateway.management.sandboxes import begun

            sandboxes = begun(host)
            from inner.guard import guard

            return guard(host, sandboxes)
        case Role.FERRY:
            from inner.ferry import ferry as made
    return made(host)


if __name__ == "__main__":
    sys.exit(main(Side.INNER, make, sys.argv[1:]))
