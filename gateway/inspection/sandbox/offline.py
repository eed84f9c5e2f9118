"""What a program of the sandbox does before it loads its readers: no client of the web comes with them."""

from __future__ import annotations

import sys
from typing import Any, Final

# pydicom loads it where it is installed, and it tries sockets, which a guard's unit forbids.
_CLIENTS: Final = ("requests",)


def go_offline() -> None:
    """From here on these packages cannot be imported in this process."""
    modules: dict[str, Any] = sys.modules
    for name in _CLIENTS:
        modules[name] = None
