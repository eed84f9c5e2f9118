"""`make test` says the same of the same tree twice; new examples are for `make fuzz`."""

from __future__ import annotations

import os

from hypothesis import settings

from tests.support.sides import sides

__all__ = ["sides"]

settings.register_profile("same", derandomize=True)
if not os.environ.get("FUZZ"):
    settings.load_profile("same")
