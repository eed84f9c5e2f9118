"""Is this installation what it should be: findings, each with what mends it.

finding     one line of the answer, made from a number of the catalogue
installed   settings, folders, keys, policy, disk, processes, journal of one host
machine     libraries, clock, forwarding, link
scanning    clamd and the YARA rules
"""

from __future__ import annotations

from gateway.management.doctor.examine import examine
from gateway.management.doctor.finding import Finding, State

__all__ = ["Finding", "State", "examine"]
