"""Chinese of the labels and lines on screens, by their English wording. Errors have numbers instead.

A test collects every phrase that the command line says and looks for it here, and the other way round.
"""

from __future__ import annotations

from typing import Final

CHINESE: Final[dict[str, str]] = {}
