"""The readers and scanners of this machine, for `policy check` and `explain`.

A laptop has no clamd: there the YARA rules of the set are asked, and the answer says so. The readers
are those of the guards, one for each role.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.errors import GatewayError, Refused
from gateway.inspection.chain import Inspector, Role, Scanner, file_body, open_scanners
from gateway.inspection.content import Content
from gateway.inspection.here import inspector_here
from gateway.inspection.malware.scanner import ScannerState
from gateway.management.layout import hosts_of
from gateway.management.settings import load_settings
from gateway.policy.facts import FileFacts
from gateway.policy.model import Channel
from gateway.unit.model import Lane, Side
from gateway.unit.stages import Body

# Where Debian's clamd listens; asked only where no gate says otherwise.
USUAL_SOCKET: Final = "/run/clamav/clamd.ctl"
_ANSWER_WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class _Scanners:
    """gateway.inspection's ScannerSettings, for a machine without a gate."""

    clamd: str
    yara: str
    answer_within_s: float = _ANSWER_WITHIN_S
    signatures_max_age_s: float = 0.0


@dataclass(slots=True)
class LaptopInspection:
    """scanned_by: `clamd`, `yara` or `none`: the best scanner that answers on this machine."""

    scanners: Sequence[Scanner]
    scanned_by: str
    scratch: Path
    _inspectors: dict[Role, Inspector] = field(default_factory=dict)

    def inspector(self, side: Side) -> Inspector:
        """The inspector of the guard of this side of the import lane."""
        role = Role.SENDING if side is Lane.IMPORT.sender else Role.RECEIVING
        if role not in self._inspectors:
            self._inspectors[role] = inspector_here(role, self.scanners, self.scratch)
        return self._inspectors[role]

    def examine(self, path: Path, name: str, channel: Channel, at: datetime) -> FileFacts:
        """The facts of a sample taken in then, scanned where there is a scanner. Raises Unavailable 33xx."""
        inspector, body = self.inspector(Lane.IMPORT.sender), file_body(path)
        facts = inspector.examine(body, name, at, channel.unpack, channel=channel)
        if not self.scanners:
            return facts
        return inspector.scan(body, facts, channel.unpack, channel=channel)

    def rewrite(self, path: Path, channel: Channel, facts: FileFacts) -> Refused | None:
        """As rewrite_body, of a sample."""
        return self.rewrite_body(file_body(path), channel, facts)

    def rewrite_body(self, body: Body, channel: Channel, facts: FileFacts) -> Refused | None:
        """Why a unit that passes would be refused once it is written anew, None where it is not.

        Pseudonyms are of no site: a key of noughts. Raises Unavailable 33xx.
        """
        from gateway.guard.rewriting import Rewriter
        from gateway.inspection.changing.changer import Changer
        from gateway.inspection.changing.here import hand_out_here

        scanners = self.scanners or (_TakenAsClean(),)
        inspector = inspector_here(Role.RECEIVING, scanners, self.scratch)
        rewriter = Rewriter(inspector, Changer(hand_out_here, lambda: bytes(32)))
        target = self.scratch / "anew"
        try:
            rewriter(channel, facts, body, facts.at, target, at_receiver=True)
        except Refused as error:
            return error
        finally:
            target.unlink(missing_ok=True)
        return None


class _TakenAsClean:
    """Where no scanner answers a test takes its sample as clean; what is made of it as well."""

    name = "none"

    def scan(self, content: Content) -> str | None:
        return None

    def describe(self) -> str:
        return self.name

    def state(self) -> ScannerState:
        return ScannerState(self.name, "", None, None)

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def laptop_inspection(policies: Path, gate: Path | None) -> Iterator[LaptopInspection]:
    """The inspection of this machine, with the scanners of the gate at hand or the usual ones.

    Raises Misconfigured 3501, 3502 (YARA rules of the set).
    """
    wanted = _wanted(policies, gate)
    scanners: list[Scanner] = []
    answering: list[str] = []
    for one in open_scanners(wanted):
        if one.state().trouble is None:
            scanners.append(one)
            answering.append(one.name)
        else:
            one.close()
    scanned_by = "clamd" if "ClamAV" in answering else "yara" if scanners else "none"
    with tempfile.TemporaryDirectory(prefix="ferrygate-look-") as scratch:
        try:
            yield LaptopInspection(scanners, scanned_by, Path(scratch))
        finally:
            for one in scanners:
                one.close()


def _wanted(policies: Path, gate: Path | None) -> _Scanners:
    yara = str(policies / "yara") if (policies / "yara").is_dir() else ""
    clamd = USUAL_SOCKET if Path(USUAL_SOCKET).exists() else ""
    try:
        hosts = hosts_of(gate) if gate is not None else {}
        for host in hosts.values():
            said = load_settings(host.settings).scanners
            return _Scanners(said.clamd, yara, said.answer_within_s, said.signatures_max_age_s)
    except GatewayError:
        # A set can be checked beside a gate whose settings are wrong; doctor says that.
        pass
    return _Scanners(clamd, yara)
