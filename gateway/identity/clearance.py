"""The ferry's check: does this sealed unit carry a clearance of our guard? Public keys only.

It opens nothing and needs the first MAX_HEAD_BYTES of a unit. It says that the guard signed this head
for this lane; whether the body belongs to it only the receiving guard can say, who opens it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from gateway.errors import Misconfigured
from gateway.identity.keys import read_public
from gateway.identity.layout import (
    CLEARANCE_CONTEXT,
    FORMAT_VERSION,
    HEADER_BYTES,
    LANE_CODES,
    MAGIC,
    MAX_HEAD_BYTES,
)
from gateway.identity.suite import Octets, Verifier
from gateway.identity.suites import DEFAULT
from gateway.unit.model import Lane

_PEM: Final = re.compile(rb"-----BEGIN PUBLIC KEY-----\n.*?-----END PUBLIC KEY-----\n", re.DOTALL)


class ClearanceCheck:
    """Verifies clearances of one lane. Safe to call from several threads.

    verifiers: the guard's keys; two while units of the key before are still under way.
    """

    def __init__(self, verifiers: Sequence[Verifier], lane: Lane) -> None:
        self._verifiers = tuple(verifiers)
        self._lane_code = LANE_CODES[lane]

    def holds(self, untrusted_unit: Octets) -> bool:
        """Whether the unit's clearance holds. untrusted_unit: the whole unit, or its first
        MAX_HEAD_BYTES. Raises nothing, does no I/O."""
        head = bytes(memoryview(untrusted_unit)[:MAX_HEAD_BYTES])
        if len(head) < HEADER_BYTES or head[:4] != MAGIC:
            return False
        if tuple(head[4:8]) != (FORMAT_VERSION, DEFAULT.number, self._lane_code, 0):
            return False
        sizes = (int.from_bytes(head[at : at + 2], "big") for at in (32, 34, 36))
        encapsulation_bytes, manifest_bytes, clearance_bytes = sizes
        signed_bytes = HEADER_BYTES + encapsulation_bytes + manifest_bytes
        clearance = head[signed_bytes : signed_bytes + clearance_bytes]
        if clearance_bytes != DEFAULT.signature_bytes or len(clearance) != clearance_bytes:
            return False
        message = CLEARANCE_CONTEXT + head[:signed_bytes]
        return any(verifier.verify(clearance, message) for verifier in self._verifiers)

    def holds_file(self, untrusted_unit: BinaryIO) -> bool:
        """The same for an open file at its start. Reads MAX_HEAD_BYTES. Raises OSError."""
        return self.holds(untrusted_unit.read(MAX_HEAD_BYTES))


class ClearanceFile:
    """The check with the keys of a file, read anew when it has changed.

    The guard's key may be renewed while the ferry runs: a unit that does not hold is worth a look at
    the file before it is called wrong.
    """

    def __init__(self, path: Path, lane: Lane) -> None:
        """Raises Misconfigured 4001, 4003 and nothing else."""
        self._path, self._lane = path, lane
        self._stamp = _stamp(path)
        self._check = load_clearance_check(path, lane)

    def holds(self, untrusted_unit: Octets) -> bool:
        """As ClearanceCheck.holds. Reads the file where that fails and the file is another one."""
        if self._check.holds(untrusted_unit):
            return True
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return False
        try:
            self._check = load_clearance_check(self._path, self._lane)
        except Misconfigured:
            return False  # half written or gone: the keys before stay
        self._stamp = stamp
        return self._check.holds(untrusted_unit)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_ino, status.st_mtime_ns, status.st_size)


def load_clearance_check(path: Path, lane: Lane) -> ClearanceCheck:
    """The check with the keys of clearance.pub, one PEM after another.

    Raises Misconfigured 4001, 4003 (no key in it, or one of another kind) and nothing else.
    """
    try:
        verifiers = [DEFAULT.load_verifier(pem) for pem in _PEM.findall(read_public(path))]
    except ValueError as error:
        raise Misconfigured(4003, path=str(path), expected="public clearance key") from error
    if not verifiers:
        raise Misconfigured(4003, path=str(path), expected="public clearance key")
    return ClearanceCheck(verifiers, lane)
