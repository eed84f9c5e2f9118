"""python -m outer [edge|guard|ferry|all] [--gate DIR]"""

from __future__ import annotations

import sys

from gateway.management.layout import Role
from gateway.management.start import main
from gateway.unit.model import Side
from outer.wiring import edge, ferry, guard

if __name__ == "__main__":
    makers = {Role.EDGE: edge, Role.GUARD: guard, Role.FERRY: ferry}
    sys.exit(main(Side.OUTER, makers, sys.argv[1:]))
