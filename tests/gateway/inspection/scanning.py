"""Settings of scanners for tests, as a host's settings would say them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SHIPPED_RULES = Path(__file__).parents[3] / "policies" / "yara"


@dataclass(frozen=True)
class Said:
    """gateway.inspection.malware.opening.ScannerSettings."""

    clamd: str = ""
    yara: str = str(SHIPPED_RULES)
    answer_within_s: float = 25.0
    signatures_max_age_s: float = 0.0
