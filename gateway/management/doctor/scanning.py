"""The scanners that the settings name: do they answer, how old is what they know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import Misconfigured
from gateway.management.doctor.finding import Finding, look, ok, stop, stopped_by
from gateway.management.layout import HostFolder
from gateway.management.terminal.figures import span

if TYPE_CHECKING:
    from gateway.inspection.malware.scanner import ScannerState
    from gateway.management.settings import Settings


def scanners(host: HostFolder, settings: Settings) -> Iterator[Finding]:
    """clamd asked now, for two seconds at most; YARA rules compiled."""
    said = settings.scanners
    yield from _rules(host.root / said.yara if said.yara else None)
    if not said.clamd or said.clamd == "none":
        yield look("scanners", 7163)
        return
    from gateway.inspection.malware.clamd import Clamd

    clamd = Clamd(said.clamd, said.answer_within_s, said.signatures_max_age_s)
    try:
        yield judge_clamd(said.clamd, clamd.state(), said.signatures_max_age_s)
    finally:
        clamd.close()


def judge_clamd(socket: str, state: ScannerState, limit_s: float) -> Finding:
    """A daemon that does not answer stops every channel that asks for it; so do old signatures."""
    if state.age_s is not None and limit_s and state.age_s > limit_s:
        return stop("scanners", 7162, age=span(state.age_s), limit=span(limit_s))
    if state.trouble is not None:
        from gateway.messages import describe

        reason = describe(state.trouble)
        return stop("scanners", 7161, socket=socket, reason=reason)
    return ok("scanners", 7160, socket=socket, version=state.version)


def _rules(folder: Path | None) -> Iterator[Finding]:
    if folder is None:
        return
    if not folder.is_dir() or not any(folder.glob("*.yar*")):
        yield look("scanners", 7165, path=str(folder))
        return
    from gateway.inspection.malware.yara import open_yara

    try:
        open_yara(folder).close()
    except Misconfigured as error:
        yield stopped_by("scanners", error)
    else:
        yield ok("scanners", 7164, path=str(folder), files=len(list(folder.glob("*.yar*"))))
